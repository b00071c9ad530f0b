"""Execute one transaction again and watch it: lines, locals, reads, writes, gas by line.

What is watched runs as always; only when it is done is it looked at. Watching costs nobody gas.
"""

from __future__ import annotations

import sys
from collections import defaultdict
from dataclasses import dataclass, field
from types import FrameType
from typing import Any

from chain.receipt import Receipt
from chain.values import decode_value
from contracts.executor import ActionRequest, Execution, Host, Invocation
from contracts.kit.display import show
from contracts.kit.executor import KitExecutor
from contracts.kit.rehearsal import RecordedBlock, Rehearsal


@dataclass(frozen=True, slots=True)
class Stop:
    """A function of the contract that was running when it stopped: its line and its locals."""

    function: str
    line: int
    locals: dict[str, str]


@dataclass
class Watched:
    """One run of a handler, as it was seen.

    `message` is the text of the exception that stopped it: this machine's own, no receipt has it.
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
        file = f"<{invocation.contract}>"
        self.files[invocation.source_hash] = file
        source = host.source(invocation.source_hash)
        watched = Watched(invocation, source)
        loaded = self._cache.get(invocation.source_hash) or self._cache.load(
            invocation.source_hash, source
        )
        lines = _Lines(file, loaded.meter)
        before = sys.gettrace()
        sys.settrace(lines.trace)
        try:
            execution = super().execute(invocation, _WatchedHost(host, watched))
        finally:
            sys.settrace(before)
        watched.execution = execution
        watched.gas_by_line = dict(sorted(lines.gas.items()))
        if execution.status != "ok":
            watched.stack = lines.stack
            watched.message = lines.message
        self.watched.append(watched)
        return execution


class _Lines:
    """Follows the lines of one file: what each burnt, and where the last exception came from."""

    def __init__(self, file: str, meter: Any) -> None:
        self._file = file
        self._meter = meter
        self._left: int | None = None
        self._line = 0
        self._last: BaseException | None = None
        self.gas: dict[int, int] = defaultdict(int)
        self.stack: tuple[Stop, ...] = ()

    @property
    def message(self) -> str:
        """The text of the last exception."""
        return str(self._last or "")

    def trace(self, frame: FrameType, event: str, argument: Any) -> Any:
        """Take part in a frame when it is of the contract."""
        del argument
        if frame.f_code.co_filename != self._file:
            return None
        if event == "call":
            self._charge(frame.f_lineno)
        return self._follow

    def _follow(self, frame: FrameType, event: str, argument: Any) -> Any:
        if event == "exception":
            error = argument[1]
            if error is not self._last:
                self._last = error
                self.stack = self._stack_of(frame)
        self._charge(frame.f_lineno)
        return self._follow

    def _charge(self, line: int) -> None:
        """Put what was burnt since the last event down to the line that ran then."""
        left = self._meter.left
        if self._left is not None and self._line and left < self._left:
            self.gas[self._line] += self._left - left
        self._left, self._line = left, line

    def _stack_of(self, frame: FrameType | None) -> tuple[Stop, ...]:
        stops = []
        while frame is not None:
            if frame.f_code.co_filename == self._file and frame.f_code.co_name != "<module>":
                shown = {
                    name: show(value)
                    for name, value in frame.f_locals.items()
                    if not name.startswith("_")
                }
                stops.append(Stop(frame.f_code.co_name, frame.f_lineno, shown))
            frame = frame.f_back
        return tuple(reversed(stops))


class _WatchedHost:
    """A host that notes what is read and written."""

    def __init__(self, host: Host, watched: Watched) -> None:
        self._host = host
        self._watched = watched

    def source(self, source_hash: bytes) -> str:
        """Give the contract's source."""
        return self._host.source(source_hash)

    def get(self, key: str) -> bytes | None:
        """Read one key."""
        value = self._host.get(key)
        self._watched.reads[key] = _show_encoded(value)
        return value

    def put(self, key: str, value: bytes | None) -> None:
        """Write one key."""
        self._watched.writes[key] = _show_encoded(value)
        self._host.put(key, value)

    def range(self, start: str, stop: str, limit: int) -> list[tuple[str, bytes]]:
        """Read a range."""
        pairs = self._host.range(start, stop, limit)
        self._watched.reads |= {key: _show_encoded(value) for key, value in pairs}
        return pairs

    def twin(self, twin_id: str) -> bytes | None:
        """Give a twin."""
        value = self._host.twin(twin_id)
        self._watched.reads[f"twin {twin_id}"] = _show_encoded(value)
        return value

    def history(self, twin_id: str, name: str, limit: int) -> bytes:
        """Give the last readings of a property."""
        rows = self._host.history(twin_id, name, limit)
        self._watched.reads[f"history {twin_id} {name}"] = _show_encoded(rows)
        return rows

    def attestations(self, twin_id: str, since: int, limit: int) -> bytes:
        """Give statements about a twin."""
        found = self._host.attestations(twin_id, since, limit)
        self._watched.reads[f"statements {twin_id}"] = _show_encoded(found)
        return found

    def set_timer(self, name: str, due_ms: int | None) -> None:
        """Set a timer, or cancel it."""
        self._watched.writes[f"timer {name}"] = show(due_ms)
        self._host.set_timer(name, due_ms)

    def begin_call(
        self, contract: str, method: str, arguments: bytes, gas_left: int
    ) -> Invocation | None:
        """Begin a call of another contract; what that one reads and writes is noted, too."""
        self._watched.writes[f"call {contract}.{method}"] = _show_encoded(arguments)
        return self._host.begin_call(contract, method, arguments, gas_left)

    def end_call(self) -> None:
        """End the call that was begun last."""
        self._host.end_call()

    def restart(self) -> None:
        """Forget what the run did."""
        self._watched.reads.clear()
        self._watched.writes.clear()
        self._host.restart()

    def emit(self, name: str, payload: bytes) -> None:
        """Record an event."""
        self._watched.writes[f"event {name}"] = _show_encoded(payload)
        self._host.emit(name, payload)

    def open_action(self, request: ActionRequest) -> str | None:
        """Open an action."""
        opened = self._host.open_action(request)
        end = "open already" if opened is None else request.title
        self._watched.writes[f"action {request.kind} {request.key}"] = show(end)
        return opened


def _show_encoded(value: bytes | None) -> str:
    return "nothing" if value is None else show(decode_value(value, 1 << 20))
