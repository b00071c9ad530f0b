"""Where each thing stands in the store."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chain.scalars import Hash, Height, TwinId, UnixMillis
from node.replica import keys

HEIGHTS = st.integers(0, 2**53 - 1).map(Height)
NAMES = st.text("abcR0.:-", min_size=1, max_size=12).map(TwinId)
STATE_KEYS = st.binary(min_size=1, max_size=12)


@given(HEIGHTS, HEIGHTS)
def test_key_order_is_number_order(one: Height, other: Height) -> None:
    for make in (keys.block, keys.certificate, keys.receipts):
        assert (make(one) < make(other)) == (one < other)
    earlier = keys.block_time(UnixMillis(one)) < keys.block_time(UnixMillis(other))
    assert earlier == (one < other)


@given(HEIGHTS, HEIGHTS, STATE_KEYS)
def test_the_newest_version_of_a_state_key_comes_first(
    one: Height, other: Height, key: bytes
) -> None:
    assert (keys.history(key, one) < keys.history(key, other)) == (one > other)
    assert keys.height_of_history(keys.history(key, one)) == one


@given(STATE_KEYS, STATE_KEYS, HEIGHTS)
def test_versions_of_one_state_key_are_not_those_of_another(
    one: bytes, other: bytes, height: Height
) -> None:
    belongs = keys.history(other, height).startswith(keys.history_prefix(one))
    assert belongs == (one == other)


@given(NAMES, NAMES, HEIGHTS, st.integers(0, 2**32 - 1))
def test_the_history_of_one_twin_is_not_that_of_another(
    one: TwinId, other: TwinId, height: Height, position: int
) -> None:
    key = keys.twin_history(other, keys.encode_place(height, position))
    prefix = keys.twin_prefix(one)
    assert (prefix <= key < keys.after(prefix)) == (one == other)


@given(HEIGHTS, st.integers(0, 2**32 - 1))
def test_a_place_reads_back(height: Height, position: int) -> None:
    assert keys.decode_place(keys.encode_place(height, position)) == (height, position)


def test_keys_of_different_things_never_meet() -> None:
    hash_ = Hash(bytes(32))
    made = [
        keys.block(Height(1)),
        keys.certificate(Height(1)),
        keys.receipts(Height(1)),
        keys.transaction(hash_),
        keys.block_hash(hash_),
        keys.block_time(UnixMillis(1)),
        keys.twin_history(TwinId("t"), keys.encode_place(Height(1), 0)),
        keys.HEAD,
        keys.GENESIS,
        keys.CONSENSUS,
        keys.VALID,
    ]
    assert len(set(made)) == len(made)
    assert len({key[:1] for key in made[:7]}) == 7
    assert keys.log_node(1, 2) == b"\x01" + (2).to_bytes(8, "big")


def test_after_a_prefix_comes_the_next_one() -> None:
    assert keys.after(b"ab") == b"ac"
    assert keys.after(b"a\xff\xff") == b"b"
    with pytest.raises(AssertionError, match="has no end"):
        keys.after(b"\xff")
