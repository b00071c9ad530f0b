"""What a replay under another source plays in the place of the recorded transactions.

Most are played as they are. Those that were sent because of what the recorded source did are not:
a real chain would have got others.
"""

from __future__ import annotations

from chain.changes import AnyChange, InstallContract, RollBackContract
from chain.operations import ApproveChange, ProposeChange, ProposeContract, WithdrawChange
from chain.scalars import Hash
from chain.transaction import Transaction
from contracts import state_keys
from contracts.governance_records import ProposalRecord
from contracts.state import Overlay


class StandIn:
    """Chooses what is played, one transaction after the other.

    Args: contract: the name of the one whose tried source stays in force.
    """

    def __init__(self, contract: str) -> None:
        self._contract = contract
        self._left_out: set[Hash] = set()

    def choose(self, transaction: Transaction, overlay: Overlay) -> tuple[Transaction, ...]:
        """Give what to play for a recorded transaction.

        Args: overlay: the state right before it.
        """
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
