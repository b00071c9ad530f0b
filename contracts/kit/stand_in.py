"""What a replay under another source plays in the place of the recorded transactions.

Most are played as they are. Those that were sent because of what the recorded source did are not:
a real chain would have got others.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Final

from msgspec.structs import replace

from chain.changes import AnyChange, InstallContract, RollBackContract
from chain.operations import (
    Acknowledge,
    AnyOperation,
    ApproveChange,
    ProposeChange,
    ProposeContract,
    RunTimers,
    WithdrawChange,
)
from chain.scalars import Hash, Height, PublicKey, Signature, UnixMillis, to_bytes
from chain.transaction import Transaction, TransactionBody, compute_id
from contracts import state_keys
from contracts.context import BlockContext
from contracts.governance_records import ProposalRecord
from contracts.native.committee import get_committee
from contracts.native.timers import find_due
from contracts.records import ActionRecord, KeyRecord
from contracts.state import Overlay, StateView, decode_record

KEYS_MAX: Final = 1_000
"""Most keys of an organisation that are looked at for one that may answer."""
RING_BLOCKS_MAX: Final = 10
"""A `run_timers` that no block took for so long is sent anew."""
ANSWERING: Final = frozenset({"administrator", "operator", "partner"})
_UNSIGNED = Signature(bytes(64))


@dataclass(frozen=True, slots=True)
class Record:
    """What came of recorded blocks as they were.

    `state` is that after them; `refused` are transactions that were; `late` are heights at which
    something was due that the committee let happen only later.
    """

    state: StateView
    refused: frozenset[Hash]
    late: frozenset[Height]


class StandIn:
    """Chooses what is played, block by block.

    Whatever has become due rings in the block in which a member of the committee would have let it:
    in that of the recorded ring, and where nothing was due in the first one that is late enough.

    An answer goes to the order that has the key of the one that was answered, in the name of whom
    that order is for.

    Args: contract: the name of the one whose tried source stays in force; record: what came of the
    blocks as they were.
    """

    def __init__(self, contract: str, record: Record) -> None:
        self._contract = contract
        self._record = record
        self._left_out: set[Hash] = set()
        self._answers_left_out = 0
        self._answers_of_others = 0

    def notes(self) -> Iterator[str]:
        """Say what was assumed about answers."""
        if self._answers_left_out:
            yield (
                f"answers left out, for no such order was open: {self._answers_left_out}; what "
                "nobody answers stays open"
            )
        if self._answers_of_others:
            count = self._answers_of_others
            yield f"answers taken as those of whom the order would be for: {count}"

    def choose(
        self, recorded: Sequence[Transaction], block: BlockContext, overlay: Overlay
    ) -> Iterator[Transaction]:
        """Give what to play for the transactions of a block.

        Args: overlay: the state right before what is given next.
        """
        is_rung = any(isinstance(one.body.operation, RunTimers) for one in recorded)
        if (
            not is_rung
            and block.height not in self._record.late
            and _is_due(overlay, block.time_ms)
        ):
            sender = get_committee(overlay, block.height).members[0].vote_key
            yield _make(RunTimers(), sender, block)
        for one in recorded:
            yield from self._replace(one, block, overlay)

    def _replace(
        self, transaction: Transaction, block: BlockContext, overlay: Overlay
    ) -> tuple[Transaction, ...]:
        match transaction.body.operation:
            case ProposeContract() as operation if operation.package.name == self._contract:
                self._left_out.add(transaction.id)
                return ()
            case ProposeChange(change) if self._deploys(change):
                self._left_out.add(transaction.id)
                return ()
            case ApproveChange(proposal) | WithdrawChange(proposal) if self._is_left_out(
                proposal, overlay
            ):
                return ()
            case Acknowledge():
                return self._answer(transaction, block, overlay)
            case RunTimers() if not _is_due(overlay, block.time_ms):
                return ()
            case _:
                return (transaction,)

    def _answer(
        self, transaction: Transaction, block: BlockContext, overlay: Overlay
    ) -> tuple[Transaction, ...]:
        body = transaction.body
        assert isinstance(body.operation, Acknowledge), "it is an answer"
        recorded, outcome = body.operation.action, body.operation.outcome
        if transaction.id in self._record.refused:
            return self._refuse(transaction, recorded, overlay)
        action = self._find_action(recorded, overlay)
        if action is None or action.status == outcome:
            self._answers_left_out += 1
            return ()
        sender = _choose_sender(body.sender, action, overlay)
        self._answers_of_others += sender != body.sender
        answer = replace(body.operation, action=action.id)
        given = replace(transaction, body=replace(body, operation=answer, sender=sender))
        if (action.status, outcome) != ("open", "completed"):
            return (given,)
        # It came later than the one that was taken on first.
        return _make(replace(answer, outcome="acknowledged"), sender, block), given

    def _refuse(
        self, transaction: Transaction, recorded: Hash, overlay: Overlay
    ) -> tuple[Transaction, ...]:
        """Play an answer that was refused, unless it was to an order that is not there now."""
        key = state_keys.action_key(recorded)
        is_gone = overlay.get(key) is None and self._record.state.get(key) is not None
        return () if is_gone else (transaction,)

    def _find_action(self, recorded: Hash, overlay: Overlay) -> ActionRecord | None:
        """Give the unfinished action that has the names of a recorded one."""
        data = self._record.state.get(state_keys.action_key(recorded))
        assert data is not None, "it was answered, and actions stay on record"
        known = decode_record(data, ActionRecord)
        named = state_keys.action_idempotency_key(known.contract, known.twin, known.key)
        present = overlay.get(named)
        if present is None:
            return None
        return overlay.get_record(state_keys.action_key(Hash(present)), ActionRecord)

    def _deploys(self, change: AnyChange) -> bool:
        """Tell whether a change would put another version of the contract in force."""
        return isinstance(change, InstallContract | RollBackContract) and (
            change.name == self._contract
        )

    def _is_left_out(self, proposal: Hash, overlay: Overlay) -> bool:
        if proposal in self._left_out:
            return True
        record = overlay.get_record(state_keys.proposal_key(proposal), ProposalRecord)
        return record is not None and self._deploys(record.change)


class Delays:
    """Finds the heights at which something was due that happened some blocks later.

    A member sends `run_timers` when it sees that something is due, and it takes its time to come.
    """

    def __init__(self) -> None:
        self._late: set[Height] = set()
        self._waits: list[list[Height]] = [[]]
        self._has_rung = False

    def late(self) -> frozenset[Height]:
        """Give the heights: those too at which a committee that does ring was about to."""
        coming = [wait for wait in self._waits if len(wait) <= RING_BLOCKS_MAX]
        return frozenset(self._late.union(*coming if self._has_rung else ()))

    def add(
        self,
        height: Height,
        time_ms: UnixMillis,
        recorded: Sequence[Transaction],
        state: StateView,
    ) -> None:
        """Look at the next block.

        Args: state: as it was before the block.
        """
        if any(isinstance(one.body.operation, RunTimers) for one in recorded):
            self._late.update(self._waits.pop())
            self._has_rung = True
            self._waits.append([])
        elif _is_due(state, time_ms):
            self._waits[-1].append(height)
        elif self._waits[-1]:
            self._waits.append([])


def _choose_sender(recorded: PublicKey, action: ActionRecord, overlay: Overlay) -> PublicKey:
    """Give who answers an order: who did, or somebody of the organisation that it is for."""
    key = overlay.get_record(state_keys.public_key_key(recorded), KeyRecord)
    may = {action.addressee}
    if action.overdue_height is not None and action.escalate_to is not None:
        may.add(action.escalate_to)
    if key is None or key.organisation in may:
        return recorded
    prefix = state_keys.organisation_public_keys_prefix(action.addressee)
    for found, _ in overlay.range(*state_keys.prefix_range(prefix), KEYS_MAX):
        other = PublicKey(found[len(prefix) :])
        key = overlay.get_record(state_keys.public_key_key(other), KeyRecord)
        if key is not None and key.revoked_height is None and ANSWERING.intersection(key.roles):
            return other
    return recorded


def _is_due(state: StateView, time_ms: UnixMillis) -> bool:
    due_ms = find_due(state)
    return due_ms is not None and due_ms <= time_ms


def _make(operation: AnyOperation, sender: PublicKey, block: BlockContext) -> Transaction:
    """Make a transaction of a block that is played again: who plays it asks for no signature."""
    salt = to_bytes(block.height)
    body = TransactionBody(block.genesis_hash, sender, operation, block.height, salt)
    return Transaction(compute_id(body), body, _UNSIGNED, b"")
