from chain.certificate import precommit_hash
from chain.scalars import Height, Round, UnixMillis
from consensus.own_key import OwnKey
from consensus.raft.messages import TimeoutNow, election_hash, message_hash
from consensus.raft.signing import Author
from consensus.raft.state import enter_height, enter_term, initial_state
from tests.unit.consensus.raft.world import NOW_MS, make_tip
from tests.unit.consensus.world import GENESIS, HashSigner, hash_verify, make_value

SIGNER = HashSigner(1)
AUTHOR = Author(GENESIS, OwnKey(1, SIGNER))
FIRST, SECOND = HashSigner(1).public_key, HashSigner(2).public_key
V, W = make_value("v"), make_value("w")
STATE = enter_term(initial_state(Height(1)), Round(3))


def test_a_message_is_signed_with_everything_but_its_signature() -> None:
    message = AUTHOR.sign(TimeoutNow(Height(1), Round(3), 1, bytes(64)))  # type: ignore[arg-type]
    assert hash_verify(SIGNER.public_key, message_hash(GENESIS, message), message.signature)
    assert AUTHOR.sign(message) == message


def test_a_vote_moves_the_guard_and_cannot_be_given_to_two() -> None:
    state = AUTHOR.vote(STATE, FIRST)
    assert state is not None
    assert state.voted_for == FIRST
    assert state.last_signed.digest == election_hash(GENESIS, Height(1), Round(3), FIRST)
    assert AUTHOR.vote(state, FIRST) == state
    assert AUTHOR.vote(state, SECOND) is None
    assert AUTHOR.vote(enter_term(state, Round(4)), SECOND) is not None


def test_an_entry_is_held_with_a_precommit_and_only_one_in_a_term() -> None:
    state = AUTHOR.hold(STATE, V, NOW_MS)
    assert state is not None
    assert state.entry is not None
    digest = precommit_hash(GENESIS, Height(1), Round(3), V.id, NOW_MS)
    assert hash_verify(SIGNER.public_key, digest, state.entry.signature)
    assert state.entry.acknowledgement.block == V.id
    assert AUTHOR.hold(state, W, NOW_MS) is None
    assert AUTHOR.hold(state, V, UnixMillis(NOW_MS + 1)) is None
    assert AUTHOR.hold(enter_term(state, Round(4)), W, NOW_MS) is not None


def test_the_order_is_vote_entry_next_term_next_height() -> None:
    state = AUTHOR.vote(STATE, FIRST)
    assert state is not None
    state = AUTHOR.hold(state, V, NOW_MS)
    assert state is not None
    assert AUTHOR.vote(state, FIRST) is None, "the vote came before the entry"
    above = enter_height(state, make_tip(height=2, previous_term=3))
    assert AUTHOR.hold(above, W, NOW_MS) is not None


def test_who_is_in_no_committee_has_no_place() -> None:
    assert Author(GENESIS, None).index is None
