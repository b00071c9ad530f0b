"""Which stored state values are not those that the state root stands for?

Asked when a node got another state than a quorum: if its own disk is to blame, this names the key.
"""

from collections.abc import Iterable
from itertools import islice
from typing import Final

from chain.errors import Corruption, InvalidInput
from chain.scalars import Hash
from chain.state_node import hash_key, hash_leaf, hash_value
from chain.state_tree import check_state_proof, prove
from node.replica.ports import Column, Store
from node.replica.stored_tree import StoredTree

FOUND_MAX: Final = 16
KEYS_READ_MAX: Final = 200_000
"""About two seconds' work; what lies beyond is not looked at."""
_FIRST: Final = b""
_LAST: Final = b"\xff" * 8


def find_damaged(store: Store, root: Hash, written: Iterable[bytes]) -> tuple[bytes, ...]:
    """Give the state keys whose stored value is not the one under `root`, at most `FOUND_MAX`.

    The keys in `written` are compared exactly. Of all others only values that the tree never held
    are found, which is what damage makes; an older value of the same key is not.

    Args: root: of the state that the store should hold.
    """
    found = dict.fromkeys(key for key in written if not _holds(store, root, key))
    for key, value in islice(store.range(Column.STATE, _FIRST, _LAST), KEYS_READ_MAX):
        if len(found) >= FOUND_MAX:
            break
        if store.get(Column.TREE, hash_leaf(hash_key(key), hash_value(value))) is None:
            found[key] = None
    return tuple(sorted(found))[:FOUND_MAX]


def _holds(store: Store, root: Hash, key: bytes) -> bool:
    """Tell whether the stored value of a key is the one under the root."""
    try:
        proof = prove(root, key, StoredTree(store).node)
        check_state_proof(root, key, store.get(Column.STATE, key), proof)
    except (Corruption, InvalidInput):
        return False
    return True
