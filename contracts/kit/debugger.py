"""Execute one transaction again and watch it: lines, locals, reads, writes, gas by line.

What is watched runs as always; only when it is done is it looked at. Watching costs nobody gas.
"""

from __future__ import annotations

import sys
from dataclasses import dataclass, field
from types import FrameType
from typing import Any

from chain.receipt import Receipt
from chain.values import decode_value
from contracts.executor import ActionRequest, Execution, Host, Invocation, Status
from contracts.kit.display import show
from contracts.kit.executor import KitExecutor
from contracts.kit.rehearsal import RecordedBlock, Rehearsal
from contracts.metered_expressions import METER
from contracts.runtime.meter import CalleeStopped, ContractFailure, Meter, name_error


@dataclass(frozen=True, slots=True)
class Stop:
    """A function of a contract that was running when it stopped: its line and its locals."""

    contract: str
    function: str
    line: int
    text: str
    locals: dict[str, str]


@dataclass
class Watched:
    """One run of a handler, as it was seen; a contract that another one called has its own.

    `message` is the text of the exception that stopped it: this machine's own, no receipt has it.
    `stack` goes on through the contracts that it called. The gas of a line is with all that was
    burnt in them.
    """

    invocation: Invocation
    source: str
    execution: Execution | None = None
    message: str = ""
    stack: tuple[Stop, ...] = ()
    reads: dict[str, str] = field(default_factory=dict)
    writes: dict[str, str] = field(default_factory=dict)
    gas_by_line: dict[int, int] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Debugged:
    """A transaction that was executed again: its receipt, and every run of a handler in it."""

    receipt: Receipt
    runs: tuple[Watched, ...]


def debug_transaction(rehearsal: Rehearsal, block: RecordedBlock, index: int) -> Debugged:
    """Execute a block up to a transaction and watch that one.

    Args: rehearsal: on the state before the block; index: of the transaction, from 0.
    """
    watching = WatchingExecutor(block.transactions[index].id.hex())
    rehearsal.executor = watching
    receipts = rehearsal.execute(block, index + 1)
    return Debugged(receipts[index], tuple(watching.watched))


class WatchingExecutor(KitExecutor):
    """Watches what one transaction runs.

    Args: transaction: its id in hex.
    """

    def __init__(self, transaction: str) -> None:
        super().__init__()
        self._transaction = transaction
        self.watched: list[Watched] = []

    def execute(self, invocation: Invocation, host: Host) -> Execution:
        """Run one handler to its end, and watch it when it belongs to the transaction."""
        if invocation.transaction != self._transaction:
            return super().execute(invocation, host)
        lines = _Lines()
        watching = _WatchedHost(host, lines)
        lines.begin(Watched(invocation, host.source(invocation.source_hash)))
        before = sys.gettrace()
        sys.settrace(lines.trace)
        try:
            execution = super().execute(invocation, watching)
        finally:
            sys.settrace(before)
        lines.finish(execution, self.last_failure)
        self.watched += lines.watched
        return execution


@dataclass(eq=False)
class _Running:
    """A run that has not ended; its meter is known from its first line on."""

    watched: Watched
    meter: Meter | None = None
    left: int | None = None
    line: int = 0

    def charge(self, line: int) -> None:
        """Put what was burnt since the last event down to the line that ran then."""
        assert self.meter is not None, "it has begun"
        left, gas = self.meter.left, self.watched.gas_by_line
        if self.left is not None and self.line and left < self.left:
            gas[self.line] = gas.get(self.line, 0) + self.left - left
        self.left, self.line = left, line

    def end(self, status: Status, error: str = "") -> None:
        """Note how a called contract ended."""
        limit = self.watched.invocation.gas_limit
        used = 0 if self.meter is None else limit - max(0, self.meter.left)
        self.watched.execution = Execution(status=status, error=error, gas_used=used)


class _Lines:
    """Follows the lines of contracts that call one another, and where the last exception came from.

    A contract is known by its meter: two that have the same source share their code and its file.
    """

    def __init__(self) -> None:
        self.watched: list[Watched] = []
        self._running: list[_Running] = []
        self._last: BaseException | None = None
        self._stops: list[tuple[_Running, Stop]] = []

    @property
    def now(self) -> Watched:
        """The contract that runs."""
        return self._running[-1].watched

    def begin(self, watched: Watched) -> None:
        """A contract begins to run: the first one, or one that the present one called."""
        self.watched.append(watched)
        self._running.append(_Running(watched))

    def end(self) -> None:
        """A called contract has ended well."""
        self._running.pop().end("ok")

    def restart(self) -> None:
        """Forget what was seen: it runs again from the beginning."""
        first = self.watched[0]
        self.watched.clear()
        self._running.clear()
        self._last, self._stops = None, []
        self.begin(Watched(first.invocation, first.source))

    def finish(self, execution: Execution, failure: BaseException | None) -> None:
        """The first contract has ended.

        Args: failure: the exception behind it, where it is known.
        """
        for seen in self.watched:
            seen.gas_by_line = dict(sorted(seen.gas_by_line.items()))
        self.watched[0].execution = execution
        if execution.status == "ok":
            return
        cause = self._last
        if failure is not None and cause is not failure and not isinstance(cause, CalleeStopped):
            # It was stopped outside its lines, and the last exception in them was caught.
            self._stops, cause = [], failure
        for place, one in enumerate(self._running):
            if place:
                one.end(*self._find_end(one, execution))
            inside = self._running[place:]
            one.watched.stack = tuple(stop for running, stop in self._stops if running in inside)
            one.watched.message = str(cause or "")

    def _find_end(self, one: _Running, execution: Execution) -> tuple[Status, str]:
        """Say how a called contract ended that did not end well."""
        if execution.status != "contract_error":
            return execution.status, ""
        if one is not self._running[-1]:
            return "contract_error", execution.error
        if one.meter is None:
            return "no_such_handler", ""
        cause = self._last
        if isinstance(cause, CalleeStopped):
            cause = cause.__context__
        if cause is None or isinstance(cause, ContractFailure):
            return "contract_error", str(cause or "")
        return "error", name_error(cause)

    def trace(self, frame: FrameType, event: str, argument: Any) -> Any:
        """Take part in a frame when it is of a contract that runs."""
        del argument
        running = self._find(frame)
        if running is None:
            return None
        if event == "call":
            running.charge(frame.f_lineno)
        return self._follow

    def _find(self, frame: FrameType) -> _Running | None:
        meter = frame.f_globals.get(METER)
        if not isinstance(meter, Meter) or not meter.is_running:
            return None
        newest = self._running[-1]
        if newest.meter is None and all(one.meter is not meter for one in self._running):
            newest.meter = meter
        return next((one for one in self._running if one.meter is meter), None)

    def _follow(self, frame: FrameType, event: str, argument: Any) -> Any:
        if event == "exception":
            error = argument[1]
            # What a called contract stopped with goes on in its caller under another name.
            is_passed_on = isinstance(error, CalleeStopped) and error.__context__ is self._last
            if error is not self._last and not (is_passed_on and self._last is not None):
                self._last = error
                self._stops = self._stops_of(frame)
        running = self._find(frame)
        if running is not None:
            running.charge(frame.f_lineno)
        return self._follow

    def _stops_of(self, frame: FrameType | None) -> list[tuple[_Running, Stop]]:
        stops = []
        while frame is not None:
            running = self._find(frame)
            if running is not None and frame.f_code.co_name != "<module>":
                stops.append((running, _stop_in(running.watched, frame)))
            frame = frame.f_back
        return stops[::-1]


def _stop_in(watched: Watched, frame: FrameType) -> Stop:
    shown = {
        name: show(value) for name, value in frame.f_locals.items() if not name.startswith("_")
    }
    source, line = watched.source.splitlines(), frame.f_lineno
    text = source[line - 1] if 0 < line <= len(source) else ""
    return Stop(watched.invocation.contract, frame.f_code.co_name, line, text, shown)


class _WatchedHost:
    """A host that notes what is read and written, each at the contract that does it."""

    def __init__(self, host: Host, lines: _Lines) -> None:
        self._host = host
        self._lines = lines

    def source(self, source_hash: bytes) -> str:
        """Give the contract's source."""
        return self._host.source(source_hash)

    def get(self, key: str) -> bytes | None:
        """Read one key."""
        value = self._host.get(key)
        self._lines.now.reads[key] = _show_encoded(value)
        return value

    def put(self, key: str, value: bytes | None) -> None:
        """Write one key."""
        self._lines.now.writes[key] = _show_encoded(value)
        self._host.put(key, value)

    def range(self, start: str, stop: str, limit: int) -> list[tuple[str, bytes]]:
        """Read a range."""
        pairs = self._host.range(start, stop, limit)
        self._lines.now.reads |= {key: _show_encoded(value) for key, value in pairs}
        return pairs

    def twin(self, twin_id: str) -> bytes | None:
        """Give a twin."""
        value = self._host.twin(twin_id)
        self._lines.now.reads[f"twin {twin_id}"] = _show_encoded(value)
        return value

    def history(self, twin_id: str, name: str, limit: int) -> bytes:
        """Give the last readings of a property."""
        rows = self._host.history(twin_id, name, limit)
        self._lines.now.reads[f"history {twin_id} {name}"] = _show_encoded(rows)
        return rows

    def attestations(self, twin_id: str, since: int, limit: int) -> bytes:
        """Give statements about a twin."""
        found = self._host.attestations(twin_id, since, limit)
        self._lines.now.reads[f"statements {twin_id}"] = _show_encoded(found)
        return found

    def set_timer(self, name: str, due_ms: int | None) -> None:
        """Set a timer, or cancel it."""
        self._lines.now.writes[f"timer {name}"] = show(due_ms)
        self._host.set_timer(name, due_ms)

    def begin_call(
        self, contract: str, method: str, arguments: bytes, gas_left: int
    ) -> Invocation | None:
        """Begin a call of another contract, which is watched on its own."""
        self._lines.now.writes[f"call {contract}.{method}"] = _show_encoded(arguments)
        started = self._host.begin_call(contract, method, arguments, gas_left)
        if started is not None:
            self._lines.begin(Watched(started, self._host.source(started.source_hash)))
        return started

    def end_call(self) -> None:
        """End the call that was begun last."""
        self._host.end_call()
        self._lines.end()

    def restart(self) -> None:
        """Forget what the run did."""
        self._lines.restart()
        self._host.restart()

    def emit(self, name: str, payload: bytes) -> None:
        """Record an event."""
        self._lines.now.writes[f"event {name}"] = _show_encoded(payload)
        self._host.emit(name, payload)

    def open_action(self, request: ActionRequest) -> str | None:
        """Open an action."""
        opened = self._host.open_action(request)
        end = "open already" if opened is None else request.title
        self._lines.now.writes[f"action {request.kind} {request.key}"] = show(end)
        return opened


def _show_encoded(value: bytes | None) -> str:
    return "nothing" if value is None else show(decode_value(value, 1 << 20))
