"""What a store still knows of the past."""

import pytest

from chain.codec import encode
from chain.errors import Corruption
from chain.scalars import Height
from node.replica import keys
from node.replica.past import (
    Base,
    Swept,
    load_base,
    load_block,
    load_certificate,
    load_committee,
    load_head,
    load_header,
    load_ids,
    load_log_size,
    load_steps,
    load_swept,
)
from node.replica.ports import Column, MemoryStore, Put, WriteBatch
from tests.unit.chain.test_committee_steps import GENESIS, SETS, STEPS
from tests.unit.node.chain_builder import ChainBuilder, build_demo


@pytest.fixture(scope="module")
def chain() -> ChainBuilder:
    return build_demo()


def put(store: MemoryStore, column: Column, key: bytes, value: bytes) -> None:
    store.write(WriteBatch((Put(column, key, value),)), sync=True)


def test_a_chain_that_is_kept_whole_begins_at_genesis(chain: ChainBuilder) -> None:
    assert (load_base(chain.store), load_swept(chain.store)) == (Base(), Swept())
    assert load_head(chain.store) == chain.head
    assert load_head(MemoryStore()) is None


def test_headers_ids_and_blocks_are_read_by_height(chain: ChainBuilder) -> None:
    for executed, certificate in zip(chain.blocks, chain.certificates, strict=True):
        height = executed.header.height
        assert load_block(chain.store, height) == executed.block
        assert load_header(chain.store, height) == executed.header
        assert load_certificate(chain.store, height) == certificate
        assert load_ids(chain.store, height) == tuple(t.id for t in executed.transactions)
        assert load_log_size(chain.store, height) == executed.header.tx_log_size


def test_what_is_not_there_is_none(chain: ChainBuilder) -> None:
    beyond = Height(8)
    assert load_block(chain.store, beyond) is None
    assert load_header(chain.store, Height(0)) is None
    assert load_certificate(chain.store, beyond) is None
    assert load_ids(chain.store, beyond) is None
    assert load_log_size(chain.store, Height(0)) == 0
    with pytest.raises(Corruption, match="VT-3040"):
        load_log_size(chain.store, beyond)


@pytest.mark.parametrize(
    ("key", "load", "what"),
    [
        (keys.BASE, load_base, "the base does not decode"),
        (keys.SWEPT, load_swept, "the swept does not decode"),
        (keys.HEAD, load_head, "the head does not decode"),
    ],
)
def test_a_damaged_record_is_damage_of_this_disk(key, load, what) -> None:  # type: ignore[no-untyped-def]
    store = MemoryStore()
    put(store, Column.META, key, b"\xc1")
    with pytest.raises(Corruption, match=f"^VT-6012: {what}"):
        load(store)


def test_a_damaged_row_is_damage_of_this_disk() -> None:
    store = MemoryStore()
    height = Height(3)
    for key in (keys.block(height), keys.header(height), keys.certificate(height)):
        put(store, Column.BLOCKS, key, b"\xc1")
    for load in (load_block, load_header, load_certificate):
        with pytest.raises(Corruption, match="VT-3040"):
            load(store, height)


def test_steps_say_who_decides_which_height() -> None:
    store = MemoryStore()
    for step in STEPS:
        put(store, Column.BLOCKS, keys.committee_step(step.height), encode(step))
    assert tuple(load_steps(store, Height(0), Height(99))) == STEPS
    assert tuple(load_steps(store, Height(5), Height(9))) == STEPS[1:2]
    decides = [
        load_committee(store, GENESIS, Height(height)) for height in (1, 5, 6, 9, 10, 11, 90)
    ]
    assert decides == [SETS[0], SETS[0], SETS[1], SETS[1], SETS[2], SETS[3], SETS[3]]
    put(store, Column.BLOCKS, keys.committee_step(Height(5)), b"\xc1")
    with pytest.raises(Corruption, match="the committee step does not decode"):
        load_committee(store, GENESIS, Height(6))
