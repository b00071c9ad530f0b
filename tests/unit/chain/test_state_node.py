"""Nodes of the state tree: their bytes, their names, their children."""

import pytest

from chain.errors import InvalidInput
from chain.hashing import EMPTY_HASH, hash_tagged
from chain.state_node import (
    StateInner,
    StateLeaf,
    child_of,
    decode_node,
    encode_inner,
    hash_inner,
    hash_key,
    hash_leaf,
    hash_node,
    hash_value,
    join_siblings,
    list_siblings,
    place_of,
    siblings_of,
    slot_of,
    split_nodes,
    with_child,
    with_children,
)
from tests.unit.chain.test_state_tree import KEYS, Tree

CHILDREN = tuple(hash_key(b"%d" % slot) if slot % 3 else EMPTY_HASH for slot in range(16))


def test_hashes_are_tagged_hashes() -> None:
    assert hash_key(b"k") == hash_tagged("state/key", b"k")
    assert hash_value(b"v") == hash_tagged("state/value", b"v")
    path, value = hash_key(b"k"), hash_value(b"v")
    assert hash_leaf(path, value) == hash_tagged("state/leaf", path, value)
    children = [path, value, *(EMPTY_HASH for _ in range(14))]
    data = encode_inner(children)
    assert data == b"\x01\x00\x03" + path + value
    assert hash_inner(data) == hash_tagged("state/inner", data[1:])
    full = encode_inner([path] * 16)
    assert hash_inner(full) == hash_tagged("state/inner", b"\xff\xff" + path * 16)


def test_stored_nodes_are_read_and_keep_their_names() -> None:
    tree = Tree({key: b"v" for key in KEYS})
    read = {name: decode_node(data) for name, data in tree.nodes.items()}
    assert {type(node) for node in read.values()} == {StateInner, StateLeaf}
    assert all(hash_node(node) == name for name, node in read.items())
    leaves = {node.path for node in read.values() if isinstance(node, StateLeaf)}
    assert leaves == {hash_key(key) for key in KEYS}


def test_nodes_that_stand_one_after_the_other_are_taken_apart() -> None:
    nodes = list(Tree({key: b"v" for key in KEYS}).nodes.values())
    assert split_nodes(b"".join(nodes)) == nodes
    assert split_nodes(b"") == []
    for bad in (b"".join(nodes)[:-1], b"".join(nodes) + b"\x01", b"\x01\0\0", b"\x02" + bytes(64)):
        with pytest.raises(InvalidInput, match="bytes are no node of a state tree"):
            split_nodes(bad)


@pytest.mark.parametrize(
    "data",
    [
        b"",
        bytes(64),
        bytes(66),
        b"\x01",
        b"\x02" + bytes(64),
        b"\x01\x00\x00",
        b"\x01\x00\x03" + bytes(32),
        b"\x01\x00\x01" + bytes(33),
    ],
)
def test_what_is_no_node_is_refused(data: bytes) -> None:
    with pytest.raises(InvalidInput, match="bytes are no node of a state tree"):
        decode_node(data)


def test_a_path_is_read_four_bits_at_a_time() -> None:
    path = int.from_bytes(hash_key(b"k"), "big")
    digits = [slot_of(path, depth) for depth in range(64)]
    assert "".join(f"{digit:x}" for digit in digits) == hash_key(b"k").hex()


@pytest.mark.parametrize("slot", range(16))
def test_each_child_is_found_and_changed_in_its_place(slot: int) -> None:
    data = encode_inner(CHILDREN)
    assert child_of(data, slot) == CHILDREN[slot]
    for child in (EMPTY_HASH, hash_key(b"another"), CHILDREN[slot]):
        expected = encode_inner((*CHILDREN[:slot], child, *CHILDREN[slot + 1 :]))
        assert with_child(data, slot, child) == expected


@pytest.mark.parametrize("slot", range(16))
def test_a_step_in_hex_leads_to_the_same_place(slot: int) -> None:
    data = encode_inner(CHILDREN)
    at = place_of(data, f"{slot:x}")
    assert (data[at : at + 32] if at else EMPTY_HASH) == CHILDREN[slot]


@pytest.mark.parametrize("steps", ["0", "13", "f05a", "0123456789abcdef"])
@pytest.mark.parametrize("is_removed", [False, True])
def test_many_children_change_as_one_after_the_other(steps: str, is_removed: bool) -> None:
    before = after = encode_inner(CHILDREN)
    children = [(step, hash_key(step.encode())) for step in steps]
    if is_removed:
        children[-1] = (children[-1][0], EMPTY_HASH)
    for step, child in children:
        after = with_child(after, int(step, 16), child)
    assert with_children(before, children) == after


@pytest.mark.parametrize("slot", range(16))
def test_a_child_and_its_siblings_make_the_node(slot: int) -> None:
    data = encode_inner(CHILDREN)
    siblings = siblings_of(data, slot)
    assert join_siblings(siblings, slot, CHILDREN[slot]) == data
    others = [at for at, one in enumerate(CHILDREN) if one != EMPTY_HASH and at != slot]
    assert list_siblings(siblings) == others


@pytest.mark.parametrize(
    "siblings",
    [b"", b"\0", b"\0\1", b"\0\0" + bytes(32), b"\0\2" + bytes(31), b"\0\1" + bytes(32)],
)
def test_siblings_that_fit_no_place_are_refused(siblings: bytes) -> None:
    with pytest.raises(InvalidInput, match=r"VT-1307: .*do not fit their places"):
        join_siblings(siblings, 0, hash_key(b"k"))
