"""The log tree against the recursive definitions of RFC 9162, written down naively."""

from hashlib import sha256

import hypothesis.strategies as st
from hypothesis import given

from chain.merkle import (
    Frontier,
    append,
    compute_root_from_path,
    index_completed,
    leaf_hash,
    prove_consistency,
    prove_consistency_stored,
    prove_inclusion,
    prove_inclusion_stored,
    root_of_hashes,
    verify_consistency,
    verify_inclusion,
)
from chain.scalars import Hash

logs = st.lists(st.binary(max_size=4), min_size=1, max_size=70)


def split(size: int) -> int:
    """Give the largest power of two that is less than `size`."""
    half = 1
    while half * 2 < size:
        half *= 2
    return half


def naive_root(data: list[bytes]) -> bytes:
    """MTH of section 2.1.1."""
    if not data:
        return sha256(b"").digest()
    if len(data) == 1:
        return sha256(b"\0" + data[0]).digest()
    k = split(len(data))
    return sha256(b"\1" + naive_root(data[:k]) + naive_root(data[k:])).digest()


def naive_path(index: int, data: list[bytes]) -> list[bytes]:
    """PATH of section 2.1.3.1."""
    if len(data) == 1:
        return []
    k = split(len(data))
    if index < k:
        return [*naive_path(index, data[:k]), naive_root(data[k:])]
    return [*naive_path(index - k, data[k:]), naive_root(data[:k])]


def naive_subproof(size: int, data: list[bytes], is_whole: bool) -> list[bytes]:
    """SUBPROOF of section 2.1.4.1."""
    if size == len(data):
        return [] if is_whole else [naive_root(data)]
    k = split(len(data))
    if size <= k:
        return [*naive_subproof(size, data[:k], is_whole), naive_root(data[k:])]
    return [*naive_subproof(size - k, data[k:], False), naive_root(data[:k])]


@given(logs)
def test_roots(data: list[bytes]) -> None:
    assert root_of_hashes([leaf_hash(each) for each in data]) == naive_root(data)


@given(logs, st.data())
def test_appending_in_any_portions(data: list[bytes], draw: st.DataObject) -> None:
    leaves = [leaf_hash(each) for each in data]
    frontier, nodes, done = Frontier(), {}, 0
    while done < len(leaves):
        count = draw.draw(st.integers(1, len(leaves) - done))
        frontier, completed = append(frontier, leaves[done : done + count])
        new = index_completed(completed)
        assert nodes.keys().isdisjoint(new)
        nodes.update(new)
        done += count
        assert frontier.root == naive_root(data[:done])
    assert nodes == {
        (level, index): naive_root(data[index << level : (index + 1) << level])
        for level in range(8)
        for index in range(len(data) >> level)
    }


@given(logs, st.data())
def test_inclusion(data: list[bytes], draw: st.DataObject) -> None:
    leaves = [leaf_hash(each) for each in data]
    size = draw.draw(st.integers(1, len(leaves)))
    index = draw.draw(st.integers(0, size - 1))
    nodes = index_completed(append(Frontier(), leaves)[1])
    path = prove_inclusion_stored(index, size, lambda level, i: nodes[level, i])
    assert list(path) == naive_path(index, data[:size])
    assert path == prove_inclusion(leaves[:size], index)
    assert verify_inclusion(leaves[index], index, size, path, root_of_hashes(leaves[:size]))


@given(logs, st.data())
def test_consistency(data: list[bytes], draw: st.DataObject) -> None:
    leaves = [leaf_hash(each) for each in data]
    new = draw.draw(st.integers(1, len(leaves)))
    old = draw.draw(st.integers(1, new))
    nodes = index_completed(append(Frontier(), leaves)[1])
    path = prove_consistency_stored(old, new, lambda level, i: nodes[level, i])
    assert list(path) == naive_subproof(old, data[:new], True)
    assert path == prove_consistency(leaves[:new], old)
    old_root, new_root = root_of_hashes(leaves[:old]), root_of_hashes(leaves[:new])
    assert verify_consistency(old, new, old_root, new_root, path)


@given(st.lists(st.integers(0, 255), min_size=2, max_size=40, unique=True), st.data())
def test_a_proof_of_another_leaf_or_place_fails(numbers: list[int], draw: st.DataObject) -> None:
    leaves = [leaf_hash(bytes([number])) for number in numbers]
    root = root_of_hashes(leaves)
    index = draw.draw(st.integers(0, len(leaves) - 1))
    path = prove_inclusion(leaves, index)
    other = draw.draw(st.integers(0, len(leaves) - 1).filter(lambda each: each != index))
    assert not verify_inclusion(leaves[other], index, len(leaves), path, root)
    assert not verify_inclusion(leaves[index], other, len(leaves), path, root)
    if path:
        step = draw.draw(st.integers(0, len(path) - 1))
        changed = (*path[:step], leaf_hash(b"other"), *path[step + 1 :])
        assert not verify_inclusion(leaves[index], index, len(leaves), changed, root)


@given(
    st.integers(-5, 2**54),
    st.integers(-5, 2**54),
    st.lists(st.just(Hash(bytes(32))), max_size=70),
)
def test_any_claim_is_answered(index: int, size: int, path: list[Hash]) -> None:
    leaf = leaf_hash(b"")
    assert not verify_inclusion(leaf, index, size, path, Hash(bytes(32)))
    if len(path) > 54:
        assert compute_root_from_path(leaf, index, size, path) is None
    verify_consistency(index, size, leaf, leaf, path)


@given(logs, st.data())
def test_a_log_that_was_rewritten_is_not_consistent(data: list[bytes], draw: st.DataObject) -> None:
    leaves = [leaf_hash(each) for each in data]
    old = draw.draw(st.integers(1, len(leaves)))
    changed = list(leaves)
    changed[draw.draw(st.integers(0, old - 1))] = leaf_hash(b"other than drawn")
    path = prove_consistency(changed, old)
    old_root, new_root = root_of_hashes(leaves[:old]), root_of_hashes(changed)
    assert not verify_consistency(old, len(changed), old_root, new_root, path)
