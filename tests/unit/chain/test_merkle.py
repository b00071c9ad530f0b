"""The log tree of RFC 9162, against known roots and against changed proofs."""

import time
from typing import Final

import pytest
from msgspec import ValidationError, convert

from chain.codec import decode, encode
from chain.merkle import (
    Frontier,
    append,
    compute_root_from_path,
    index_completed,
    leaf_hash,
    node_hash,
    prove_consistency,
    prove_consistency_stored,
    prove_inclusion,
    prove_inclusion_stored,
    root_of_hashes,
    verify_consistency,
    verify_inclusion,
)
from chain.scalars import Hash
from tests.vectors.make import LOG_LEAVES

CT_ROOTS: Final = (
    "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
    "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
    "fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125",
    "aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77",
    "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
    "4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4",
    "76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef",
    "ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c",
    "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328",
)
"""Roots that Certificate Transparency's own tests hold for these leaves."""


def make_leaves(count: int) -> list[Hash]:
    return [leaf_hash(b"%d" % number) for number in range(count)]


class Store:
    """Stored nodes that count how often they are read."""

    def __init__(self, leaves: list[Hash]) -> None:
        self.nodes = index_completed(append(Frontier(), leaves)[1])
        self.reads = 0

    def read(self, level: int, index: int) -> Hash:
        self.reads += 1
        return self.nodes[level, index]


@pytest.mark.parametrize("size", range(9))
def test_roots_are_those_of_certificate_transparency(size: int) -> None:
    leaves = [leaf_hash(data) for data in LOG_LEAVES[:size]]
    assert root_of_hashes(leaves).hex() == CT_ROOTS[size]
    assert append(Frontier(), leaves)[0].root.hex() == CT_ROOTS[size]


def test_an_odd_leaf_is_carried_up_not_doubled() -> None:
    a, b, c = make_leaves(3)
    assert root_of_hashes([a, b, c]) == node_hash(node_hash(a, b), c)
    assert root_of_hashes([a, b, c]) != root_of_hashes([a, b, c, c])


def test_append_gives_each_node_once() -> None:
    leaves = make_leaves(7)
    frontier, first = append(Frontier(), leaves[:3])
    frontier, second = append(frontier, leaves[3:])
    assert [(level, index, len(roots)) for level, index, roots in first] == [(0, 0, 3), (1, 0, 1)]
    assert [(level, index, len(roots)) for level, index, roots in second] == [
        (0, 3, 4),
        (1, 1, 2),
        (2, 0, 1),
    ]
    assert list(index_completed(second)) == [
        (0, 3),
        (0, 4),
        (0, 5),
        (0, 6),
        (1, 1),
        (1, 2),
        (2, 0),
    ]
    assert frontier.size == 7
    assert frontier.root == root_of_hashes(leaves)


def test_append_of_nothing_changes_nothing() -> None:
    frontier, _ = append(Frontier(), make_leaves(6))
    assert append(frontier, []) == (frontier, [])


def test_a_frontier_travels_and_a_lying_one_does_not() -> None:
    frontier, _ = append(Frontier(), make_leaves(6))
    assert decode(encode(frontier), Frontier, 1000) == frontier
    with pytest.raises(ValidationError, match="one root for each 1 in its size"):
        convert([7, list(frontier.roots)], Frontier)


def test_every_inclusion_and_consistency_of_small_logs_is_proved() -> None:
    leaves = make_leaves(20)
    store = Store(leaves)
    roots = [root_of_hashes(leaves[:size]) for size in range(21)]
    for size in range(1, 21):
        for index in range(size):
            path = prove_inclusion_stored(index, size, store.read)
            assert path == prove_inclusion(leaves[:size], index)
            assert verify_inclusion(leaves[index], index, size, path, roots[size])
        for old in range(1, size + 1):
            path = prove_consistency_stored(old, size, store.read)
            assert path == prove_consistency(leaves[:size], old)
            assert verify_consistency(old, size, roots[old], roots[size], path)


def test_a_changed_inclusion_proof_is_refused() -> None:
    leaves = make_leaves(11)
    root = root_of_hashes(leaves)
    path = prove_inclusion(leaves, 6)
    assert verify_inclusion(leaves[6], 6, 11, path, root)
    assert not verify_inclusion(leaves[5], 6, 11, path, root)
    assert not verify_inclusion(leaves[6], 6, 11, path[:-1], root)
    assert not verify_inclusion(leaves[6], 6, 11, (*path, path[0]), root)
    assert not verify_inclusion(leaves[6], 6, 11, path, leaves[0])
    for index in (*range(-2, 6), *range(7, 14)):
        assert not verify_inclusion(leaves[6], index, 11, path, root)
    for number in range(len(path)):
        changed = (*path[:number], leaves[0], *path[number + 1 :])
        assert not verify_inclusion(leaves[6], 6, 11, changed, root)


def test_a_changed_consistency_proof_is_refused() -> None:
    leaves = make_leaves(11)
    old_root, new_root = root_of_hashes(leaves[:6]), root_of_hashes(leaves)
    path = prove_consistency(leaves, 6)
    assert verify_consistency(6, 11, old_root, new_root, path)
    assert not verify_consistency(6, 11, new_root, old_root, path)
    assert not verify_consistency(6, 11, leaves[0], new_root, path)
    assert not verify_consistency(6, 11, old_root, leaves[0], path)
    assert not verify_consistency(6, 11, old_root, new_root, path[:-1])
    assert not verify_consistency(6, 11, old_root, new_root, (*path, path[0]))
    assert not verify_consistency(6, 11, old_root, new_root, ())
    assert not verify_consistency(11, 6, new_root, old_root, path)


def test_an_empty_old_log_is_a_beginning_of_nothing() -> None:
    leaves = make_leaves(3)
    empty, root = root_of_hashes([]), root_of_hashes(leaves)
    assert not verify_consistency(0, 3, empty, root, ())
    assert not verify_consistency(0, 0, empty, empty, ())
    with pytest.raises(IndexError, match="a log of 0 is not a proper beginning of one of 3"):
        prove_consistency(leaves, 0)


def test_equal_logs_need_an_empty_proof() -> None:
    leaves = make_leaves(3)
    root = root_of_hashes(leaves)
    assert prove_consistency(leaves, 3) == ()
    assert verify_consistency(3, 3, root, root, ())
    assert not verify_consistency(3, 3, root, root, (root,))
    assert not verify_consistency(3, 3, root, leaves[0], ())


def test_what_is_not_in_the_log_cannot_be_proved() -> None:
    leaves = make_leaves(3)
    for index in (-1, 3):
        with pytest.raises(IndexError, match=f"leaf {index} is not in a log of 3"):
            prove_inclusion(leaves, index)
    with pytest.raises(IndexError):
        prove_consistency(leaves, 4)


def test_a_path_of_the_wrong_length_leads_nowhere() -> None:
    leaves = make_leaves(3)
    for index, size, length in ((0, 1, 1), (2, 3, 0), (2, 3, 2), (0, 3, 1), (0, 3, 3), (3, 3, 1)):
        assert compute_root_from_path(leaves[0], index, size, leaves[:1] * length) is None


def test_two_sizes_may_share_a_root_so_the_size_must_be_known() -> None:
    # This is why a receipt's tree sizes are bound to the header in another way.
    leaves = make_leaves(4)
    path = prove_inclusion(leaves, 0)
    assert compute_root_from_path(leaves[0], 0, 3, path) == root_of_hashes(leaves)
    assert compute_root_from_path(leaves[0], 0, 8, path) is None


def test_proofs_from_storage_read_as_many_nodes_as_the_tree_is_high() -> None:
    store = Store(make_leaves(1000))
    for index in (0, 511, 512, 998, 999):
        store.reads = 0
        prove_inclusion_stored(index, 999 if index < 999 else 1000, store.read)
        assert store.reads <= 20
    store.reads = 0
    prove_consistency_stored(777, 1000, store.read)
    assert store.reads <= 21


@pytest.mark.bench
def test_appending_a_thousand_leaves_takes_about_a_millisecond() -> None:
    leaves = make_leaves(1000)
    frontier, _ = append(Frontier(), leaves[:777])
    best = min(_time_append(frontier, leaves) for _ in range(20))
    print(f"append of 1,000 leaves: {best * 1e3:.2f} ms")
    assert best < 0.01


def _time_append(frontier: Frontier, leaves: list[Hash]) -> float:
    start = time.perf_counter()
    append(frontier, leaves)
    return time.perf_counter() - start
