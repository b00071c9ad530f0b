from collections.abc import Callable

import pytest
from msgspec.structs import replace

from chain.codec import decode, encode
from chain.errors import InvalidInput
from chain.evidence import (
    Evidence,
    ProposalSigned,
    VoteSigned,
    check_evidence,
    compute_evidence_id,
    put_in_order,
)
from chain.hashing import hash_tagged
from chain.json_view import from_plain, to_plain
from chain.keys import SigningKey
from chain.scalars import (
    Hash,
    Height,
    NodeName,
    OrganisationId,
    Round,
    Signature,
    UnixMillis,
    Weight,
)
from chain.validators import Validator, ValidatorSet
from chain.votes import VoteKind, proposal_hash, vote_hash

GENESIS = hash_tagged("test", b"genesis")
A, B = hash_tagged("test", b"a"), hash_tagged("test", b"b")
PLACE = Height(7), Round(2)
LIAR, HONEST = SigningKey(b"l" * 32), SigningKey(b"h" * 32)
MEMBERS = ValidatorSet(
    tuple(
        Validator(
            NodeName(name),
            OrganisationId(name),
            key.public_key,
            Weight(1),
            Hash(bytes(32)),
            Hash(bytes(32)),
        )
        for name, key in (("honest", HONEST), ("liar", LIAR))
    )
)


def vote(
    kind: VoteKind, block: Hash | None, time_ms: int = 0, key: SigningKey = LIAR
) -> VoteSigned:
    """What `key` signed as a vote at the place of these tests."""
    time = UnixMillis(time_ms)
    return VoteSigned(block, time, key.sign(vote_hash(GENESIS, kind, *PLACE, block, time)))


def proposal(block: Hash, valid_round: int = -1, digest: Hash = A) -> ProposalSigned:
    """What the liar signed as a proposal there."""
    signed = proposal_hash(GENESIS, *PLACE, block, Round(valid_round), digest)
    return ProposalSigned(block, Round(valid_round), digest, LIAR.sign(signed))


def evidence(kind: str, first: object, second: object) -> Evidence:
    """Evidence against the liar, its statements in order."""
    unordered = Evidence(LIAR.public_key, *PLACE, kind, first, second)  # type: ignore[arg-type]
    return put_in_order(unordered, GENESIS)


PREVOTES = evidence("prevote", vote("prevote", A), vote("prevote", None))
PRECOMMITS = evidence("precommit", vote("precommit", A, 5), vote("precommit", B, 5))
PROPOSALS = evidence("proposal", proposal(A), proposal(B))
VALID_ROUNDS = evidence("proposal", proposal(A), proposal(A, 1))
ALL = [PREVOTES, PRECOMMITS, PROPOSALS, VALID_ROUNDS]


def refusal(wrong: Evidence, validators: ValidatorSet = MEMBERS) -> str:
    """Why evidence is refused."""
    with pytest.raises(InvalidInput) as refused:
        check_evidence(wrong, GENESIS, validators)
    assert refused.value.code == "VT-2070"
    return refused.value.why


@pytest.mark.parametrize("good", ALL)
def test_two_conflicting_signatures_convict_their_owner(good: Evidence) -> None:
    assert check_evidence(good, GENESIS, MEMBERS).node == "liar"
    assert decode(encode(good), Evidence, 1024) == good
    assert from_plain(to_plain(good), Evidence) == good


def test_the_index_does_not_matter_only_the_key() -> None:
    shifted = ValidatorSet(MEMBERS.members[1:])
    assert check_evidence(PREVOTES, GENESIS, shifted).node == "liar"


@pytest.mark.parametrize("good", ALL)
def test_one_forged_signature_spoils_it(good: Evidence) -> None:
    forged = Signature(bytes(64))
    for wrong in (
        replace(good, first=replace(good.first, signature=forged)),
        replace(good, second=replace(good.second, signature=forged)),
        replace(good, second=replace(good.second, signature=good.first.signature)),
    ):
        assert refusal(wrong) == "a signature is not that of liar."


@pytest.mark.parametrize("good", ALL)
def test_it_is_of_one_key_one_height_and_one_round_only(good: Evidence) -> None:
    place: list[Callable[[Evidence], Evidence]] = [
        lambda one: replace(one, key=HONEST.public_key),
        lambda one: replace(one, height=Height(8)),
        lambda one: replace(one, round=Round(3)),
    ]
    for change in place:
        wrong = put_in_order(change(good), GENESIS)
        named = "honest" if wrong.key == HONEST.public_key else "liar"
        assert refusal(wrong) == f"a signature is not that of {named}."


@pytest.mark.parametrize("good", ALL)
def test_another_chain_is_another_thing(good: Evidence) -> None:
    other = hash_tagged("test", b"other chain")
    with pytest.raises(InvalidInput, match="VT-2070"):
        check_evidence(put_in_order(good, other), other, MEMBERS)


def test_the_signatures_of_two_members_convict_neither() -> None:
    mixed = evidence("prevote", vote("prevote", A), vote("prevote", B, key=HONEST))
    assert refusal(mixed) == "a signature is not that of liar."


def test_a_prevote_and_a_precommit_do_not_contradict_each_other() -> None:
    mixed = evidence("prevote", vote("prevote", A), vote("precommit", B))
    assert refusal(mixed) == "a signature is not that of liar."
    wrong_kind = evidence("prevote", vote("prevote", A), proposal(A))
    assert refusal(wrong_kind) == "it holds something else than two prevotes."


@pytest.mark.parametrize(
    "same",
    [
        evidence("prevote", vote("prevote", A), vote("prevote", A)),
        evidence("precommit", vote("precommit", A, 5), vote("precommit", A, 6)),
        evidence("precommit", vote("precommit", None, 5), vote("precommit", None, 6)),
        evidence("proposal", proposal(A), proposal(A, digest=B)),
    ],
)
def test_the_same_thing_said_again_is_no_offence(same: Evidence) -> None:
    assert refusal(same) == "the two do not contradict each other."


@pytest.mark.parametrize("good", ALL)
def test_there_is_one_order_and_one_name(good: Evidence) -> None:
    turned = replace(good, first=good.second, second=good.first)
    assert refusal(turned) == "the two are in the wrong order."
    assert put_in_order(turned, GENESIS) == good
    assert compute_evidence_id(turned) == compute_evidence_id(good)


def test_other_proofs_of_one_offence_have_its_name_and_other_offences_have_not() -> None:
    again = evidence("prevote", vote("prevote", A), vote("prevote", B))
    assert compute_evidence_id(again) == compute_evidence_id(PREVOTES)
    names = {
        compute_evidence_id(one)
        for one in (
            PREVOTES,
            PRECOMMITS,
            PROPOSALS,
            replace(PREVOTES, height=Height(8)),
            replace(PREVOTES, round=Round(3)),
            replace(PREVOTES, key=HONEST.public_key),
        )
    }
    assert len(names) == 6


def test_a_field_that_is_not_signed_has_one_value() -> None:
    timed = replace(vote("prevote", A), time_ms=UnixMillis(1))
    assert refusal(evidence("prevote", timed, vote("prevote", B))) == "a prevote carries no time."


def test_who_had_no_vote_there_is_not_judged() -> None:
    key = LIAR.public_key.hex()
    absent = ValidatorSet(MEMBERS.members[:1])
    assert refusal(PREVOTES, absent) == f"key {key} had no vote at height 7."
    silenced = ValidatorSet((MEMBERS.members[0], replace(MEMBERS.members[1], weight=Weight(0))))
    assert refusal(PREVOTES, silenced) == f"key {key} had no vote at height 7."


def test_a_height_decided_under_raft_convicts_nobody() -> None:
    raft = ValidatorSet(MEMBERS.members, "raft")
    assert refusal(PREVOTES, raft) == "height 7 was decided under Raft, where no vote binds."
