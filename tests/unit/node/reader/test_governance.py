import pytest

from chain.scalars import Hash, NodeName
from contracts.governance_records import StandingRecord
from node.reader import Reader
from node.reader.paging import PageRequest
from tests.unit.node.governed_chain import build_governed


@pytest.fixture(scope="module")
def reader() -> Reader:
    chain = build_governed()
    return Reader(chain.store, chain.genesis)


def test_proposals_are_listed_newest_first(reader: Reader) -> None:
    every = reader.governance.proposals(PageRequest()).items
    assert [(one.height, one.status) for one in every] == [(10, "open"), (2, "approved")]
    waiting = reader.governance.proposals(PageRequest(), is_open=True).items
    assert waiting == every[:1]
    assert reader.governance.proposals(PageRequest(), is_open=False).items == every[1:]
    assert reader.governance.proposal(every[0].id) == every[0]
    assert reader.governance.proposal(Hash(bytes(32))) is None


def test_evidence_is_listed_and_counts_against_its_node(reader: Reader) -> None:
    (found,) = reader.governance.evidence_page(PageRequest()).items
    assert (found.node, found.height, found.effective_height) == ("windcare-1", 7, 9)
    assert reader.governance.evidence(found.id) == found
    other = reader.governance.evidence_page(PageRequest(), node=NodeName("certis-1"))
    assert other.items == ()
    node = NodeName("windcare-1")
    assert reader.governance.standings() == {node: StandingRecord(node, 1, found.effective_height)}
    assert reader.governance.addresses() == {}
