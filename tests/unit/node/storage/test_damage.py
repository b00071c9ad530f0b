"""Stored values that are not what the state root says are found, and none that are."""

import pytest

from chain.scalars import TwinId
from contracts.state_keys import twin_key
from node.replica.ports import Column, Put, WriteBatch
from node.storage.damage import FOUND_MAX, find_damaged
from tests.unit.node.chain_builder import TURBINE, ChainBuilder, build_demo

KEY = twin_key(TwinId(TURBINE))
OTHER = twin_key(TwinId("R80721"))


@pytest.fixture
def chain() -> ChainBuilder:
    return build_demo()


def change(chain: ChainBuilder, key: bytes, value: bytes | None) -> None:
    chain.store.write(WriteBatch((Put(Column.STATE, key, value),)), sync=True)


def find(chain: ChainBuilder, *written: bytes) -> tuple[bytes, ...]:
    return find_damaged(chain.store, chain.head.state_root, written)


def test_a_sound_store_has_no_damage(chain: ChainBuilder) -> None:
    every = [key for key, _ in chain.store.range(Column.STATE, b"", b"\xff")]
    assert len(every) > 20
    assert find(chain, *every) == ()
    assert find(chain, b"no such key") == ()


def test_a_changed_value_is_found_whether_it_was_written_or_not(chain: ChainBuilder) -> None:
    value = chain.store.get(Column.STATE, KEY)
    assert value is not None
    change(chain, KEY, value[:-1] + bytes([value[-1] ^ 1]))
    assert find(chain) == (KEY,)
    assert find(chain, OTHER, KEY) == (KEY,)


def test_an_older_value_and_a_lost_one_are_found_among_the_written_keys(
    chain: ChainBuilder,
) -> None:
    chain.add_block(chain.power("7", first_ms=1_517_443_200_000 + 9_000_000))
    before = build_demo().store.get(Column.STATE, KEY)
    assert before != chain.store.get(Column.STATE, KEY)
    change(chain, KEY, before)
    change(chain, OTHER, None)
    assert find(chain, KEY, OTHER) == (KEY, OTHER)
    assert find(chain) == ()  # Once the tree held that value, and nobody misses the other key.


def test_a_key_that_does_not_belong_there_is_found(chain: ChainBuilder) -> None:
    change(chain, b"twin/ghost", b"boo")
    assert find(chain) == (b"twin/ghost",)


def test_of_much_damage_some_is_told(chain: ChainBuilder) -> None:
    for number in range(2 * FOUND_MAX):
        change(chain, b"twin/ghost-%02d" % number, b"boo")
    assert len(find(chain)) == FOUND_MAX
