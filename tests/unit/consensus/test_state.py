import pytest
from msgspec.structs import replace

from chain.errors import InvalidInput
from chain.scalars import Height, Round, UnixMillis
from consensus.bft import state as bft
from consensus.last_signed import NEVER_SIGNED
from consensus.raft import state as raft
from consensus.state import decode_engine_state, encode_engine_state, kept_value
from tests.unit.consensus.world import START_MS, HashSigner, hash_signature, make_value

V = make_value("v")
OF_BFT = bft.initial_state(Height(3), NEVER_SIGNED)
OF_RAFT = raft.initial_state(Height(3))
ENTRY = raft.Entry(
    Round(1), V, UnixMillis(START_MS), hash_signature(HashSigner(0).public_key, b"v")
)


def test_each_engines_state_reads_back_as_its_own() -> None:
    for state in (OF_BFT, OF_RAFT):
        assert decode_engine_state(encode_engine_state(state)) == state
    assert encode_engine_state(OF_BFT)[:3] != encode_engine_state(OF_RAFT)[:3]


@pytest.mark.parametrize("state", [OF_BFT, OF_RAFT])
def test_damaged_bytes_are_refused(state: bft.HardState | raft.RaftState) -> None:
    data = encode_engine_state(state)
    with pytest.raises(InvalidInput, match="VT-1001"):
        decode_engine_state(data[:-1])
    with pytest.raises(InvalidInput, match="VT-1001"):
        decode_engine_state(b"")


def test_the_value_that_may_have_to_be_proposed_again_is_kept() -> None:
    assert kept_value(OF_BFT) is None
    assert kept_value(OF_RAFT) is None
    assert kept_value(replace(OF_BFT, valid_value=V)) == V
    assert kept_value(replace(OF_RAFT, entry=ENTRY)) == V
