"""The ledger as one invocation sees it, with the contracts that call one another in it.

The host answers for the contract that runs: the one that was invoked, or the last that was called.
All of them write into one overlay, inside the savepoint of the invocation, so either all of it
stays or nothing does. A contract that is running already is never called: it would find its own
state half changed.
"""

from dataclasses import dataclass
from typing import Final

from chain.errors import ChainError, Refused
from chain.receipt import Event
from contracts import state_keys
from contracts.context import TransactionContext
from contracts.executor import ActionRequest, Invocation, Kind
from contracts.host import LedgerHost, is_short_name
from contracts.manifest import read_hints
from contracts.records import ActionCause, ContractRecord
from contracts.state import Overlay
from contracts.text import clean

CALLS_DEEP_MAX: Final = 8
"""Most contracts that call one another at a time."""
CALLER_PREFIX: Final = "contract:"
"""Before the name of a contract that is the sender; no organisation has a name with a colon."""


@dataclass(frozen=True, slots=True)
class Request:
    """A handler to run: `arguments` as `contracts.executor.Invocation` says.

    `cause` is None unless something else than a call woke the handler.
    """

    contract: ContractRecord
    kind: Kind
    handler: str
    arguments: bytes
    cause: ActionCause | None = None


class CallStack:
    """Implements `contracts.executor.Host` for one invocation."""

    def __init__(self, request: Request, context: TransactionContext, overlay: Overlay) -> None:
        self._request = request
        self._context = context
        self._overlay = overlay
        self._frames: list[LedgerHost] = []
        self._events: list[Event] = []
        self._failure: ChainError | None = None
        self._begin()

    def _begin(self) -> None:
        self._frames = [self._make_frame(self._request.contract, self._request.handler)]
        self._events = []
        self._failure = None

    def _make_frame(self, contract: ContractRecord, handler: str) -> LedgerHost:
        cause = self._request.cause
        return LedgerHost(contract, handler, cause, self._context, self._overlay)

    @property
    def failure(self) -> ChainError | None:
        """The first error that the ledger gave to a wrong request, of whichever contract."""
        found = (frame.failure for frame in self._frames if frame.failure is not None)
        return self._failure or next(found, None)

    @property
    def events(self) -> list[Event]:
        """What was emitted: of each contract together, in the order in which they ended."""
        return [*self._events, *self._frames[0].events]

    def invocation(self, gas_limit: int) -> Invocation:
        """Give what the executor is to run."""
        request = self._request
        sender = self._context.sender.organisation
        return self._invoke(
            request.contract, request.kind, request.handler, request.arguments, sender, gas_limit
        )

    def _invoke(
        self,
        contract: ContractRecord,
        kind: Kind,
        handler: str,
        arguments: bytes,
        sender: str,
        gas_limit: int,
    ) -> Invocation:
        twin = self._request.cause.twin if self._request.cause is not None else ""
        return Invocation(
            contract=contract.name,
            source_hash=contract.source_hash,
            kind=kind,
            handler=handler,
            arguments=arguments,
            sender=sender,
            transaction=self._context.transaction.id.hex(),
            height=self._context.block.height,
            time_ms=self._context.block.time_ms,
            gas_limit=gas_limit,
            parameters=contract.parameters,
            hints=read_hints(contract.manifest, twin),
        )

    def begin_call(
        self, contract: str, method: str, arguments: bytes, gas_left: int
    ) -> Invocation | None:
        """Begin a call of another contract; None when it cannot be, and the invocation fails."""
        try:
            called = self._find_callee(contract)
        except Refused as error:
            self._failure = self.failure or error
            return None
        sender = CALLER_PREFIX + self._frames[-1].contract.name
        self._frames.append(self._make_frame(called, method))
        return self._invoke(called, "call", method, arguments, sender, gas_left)

    def _find_callee(self, name: str) -> ContractRecord:
        running = [frame.contract.name for frame in self._frames]
        if name in running:
            raise Refused("VT-2082", contract=name, caller=running[-1])
        if len(running) >= CALLS_DEEP_MAX:
            raise Refused("VT-2084", contract=running[0], limit=CALLS_DEEP_MAX)
        record = None
        if is_short_name(name):
            record = self._overlay.get_record(state_keys.contract_key(name), ContractRecord)
        if record is None or not record.is_active:
            raise Refused("VT-2040", contract=clean(name))
        return record

    def end_call(self) -> None:
        """End the call that was begun last."""
        assert len(self._frames) > 1, "only a call that was begun is ended"
        done = self._frames.pop()
        self._failure = self._failure or done.failure
        self._events.extend(done.events)

    def restart(self) -> None:
        """Undo all that this invocation did, so that it can run again."""
        self._overlay.rollback()
        self._overlay.begin()
        self._begin()

    def source(self, source_hash: bytes) -> str:
        """Give a contract's source; asked only while the executor does not know it."""
        return self._frames[-1].source(source_hash)

    def get(self, key: str) -> bytes | None:
        """Read one key of the contract that runs."""
        return self._frames[-1].get(key)

    def put(self, key: str, value: bytes | None) -> None:
        """Write one key of the contract that runs; None deletes."""
        self._frames[-1].put(key, value)

    def range(self, start: str, stop: str, limit: int) -> list[tuple[str, bytes]]:
        """Read up to `limit` pairs of the contract that runs."""
        return self._frames[-1].range(start, stop, limit)

    def twin(self, twin_id: str) -> bytes | None:
        """Give a twin as an encoded dict; None when unknown."""
        return self._frames[-1].twin(twin_id)

    def history(self, twin_id: str, name: str, limit: int) -> bytes:
        """Give the last readings of a property that are kept."""
        return self._frames[-1].history(twin_id, name, limit)

    def attestations(self, twin_id: str, since: int, limit: int) -> bytes:
        """Give statements about a twin from height `since` on."""
        return self._frames[-1].attestations(twin_id, since, limit)

    def emit(self, name: str, payload: bytes) -> None:
        """Record an event of the contract that runs."""
        self._frames[-1].emit(name, payload)

    def set_timer(self, name: str, due_ms: int | None) -> None:
        """Set a timer of the contract that runs, or cancel it."""
        self._frames[-1].set_timer(name, due_ms)

    def open_action(self, request: ActionRequest) -> str | None:
        """Open an action of the contract that runs."""
        return self._frames[-1].open_action(request)
