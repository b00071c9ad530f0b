"""From genesis to the present validators by the headers that change them."""

from itertools import pairwise

import pytest
from msgspec.structs import replace

from chain.block import Header, compute_block_hash
from chain.certificate import CommitSignature, QuorumCertificate, precommit_hash
from chain.codec import decode, encode
from chain.committee_steps import (
    COMMITTEE_STEP_SIZE_BYTES_MAX,
    CommitteeStep,
    check_decided,
    follow_committee,
)
from chain.errors import InvalidInput
from chain.genesis import compute_genesis_hash
from chain.hashing import EMPTY_HASH
from chain.scalars import Hash, Height, NodeName, OrganisationId, Round, UnixMillis, Weight
from chain.validators import VALIDATORS_MAX, Validator, ValidatorSet, compute_validators_root
from tests.unit.node.replica.network import key_of, make_genesis

GENESIS = make_genesis()
CHAIN = compute_genesis_hash(GENESIS)
TIME_MS = UnixMillis(1_700_000_001_000)


def committee(*names: int) -> ValidatorSet:
    """The members of these numbers; the first four are those of genesis."""
    known = GENESIS.validators.members
    members = [
        known[name]
        if name < len(known)
        else Validator(
            NodeName(f"node{name}"),
            OrganisationId("org0"),
            key_of(f"vote{name}").public_key,
            Weight(1),
            Hash(bytes(32)),
            Hash(bytes([name + 1]) * 32),
        )
        for name in names
    ]
    return ValidatorSet(tuple(members))


def header_at(height: int, present: ValidatorSet, after: ValidatorSet) -> Header:
    return Header(
        version=1,
        genesis=CHAIN,
        height=Height(height),
        time_ms=TIME_MS,
        proposer=0,
        previous=EMPTY_HASH,
        previous_certificate=EMPTY_HASH,
        tx_log_size=0,
        tx_log_root=EMPTY_HASH,
        state_root=EMPTY_HASH,
        receipts_root=EMPTY_HASH,
        validators_root=compute_validators_root(present),
        next_validators_root=compute_validators_root(after),
    )


def certify(header: Header, signers: ValidatorSet, count: int | None = None) -> QuorumCertificate:
    block = compute_block_hash(header)
    message = precommit_hash(CHAIN, header.height, Round(0), block, TIME_MS)
    return QuorumCertificate(
        header.height,
        Round(0),
        block,
        tuple(
            CommitSignature(
                index, TIME_MS, key_of(member.node.replace("node", "vote")).sign(message)
            )
            for index, member in enumerate(signers.members[:count])
        ),
    )


def step(height: int, present: ValidatorSet, after: ValidatorSet) -> CommitteeStep:
    header = header_at(height, present, after)
    return CommitteeStep(header, certify(header, present), after)


SETS = (committee(0, 1, 2, 3), committee(0, 1, 2, 3, 4), committee(1, 2, 3, 4), committee(4, 5, 6))
STEPS = tuple(
    step(height, present, after)
    for height, (present, after) in zip((5, 9, 10), pairwise(SETS), strict=True)
)


def refuse(*steps: CommitteeStep) -> str:
    with pytest.raises(InvalidInput) as caught:
        follow_committee(GENESIS, steps)
    return f"{caught.value.code}: {caught.value.why}"


def test_no_step_gives_the_validators_of_genesis() -> None:
    assert follow_committee(GENESIS, ()) == GENESIS.validators == SETS[0]


@pytest.mark.parametrize("count", [1, 2, 3])
def test_steps_lead_from_genesis_to_the_present_validators(count: int) -> None:
    assert follow_committee(GENESIS, STEPS[:count]) == SETS[count]


def test_a_change_back_is_a_step_like_any_other() -> None:
    back = step(11, SETS[3], SETS[0])
    assert follow_committee(GENESIS, (*STEPS, back)) == SETS[0]


def test_a_change_of_the_engine_alone_is_a_step() -> None:
    raft = replace(SETS[0], engine="raft")
    genesis = replace(GENESIS, validators=raft)
    chain = compute_genesis_hash(genesis)
    header = replace(header_at(3, raft, SETS[0]), genesis=chain)
    message = precommit_hash(chain, Height(3), Round(0), compute_block_hash(header), TIME_MS)
    signed = tuple(
        CommitSignature(index, TIME_MS, key_of(f"vote{index}").sign(message)) for index in range(3)
    )
    certificate = QuorumCertificate(Height(3), Round(0), compute_block_hash(header), signed)
    found = follow_committee(genesis, (CommitteeStep(header, certificate, SETS[0]),))
    assert (found.engine, found) == ("bft", SETS[0])


def test_a_step_that_is_left_out_is_noticed() -> None:
    assert refuse(STEPS[0], STEPS[2]) == (
        "VT-1311: The header of height 10 does not follow: other validators decide its height."
    )


def test_steps_in_another_order_are_refused() -> None:
    assert "other validators decide its height" in refuse(STEPS[1], STEPS[0])
    assert refuse(STEPS[0], step(5, SETS[1], SETS[2])) == (
        "VT-1311: The header of height 5 does not follow: it does not come after height 5."
    )


def test_other_validators_than_the_header_names_are_refused() -> None:
    assert refuse(replace(STEPS[0], validators=SETS[2])) == (
        "VT-1311: The header of height 5 does not follow: "
        "its validators are not those it hands over to."
    )


def test_a_header_that_changes_nothing_is_no_step() -> None:
    assert "it changes nothing" in refuse(step(5, SETS[0], SETS[0]))


def test_too_few_signatures_are_refused() -> None:
    header = STEPS[0].header
    thin = replace(STEPS[0], certificate=certify(header, SETS[0], 2))
    assert refuse(thin) == "VT-1306: weight 2 signed, 3 is needed."


def test_signatures_of_the_next_validators_are_not_enough() -> None:
    header = header_at(5, SETS[0], SETS[3])
    forged = CommitteeStep(header, certify(header, SETS[3]), SETS[3])
    assert refuse(forged).startswith("VT-1306: the signature of node0 does not fit")


def test_a_certificate_of_another_block_is_refused() -> None:
    other = replace(STEPS[0], certificate=STEPS[1].certificate)
    assert "its certificate is for another block" in refuse(other)


def test_a_header_of_another_chain_or_version_is_refused() -> None:
    for change, reason in (
        ({"genesis": EMPTY_HASH}, "it is of another chain"),
        ({"version": 2}, "it has another version"),
    ):
        header = replace(STEPS[0].header, **change)
        forged = CommitteeStep(header, certify(header, SETS[0]), SETS[1])
        assert reason in refuse(forged)


def test_a_decided_header_needs_no_change() -> None:
    header = header_at(7, SETS[1], SETS[1])
    check_decided(header, certify(header, SETS[1]), SETS[1], CHAIN)


def test_the_largest_step_fits() -> None:
    name = "n" * 64
    members = tuple(
        Validator(
            NodeName(f"{index:03}{name}"[:64]),
            OrganisationId(name),
            key_of("vote0").public_key,
            Weight(2**31 - 1),
            Hash(bytes(32)),
            Hash(bytes(32)),
        )
        for index in range(VALIDATORS_MAX)
    )
    large = ValidatorSet(members)
    header = header_at(5, large, large)
    signature = key_of("vote0").sign(EMPTY_HASH)
    signed = tuple(CommitSignature(n, TIME_MS, signature) for n in range(VALIDATORS_MAX))
    whole = CommitteeStep(
        header,
        QuorumCertificate(Height(5), Round(2**31 - 1), compute_block_hash(header), signed),
        large,
    )
    data = encode(whole)
    assert decode(data, CommitteeStep, COMMITTEE_STEP_SIZE_BYTES_MAX) == whole
