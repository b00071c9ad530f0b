"""The state tree: canonical roots, proofs of presence and absence, damaged storage."""

import random
import time
from collections.abc import Mapping
from typing import Final

import pytest

from chain import state_tree
from chain.codec import decode, encode
from chain.errors import Corruption, InvalidInput
from chain.hashing import EMPTY_HASH
from chain.scalars import Hash
from chain.state_node import (
    StateInner,
    StateLeaf,
    child_of,
    decode_node,
    hash_key,
    hash_leaf,
    hash_value,
)
from chain.state_tree import StateProof, build_subtree, check_state_proof, prove, update

NO_NODES: Final[dict[Hash, bytes]] = {}
KEYS: Final = tuple(b"twin/%d" % number for number in range(40))
SHARED: Final = 14
"""How the paths of several of these keys begin."""


class Tree:
    """A tree with its nodes in memory."""

    def __init__(self, pairs: Mapping[bytes, bytes | None] | None = None) -> None:
        self.nodes: dict[Hash, bytes] = {}
        self.root = EMPTY_HASH
        if pairs:
            self.write(pairs)

    def write(self, writes: Mapping[bytes, bytes | None]) -> tuple[tuple[Hash, bytes], ...]:
        changed = update(self.root, writes, self.nodes.get)
        self.nodes.update(changed.nodes)
        self.root = changed.root
        return changed.nodes

    def prove(self, key: bytes) -> StateProof:
        return prove(self.root, key, self.nodes.get)


def test_an_empty_tree_has_the_empty_hash_and_one_key_is_its_leaf() -> None:
    assert update(EMPTY_HASH, {}, NO_NODES.get).root == EMPTY_HASH
    assert update(EMPTY_HASH, {b"a": None}, NO_NODES.get).root == EMPTY_HASH
    assert Tree({b"a": b"1"}).root == hash_leaf(hash_key(b"a"), hash_value(b"1"))


def test_the_order_and_history_of_writes_leave_no_trace() -> None:
    at_once = Tree({key: b"v" for key in KEYS})
    one_by_one = Tree()
    for key in reversed(KEYS):
        one_by_one.write({key: b"other"})
        one_by_one.write({key: b"v", b"gone" + key: b"x"})
    one_by_one.write({b"gone" + key: None for key in KEYS})
    assert one_by_one.root == at_once.root


def test_deleting_all_gives_the_empty_tree() -> None:
    tree = Tree({key: b"v" for key in KEYS})
    tree.write(dict.fromkeys(KEYS))
    assert tree.root == EMPTY_HASH


def test_deleting_down_to_one_key_collapses_to_its_leaf() -> None:
    tree = Tree({key: b"v" for key in KEYS})
    tree.write(dict.fromkeys(KEYS[1:]))
    assert tree.root == hash_leaf(hash_key(KEYS[0]), hash_value(b"v"))


def test_writing_what_is_there_makes_no_node() -> None:
    tree = Tree({key: b"v" for key in KEYS})
    before = tree.root
    assert tree.write({key: b"v" for key in KEYS[:20]}) == ()
    assert tree.write({b"absent": None}) == ()
    assert tree.root == before


def test_only_nodes_of_the_new_tree_are_given_each_once() -> None:
    tree = Tree({key: b"v" for key in KEYS})
    old = set(tree.nodes)
    new = tree.write({KEYS[3]: b"w", KEYS[4]: None, b"more": b"x"})
    reachable = _reachable(tree.root, tree.nodes)
    assert len(new) == len(dict(new))
    assert set(dict(new)) == reachable - old


def _reachable(root: Hash, nodes: Mapping[Hash, bytes]) -> set[Hash]:
    found: set[Hash] = set()
    unseen = [root]
    while unseen:
        node = unseen.pop()
        if node != EMPTY_HASH:
            found.add(node)
            read = decode_node(nodes[node])
            if isinstance(read, StateInner):
                unseen += read.children
    return found


def test_presence_and_absence_are_proved_also_for_past_roots() -> None:
    tree = Tree({key: b"v" + key for key in KEYS})
    past = tree.root
    tree.write({KEYS[0]: None, KEYS[1]: b"new"})
    check_state_proof(past, KEYS[0], b"v" + KEYS[0], prove(past, KEYS[0], tree.nodes.get))
    check_state_proof(tree.root, KEYS[0], None, tree.prove(KEYS[0]))
    check_state_proof(tree.root, KEYS[1], b"new", tree.prove(KEYS[1]))
    check_state_proof(EMPTY_HASH, b"a", None, prove(EMPTY_HASH, b"a", NO_NODES.get))


def test_both_kinds_of_absence_occur_and_hold() -> None:
    tree = Tree({key: b"v" for key in KEYS})
    kinds = set()
    for number in range(100):
        proof = tree.prove(b"absent/%d" % number)
        kinds.add(proof.other is None)
        check_state_proof(tree.root, b"absent/%d" % number, None, proof)
    assert kinds == {True, False}


def test_an_empty_value_is_not_absence() -> None:
    tree = Tree({b"a": b"", b"b": b"x"})
    check_state_proof(tree.root, b"a", b"", tree.prove(b"a"))
    with pytest.raises(InvalidInput, match="the path leads to root"):
        check_state_proof(tree.root, b"a", None, tree.prove(b"a"))


def test_a_proof_travels() -> None:
    tree = Tree({key: b"v" for key in KEYS})
    for key in (KEYS[0], b"absent"):
        proof = tree.prove(key)
        assert decode(encode(proof), StateProof, 16_384) == proof


@pytest.mark.parametrize(
    ("key", "value", "change", "reason"),
    [
        (KEYS[0], b"w", None, "the path leads to root .*, not to .*"),
        (KEYS[1], b"v", None, "the siblings of a step do not fit their places"),
        (KEYS[0], None, None, "the path leads to root .*, not to .*"),
        (KEYS[0], b"v", "other", "the proof shows another key in this place"),
        (KEYS[0], None, "self", "the proof shows the key itself, with a value"),
        (KEYS[0], None, "far", "the other key does not stand in this place"),
        (KEYS[0], b"v", "long", "a path of 65 steps is longer than 64"),
        (KEYS[0], b"v", "short", "the path leads to root .*, not to .*"),
        (KEYS[0], b"v", "own", "the siblings of a step do not fit their places"),
        (KEYS[0], b"v", "fewer", "the siblings of a step do not fit their places"),
        (KEYS[0], b"v", "ragged", "the siblings of a step do not fit their places"),
    ],
)
def test_a_wrong_proof_is_refused_with_its_reason(
    key: bytes, value: bytes | None, change: str | None, reason: str
) -> None:
    tree = Tree({key: b"v" for key in KEYS})
    good = tree.prove(KEYS[0])
    path, value_hash = hash_key(KEYS[0]), hash_value(b"v")
    far = Hash(bytes([path[0] ^ 0x80]) + path[1:])
    proof = {
        None: good,
        "other": StateProof(good.siblings, StateLeaf(far, value_hash)),
        "self": StateProof(good.siblings, StateLeaf(path, value_hash)),
        "far": StateProof(good.siblings, StateLeaf(far, value_hash)),
        "long": StateProof((bytes(2),) * 65),
        "short": StateProof(good.siblings[1:]),
        "own": StateProof((b"\xff\xff" + bytes(16 * 32), *good.siblings[1:])),
        "fewer": StateProof((good.siblings[0][:-32], *good.siblings[1:])),
        "ragged": StateProof((good.siblings[0] + b"\0", *good.siblings[1:])),
    }[change]
    with pytest.raises(InvalidInput, match=f"^VT-1307: {reason}") as caught:
        check_state_proof(tree.root, key, value, proof)
    assert caught.value.code == "VT-1307"


def test_a_missing_or_malformed_node_is_corruption() -> None:
    tree = Tree({key: b"v" for key in KEYS})
    root = tree.root
    with pytest.raises(Corruption) as caught:
        update(root, {b"a": b"b"}, NO_NODES.get)
    assert caught.value.why == (
        f"Node {root.hex()} of the state tree cannot be used: it is missing."
    )
    with pytest.raises(Corruption, match="it is missing"):
        prove(root, b"a", NO_NODES.get)
    for bad in (b"", b"\x02" + bytes(64), tree.nodes[root][:-1], tree.nodes[root] + b"\0"):
        with pytest.raises(Corruption, match="it is malformed"):
            update(root, {b"a": b"b"}, {root: bad}.get)


def test_a_missing_brother_is_noticed_when_the_tree_must_collapse() -> None:
    tree = Tree({b"a": b"1", b"b": b"2"})
    leaf = hash_leaf(hash_key(b"b"), hash_value(b"2"))
    del tree.nodes[leaf]
    if not any(leaf in data for data in tree.nodes.values()):
        pytest.fail("the leaf stands under an inner node")
    with pytest.raises(Corruption, match=leaf.hex()):
        tree.write({b"a": None})


def test_keys_that_agree_in_many_bits_need_no_deep_recursion(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    # An attacker grinds keys with a long common beginning; here the hash gives them away.
    monkeypatch.setattr(state_tree, "hash_key", lambda key: Hash(bytes(31) + key[:1]))
    pairs: dict[bytes, bytes | None] = {bytes([number]): b"v" for number in range(4)}
    tree = Tree(pairs)
    proof = tree.prove(b"\x01")
    assert len(proof.siblings) == 64
    check_state_proof(tree.root, b"\x01", b"v", proof)
    check_state_proof(tree.root, b"\x04", None, tree.prove(b"\x04"))
    tree.write({b"\x00": None, b"\x01": None, b"\x02": None})
    assert tree.root == hash_leaf(Hash(bytes(31) + b"\x03"), hash_value(b"v"))


@pytest.mark.bench
def test_a_thousand_updates_of_a_hundred_thousand_keys() -> None:
    tree = Tree({b"twin/%d" % number: b"v" for number in range(100_000)})
    draw = random.Random(1)
    best = 1.0
    for round_ in range(5):
        writes: dict[bytes, bytes | None] = {
            b"twin/%d" % draw.randrange(100_000): b"%d" % round_ for _ in range(1000)
        }
        start = time.perf_counter()
        tree.write(writes)
        best = min(best, (time.perf_counter() - start) / len(writes))
    print(f"state tree: {best * 1e6:.1f} us for each key")
    assert best < 0.001


def test_nodes_of_the_old_tree_that_the_new_one_lacks_are_stale_each_once() -> None:
    tree = Tree({key: b"v" for key in KEYS})
    old = _reachable(tree.root, tree.nodes)
    changed = update(
        tree.root, {KEYS[3]: b"w", KEYS[4]: None, KEYS[5]: b"v", b"more": b"x"}, tree.nodes.get
    )
    tree.nodes.update(changed.nodes)
    new = _reachable(changed.root, tree.nodes)
    assert len(set(changed.stale)) == len(changed.stale)
    assert set(changed.stale) == old - new
    assert sorted(key for _, key in changed.keys) == sorted((KEYS[3], b"more"))


def test_a_subtree_alone_is_the_one_in_the_tree() -> None:
    tree = Tree({key: b"v" for key in KEYS})
    first = {key: b"v" for key in KEYS if hash_key(key)[0] >> 4 == SHARED}
    assert len(first) > 1
    built = build_subtree(first, 1)
    assert built.root == child_of(tree.nodes[tree.root], SHARED)
    assert dict(built.nodes).items() <= tree.nodes.items()
    assert build_subtree({}, 3).root == EMPTY_HASH
