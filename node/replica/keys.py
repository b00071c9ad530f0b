"""Where each thing stands in the store: every key of every column, in one place.

Numbers are 8 bytes, most significant first, so that key order is number order.

| column  | key                                      | value                                     |
| ------- | ---------------------------------------- | ----------------------------------------- |
| meta    | `head`                                   | `Head`: height, block hash, log frontier  |
| meta    | `genesis`                                | the genesis hash: which chain this is     |
| meta    | `consensus`                              | the engine's hard state                   |
| meta    | `valid`                                  | transactions of its valid value           |
| meta    | `base`                                   | `Base`: where what is kept begins         |
| meta    | `swept`                                  | `Swept`: how far deleting has come        |
| meta    | `snapshot`                               | `Plan`: the snapshot that is being loaded |
| meta    | `snapshot/c` depth prefix                | `StateChunk` that is loaded               |
| meta    | `snapshot/i` first                       | `LogRange` that is loaded                 |
| meta    | `installing`                             | empty: the snapshot is being put in place |
| blocks  | `b` height                               | encoded `Block`                           |
| blocks  | `c` height                               | encoded `QuorumCertificate`               |
| blocks  | `r` height                               | encoded receipts of the block             |
| blocks  | `v` height                               | `CommitteeStep`: others decide after it   |
| blocks  | `g` height                               | its header; kept longer than the block    |
| blocks  | `i` height                               | ids of its transactions, joined; likewise |
| index   | `t` transaction id                       | height, position                          |
| index   | `h` block hash                           | height                                    |
| index   | `w` length twin height position          | empty: the transaction touched the twin   |
| index   | `s` time                                 | height: to find a block by time           |
| index   | `x` height part                          | tree nodes stale from there on, joined    |
| state   | the state key                            | its present value                         |
| history | length, state key, ~height               | the value it got at that height           |
| tree    | node hash                                | node, height, key; see `stored_tree.py`   |
| log     | level, index                             | hashes of full subtrees of the Merkle log |
|         |                                          | from this one on; see `stored_log.py`     |
"""

from struct import Struct
from typing import Final

from chain.scalars import Hash, Height, TwinId, UnixMillis, to_bytes

HEAD: Final = b"head"
GENESIS: Final = b"genesis"
CONSENSUS: Final = b"consensus"
VALID: Final = b"valid"
BASE: Final = b"base"
SWEPT: Final = b"swept"
SNAPSHOT: Final = b"snapshot"
SNAPSHOT_CHUNKS: Final = b"snapshot/c"
SNAPSHOT_IDS: Final = b"snapshot/i"
INSTALLING: Final = b"installing"
_LAST: Final = 2**64 - 1
_pack_log_node: Final = Struct(">BQ").pack
_pack_place: Final = Struct(">QI").pack


def block(height: Height) -> bytes:
    """Key of a block, in `blocks`."""
    return b"b" + to_bytes(height)


def certificate(height: Height) -> bytes:
    """Key of the certificate that decided a height, in `blocks`."""
    return b"c" + to_bytes(height)


def receipts(height: Height) -> bytes:
    """Key of the receipts of a block, in `blocks`."""
    return b"r" + to_bytes(height)


def committee_step(height: Height) -> bytes:
    """Key of the step by which other validators follow those of a height, in `blocks`."""
    return b"v" + to_bytes(height)


def header(height: Height) -> bytes:
    """Key of the header of a height, in `blocks`."""
    return b"g" + to_bytes(height)


def ids(height: Height) -> bytes:
    """Key of the ids of the transactions of a block, in `blocks`."""
    return b"i" + to_bytes(height)


def transaction(transaction_id: Hash) -> bytes:
    """Key of a transaction's place, in `index`."""
    return b"t" + transaction_id


def block_hash(hash_: Hash) -> bytes:
    """Key of a block hash's height, in `index`."""
    return b"h" + hash_


def block_time(time_ms: UnixMillis) -> bytes:
    """Key of a block time's height, in `index`."""
    return b"s" + to_bytes(time_ms)


def stale_nodes(height: Height, part: int) -> bytes:
    """Key of nodes of the state tree that the block at a height made stale, in `index`."""
    return b"x" + to_bytes(height) + part.to_bytes(4, "big")


def height_of_stale(key: bytes) -> Height:
    """Give the height in the key of stale nodes."""
    return Height(int.from_bytes(key[1:9], "big"))


def twin_prefix(twin: TwinId) -> bytes:
    """Start of all history keys of a twin, in `index`."""
    name = twin.encode()
    return b"w" + len(name).to_bytes(2, "big") + name


def twin_history(twin: TwinId, place: bytes) -> bytes:
    """Key that says the transaction at a place (`encode_place`) touched a twin, in `index`."""
    return twin_prefix(twin) + place


def history_prefix(state_key: bytes) -> bytes:
    """Start of all versions of a state key, in `history`."""
    return len(state_key).to_bytes(2, "big") + state_key


def history(state_key: bytes, height: Height) -> bytes:
    """Key of the value a state key got at a height, in `history`; newest first in key order."""
    return history_prefix(state_key) + history_end(height)


def history_end(height: Height) -> bytes:
    """End of all history keys of a height."""
    return to_bytes(_LAST - height)


def height_of_history(key: bytes) -> Height:
    """Give the height in a `history` key."""
    return Height(_LAST - int.from_bytes(key[-8:], "big"))


def log_node(level: int, index: int) -> bytes:
    """Key of full subtrees of the log from one on, in `log`."""
    return _pack_log_node(level, index)


def index_of_log_node(key: bytes) -> int:
    """Give the index in a `log` key."""
    return int.from_bytes(key[1:], "big")


def snapshot_chunk(depth: int, prefix: int) -> bytes:
    """Key of a chunk that was loaded, in `meta`."""
    return SNAPSHOT_CHUNKS + depth.to_bytes(1, "big") + to_bytes(prefix)


def snapshot_ids(first: int) -> bytes:
    """Key of a stretch of the log that was loaded, in `meta`."""
    return SNAPSHOT_IDS + to_bytes(first)


def encode_place(height: Height, position: int) -> bytes:
    """Encode where a transaction stands."""
    return _pack_place(height, position)


def decode_place(value: bytes) -> tuple[Height, int]:
    """Decode where a transaction stands: height and position in the block."""
    return Height(int.from_bytes(value[:8], "big")), int.from_bytes(value[8:], "big")


def after(prefix: bytes) -> bytes:
    """Give the first key after all keys that start with `prefix`."""
    stripped = prefix.rstrip(b"\xff")
    assert stripped, "a prefix of 0xff only has no end"
    return stripped[:-1] + bytes([stripped[-1] + 1])
