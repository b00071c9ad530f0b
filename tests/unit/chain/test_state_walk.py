"""Walks over state trees, and what two trees do not share."""

import pytest

from chain.errors import Corruption
from chain.hashing import EMPTY_HASH
from chain.scalars import Hash
from chain.state_node import StateLeaf, hash_key, hash_leaf, hash_value
from chain.state_tree import update
from chain.state_walk import find_differences, read_node, walk
from tests.unit.chain.test_state_tree import KEYS, Tree


def leaf_of(key: bytes, value: bytes) -> Hash:
    return hash_leaf(hash_key(key), hash_value(value))


def sides(tree: Tree, old: Hash, new: Hash) -> tuple[set[Hash], set[Hash]]:
    found = list(find_differences(old, new, tree.nodes.get))
    assert len({(one.hash, one.is_new) for one in found}) == len(found), "each once"
    return (
        {one.hash for one in found if not one.is_new},
        {one.hash for one in found if one.is_new},
    )


def test_a_walk_gives_every_node_once_and_leaves_in_order() -> None:
    tree = Tree({key: b"v" for key in KEYS})
    found = list(walk(tree.root, tree.nodes.get))
    assert len(found) == len(tree.nodes) == len(dict(found))
    paths = [node.path for _, node in found if isinstance(node, StateLeaf)]
    assert paths == sorted(hash_key(key) for key in KEYS)


def test_the_empty_tree_has_no_node() -> None:
    assert list(walk(EMPTY_HASH, lambda _: None)) == []
    assert list(find_differences(EMPTY_HASH, EMPTY_HASH, lambda _: None)) == []


def test_differences_are_the_nodes_that_a_write_adds_and_makes_stale() -> None:
    tree = Tree({key: b"v" for key in KEYS})
    before = tree.root
    changed = update(before, {KEYS[3]: b"w", KEYS[4]: None, b"more": b"x"}, tree.nodes.get)
    tree.nodes.update(changed.nodes)
    assert sides(tree, before, changed.root) == (set(changed.stale), set(dict(changed.nodes)))
    assert sides(tree, changed.root, before) == (set(dict(changed.nodes)), set(changed.stale))


def test_a_leaf_that_only_moved_is_no_difference() -> None:
    tree = Tree({KEYS[0]: b"v"})
    alone = tree.root
    tree.write({key: b"v" for key in KEYS[1:8]})
    gone, new = sides(tree, alone, tree.root)
    assert gone == set()
    assert leaf_of(KEYS[0], b"v") not in new
    gone, new = sides(tree, tree.root, alone)
    assert new == set()
    assert leaf_of(KEYS[0], b"v") not in gone


def test_another_value_of_a_leaf_that_moved_is_a_difference_on_both_sides() -> None:
    tree = Tree({KEYS[0]: b"v"})
    alone = tree.root
    tree.write({key: b"w" for key in KEYS[:8]})
    gone, new = sides(tree, alone, tree.root)
    assert gone == {leaf_of(KEYS[0], b"v")}
    assert leaf_of(KEYS[0], b"w") in new


def test_everything_differs_from_nothing() -> None:
    tree = Tree({key: b"v" for key in KEYS})
    assert sides(tree, EMPTY_HASH, tree.root) == (set(), set(tree.nodes))
    assert sides(tree, tree.root, EMPTY_HASH) == (set(tree.nodes), set())


def test_a_missing_node_is_damage_of_this_disk() -> None:
    with pytest.raises(Corruption, match="VT-1308"):
        read_node(Hash(bytes(31) + b"\1"), lambda _: None)


def test_bytes_that_are_no_node_are_damage_of_this_disk() -> None:
    name = Hash(bytes(31) + b"\1")
    for bad in (b"", b"\x01" + bytes(64), b"\x02" + bytes(64)):
        with pytest.raises(Corruption, match=r"VT-1308: .*it is malformed"):
            read_node(name, {name: bad}.get)
