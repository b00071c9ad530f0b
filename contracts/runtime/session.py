"""One invocation's view of state: reads once, keeps writes and events until the end.

A contract copies values in and out of state, so changing a list that was read changes nothing
until it is stored. Prices depend on sizes only, never on what happened to be cached.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Final, NamedTuple, TypeVar, overload

from contracts.executor import ActionRequest, Host
from contracts.runtime.meter import HostRaised, Meter

READ_GAS: Final = 200
WRITE_GAS: Final = 1_000
RANGE_GAS: Final = 300
EVENT_GAS: Final = 300
ACTION_GAS: Final = 6_000
TWIN_GAS: Final = 400
TIMER_GAS: Final = 3_000
CONTRACT_CALL_GAS: Final = 3_000
ATTESTATION_GAS: Final = 300
HISTORY_GAS: Final = 10
READ_BYTE_GAS: Final = 2
"""Reading decodes, and checks what it decoded: up to a fifth of a microsecond for a byte."""
SIZE_GAS_DIVISOR: Final = 4

KEY_SIZE_MAX: Final = 200
STATE_VALUE_SIZE_MAX: Final = 16_384
EVENT_SIZE_MAX: Final = 4_096
EVENTS_MAX: Final = 64
WRITES_MAX: Final = 256
ACTIONS_MAX: Final = 16
TIMERS_MAX: Final = 16
RANGE_LIMIT_MAX: Final = 1_000

T = TypeVar("T")
Caller = Callable[[Meter, str, str, bytes], bytes]
"""Runs a method of another contract on the meter of the caller, and gives its value."""


class Results(NamedTuple):
    """Writes in key order, events in the order of the calls, timers in order of their names."""

    writes: list[tuple[str, bytes | None]]
    events: list[tuple[str, bytes]]
    timers: list[tuple[str, int | None]]

    def hand_over(self, host: Host) -> None:
        """Give the host what a handler that ended well leaves behind."""
        for key, value in self.writes:
            host.put(key, value)
        for name, due_ms in self.timers:
            host.set_timer(name, due_ms)
        for name, payload in self.events:
            host.emit(name, payload)


class Session:
    """State, twins, events and actions of one invocation; charges the meter for each."""

    def __init__(self, meter: Meter, host: Host, caller: Caller) -> None:
        self._meter = meter
        self._caller = caller
        self._host = host
        self._read: dict[str, bytes | None] = {}
        self._written: dict[str, bytes | None] = {}
        self._events: list[tuple[str, bytes]] = []
        self._timers: dict[str, int | None] = {}
        self._actions = 0

    @overload
    def get(self, key: str) -> bytes | None: ...

    @overload
    def get(self, key: str, default: bytes) -> bytes: ...

    def get(self, key: str, default: bytes | None = None) -> bytes | None:
        """Read one key, as written earlier in this invocation or as the ledger has it.

        A default that takes its place costs as much: what is read is decoded, whence it came.
        """
        self._meter.charge(READ_GAS)
        if key in self._written:
            data = self._written[key]
        elif key in self._read:
            data = self._read[key]
        else:
            data = self._read[key] = ask(lambda: self._host.get(key))
        if data is None:
            data = default
        if data is not None:
            self._meter.charge(len(data) * READ_BYTE_GAS)
        return data

    def put(self, key: str, value: bytes | None) -> None:
        """Write one key at the end of the invocation; None deletes."""
        self._meter.charge(WRITE_GAS + len(value or b"") // SIZE_GAS_DIVISOR)
        if key not in self._written and len(self._written) >= WRITES_MAX:
            raise OverflowError("too many keys are written in one transaction")
        self._written[key] = value

    def range(self, prefix: str, start: str, limit: int) -> list[tuple[str, bytes]]:
        """Read up to `limit` pairs of one Map in key order, with this invocation's own writes."""
        self._meter.charge(RANGE_GAS)
        first, stop = prefix + start, prefix[:-1] + chr(ord(prefix[-1]) + 1)
        mine = {key: value for key, value in self._written.items() if first <= key < stop}
        removed = len(mine)
        found = dict(ask(lambda: self._host.range(first, stop, limit + removed)))
        merged: dict[str, bytes | None] = {**found, **mine}
        if len(found) == limit + removed:
            # The ledger may hold more behind the last pair; a write beyond it is not next.
            last = max(found)
            merged = {key: value for key, value in merged.items() if key <= last}
        pairs = [(key, value) for key, value in sorted(merged.items()) if value is not None]
        pairs = pairs[:limit]
        self._meter.charge(sum([50 + len(value) * READ_BYTE_GAS for _, value in pairs]))
        return pairs

    def twin(self, twin_id: str) -> bytes | None:
        """Read a twin as the ledger has it."""
        self._meter.charge(TWIN_GAS)
        data = ask(lambda: self._host.twin(twin_id))
        self._meter.charge(len(data or b"") * READ_BYTE_GAS)
        return data

    def emit(self, name: str, payload: bytes) -> None:
        """Keep an event until the end of the invocation."""
        self._meter.charge(EVENT_GAS + len(payload) // SIZE_GAS_DIVISOR)
        if len(self._events) >= EVENTS_MAX:
            raise OverflowError("too many events in one transaction")
        self._events.append((name, payload))

    def open_action(self, request: ActionRequest) -> str | None:
        """Ask the ledger to open an action."""
        self._meter.charge(ACTION_GAS + len(request.details) // SIZE_GAS_DIVISOR)
        if self._actions >= ACTIONS_MAX:
            raise OverflowError("too many actions in one transaction")
        self._actions += 1
        return ask(lambda: self._host.open_action(request))

    def set_timer(self, name: str, due_ms: int | None) -> None:
        """Keep a timer until the end of the invocation; None cancels it."""
        self._meter.charge(TIMER_GAS)
        if name not in self._timers and len(self._timers) >= TIMERS_MAX:
            raise OverflowError("too many timers are set in one transaction")
        self._timers[name] = due_ms

    def call(self, contract: str, method: str, arguments: bytes) -> bytes:
        """Call another contract, and give what it returned."""
        self._meter.charge(CONTRACT_CALL_GAS + len(arguments) * READ_BYTE_GAS)
        value = self._caller(self._meter, contract, method, arguments)
        self._meter.charge(len(value) * READ_BYTE_GAS)
        return value

    def history(self, twin_id: str, name: str, limit: int) -> bytes:
        """Read the last readings of a property as the ledger keeps them."""
        self._meter.charge(READ_GAS + HISTORY_GAS * limit)
        data = ask(lambda: self._host.history(twin_id, name, limit))
        self._meter.charge(len(data) * READ_BYTE_GAS)
        return data

    def attestations(self, twin_id: str, since: int, limit: int) -> bytes:
        """Read the statements about a twin as the ledger has them."""
        self._meter.charge(RANGE_GAS + ATTESTATION_GAS * limit)
        data = ask(lambda: self._host.attestations(twin_id, since, limit))
        self._meter.charge(len(data) * READ_BYTE_GAS)
        return data

    def results(self) -> Results:
        """Give what the handler leaves behind."""
        return Results(sorted(self._written.items()), self._events, sorted(self._timers.items()))


def ask(question: Callable[[], T]) -> T:
    """Ask the host; what it raises must not meet the contract's own except clauses."""
    try:
        return question()
    except BaseException as error:
        raise HostRaised(error) from error
