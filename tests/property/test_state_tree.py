"""The state tree against a naive one that is built from the set of pairs alone."""

from collections.abc import Mapping

import hypothesis.strategies as st
import pytest
from hypothesis import given

from chain import state_tree
from chain.errors import InvalidInput
from chain.hashing import EMPTY_HASH, hash_tagged
from chain.scalars import Hash
from chain.state_tree import StateProof, check_state_proof, prove, update

Pairs = dict[bytes, bytes]

keys = st.integers(0, 40).map(lambda number: b"k%d" % number)
values = st.binary(max_size=3)
batches = st.lists(st.dictionaries(keys, st.none() | values, max_size=12), min_size=1, max_size=8)


def naive_root(pairs: Mapping[bytes, bytes], depth: int = 0) -> bytes:
    """Give the root over pairs of (path, value) from the definition."""
    if not pairs:
        return EMPTY_HASH
    if len(pairs) == 1:
        ((path, value),) = pairs.items()
        return hash_tagged("state/leaf", path, hash_tagged("state/value", value))
    sides: dict[int, dict[bytes, bytes]] = {}
    for path, value in sorted(pairs.items()):
        sides.setdefault(int(path.hex()[depth], 16), {})[path] = value
    bits = sum(2**slot for slot in sides)
    roots = [naive_root(side, depth + 1) for side in sides.values()]
    return hash_tagged("state/inner", bits.to_bytes(2, "big") + b"".join(roots))


def replay(history: list[dict[bytes, bytes | None]]) -> tuple[Hash, dict[Hash, bytes], Pairs]:
    root, nodes, pairs = EMPTY_HASH, dict[Hash, bytes](), dict[bytes, bytes]()
    for writes in history:
        changed = update(root, writes, nodes.get)
        assert len(dict(changed.nodes)) == len(changed.nodes)
        nodes.update(changed.nodes)
        root = changed.root
        for key, value in writes.items():
            pairs.pop(key, None)
            if value is not None:
                pairs[key] = value
    return root, nodes, pairs


@given(batches)
def test_the_root_depends_on_the_pairs_alone(history: list[dict[bytes, bytes | None]]) -> None:
    root, _, pairs = replay(history)
    paths: Pairs = {hash_tagged("state/key", key): value for key, value in pairs.items()}
    assert root == naive_root(paths)


@given(batches, keys | st.just(b"never written"))
def test_every_key_is_proved_present_or_absent(
    history: list[dict[bytes, bytes | None]], key: bytes
) -> None:
    root, nodes, pairs = replay(history)
    proof = prove(root, key, nodes.get)
    check_state_proof(root, key, pairs.get(key), proof)
    lie = None if key in pairs else b"lie"
    with pytest.raises(InvalidInput, match="VT-1307"):
        check_state_proof(root, key, lie, proof)


@given(batches, st.data())
def test_a_changed_proof_is_refused(
    history: list[dict[bytes, bytes | None]], draw: st.DataObject
) -> None:
    root, nodes, pairs = replay(history)
    key = draw.draw(keys)
    proof = prove(root, key, nodes.get)
    if not proof.siblings:
        return
    step = draw.draw(st.integers(0, len(proof.siblings) - 1))
    siblings = list(proof.siblings)
    match draw.draw(st.integers(0, 4)):
        case 0:
            siblings[step] = siblings[step][:-1] + bytes([siblings[step][-1] ^ 1])
        case 1:
            del siblings[step]
        case 2:
            siblings.insert(step, bytes(2))
        case 3:
            # Another set of places for the same hashes, the own one perhaps among them.
            places = draw.draw(st.integers(0, 2**16 - 1)).to_bytes(2, "big")
            if places == siblings[step][:2]:
                return
            siblings[step] = places + siblings[step][2:]
        case _:
            siblings[step] += bytes(draw.draw(st.integers(1, 40)))
    with pytest.raises(InvalidInput, match="VT-1307"):
        check_state_proof(root, key, pairs.get(key), StateProof(tuple(siblings), proof.other))


@given(batches, st.data())
def test_the_walk_is_canonical_also_where_paths_agree_in_many_bits(
    history: list[dict[bytes, bytes | None]], draw: st.DataObject
) -> None:
    """With paths of one byte in a sea of zeros, collapsing and pushing down happen all the time."""
    place = draw.draw(st.integers(0, 31))

    def near(key: bytes) -> Hash:
        return Hash(bytes(place) + bytes([int(key[1:])]) + bytes(31 - place))

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(state_tree, "hash_key", near)
        root, nodes, pairs = replay(history)
        assert root == naive_root({near(key): value for key, value in pairs.items()})
        for number in range(41):
            key = b"k%d" % number
            check_state_proof(root, key, pairs.get(key), prove(root, key, nodes.get))
