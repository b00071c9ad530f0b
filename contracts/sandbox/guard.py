"""What a worker may ask and say in one run. Whoever does more is no longer our code.

An honest worker never comes here: the meter and the session stop a contract long before. This is
for a contract that broke out of the language and writes to the channel itself. It can spoil this
node's results, which the other nodes outvote, but not its memory, its time or its other contracts.
"""

from __future__ import annotations

from contracts.executor import (
    ERROR_TEXT_SIZE_MAX,
    GAS_LIMIT_MAX,
    WITHOUT_VALUE,
    ActionRequest,
    Invocation,
)
from contracts.runtime.context import ACTION_TEXT_SIZES, DETAILS_SIZE_MAX
from contracts.runtime.run import RETURN_SIZE_MAX
from contracts.runtime.session import ACTION_GAS, CONTRACT_CALL_GAS, READ_GAS
from contracts.sandbox.frames import AskAction, AskCall, AskSource, Done, EndCall, Question


class WorkerLost(Exception):
    """The worker died, stalled or spoke nonsense."""


class RunGuard:
    """Counts the questions of one run."""

    def __init__(self, invocation: Invocation) -> None:
        self._invocation = invocation
        # Reading is the cheapest question.
        gas = min(invocation.gas_limit, GAS_LIMIT_MAX)
        self._reads_left = gas // READ_GAS
        self._actions_left = gas // ACTION_GAS
        self._calls_left = gas // CONTRACT_CALL_GAS
        self._calls_open = 0
        self._sources_left = {invocation.source_hash: 1}

    def allow(self, source_hash: bytes) -> None:
        """A call was begun, so the worker may need the source that it runs."""
        self._calls_open += 1
        self._sources_left[source_hash] = self._sources_left.get(source_hash, 0) + 1

    def check_question(self, question: Question) -> None:
        """Check one question before the host sees it.

        Raises: WorkerLost: the contract's gas cannot have bought it.
        """
        match question:
            case AskSource(source_hash=source_hash):
                left = self._sources_left.get(source_hash, 0)
                if not left:
                    raise WorkerLost("it asks for a source that it does not need")
                self._sources_left[source_hash] = left - 1
            case AskAction(request=request):
                self._actions_left -= 1
                if self._actions_left < 0:
                    raise WorkerLost("it asks for more actions than there can be")
                self._check_action(request)
            case AskCall():
                self._calls_left -= 1
                if self._calls_left < 0:
                    raise WorkerLost("it calls more contracts than its gas buys")
            case EndCall():
                self._calls_open -= 1
                if self._calls_open < 0:
                    raise WorkerLost("it ends a call that it did not begin")
            case _:
                self._reads_left -= 1
                if self._reads_left < 0:
                    raise WorkerLost("it asks more than its gas buys")

    def _check_action(self, request: ActionRequest) -> None:
        for name, most in ACTION_TEXT_SIZES.items():
            if len(getattr(request, name)) > most:
                raise WorkerLost(f"the {name} of an action is too long")
        if len(request.details) > DETAILS_SIZE_MAX:
            raise WorkerLost("the details of an action are too long")

    def check_end(self, done: Done) -> None:
        """Check the result.

        Raises: WorkerLost: no run can end so.
        """
        execution = done.execution
        if not 0 <= execution.gas_used <= max(0, self._invocation.gas_limit):
            raise WorkerLost("it used gas that it was not given")
        if len(execution.value) > RETURN_SIZE_MAX or len(execution.error) > ERROR_TEXT_SIZE_MAX:
            raise WorkerLost("its result is too large")
        if execution.status == "ok":
            if not execution.value and self._invocation.kind not in WITHOUT_VALUE:
                raise WorkerLost("it ended well without a value")
        elif done.writes or done.events or done.timers or execution.value:
            raise WorkerLost("it failed and wrote nevertheless")
