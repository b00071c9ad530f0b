from collections.abc import Callable

import pytest

from chain.codec import decode
from chain.committee_steps import CommitteeStep, follow_committee
from chain.errors import Corruption
from chain.proven_receipt import check_receipt, receipt_from_json
from chain.scalars import Height
from node.reader import Reader
from node.reader.committees import CommitteeReader
from node.reader.paging import PageRequest
from node.replica.ports import MemoryStore
from tests.unit.node.chain_builder import ChainBuilder, build_demo
from tests.unit.node.governed_chain import build_governed


@pytest.fixture(scope="module")
def chain() -> ChainBuilder:
    return build_governed()


@pytest.fixture
def reader(chain: ChainBuilder) -> Reader:
    return Reader(chain.store, chain.genesis)


def test_every_height_has_the_set_that_decided_it(chain: ChainBuilder, reader: Reader) -> None:
    for number, block in enumerate(chain.blocks, start=1):
        assert reader.committees.at(Height(number)) == block.validators[0]
    assert reader.committees.at(chain.head.next_height) == chain.head.validators
    assert reader.committees.at(Height(10**9)) == chain.head.next_validators
    assert reader.committees.at(Height(0)) == chain.genesis.validators


def test_what_changed_is_listed_newest_first_in_pages(reader: Reader) -> None:
    first = reader.committees.changes(PageRequest(3))
    rest = reader.committees.changes(PageRequest(3, first.next))
    assert [(one.height, one.cause, one.node) for one in (*first.items, *rest.items)] == [
        (9, "suspend", "windcare-1"),
        (7, "rotate_vote_key", "windcare-1"),
        (4, "set_weight", "certis-1"),
        (1, "genesis", None),
    ]
    assert rest.next is None


def test_what_is_planned_is_in_order(reader: Reader) -> None:
    assert [one.height for one in reader.committees.planned(Height(1))] == [4, 7, 9]
    assert [one.height for one in reader.committees.planned(Height(7))] == [9]
    assert reader.committees.planned(Height(9)) == ()


def test_steps_lead_to_the_validators_of_any_height(chain: ChainBuilder, reader: Reader) -> None:
    for number, block in enumerate(chain.blocks, start=1):
        steps = reader.committees.steps_to(Height(number))
        decoded = [decode(step, CommitteeStep, 1 << 16) for step in steps]
        assert follow_committee(chain.genesis, decoded) == block.validators[0]
    assert len(reader.committees.steps_to(chain.head.next_height)) == 3


@pytest.mark.parametrize("build", [build_demo, build_governed])
def test_every_receipt_verifies_with_genesis_alone(build: Callable[[], ChainBuilder]) -> None:
    chain = build()
    reader = Reader(chain.store, chain.genesis)
    for block in chain.blocks:
        for transaction in block.transactions:
            file = reader.proofs.receipt(transaction.id)
            assert file is not None
            verdict = check_receipt(receipt_from_json(file), chain.genesis)
            assert verdict.height == block.header.height


def test_a_proof_of_state_carries_the_steps_of_its_height(reader: Reader) -> None:
    for height in (3, 5, 9):
        proven = reader.proofs.state(b"twin/R80711", Height(height))
        assert proven.changes == reader.committees.steps_to(Height(height))


def test_a_state_without_validators_is_damaged() -> None:
    with pytest.raises(Corruption, match="VT-6012"):
        CommitteeReader(MemoryStore()).at(Height(1))


def test_votes_are_counted_where_there_was_a_vote(chain: ChainBuilder, reader: Reader) -> None:
    records = reader.validators(chain.head.next_height)
    shown = [
        (one.validator.node, one.last_signed_height, one.missed, one.offences) for one in records
    ]
    assert shown == [
        ("borne-energie-1", 10, 0, 0),
        ("gridlink-1", 10, 0, 0),
        ("windcare-1", 8, 0, 1),
        ("certis-1", 3, 0, 0),
    ]
    past = reader.validators(Height(4))
    assert [one.last_signed_height for one in past] == [3, 3, 3, 3]


def test_a_vote_key_is_that_of_its_organisation(chain: ChainBuilder, reader: Reader) -> None:
    report = chain.blocks[6].transactions[0]
    assert reader.blocks.organisation_of(report.body.sender) == "gridlink"
