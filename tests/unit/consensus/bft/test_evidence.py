import pytest
from msgspec.structs import replace

from chain.evidence import ProposalSigned, VoteSigned, check_evidence
from consensus.bft.evidence import make_evidence
from consensus.bft.messages import Message, digest_value
from tests.unit.consensus.world import (
    FOUR,
    GENESIS,
    HashSigner,
    hash_verify,
    make_proposal,
    make_validators,
    make_value,
    make_vote,
)

V, W = make_value("v"), make_value("w")


@pytest.mark.parametrize(
    ("first", "second"),
    [
        (make_vote("prevote", 2, V.id), make_vote("prevote", 2, None)),
        (make_vote("precommit", 2, V.id), make_vote("precommit", 2, W.id)),
        (make_proposal(V, round_=1), make_proposal(W, round_=1)),
        (make_proposal(V, round_=1), make_proposal(V, round_=1, valid_round=0)),
    ],
)
def test_two_messages_become_evidence_that_convicts_their_sender(
    first: Message, second: Message
) -> None:
    made = make_evidence(first, second, GENESIS, FOUR)
    turned = make_evidence(second, first, GENESIS, FOUR)
    assert made is not None
    assert made == turned, "whoever saw which one first"
    assert made.key == HashSigner(2).public_key
    assert (made.height, made.round) == (first.height, first.round)
    assert check_evidence(made, GENESIS, FOUR, verify=hash_verify) == FOUR.members[2]


@pytest.mark.parametrize(
    ("first", "second"),
    [
        (make_vote("prevote", 2, V.id), make_vote("prevote", 2, V.id)),
        (
            make_vote("precommit", 2, V.id, time_ms=5),
            make_vote("precommit", 2, V.id, time_ms=6),
        ),
        (make_proposal(V), make_proposal(replace(V, payload=b"another"))),
    ],
)
def test_what_a_correct_member_may_say_is_none(first: Message, second: Message) -> None:
    assert make_evidence(first, second, GENESIS, FOUR) is None


def test_a_sender_that_is_not_in_the_set_is_not_accused() -> None:
    votes = make_vote("prevote", 2, V.id), make_vote("prevote", 2, None)
    assert make_evidence(*votes, GENESIS, make_validators(1, 1)) is None


def test_only_what_is_signed_is_kept() -> None:
    made = make_evidence(make_proposal(V), make_proposal(W), GENESIS, FOUR)
    assert made is not None
    found = {one.block: one for one in (made.first, made.second)}
    proposal = make_proposal(V)
    assert found[V.id] == ProposalSigned(
        V.id, proposal.valid_round, digest_value(V), proposal.signature
    )
    vote = make_vote("precommit", 2, V.id)
    made = make_evidence(vote, make_vote("precommit", 2, None), GENESIS, FOUR)
    assert made is not None
    assert VoteSigned(V.id, vote.time_ms, vote.signature) in (made.first, made.second)
