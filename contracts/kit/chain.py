"""A ledger in this process: signed operations go in, one for each block; receipts come out."""

from __future__ import annotations

from collections.abc import Sequence
from hashlib import sha256
from typing import Final, TypeVar

from msgspec import Struct

from chain.genesis import Genesis, Organisation, compute_genesis_hash
from chain.keys import SigningKey
from chain.operations import AnyOperation
from chain.receipt import Event, Receipt
from chain.scalars import Hash, Height, NodeName, OrganisationId, UnixMillis, Weight
from chain.transaction import TransactionBody, sign
from chain.validators import Validator, ValidatorSet
from chain.values import Value, decode_value
from contracts import state_keys
from contracts.genesis_state import initial_writes
from contracts.kit.executor import KitExecutor
from contracts.kit.rehearsal import RecordedBlock, Rehearsal
from contracts.kit.state import GrowingState
from contracts.records import ActionRecord
from contracts.state import decode_record

R = TypeVar("R", bound=Struct)

START_MS: Final = UnixMillis(1_767_225_600_000)
"""2026-01-01: when time begins on a new chain."""
ORGANISATIONS: Final = ("owner", "workshop", "inspector", "grid")
LISTED_MAX: Final = 10_000


class Rejected(Exception):
    """A transaction was refused; `code` and `message` are its receipt's.

    Where a contract stopped by an exception of its own, that is the cause, with its lines.
    """

    def __init__(self, receipt: Receipt) -> None:
        super().__init__(f"{receipt.code}: {receipt.message}")
        self.receipt = receipt
        self.code = receipt.code
        self.message = receipt.message


class Chain:
    """A chain of some organisations, each with one administrator's key.

    `apply` makes a block of one transaction. Time stands still but for `forward`.
    Args: organisations: names of the members; genesis: instead of them, all of the rules.
    """

    def __init__(
        self, organisations: Sequence[str] = ORGANISATIONS, genesis: Genesis | None = None
    ) -> None:
        self.genesis = genesis or make_genesis(organisations)
        self.genesis_hash = compute_genesis_hash(self.genesis)
        self.executor = KitExecutor()
        self.state = GrowingState(initial_writes(self.genesis).items())
        self.height = 0
        self.time_ms = int(self.genesis.created_ms)
        self.receipts: list[Receipt] = []
        self.blocks: list[RecordedBlock] = []
        self._rehearsal = Rehearsal(self.genesis, self.state, self.executor)

    @property
    def organisations(self) -> tuple[str, ...]:
        """The members, in the order of genesis."""
        return tuple(one.id for one in self.genesis.organisations)

    def forward(self, milliseconds: int) -> None:
        """Let time pass: the next block is so much later."""
        if milliseconds < 0:
            raise ValueError("block time never runs backwards")
        self.time_ms += milliseconds

    def try_apply(self, operation: AnyOperation, sender: str | None = None) -> Receipt:
        """Make a block of one operation, and give its receipt, whatever it says."""
        (receipt,) = self._block(operation, sender=sender)
        return receipt

    def apply(self, operation: AnyOperation, sender: str | None = None) -> Receipt:
        """Make a block of one operation that must be accepted.

        Args: sender: whose administrator signs; the first organisation's unless given.
        Raises: Rejected: it was refused.
        """
        receipt = self.try_apply(operation, sender)
        if not receipt.is_ok:
            raise Rejected(receipt) from self.executor.last_failure
        return receipt

    def empty_block(self) -> None:
        """Make a block without transactions: what waits for its height starts."""
        self._block()

    def record(self, key: bytes, kind: type[R]) -> R | None:
        """Read a record of the state, or None."""
        data = self.state.get(key)
        return None if data is None else decode_record(data, kind)

    def actions(self, status: str | None = None) -> list[ActionRecord]:
        """List the actions that contracts opened, in the order of opening."""
        start, stop = state_keys.prefix_range(state_keys.actions_in_order_prefix())
        found = [
            self.record(state_keys.action_key(Hash(id_)), ActionRecord)
            for _, id_ in self.state.range(start, stop, LISTED_MAX)
        ]
        return [one for one in found if one is not None and status in (None, one.status)]

    def events(self, name: str | None = None) -> list[Event]:
        """List what was recorded, in order: by the ledger and by contracts."""
        return [
            event
            for receipt in self.receipts
            for event in receipt.events
            if name in (None, event.name)
        ]

    def _block(self, *operations: AnyOperation, sender: str | None = None) -> list[Receipt]:
        self.height += 1
        self.executor.last_failure = None
        key = key_of(sender or self.organisations[0])
        expiry, salt = Height(self.height + 1), self.height.to_bytes(8, "big")
        bodies = [
            TransactionBody(self.genesis_hash, key.public_key, operation, expiry, salt)
            for operation in operations
        ]
        signed = tuple(sign(body, key) for body in bodies)
        block = RecordedBlock(Height(self.height), UnixMillis(self.time_ms), signed)
        receipts = self._rehearsal.execute(block)
        self.blocks.append(block)
        self.receipts.extend(receipts)
        return receipts


def key_of(organisation: str) -> SigningKey:
    """Give the key of an organisation's administrator: always the same, and no secret."""
    return SigningKey(sha256(b"veritwin kit " + organisation.encode()).digest())


def make_genesis(organisations: Sequence[str]) -> Genesis:
    """Give the rules of a chain of these organisations: a node's own defaults."""
    members = tuple(
        Organisation(OrganisationId(name), name, key_of(name).public_key, b"kit")
        for name in organisations
    )
    first = organisations[0]
    validator = Validator(
        NodeName(f"{first}-1"),
        OrganisationId(first),
        key_of(f"vote {first}").public_key,
        Weight(1),
        Hash(bytes(32)),
        Hash(sha256(first.encode()).digest()),
    )
    return Genesis(1, "kit", START_MS, members, ValidatorSet((validator,)))


def value_of(data: bytes) -> Value:
    """Decode what a receipt or an event carries; None for nothing."""
    return decode_value(data) if data else None
