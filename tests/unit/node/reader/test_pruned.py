"""Reading from a node that does not keep everything: what it has, and a word about the rest."""

from collections.abc import Callable

import pytest

from chain.errors import Refused
from chain.genesis import Limits
from chain.proven_receipt import receipt_from_json
from chain.proven_receipt_check import check_receipt
from chain.scalars import Height
from node.reader import Reader
from node.reader.paging import PageRequest
from node.reader.twins import TwinFilter
from node.replica import pruning
from node.replica.pruning import Pruner
from tests.unit.node.chain_builder import TURBINE, ChainBuilder, build_demo

BASE = 4
"""Of seven blocks three are kept, and the state from height 4 on."""


@pytest.fixture(scope="module")
def whole() -> ChainBuilder:
    return build_demo()


@pytest.fixture(scope="module")
def pruned() -> ChainBuilder:
    chain = build_demo()
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(pruning, "SNAPSHOT_SLACK_BLOCKS", 1)
        pruner = Pruner(chain.store, Limits(expiry_window_blocks=1), 3)
        while (batch := pruner.step(chain.head)) is not None:
            chain.store.write(batch, sync=False)
    return chain


@pytest.fixture
def reader(pruned: ChainBuilder) -> Reader:
    return Reader(pruned.store, pruned.genesis)


GONE = (
    "VT-7014: Height {height} is too long ago: this node keeps states from height 4 on, and "
    "blocks above it."
)


@pytest.mark.parametrize(
    ("ask", "height"),
    [
        (lambda reader: reader.blocks.get(Height(4)), 4),
        (lambda reader: reader.blocks.require(Height(1)), 1),
        (lambda reader: reader.blocks.resolve_at("3"), 3),
        (lambda reader: reader.blocks.resolve_at("100000000001"), 0),
        (lambda reader: reader.blocks.header(Height(3)), 3),
        (lambda reader: reader.state_root(Height(2)), 2),
        (lambda reader: reader.time_of(Height(3)), 3),
        (lambda reader: reader.proofs.state(b"twin/R80711", Height(3)), 3),
    ],
)
def test_what_is_gone_is_said_to_be_gone(
    reader: Reader, ask: Callable[[Reader], object], height: int
) -> None:
    with pytest.raises(Refused) as caught:
        ask(reader)
    assert str(caught.value) == GONE.format(height=height)
    assert "storage.retain_blocks: 0" in caught.value.entry.fix


def test_what_is_kept_is_read_as_before(reader: Reader, whole: ChainBuilder) -> None:
    before = Reader(whole.store, whole.genesis)
    assert reader.blocks.base() == BASE
    for number in range(BASE + 1, 8):
        assert reader.blocks.get(Height(number)) == before.blocks.get(Height(number))
    for number in range(BASE, 8):
        height = Height(number)
        assert reader.twins.get(TURBINE, height) == before.twins.get(TURBINE, height)
        assert reader.state_root(height) == before.state_root(height)
        assert reader.time_of(height) == before.time_of(height)
        assert reader.blocks.resolve_at(str(number)) == number
    wanted = PageRequest()
    assert reader.twins.page(TwinFilter(), wanted) == before.twins.page(TwinFilter(), wanted)
    assert reader.twins.count() == before.twins.count()


def test_lists_end_where_what_is_kept_begins(reader: Reader) -> None:
    page = reader.blocks.page(PageRequest())
    assert [block.height for block in page.items] == [7, 6, 5]
    assert page.next is None
    transactions = reader.blocks.transactions(PageRequest())
    assert {found.height for found in transactions.items} == {7, 6, 5}
    history = reader.twins.history(TURBINE, PageRequest())
    assert {found.height for found in history.items} <= {7, 6, 5}
    assert history.items


def test_a_series_holds_the_readings_that_are_kept(reader: Reader, whole: ChainBuilder) -> None:
    series = reader.series.get(TURBINE, "active_power", None, None, 100)
    all_of_it = Reader(whole.store, whole.genesis).series
    before = all_of_it.get(TURBINE, "active_power", None, None, 100)
    assert 0 < len(series.points) < len(before.points)
    assert set(series.points) < set(before.points)


def test_what_points_into_the_past_shows_what_is_left_of_it(
    reader: Reader, whole: ChainBuilder
) -> None:
    action = reader.records.actions(PageRequest()).items[0]
    assert reader.records.count_cause(action) == 0, "its cause stands in block 4"
    assert Reader(whole.store, whole.genesis).records.count_cause(action) > 0
    attestation = reader.records.attestations(PageRequest()).items[0]
    assert reader.records.envelope_of(attestation), "it stands in block 5"


def test_receipts_of_what_is_kept_are_still_given_and_old_ones_verify(
    reader: Reader, whole: ChainBuilder
) -> None:
    before = Reader(whole.store, whole.genesis)
    for number, executed in enumerate(whole.blocks, start=1):
        for transaction in executed.transactions:
            issued = before.proofs.receipt(transaction.id)
            assert issued is not None
            check_receipt(receipt_from_json(issued), whole.genesis)
            now = reader.proofs.receipt(transaction.id)
            assert now == (issued if number > BASE else None)


def test_a_transaction_of_a_pruned_block_that_could_be_repeated_is_known_and_gone() -> None:
    """As on a node that joined from a snapshot: its ids reach further back than its blocks."""
    chain = build_demo()
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(pruning, "SNAPSHOT_SLACK_BLOCKS", 1)
        pruner = Pruner(chain.store, Limits(expiry_window_blocks=1), 3)
        patch.setattr(pruner, "_window", 5)
        while (batch := pruner.step(chain.head)) is not None:
            chain.store.write(batch, sync=False)
    reader = Reader(chain.store, chain.genesis)
    found = chain.blocks[BASE - 1].transactions[0].id
    assert reader.blocks.place_of(found) == (BASE, 0)
    with pytest.raises(Refused, match="VT-7014"):
        reader.blocks.transaction(found)
    assert reader.blocks.kept(found) is None
    assert reader.blocks.kept(chain.blocks[6].transactions[0].id) is not None


def test_a_block_that_was_read_just_before_it_was_pruned_is_still_shown(
    whole: ChainBuilder,
) -> None:
    chain = build_demo()
    reader = Reader(chain.store, chain.genesis)
    shown = reader.blocks.get(Height(1))
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(pruning, "SNAPSHOT_SLACK_BLOCKS", 1)
        pruner = Pruner(chain.store, Limits(expiry_window_blocks=1), 3)
        while (batch := pruner.step(chain.head)) is not None:
            chain.store.write(batch, sync=False)
    assert reader.blocks.get(Height(1)) == shown
    with pytest.raises(Refused, match="VT-7014"):
        reader.blocks.get(Height(2))
