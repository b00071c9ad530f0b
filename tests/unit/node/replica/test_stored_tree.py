"""Trees on disk: from a leaf to its key and value, at every height that is kept."""

import pytest

from chain import state_tree
from chain.errors import Corruption
from chain.scalars import HASH_SIZE, Hash, Height
from chain.state_node import StateLeaf, decode_node, hash_key, hash_leaf, hash_node, hash_value
from chain.state_walk import walk
from node.replica import keys
from node.replica.ports import Column, MemoryStore, Put, WriteBatch
from node.replica.stored_tree import (
    STALE_PER_ROW,
    CachedNodes,
    StoredTree,
    encode_record,
    read_state_at,
    stale_puts,
)
from tests.unit.node.chain_builder import TURBINE, ChainBuilder

KEY = b"twin/" + TURBINE.encode()


@pytest.fixture
def chain() -> ChainBuilder:
    chain = ChainBuilder()
    chain.add_block(chain.register_turbine())
    chain.add_block(chain.power("1"))
    chain.add_block(chain.power("2"))
    return chain


def pairs_at(chain: ChainBuilder, height: int) -> dict[bytes, bytes]:
    tree = StoredTree(chain.store)
    read_pair = tree.pairs_at(Height(height))
    root = chain.blocks[height - 1].header.state_root
    return dict(
        read_pair(hash_, node)
        for hash_, node in walk(root, tree.node)
        if isinstance(node, StateLeaf)
    )


@pytest.mark.parametrize("height", [1, 2, 3])
def test_the_tree_of_a_height_leads_to_the_state_of_that_height(
    chain: ChainBuilder, height: int
) -> None:
    found = pairs_at(chain, height)
    assert KEY in found
    for key, value in found.items():
        assert read_state_at(chain.store, key, Height(height)) == value
    if height == 3:
        assert found == dict(chain.store.range(Column.STATE, b"", b"\xff" * 8))


def test_a_node_is_given_without_what_is_stored_with_it(chain: ChainBuilder) -> None:
    tree = StoredTree(chain.store)
    for hash_, data in chain.store.range(Column.TREE, b"", b"\xff" * (HASH_SIZE + 1)):
        stored = tree.node(Hash(hash_))
        assert stored is not None
        assert data.startswith(stored)
        node = decode_node(stored)
        assert hash_node(node) == hash_
        found = tree.birth_and_key(hash_)  # type: ignore[arg-type]
        assert found is not None
        assert found[0] <= 3
        assert (hash_key(found[1]) == node.path) if isinstance(node, StateLeaf) else not found[1]
    assert tree.node(hash_key(b"no node")) is None
    assert tree.birth_and_key(hash_key(b"no node")) is None


def leaf_of(chain: ChainBuilder) -> tuple[StateLeaf, bytes]:
    value = chain.store.get(Column.STATE, KEY)
    assert value is not None
    return StateLeaf(hash_key(KEY), hash_value(value)), value


def test_a_value_that_is_lost_is_damage(chain: ChainBuilder) -> None:
    leaf, _ = leaf_of(chain)
    erase = (Put(Column.STATE, KEY, b"x"), Put(Column.HISTORY, keys.history(KEY, Height(3)), b"y"))
    chain.store.write(WriteBatch(erase), sync=True)
    read_pair = StoredTree(chain.store).pairs_at(Height(3))
    with pytest.raises(Corruption, match="its value is not stored"):
        read_pair(hash_leaf(leaf.path, leaf.value_hash), leaf)


def test_a_leaf_that_is_lost_is_damage(chain: ChainBuilder) -> None:
    leaf, _ = leaf_of(chain)
    read_pair = StoredTree(chain.store).pairs_at(Height(3))
    with pytest.raises(Corruption, match="it is missing"):
        read_pair(hash_key(b"no node"), leaf)


def test_a_key_that_is_gone_has_no_value_from_then_on() -> None:
    store = MemoryStore()
    for height, value in ((2, b"a"), (5, b""), (7, b"b")):
        put = Put(Column.HISTORY, keys.history(b"key", Height(height)), value)
        store.write(WriteBatch((put,)), sync=True)
    found = [read_state_at(store, b"key", Height(height)) for height in range(1, 9)]
    assert found == [None, b"a", b"a", b"a", None, None, b"b", b"b"]


def test_stale_nodes_stand_in_rows_of_bounded_size() -> None:
    nodes = [hash_key(b"%d" % number) for number in range(2 * STALE_PER_ROW + 1)]
    puts = stale_puts(nodes, Height(9), 3)
    assert [put.key for put in puts] == [keys.stale_nodes(Height(9), 3 + n) for n in range(3)]
    assert [len(put.value or b"") for put in puts] == [
        STALE_PER_ROW * HASH_SIZE,
        STALE_PER_ROW * HASH_SIZE,
        HASH_SIZE,
    ]
    assert stale_puts([], Height(9)) == []
    assert [keys.height_of_stale(put.key) for put in puts] == [9, 9, 9]


def test_a_record_is_the_node_then_the_height_then_the_key() -> None:
    assert encode_record(b"n" * 65, Height(258), b"key") == b"n" * 65 + bytes(6) + b"\1\2key"


class CountingTree(StoredTree):
    """Counts how often the store is asked."""

    def __init__(self, chain: ChainBuilder) -> None:
        super().__init__(chain.store)
        self.asked = 0

    def node(self, node: Hash) -> bytes | None:
        self.asked += 1
        return super().node(node)


def test_what_was_written_or_read_is_in_memory(chain: ChainBuilder) -> None:
    tree = CountingTree(chain)
    nodes = CachedNodes(tree)
    last = chain.blocks[-1].tree
    nodes.follow(last)
    assert [nodes.node(name) for name, _ in last.nodes] == [data for _, data in last.nodes]
    assert tree.asked == 0
    before = chain.blocks[-2].tree.root
    assert nodes.node(before) == nodes.node(before) == tree.node(before)
    assert tree.asked == 2


def test_stale_nodes_leave_memory_but_can_be_read(chain: ChainBuilder) -> None:
    tree = CountingTree(chain)
    nodes = CachedNodes(tree)
    before, last = (block.tree for block in chain.blocks[-2:])
    nodes.follow(before)
    nodes.follow(last)
    assert before.root in last.stale
    assert nodes.node(before.root) == dict(before.nodes)[before.root]
    assert tree.asked == 1


def test_memory_is_bounded(chain: ChainBuilder) -> None:
    tree = CountingTree(chain)
    nodes = CachedNodes(tree, count_max=8)
    root = chain.head.state_root
    for number in range(100):
        nodes.add(((hash_key(b"%d" % number), b""),))
        assert 7 <= len(nodes.known) <= 8 or number < 7
    nodes.add(tuple((hash_key(b"%d" % number), b"") for number in range(100)))
    assert len(nodes.known) <= 8, "many at once, too"
    assert nodes.node(root) == nodes.node(root) == tree.node(root)
    assert tree.asked == 2


def test_what_is_no_node_does_not_stay_in_memory(chain: ChainBuilder) -> None:
    nodes = CachedNodes(StoredTree(chain.store))
    name = hash_key(b"damaged")
    record = encode_record(b"\x05", Height(1), b"")
    chain.store.write(WriteBatch((Put(Column.TREE, name, record),)), sync=True)
    assert nodes.node(name) == b"\x05"
    assert not nodes.known
    with pytest.raises(Corruption, match="malformed"):
        state_tree.update(name, {b"key": b"value"}, nodes.node, nodes.known)
