"""What an operation knows besides the state: its block, its transaction and the gas left."""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Final, Protocol

from chain import keys
from chain.errors import InvalidInput, Refused
from chain.genesis import Governance, Limits
from chain.receipt import Event
from chain.scalars import Hash, Height, UnixMillis
from chain.values import encode_value
from contracts.executor import GAS_LIMIT_MAX, Executor
from contracts.happenings import Happening
from contracts.records import KeyRecord
from contracts.state import Overlay

NATIVE_SOURCE = "native"
"""Source of events that the ledger itself records; no contract may have this name."""


_GOVERNANCE: Final = Governance()
EVENTS_SIZE_MAX: Final = 1 << 20
"""Most bytes of contracts' events in one transaction: its receipt has to fit into a proof."""
REPORTS_SIZE_MAX: Final = 1 << 20
"""Most bytes of reports on contracts that failed in one transaction, likewise."""
_REPORT_OVERHEAD: Final = 64


class GasMeter:
    """Counts the gas that is left in a block; what was burnt is never given back.

    Args: limit: gas for all transactions of the block.
    """

    def __init__(self, limit: int) -> None:
        self._left = limit

    @property
    def left(self) -> int:
        """Gas that may still be used."""
        return self._left

    def charge(self, gas: int) -> None:
        """Take what an invocation used, at most what it was allowed."""
        assert 0 <= gas <= self._left, "an invocation used more gas than it was given"
        self._left -= gas


@dataclass(frozen=True, slots=True)
class BlockContext:
    """The block that is executed; `gas` is shared by its transactions.

    `governance` is what genesis says about faults; `verify` checks signatures inside transactions.
    """

    height: Height
    time_ms: UnixMillis
    genesis_hash: Hash
    limits: Limits
    gas: GasMeter
    governance: Governance = _GOVERNANCE
    verify: keys.Verifier = keys.verify
    gas_for_one: int = GAS_LIMIT_MAX
    """Most gas that one transaction may use."""

    @classmethod
    def create(
        cls,
        height: Height,
        time_ms: UnixMillis,
        genesis_hash: Hash,
        limits: Limits,
        governance: Governance = _GOVERNANCE,
        verify: keys.Verifier = keys.verify,
    ) -> "BlockContext":
        """Make the context of a new block, with all its gas."""
        gas = GasMeter(limits.gas_per_block_max)
        for_one = min(limits.gas_per_transaction_max, GAS_LIMIT_MAX)
        return cls(height, time_ms, genesis_hash, limits, gas, governance, verify, for_one)


class Origin(Protocol):
    """The transaction that something is put down to."""

    @property
    def id(self) -> Hash:
        """Its id."""
        ...


@dataclass(frozen=True, slots=True)
class Earlier:
    """A transaction of an earlier block, for what it decided and what happens now."""

    id: Hash


@dataclass(slots=True)
class TransactionContext:
    """The transaction that is executed: who sent it, what it used and what it reported."""

    block: BlockContext
    transaction: Origin
    sender: KeyRecord
    executor: Executor
    gas_used: int = 0
    events: list[Event] = field(default_factory=list)
    contract_events_size: int = 0
    reports_size: int = 0
    happenings: list[Happening] = field(default_factory=list)
    """What happened that contracts may wait for; they run after the operation, in this order."""
    starved: set[str] = field(default_factory=set)
    """Contracts of which it was reported that there is not enough gas for them."""

    @property
    def gas_left(self) -> int:
        """Gas that the next invocation of a contract may use."""
        return max(0, min(self.block.gas_for_one - self.gas_used, self.block.gas.left))

    def charge(self, gas: int) -> None:
        """Take what an invocation used from this transaction and from its block."""
        self.block.gas.charge(gas)
        self.gas_used += gas

    def charge_native(self, gas: int) -> None:
        """Take what native work costs.

        Raises: Refused: VT-2047, that is more than the transaction may use.
        """
        block = self.block
        used = self.gas_used + gas
        if used > block.gas_for_one or gas > block.gas.left:
            raise Refused("VT-2047", gas=gas, left=self.gas_left)
        block.gas.charge(gas)
        self.gas_used = used

    def add_events(self, events: Sequence[Event]) -> None:
        """Take over what a contract emitted in one invocation.

        Raises: InvalidInput: VT-1203, with these the transaction's events would be too large.
        """
        size = self.contract_events_size + sum(len(event.payload) for event in events)
        if size > EVENTS_SIZE_MAX:
            raise InvalidInput("VT-1203", size=size, limit=EVENTS_SIZE_MAX)
        self.contract_events_size = size
        self.events.extend(events)

    @contextmanager
    def trial(self, overlay: Overlay) -> Iterator[None]:
        """Leave no trace of what is done inside, but for the gas that it burns."""
        events, size = len(self.events), self.contract_events_size
        overlay.begin()
        try:
            yield
        finally:
            overlay.rollback()
            del self.events[events:]
            self.contract_events_size = size

    def emit(self, name: str, subject: str, payload: Mapping[str, object]) -> None:
        """Record an event of the ledger itself; it is dropped when the transaction fails."""
        self.emit_encoded(name, subject, encode_value(payload))

    def report(self, name: str, subject: str, payload: Mapping[str, object]) -> None:
        """Record an event of the ledger of which a transaction may have a great many.

        When all of them together have `REPORTS_SIZE_MAX` bytes, no more are recorded.
        """
        encoded = encode_value(payload)
        size = self.reports_size + len(encoded) + len(subject) + _REPORT_OVERHEAD
        if size <= REPORTS_SIZE_MAX:
            self.reports_size = size
            self.emit_encoded(name, subject, encoded)

    def emit_encoded(self, name: str, subject: str, payload: bytes) -> None:
        """Record an event of the ledger itself, whose payload is encoded already."""
        self.events.append(Event(NATIVE_SOURCE, name, subject, payload))
