from msgspec.structs import replace

from chain.scalars import Height, Round, UnixMillis
from consensus.bft.messages import NO_ROUND
from consensus.bft.signing import Voter
from consensus.bft.state import NEVER_SIGNED, OWN_VOTES_MAX, initial_state
from consensus.last_signed import SignedStep
from consensus.own_key import OwnKey
from tests.unit.consensus.world import (
    GENESIS,
    START_MS,
    HashSigner,
    make_proposal,
    make_value,
    make_vote,
)

V, W = make_value("v"), make_value("w")
VOTER = Voter(GENESIS, OwnKey(1, HashSigner(1)))
STATE = initial_state(Height(1), NEVER_SIGNED)
NOW_MS = UnixMillis(START_MS + 5)


def test_without_a_place_in_the_set_there_is_no_index() -> None:
    assert VOTER.index == 1
    assert Voter(GENESIS, None).index is None


def test_a_proposal_is_in_the_state_and_moves_the_guard() -> None:
    after = VOTER.propose(STATE, V, NO_ROUND)
    assert after is not None
    assert after.proposal == make_proposal(V)
    assert after.last_signed.position == (1, 0, SignedStep.PROPOSAL)


def test_votes_are_in_the_state_and_move_the_guard() -> None:
    prevoted = VOTER.vote(STATE, "prevote", V.id, NOW_MS)
    assert prevoted is not None
    assert prevoted.votes == (make_vote("prevote", 1, V.id),)
    precommitted = VOTER.vote(prevoted, "precommit", V.id, NOW_MS)
    assert precommitted is not None
    assert precommitted.votes[1:] == (make_vote("precommit", 1, V.id, time_ms=NOW_MS),)
    assert precommitted.last_signed.position == (1, 0, SignedStep.PRECOMMIT)


def test_the_guard_refuses_a_second_message_at_a_position() -> None:
    after = VOTER.vote(STATE, "prevote", V.id, NOW_MS)
    assert after is not None
    assert VOTER.vote(after, "prevote", W.id, NOW_MS) is None
    assert VOTER.vote(after, "prevote", None, NOW_MS) is None
    assert VOTER.propose(after, V, NO_ROUND) is None


def test_only_the_newest_own_votes_are_kept() -> None:
    state = STATE
    for round_ in range(OWN_VOTES_MAX + 10):
        after = VOTER.vote(replace(state, round=Round(round_)), "prevote", None, NOW_MS)
        assert after is not None
        state = after
    assert [vote.round for vote in state.votes] == list(range(10, OWN_VOTES_MAX + 10))
