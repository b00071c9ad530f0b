import pytest
from msgspec.structs import replace

from chain.errors import Corruption
from chain.hashing import EMPTY_HASH
from chain.scalars import Height, Round, UnixMillis
from consensus.last_signed import NEVER_SIGNED, LastSigned, SignedStep
from consensus.raft.state import (
    NOBODY,
    RAFT_STATE_SIZE_BYTES_MAX,
    Entry,
    RaftState,
    choose_state,
    enter_height,
    enter_term,
    initial_state,
)
from consensus.state import decode_engine_state, encode_engine_state
from consensus.value import PAYLOAD_SIZE_BYTES_MAX
from tests.unit.consensus.raft.world import make_tip
from tests.unit.consensus.world import START_MS, HashSigner, hash_signature, make_value

KEY = HashSigner(1).public_key
V = make_value("v")
ENTRY = Entry(Round(4), V, UnixMillis(START_MS + 9), hash_signature(KEY, b"v"))
SIGNED = LastSigned(Height(3), Round(4), SignedStep.PRECOMMIT, EMPTY_HASH)
STATE = RaftState(Height(3), Round(4), KEY, ENTRY, SIGNED, Height(0), 7)


def test_a_state_reads_back_and_the_largest_one_fits() -> None:
    assert decode_engine_state(encode_engine_state(STATE)) == STATE
    huge = replace(V, payload=bytes(PAYLOAD_SIZE_BYTES_MAX))
    state = replace(STATE, entry=replace(ENTRY, value=huge))
    assert len(encode_engine_state(state)) <= RAFT_STATE_SIZE_BYTES_MAX
    assert decode_engine_state(encode_engine_state(state)) == state


def test_a_later_term_frees_the_vote_and_the_same_term_does_not() -> None:
    assert enter_term(STATE, Round(5)).voted_for is None
    assert enter_term(STATE, Round(4)) is STATE
    assert enter_term(STATE, Round(3)) is STATE


def test_a_height_takes_the_entry_and_leaves_term_and_vote() -> None:
    state = enter_height(STATE, make_tip(height=4, previous_term=4))
    assert (state.height, state.term, state.voted_for, state.entry) == (4, 4, KEY, None)


def test_the_term_is_never_below_that_of_the_last_block() -> None:
    state = enter_height(STATE, make_tip(height=4, previous_term=6))
    assert (state.term, state.voted_for) == (6, None)
    fresh = choose_state(make_tip(height=4, previous_term=6), None, None)
    assert fresh.term == 6


def test_a_start_goes_on_from_what_was_stored_and_counts_its_lives() -> None:
    same = choose_state(make_tip(height=3), STATE, SIGNED)
    assert same == replace(STATE, lives=8)
    above = choose_state(make_tip(height=5, previous_term=4), STATE, SIGNED)
    assert (above.height, above.term, above.voted_for, above.entry) == (5, 4, KEY, None)
    assert choose_state(make_tip(), None, NEVER_SIGNED) == replace(
        initial_state(Height(1)), lives=1
    )


def test_a_state_above_the_chain_stops_the_start() -> None:
    with pytest.raises(Corruption, match="VT-3023"):
        choose_state(make_tip(height=2), STATE, SIGNED)


@pytest.mark.parametrize("stored", [None, replace(STATE, term=Round(2), entry=None)])
def test_a_guard_ahead_of_the_state_spends_the_vote_and_mutes_the_height(
    stored: RaftState | None,
) -> None:
    """The state that was lost may have held an entry and a vote."""
    if stored is not None:
        stored = replace(stored, last_signed=NEVER_SIGNED)
    state = choose_state(make_tip(height=3), stored, SIGNED)
    assert (state.term, state.voted_for, state.entry) == (4, NOBODY, None)
    assert (state.mute_height, state.last_signed) == (3, SIGNED)
    later = enter_height(state, make_tip(height=4, previous_term=4))
    assert (later.voted_for, later.mute_height) == (NOBODY, 3)
