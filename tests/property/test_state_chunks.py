"""Chunks of a state put together are that state; stale is what walks of two trees differ in."""

import hypothesis.strategies as st
import pytest
from hypothesis import given

from chain import state_tree
from chain.hashing import EMPTY_HASH
from chain.scalars import Hash
from chain.state_chunk import ROOT, build_chunk, check_chunk
from chain.state_node import StateLeaf, hash_key
from chain.state_tree import update
from chain.state_walk import find_differences, walk
from tests.property.test_state_tree import batches, replay


@given(batches, st.integers(1, 60))
def test_chunks_together_are_the_state_and_its_tree(
    history: list[dict[bytes, bytes | None]], size: int
) -> None:
    root, nodes, pairs = replay(history)
    by_path = {hash_key(key): key for key in pairs}

    def read_pair(_: Hash, leaf: StateLeaf) -> tuple[bytes, bytes]:
        key = by_path[Hash(leaf.path)]
        return key, pairs[key]

    pending, found, below = [ROOT], dict[bytes, bytes](), dict[Hash, bytes]()
    while pending:
        wanted = pending.pop()
        chunk = build_chunk(root, wanted, nodes.get, read_pair, size)
        assert chunk is not None
        below.update(check_chunk(root, chunk).nodes)
        found.update(chunk.pairs)
        pending += chunk.beside(wanted.depth)
    assert found == pairs
    live = dict(walk(root, nodes.get))
    assert below.keys() <= live.keys()


@given(batches)
def test_a_write_says_exactly_what_is_new_and_what_is_stale(
    history: list[dict[bytes, bytes | None]],
) -> None:
    _check_history(history)


@given(batches, st.integers(0, 31))
def test_so_it_does_where_paths_agree_in_many_bits(
    history: list[dict[bytes, bytes | None]], place: int
) -> None:
    def near(key: bytes) -> Hash:
        return Hash(bytes(place) + bytes([int(key[1:])]) + bytes(31 - place))

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(state_tree, "hash_key", near)
        _check_history(history)


def _check_history(history: list[dict[bytes, bytes | None]]) -> None:
    root, nodes = EMPTY_HASH, dict[Hash, bytes]()
    for writes in history:
        changed = update(root, writes, nodes.get)
        nodes.update(changed.nodes)
        differences = list(find_differences(root, changed.root, nodes.get))
        before, after = set(dict(walk(root, nodes.get))), set(dict(walk(changed.root, nodes.get)))
        assert set(dict(changed.nodes)) == after - before
        assert set(changed.stale) == before - after
        assert len(changed.stale) == len(before - after)
        assert {one.hash for one in differences if one.is_new} == after - before
        assert {one.hash for one in differences if not one.is_new} == before - after
        leaves = {hash_ for hash_, data in changed.nodes if data[0] == 0}
        assert dict(changed.keys).keys() == leaves
        root = changed.root
