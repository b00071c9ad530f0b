"""What a replay under another source plays in the place of the recorded transactions.

Most are played as they are. Those that were sent because of what the recorded source did are not:
a real chain would have got others.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from chain.changes import AnyChange, InstallContract, RollBackContract
from chain.operations import (
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
from contracts.state import Overlay, StateView

_UNSIGNED = Signature(bytes(64))


class StandIn:
    """Chooses what is played, block by block.

    Whatever has become due rings in the block in which a member of the committee would have let it:
    in that of the recorded ring, and where nothing was due in the first one that is late enough.

    Args: contract: the name of the one whose tried source stays in force; late: heights at which
    the recorded chain waited for its committee.
    """

    def __init__(self, contract: str, late: frozenset[Height] = frozenset()) -> None:
        self._contract = contract
        self._late = late
        self._left_out: set[Hash] = set()

    def choose(
        self, recorded: Sequence[Transaction], block: BlockContext, overlay: Overlay
    ) -> Iterator[Transaction]:
        """Give what to play for the transactions of a block.

        Args: overlay: the state right before what is given next.
        """
        is_rung = any(isinstance(one.body.operation, RunTimers) for one in recorded)
        if not is_rung and block.height not in self._late and _is_due(overlay, block.time_ms):
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
            case RunTimers() if not _is_due(overlay, block.time_ms):
                return ()
            case _:
                return (transaction,)

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
        self.late: set[Height] = set()
        self._waiting: list[Height] = []

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
            self.late.update(self._waiting)
            self._waiting.clear()
        elif _is_due(state, time_ms):
            self._waiting.append(height)
        else:
            self._waiting.clear()


def _is_due(state: StateView, time_ms: UnixMillis) -> bool:
    due_ms = find_due(state)
    return due_ms is not None and due_ms <= time_ms


def _make(operation: AnyOperation, sender: PublicKey, block: BlockContext) -> Transaction:
    """Make a transaction of a block that is played again: who plays it asks for no signature."""
    salt = to_bytes(block.height)
    body = TransactionBody(block.genesis_hash, sender, operation, block.height, salt)
    return Transaction(compute_id(body), body, _UNSIGNED, b"")
