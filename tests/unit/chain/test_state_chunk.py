"""Chunks of the state: whole subtrees that prove themselves, and every forgery refused."""

import pytest
from msgspec.structs import replace

from chain import state_tree
from chain.codec import decode, encode
from chain.errors import InvalidInput
from chain.hashing import EMPTY_HASH
from chain.scalars import Hash
from chain.state_chunk import (
    CHUNK_DEPTH_MAX,
    ROOT,
    Place,
    StateChunk,
    build_chunk,
    check_chunk,
    climb,
)
from chain.state_node import StateLeaf, hash_key
from tests.unit.chain.test_state_tree import Tree

PAIRS = {b"twin/%d" % number: b"value %d" % number for number in range(200)}
SIZE = sum(len(key) + len(value) for key, value in PAIRS.items())


class Source:
    """A tree that chunks are taken from."""

    def __init__(self, pairs: dict[bytes, bytes]) -> None:
        self.tree = Tree(dict(pairs))
        self._by_path = {hash_key(key): (key, value) for key, value in pairs.items()}

    @property
    def root(self) -> Hash:
        return self.tree.root

    def pair(self, _: Hash, leaf: StateLeaf) -> tuple[bytes, bytes]:
        return self._by_path[Hash(leaf.path)]

    def chunk(self, place: Place = ROOT, size: int = SIZE) -> StateChunk | None:
        return build_chunk(self.root, place, self.tree.nodes.get, self.pair, size)


@pytest.fixture(scope="module")
def source() -> Source:
    return Source(PAIRS)


def part(source: Source, size: int = SIZE // 50) -> StateChunk:
    chunk = source.chunk(ROOT, size)
    assert chunk is not None
    return chunk


def test_a_small_state_is_one_chunk(source: Source) -> None:
    chunk = part(source, SIZE)
    assert (chunk.place, chunk.siblings, dict(chunk.pairs)) == (ROOT, (), PAIRS)
    assert check_chunk(source.root, chunk).root == source.root
    assert decode(encode(chunk), StateChunk, 1 << 20) == chunk
    assert chunk.size_bytes == SIZE


def test_a_chunk_gives_every_node_of_its_subtree_with_the_keys_of_leaves(source: Source) -> None:
    built = check_chunk(source.root, part(source, SIZE))
    assert dict(built.nodes) == source.tree.nodes
    assert sorted(key for _, key in built.keys) == sorted(PAIRS)


def test_an_empty_state_is_one_empty_chunk() -> None:
    nothing = Source({})
    chunk = nothing.chunk()
    assert chunk == StateChunk(0, 0, (), ())
    assert check_chunk(EMPTY_HASH, chunk).root == EMPTY_HASH


@pytest.mark.parametrize("size", [1, 40, SIZE // 50, SIZE // 8, SIZE // 2])
def test_a_large_state_comes_in_parts_that_cover_all_of_it(source: Source, size: int) -> None:
    pending, found, asked = [ROOT], dict[bytes, bytes](), 0
    while pending:
        wanted = pending.pop()
        chunk = source.chunk(wanted, size)
        asked += 1
        assert chunk is not None
        assert chunk.place.ancestor(wanted.depth) == wanted, "it is the left end of what was asked"
        assert chunk.size_bytes <= max(size, 20)
        check_chunk(source.root, chunk)
        assert not found.keys() & dict(chunk.pairs).keys()
        found.update(chunk.pairs)
        pending += chunk.beside(wanted.depth)
    assert found == PAIRS
    assert asked <= 16 * (SIZE // size + 1), "parts are not much smaller than they may be"


def test_a_pair_larger_than_a_chunk_goes_alone() -> None:
    large = Source({**PAIRS, b"large": bytes(5_000)})
    pending, sizes = [ROOT], []
    while pending:
        wanted = pending.pop()
        chunk = large.chunk(wanted, 1_000)
        assert chunk is not None
        sizes.append(chunk.size_bytes)
        pending += chunk.beside(wanted.depth)
    assert max(sizes) == 5_005
    assert sorted(sizes)[-2] <= 1_000


def test_a_place_that_the_tree_does_not_have_gives_nothing(source: Source) -> None:
    assert source.chunk(Place(10, 17)) is None
    assert Source({b"a": b"1"}).chunk(Place(1, 0)) is None
    assert Source({}).chunk(Place(1, 0)) is None


def test_a_subtree_that_is_empty_is_an_empty_chunk(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(state_tree, "hash_key", _near)
    monkeypatch.setattr("chain.state_chunk.hash_key", _near)
    source = Source({b"a": b"1", b"b": b"2"})
    source._by_path = {_near(key): (key, value) for key, value in ((b"a", b"1"), (b"b", b"2"))}
    empty = source.chunk(Place(1, 1))
    assert empty is not None
    assert empty.pairs == ()
    check_chunk(source.root, empty)
    with pytest.raises(InvalidInput, match="VT-1307"):
        check_chunk(source.root, replace(empty, pairs=((b"\xff", b""),)))


def _near(key: bytes) -> Hash:
    return Hash(key[:1] + bytes(31))


def test_keys_that_agree_deeper_than_a_place_may_be_stay_together(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def deep(key: bytes) -> Hash:
        return Hash(bytes(31) + key[:1])

    monkeypatch.setattr(state_tree, "hash_key", deep)
    monkeypatch.setattr("chain.state_chunk.hash_key", deep)
    pairs = {bytes([number]): bytes(100) for number in range(20)}
    source = Source(pairs)
    source._by_path = {deep(key): (key, value) for key, value in pairs.items()}
    chunk = source.chunk(ROOT, 150)
    assert chunk is not None
    assert (chunk.depth, dict(chunk.pairs)) == (CHUNK_DEPTH_MAX, pairs)
    check_chunk(source.root, chunk)


def test_climbing_ends_at_the_root(source: Source) -> None:
    chunk = part(source)
    nodes = list(climb(chunk.place, check_chunk(source.root, chunk).root, chunk.siblings))
    assert len(nodes) == chunk.depth > 1
    assert nodes[-1][0] == source.root
    assert all(source.tree.nodes[node] == data for node, data in nodes)


def refuse(source: Source, chunk: StateChunk) -> str:
    with pytest.raises(InvalidInput) as caught:
        check_chunk(source.root, chunk)
    assert caught.value.code == "VT-1307"
    return caught.value.why


def test_a_chunk_with_another_index_and_the_right_proof_is_refused(source: Source) -> None:
    """Part.Index other than Part.Proof.Index stalled networks (CometBFT ASA-2025-002)."""
    chunk = part(source)
    for prefix in range(16**chunk.depth):
        if prefix != chunk.prefix:
            moved = replace(chunk, prefix=prefix)
            assert refuse(source, moved) == "the chunk holds a key of another place."
    beyond = replace(chunk, prefix=16**chunk.depth)
    assert refuse(source, beyond) == "the chunk's place does not fit its siblings."


def test_a_chunk_at_another_depth_is_refused(source: Source) -> None:
    chunk = part(source)
    why = "the chunk's place does not fit its siblings."
    assert refuse(source, replace(chunk, depth=chunk.depth - 1)) == why
    assert refuse(source, replace(chunk, depth=chunk.depth + 1)) == why
    higher = replace(
        chunk, depth=chunk.depth - 1, prefix=chunk.prefix >> 4, siblings=chunk.siblings[:-1]
    )
    assert refuse(source, higher).startswith("the chunk leads to root")


def test_a_pair_left_out_added_changed_or_doubled_is_refused(source: Source) -> None:
    chunk = part(source)
    root = "the chunk leads to root"
    (key, value), *others = chunk.pairs
    assert refuse(source, replace(chunk, pairs=chunk.pairs[1:])).startswith(root)
    assert refuse(source, replace(chunk, pairs=())).startswith(root)
    assert refuse(source, replace(chunk, pairs=((key, value + b"!"), *others))).startswith(root)
    order = "the chunk's keys are not in order."
    assert refuse(source, replace(chunk, pairs=((key, value), *chunk.pairs))) == order
    assert refuse(source, replace(chunk, pairs=chunk.pairs[::-1])) == order
    other = "the chunk holds a key of another place."
    foreign = next(pair for pair in PAIRS.items() if pair not in chunk.pairs)
    assert refuse(source, replace(chunk, pairs=(*chunk.pairs, foreign))) == other
    extra = next(
        b"more %d" % number
        for number in range(1_000)
        if chunk.place.holds(int.from_bytes(hash_key(b"more %d" % number), "big"))
    )
    pairs = sorted((*chunk.pairs, (extra, b"")), key=lambda pair: hash_key(pair[0]))
    assert refuse(source, replace(chunk, pairs=tuple(pairs))).startswith(root)


def test_a_wrong_sibling_is_refused(source: Source) -> None:
    chunk = part(source)
    for step in range(chunk.depth):
        for wrong, why in (
            (bytes(2), "the chunk leads to root"),
            (chunk.siblings[step][:-1] + b"\0", "the chunk leads to root"),
            (chunk.siblings[step][:-32], "the siblings of a step do not fit their places"),
            (b"\xff\xff" + bytes(16 * 32), "the siblings of a step do not fit their places"),
        ):
            siblings = list(chunk.siblings)
            siblings[step] = wrong
            assert refuse(source, replace(chunk, siblings=tuple(siblings))).startswith(why)
    assert chunk.siblings != chunk.siblings[::-1]
    refuse(source, replace(chunk, siblings=chunk.siblings[::-1]))


def test_a_chunk_of_another_state_is_refused(source: Source) -> None:
    other = Source({**PAIRS, b"one more": b"1"})
    assert refuse(source, part(other)).startswith("the chunk leads to root")
