"""A ledger in this process: signed operations go in, one for each block; receipts come out."""

from __future__ import annotations

from collections.abc import Sequence
from hashlib import sha256
from typing import Final, TypeVar

from msgspec import Struct

from chain.genesis import Genesis, Organisation, compute_genesis_hash
from chain.keys import SigningKey
from chain.operations import AnyOperation, RunTimers
from chain.receipt import Receipt
from chain.scalars import Hash, Height, NodeName, OrganisationId, UnixMillis, Weight
from chain.transaction import TransactionBody, sign
from chain.validators import Validator, ValidatorSet
from contracts import state_keys
from contracts.context import NATIVE_SOURCE
from contracts.genesis_state import initial_writes
from contracts.kit.executor import KitExecutor
from contracts.kit.rehearsal import RecordedBlock, Rehearsal
from contracts.kit.seen import SeenAction, SeenEvent, see_action, see_event
from contracts.kit.state import GrowingState
from contracts.native.timers import find_due
from contracts.records import ActionRecord
from contracts.state import decode_record

R = TypeVar("R", bound=Struct)

START_MS: Final = UnixMillis(1_767_225_600_000)
"""2026-01-01: when time begins on a new chain."""
ORGANISATIONS: Final = ("owner", "workshop", "inspector", "grid")
LISTED_MAX: Final = 10_000
RINGS_MAX: Final = 100
"""Most times that something rings at one time; each time up to 64 things do."""


class Rejected(Exception):
    """A transaction was refused; `code` and `message` are its receipt's.

    Where a contract stopped by an exception of its own, that is the cause, with its lines.
    """

    def __init__(self, receipt: Receipt) -> None:
        super().__init__(f"{receipt.code}: {receipt.message}")
        self.receipt = receipt
        self.code = receipt.code
        self.message = receipt.message


class HandlerFailed(Rejected):
    """A transaction stands, and a contract that it woke stopped; what that one did is undone.

    `code` and `message` are those of the event `contract_failed`.
    """

    def __init__(self, receipt: Receipt, event: SeenEvent) -> None:
        super().__init__(receipt)
        payload = event.payload
        assert isinstance(payload, dict), "the ledger wrote it"
        self.code, self.message = str(payload["code"]), str(payload["message"])
        self.args = (f"{self.code}: {self.message}",)


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
        """Let time pass: what is due meanwhile happens, and the next block is so much later.

        Raises: HandlerFailed: a contract that was woken stopped; RuntimeError: it never ends.
        """
        if milliseconds < 0:
            raise ValueError("block time never runs backwards")
        end = self.time_ms + milliseconds
        rings = 0
        while (due := find_due(self.state)) is not None and due <= end:
            rings = rings + 1 if due <= self.time_ms else 1
            if rings > RINGS_MAX:
                raise RuntimeError("timers that set timers ring without end: set them later")
            self.time_ms = max(self.time_ms, due)
            self.apply(RunTimers())
        self.time_ms = end

    def try_apply(self, operation: AnyOperation, sender: str | None = None) -> Receipt:
        """Make a block of one operation, and give its receipt, whatever it says."""
        (receipt,) = self.block(operation, sender=sender)
        return receipt

    def apply(self, operation: AnyOperation, sender: str | None = None) -> Receipt:
        """Make a block of one operation that must be accepted.

        Args: sender: whose administrator signs; the first organisation's unless given.
        Raises: Rejected: it was refused; HandlerFailed: a contract that it woke stopped.
        """
        receipt = self.try_apply(operation, sender)
        if not receipt.is_ok:
            raise Rejected(receipt) from self.executor.last_failure
        for event in map(see_event, receipt.events):
            if (event.source, event.name) == (NATIVE_SOURCE, "contract_failed"):
                raise HandlerFailed(receipt, event) from self.executor.last_failure
        return receipt

    def empty_block(self) -> None:
        """Make a block without transactions: what waits for its height starts."""
        self.block()

    def record(self, key: bytes, kind: type[R]) -> R | None:
        """Read a record of the state, or None."""
        data = self.state.get(key)
        return None if data is None else decode_record(data, kind)

    def actions(self, status: str | None = None) -> list[SeenAction]:
        """List the actions that contracts opened, in the order of opening."""
        start, stop = state_keys.prefix_range(state_keys.actions_in_order_prefix())
        found = [
            self.record(state_keys.action_key(Hash(id_)), ActionRecord)
            for _, id_ in self.state.range(start, stop, LISTED_MAX)
        ]
        return [
            see_action(one) for one in found if one is not None and status in (None, one.status)
        ]

    def events(self, name: str | None = None) -> list[SeenEvent]:
        """List what was recorded, in order: by the ledger and by contracts."""
        return [
            see_event(event)
            for receipt in self.receipts
            for event in receipt.events
            if name in (None, event.name)
        ]

    def block(self, *operations: AnyOperation, sender: str | None = None) -> list[Receipt]:
        """Make a block of operations that one organisation sends, and give their receipts."""
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
