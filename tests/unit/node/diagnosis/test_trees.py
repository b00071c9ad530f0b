"""Where two state trees part, with trees that are made, changed and made up."""

import random

import pytest

from chain.hashing import EMPTY_HASH
from chain.scalars import Hash
from chain.state_node import (
    DEPTH_MAX,
    StateInner,
    StateLeaf,
    decode_node,
    hash_key,
    hash_node,
    hash_value,
)
from chain.state_tree import update
from node.diagnosis.trees import LeafDifference, Node, find_first_difference

Pairs = dict[bytes, bytes]


class Forest:
    """The nodes of several trees, and a count of how many were asked for."""

    def __init__(self) -> None:
        self.nodes: dict[Hash, Node] = {}
        self.asked = 0

    def grow(self, pairs: Pairs) -> Hash:
        tree = update(EMPTY_HASH, dict(pairs), lambda _: None)
        self.nodes |= {hash_: decode_node(data) for hash_, data in tree.nodes}
        return tree.root

    def compare(self, own: Hash, other: Hash) -> LeafDifference | None:
        steps = find_first_difference(own, other)
        try:
            wanted = next(steps)
            while True:
                self.asked += 1
                wanted = steps.send(self.nodes.get(wanted))
        except StopIteration as done:
            found: LeafDifference | None = done.value
            return found


def expected(own: Pairs, other: Pairs) -> LeafDifference | None:
    """What a look at all keys gives."""
    keys = sorted((hash_key(key), key) for key in own.keys() | other.keys())
    for path, key in keys:
        mine, theirs = own.get(key), other.get(key)
        if mine != theirs:
            return LeafDifference(
                path,
                None if mine is None else hash_value(mine),
                None if theirs is None else hash_value(theirs),
            )
    return None


def draw(chance: random.Random, count: int) -> Pairs:
    return {b"key %d" % chance.randrange(1_000): b"%d" % chance.randrange(9) for _ in range(count)}


@pytest.mark.parametrize("seed", range(60))
def test_the_first_leaf_that_differs_is_found_in_any_two_trees(seed: int) -> None:
    chance = random.Random(seed)
    forest = Forest()
    own = draw(chance, chance.choice([0, 1, 2, 40]))
    other = dict(own) | draw(chance, chance.randrange(3))
    for key in list(other)[: chance.randrange(3)]:
        del other[key]
    assert forest.compare(forest.grow(own), forest.grow(other)) == expected(own, other)


def test_a_change_among_many_keys_costs_one_way_down() -> None:
    forest = Forest()
    own = {b"key %d" % number: b"0" for number in range(5_000)}
    other = own | {b"key 77": b"1"}
    found = forest.compare(forest.grow(own), forest.grow(other))
    assert found == expected(own, other)
    assert forest.asked < 60


def test_the_same_tree_needs_no_look_at_all() -> None:
    forest = Forest()
    root = forest.grow({b"a": b"1"})
    assert forest.compare(root, root) is None
    assert forest.asked == 0


def test_a_node_that_is_not_to_be_had_ends_the_search() -> None:
    forest = Forest()
    one, other = forest.grow({b"a": b"1", b"b": b"1"}), forest.grow({b"a": b"2", b"b": b"1"})
    del forest.nodes[other]
    assert forest.compare(one, other) is None


def test_a_tree_that_somebody_made_up_ends_the_search_too() -> None:
    forest = Forest()
    endless = Hash(b"\1" * 32)
    forest.nodes[endless] = StateInner((endless,) * 16)
    one = forest.grow({b"a": b"1"})
    assert forest.compare(one, endless) is None or forest.asked <= 2 * DEPTH_MAX + 2
    leaf = StateLeaf(hash_key(b"a"), hash_value(b"1"))
    alone = hash_node(leaf)
    children = [EMPTY_HASH] * 16
    children[hash_key(b"a")[0] >> 4] = alone
    wrapped = StateInner(tuple(children))
    forest.nodes[hash_node(wrapped)] = wrapped
    assert forest.compare(one, hash_node(wrapped)) is None
