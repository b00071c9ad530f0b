"""Nodes of state trees, as they are stored."""

from chain.hashing import EMPTY_HASH
from chain.scalars import Hash
from chain.state_node import StateInner, StateLeaf, hash_key, hash_node
from node.reader import Reader
from tests.unit.node.chain_builder import build_demo


def test_a_tree_is_read_from_its_root_to_its_leaves() -> None:
    chain = build_demo()
    reader = Reader(chain.store, chain.genesis)
    waiting, keys = [chain.head.state_root], set()
    while waiting:
        name = waiting.pop()
        if name == EMPTY_HASH:
            continue
        found = reader.state.node(name)
        assert found is not None
        assert hash_node(found.node) == name
        if isinstance(found.node, StateInner):
            assert found.key is None
            waiting += found.node.children
            continue
        assert isinstance(found.node, StateLeaf)
        assert found.key is not None
        assert hash_key(found.key) == found.node.path
        keys.add(found.key)
    assert b"twin/R80711" in keys


def test_a_node_that_is_not_stored_is_not_given() -> None:
    chain = build_demo()
    assert Reader(chain.store, chain.genesis).state.node(Hash(b"\7" * 32)) is None
