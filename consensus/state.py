"""The durable state of whichever engine runs: how it is stored, and what must stay beside it."""

from typing import Final

from msgspec import Struct

from chain.codec import decode, encode
from consensus.bft.state import HARD_STATE_SIZE_BYTES_MAX, HardState
from consensus.raft.state import RAFT_STATE_SIZE_BYTES_MAX, RaftState
from consensus.value import Value

EngineState = HardState | RaftState
ENGINE_STATE_SIZE_BYTES_MAX: Final = max(HARD_STATE_SIZE_BYTES_MAX, RAFT_STATE_SIZE_BYTES_MAX) + 16


class StoredState(Struct, frozen=True, array_like=True, forbid_unknown_fields=True):
    """A state as it stands on disk; the array inside starts with its engine, 1 or 2."""

    state: EngineState


def encode_engine_state(state: EngineState) -> bytes:
    """Encode a state for the disk."""
    return encode(StoredState(state))


def decode_engine_state(data: bytes) -> EngineState:
    """Decode what `encode_engine_state` gave.

    Raises: InvalidInput: VT-1001, VT-1002 or VT-1003.
    """
    return decode(data, StoredState, ENGINE_STATE_SIZE_BYTES_MAX).state


def kept_value(state: EngineState) -> Value | None:
    """Give the value whose transactions must be on disk with the state.

    It names them only. Were they gone wherever it must be proposed again, the chain would stand.
    """
    if isinstance(state, RaftState):
        return None if state.entry is None else state.entry.value
    return state.valid_value
