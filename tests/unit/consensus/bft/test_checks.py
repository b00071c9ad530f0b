import pytest
from msgspec.structs import replace

from chain.errors import PeerFault
from chain.hashing import hash_tagged
from chain.keys import SigningKey, verify
from chain.scalars import Height, Round, UnixMillis
from chain.validators import ValidatorSet
from consensus.bft.checks import check_message, hash_of, kind_of, sender_of
from consensus.bft.messages import Message, Vote
from tests.unit.consensus.world import (
    FOUR,
    GENESIS,
    hash_verify,
    make_proposal,
    make_validators,
    make_value,
    make_vote,
)

V = make_value("v")
PREVOTE = make_vote("prevote", 2, V.id)
PRECOMMIT = make_vote("precommit", 2, V.id)
PROPOSAL = make_proposal(V, round_=1)


def refusal(message: Message) -> str:
    """Give the text with which a message is refused."""
    with pytest.raises(PeerFault) as refused:
        check_message(message, GENESIS, FOUR, hash_verify)
    return str(refused.value)


@pytest.mark.parametrize("message", [PREVOTE, PRECOMMIT, PROPOSAL, make_vote("prevote", 0, None)])
def test_a_right_message_passes(message: Message) -> None:
    check_message(message, GENESIS, FOUR, hash_verify)


def test_words_and_senders() -> None:
    assert [kind_of(m) for m in (PROPOSAL, PREVOTE, PRECOMMIT)] == [
        "proposal",
        "prevote",
        "precommit",
    ]
    assert [sender_of(m) for m in (PROPOSAL, PREVOTE, PRECOMMIT)] == [2, 2, 2]


@pytest.mark.parametrize("index", [4, 5, 2**53 - 1])
def test_an_index_out_of_range_is_refused(index: int) -> None:
    assert refusal(replace(PREVOTE, validator=index)) == (
        f"VT-3020: The prevote of height 1 names validator {index}; the set has 4 members."
    )
    assert refusal(replace(PROPOSAL, proposer=index)).startswith("VT-3020")


def test_a_proposal_out_of_turn_is_refused() -> None:
    assert refusal(make_proposal(V, round_=1, proposer=3)) == (
        "VT-3025: Validator 3 proposed at height 1 round 1; it is the turn of validator 2."
    )


@pytest.mark.parametrize("valid_round", [1, 2])
def test_a_valid_round_that_is_not_below_the_round_is_refused(valid_round: int) -> None:
    assert refusal(make_proposal(V, round_=1, valid_round=valid_round)) == (
        "VT-3027: The proposal of validator 2 at height 1 round 1: "
        f"its valid round {valid_round} is not below its round."
    )


def test_a_prevote_with_a_time_is_refused_for_the_time_is_not_signed() -> None:
    assert refusal(replace(PREVOTE, time_ms=UnixMillis(1))) == (
        "VT-3027: The prevote of validator 2 at height 1 round 0: a prevote carries no time."
    )


@pytest.mark.parametrize(
    "message",
    [
        replace(PREVOTE, validator=1),
        replace(PREVOTE, round=Round(1)),
        replace(PREVOTE, height=Height(2)),
        replace(PREVOTE, block=None),
        replace(PREVOTE, kind="precommit"),
        replace(PRECOMMIT, time_ms=UnixMillis(7)),
        replace(PROPOSAL, valid_round=Round(0)),
        replace(PROPOSAL, value=replace(V, payload=b"exchanged by a relay")),
        replace(PROPOSAL, value=replace(V, time_ms=UnixMillis(7))),
        replace(PROPOSAL, round=Round(5)),
    ],
)
def test_any_changed_field_breaks_the_signature(message: Message) -> None:
    assert refusal(message).startswith("VT-3026")


def test_the_refusal_of_a_signature_says_whose() -> None:
    assert refusal(replace(PREVOTE, signature=PROPOSAL.signature)) == (
        "VT-3026: The prevote of validator 2 at height 1 round 0 is not signed by it."
    )


def test_a_message_of_another_chain_is_refused() -> None:
    with pytest.raises(PeerFault, match="VT-3026"):
        check_message(PREVOTE, hash_tagged("test", b"other"), FOUR, hash_verify)


def test_real_signatures_pass_and_fail_as_well() -> None:
    key = SigningKey(b"\7" * 32)
    members = (replace(FOUR.members[0], vote_key=key.public_key), *FOUR.members[1:])
    validators = ValidatorSet(members)
    unsigned = make_vote("precommit", 0, V.id)
    vote = replace(unsigned, signature=key.sign(hash_of(unsigned, GENESIS)))
    assert isinstance(vote, Vote)
    check_message(vote, GENESIS, validators, verify)
    with pytest.raises(PeerFault, match="VT-3026"):
        check_message(unsigned, GENESIS, validators, verify)


def test_a_member_without_weight_has_nothing_to_say() -> None:
    suspended = make_validators(1, 1, 0, 1)
    with pytest.raises(PeerFault) as refused:
        check_message(PREVOTE, GENESIS, suspended, hash_verify)
    assert str(refused.value) == (
        "VT-3029: The prevote of height 1 is signed by node2, whose weight there is 0."
    )
