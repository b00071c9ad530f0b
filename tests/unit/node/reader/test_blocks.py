"""Blocks and transactions: each way of naming one, and walking back through all."""

import pytest

from chain.errors import Corruption, InvalidInput
from chain.scalars import Hash, Height, UnixMillis
from node.reader import Reader
from node.reader.paging import PageRequest
from node.replica import keys
from node.replica.ports import Column, MemoryStore, Put, WriteBatch
from tests.unit.node.chain_builder import ChainBuilder


def test_block_is_found_by_height_hash_and_time(reader: Reader, chain: ChainBuilder) -> None:
    wanted = chain.blocks[3]
    found = reader.blocks.get(Height(4))
    assert found is not None
    assert (found.hash, found.header) == (wanted.hash, wanted.header)
    assert reader.blocks.height_of(wanted.hash) == 4
    assert reader.blocks.height_at(wanted.header.time_ms) == 4
    assert reader.blocks.height_at(UnixMillis(wanted.header.time_ms - 1)) == 3
    assert reader.blocks.height_at(UnixMillis(0)) == 0


def test_what_does_not_exist_is_none(reader: Reader) -> None:
    assert reader.blocks.get(Height(0)) is None
    assert reader.blocks.get(Height(99)) is None
    assert reader.blocks.height_of(Hash(bytes(32))) is None
    assert reader.blocks.transaction(Hash(bytes(32))) is None


def test_blocks_come_newest_first_in_pages(reader: Reader) -> None:
    heights: list[int] = []
    cursor = None
    while True:
        page = reader.blocks.page(PageRequest(3, cursor))
        heights.extend(block.height for block in page.items)
        if page.next is None:
            break
        cursor = page.next
    assert heights == [7, 6, 5, 4, 3, 2, 1]


@pytest.mark.parametrize("limit", [1, 2, 3, 100])
def test_transactions_come_newest_first_past_empty_blocks(
    reader: Reader, chain: ChainBuilder, limit: int
) -> None:
    expected = [t.id for block in chain.blocks for t in block.transactions][::-1]
    found: list[Hash] = []
    page = reader.blocks.transactions(PageRequest(limit))
    found.extend(one.id for one in page.items)
    while page.next is not None:
        page = reader.blocks.transactions(PageRequest(limit, page.next))
        found.extend(one.id for one in page.items)
    assert found == expected


def test_cursor_means_the_same_after_the_chain_grew() -> None:
    builder = ChainBuilder()
    builder.add_block(builder.register_turbine(), builder.register_turbine("R80721"))
    reader = Reader(builder.store, builder.genesis)
    first = reader.blocks.transactions(PageRequest(1))
    builder.add_block(builder.power("1"))
    second = reader.blocks.transactions(PageRequest(1, first.next))
    assert [t.id for t in second.items] == [builder.blocks[0].transactions[0].id]


@pytest.mark.parametrize("cursor", ["", "!", "AAAA", "A" * 1000, "AAAAAAAAAAB"])
def test_foreign_cursor_is_refused(reader: Reader, cursor: str) -> None:
    with pytest.raises(InvalidInput) as caught:
        reader.blocks.page(PageRequest(3, cursor))
    assert str(caught.value) == "VT-7002: Parameter cursor: it was not given by this API."


def test_transaction_knows_its_place_receipt_and_twins(reader: Reader, chain: ChainBuilder) -> None:
    refused = chain.blocks[3].transactions[1]
    found = reader.blocks.transaction(refused.id)
    assert found is not None
    assert (found.height, found.position, found.operation_name) == (4, 1, "telemetry")
    assert (found.receipt.code, found.twins) == ("VT-2020", ("R9",))
    assert reader.blocks.organisation_of(refused.body.sender) == "borne-energie"


@pytest.mark.parametrize(
    ("text", "height"),
    [
        (None, 7),
        ("0", 0),
        ("3", 3),
        ("1517529602000", 2),
        ("2018-02-02T00:00:02Z", 2),
        ("2999-01-01T00:00:00Z", 7),
    ],
)
def test_at_names_a_height_or_a_time(reader: Reader, text: str | None, height: int) -> None:
    assert reader.blocks.resolve_at(text) == height


def test_height_in_the_future_is_refused(reader: Reader) -> None:
    with pytest.raises(InvalidInput) as caught:
        reader.blocks.resolve_at("8")
    assert str(caught.value) == (
        "VT-7002: Parameter at: height 8 is not decided yet; the chain is at 7."
    )


def test_index_without_its_block_is_corruption() -> None:
    store = MemoryStore()
    builder = ChainBuilder(store)
    block = builder.add_block(builder.register_turbine())
    store.write(WriteBatch((Put(Column.BLOCKS, keys.block(Height(1)), None),)), sync=True)
    with pytest.raises(Corruption, match="VT-6010"):
        Reader(store, builder.genesis).blocks.transaction(block.transactions[0].id)


def test_votes_are_counted_per_validator(reader: Reader) -> None:
    records = reader.validators(Height(8))
    assert [(one.last_signed_height, one.missed) for one in records] == [
        (7, 1),
        (7, 0),
        (7, 0),
        (7, 0),
    ]
