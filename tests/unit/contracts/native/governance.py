"""Short ways to govern the small ledger of these tests."""

from chain.changes import AnyChange
from chain.operations import ApproveChange, ProposeChange
from chain.receipt import Receipt
from chain.scalars import Hash, Height
from chain.validators import ValidatorSet
from contracts import state_keys
from contracts.governance_records import CommitteeRecord, ProposalRecord
from contracts.native.committee import get_committee, get_newest
from tests.unit.contracts.support import ORGANISATIONS, Ledger, make_committee


def make_ledger(*weights: int, **options: object) -> Ledger:
    """A ledger of four organisations with one validator each, of these weights."""
    return Ledger(validators=make_committee(*(weights or (1, 1, 1, 1))), **options)  # type: ignore[arg-type]


def propose(ledger: Ledger, change: AnyChange, sender: str = ORGANISATIONS[0]) -> Hash:
    """Propose a change that is possible; give its id."""
    receipt = ledger.apply_ok(ProposeChange(change, "because"), sender)
    return receipt.transaction


def decide(ledger: Ledger, change: AnyChange) -> Receipt:
    """Propose a change and let two others approve it: three of four, the least that will do."""
    proposal = propose(ledger, change)
    ledger.apply_ok(ApproveChange(proposal), ORGANISATIONS[1])
    return ledger.apply(ApproveChange(proposal), ORGANISATIONS[2])


def proposal_of(ledger: Ledger, proposal: Hash) -> ProposalRecord:
    """Give a proposal as it stands."""
    record = ledger.overlay.get_record(state_keys.proposal_key(proposal), ProposalRecord)
    assert record is not None
    return record


def committee_at(ledger: Ledger, height: int) -> ValidatorSet:
    """Give the validators of a height."""
    return get_committee(ledger.overlay, Height(height))


def newest(ledger: Ledger) -> CommitteeRecord:
    """Give the last set that is planned."""
    return get_newest(ledger.overlay)


def weights_at(ledger: Ledger, height: int) -> dict[str, int]:
    """Give who decides a height, by name."""
    return {member.node: member.weight for member in committee_at(ledger, height).members}
