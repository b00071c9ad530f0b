from chain.changes import RemoveValidator
from chain.codec import decode, encode
from chain.scalars import Height, NodeName, OrganisationId, UnixMillis
from contracts.governance_records import Approval, CommitteeRecord, ProposalRecord
from tests.unit.contracts.support import NOW, make_committee, make_hash, make_key

FIRST, SECOND = OrganisationId("borne-energie"), OrganisationId("gridlink")
APPROVAL = Approval(FIRST, make_key(FIRST).public_key, make_hash(1), Height(3), UnixMillis(NOW))
PROPOSAL = ProposalRecord(
    make_hash(1),
    RemoveValidator(NodeName("node-1")),
    "because",
    FIRST,
    Height(3),
    UnixMillis(NOW),
    Height(9),
    (APPROVAL,),
)


def test_a_proposal_knows_who_approved_it() -> None:
    assert PROPOSAL.approval_of(FIRST) == APPROVAL
    assert PROPOSAL.approval_of(SECOND) is None
    assert (PROPOSAL.status, PROPOSAL.closed_height) == ("open", None)


def test_records_are_stored_as_they_are_read() -> None:
    committee = CommitteeRecord(
        Height(1), make_committee(1, 2), "genesis", None, None, Height(0), None
    )
    for record in (PROPOSAL, committee):
        assert decode(encode(record), type(record), 1 << 16) == record
