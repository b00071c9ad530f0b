"""Quorum certificates: weight, order, signatures, time."""

import pytest
from msgspec.structs import replace

from chain.certificate import (
    CommitSignature,
    QuorumCertificate,
    check_certificate,
    compute_certificate_hash,
    compute_median_time,
    precommit_hash,
)
from chain.codec import encode
from chain.errors import InvalidInput
from chain.genesis import compute_genesis_hash
from chain.hashing import EMPTY_HASH, hash_tagged
from chain.scalars import Hash, Height, Round, Signature, UnixMillis
from tests.vectors.sample import make_certificate, make_chain, make_genesis

CHAIN = make_chain()
VALIDATORS = CHAIN.genesis.validators
HEADER = CHAIN.blocks[1].block.header
GOOD = CHAIN.blocks[1].certificate


def refuse(certificate: QuorumCertificate, weights: tuple[int, ...] = (1, 1, 1, 1)) -> str:
    with pytest.raises(InvalidInput) as caught:
        check_certificate(certificate, CHAIN.genesis_hash, make_genesis(weights).validators)
    assert caught.value.code == "VT-1306"
    return caught.value.why


@pytest.mark.parametrize("voters", [(0, 1, 2), (1, 2, 3), (0, 1, 2, 3)])
def test_more_than_two_thirds_decide(voters: tuple[int, ...]) -> None:
    check_certificate(
        make_certificate(HEADER, CHAIN.genesis, voters), CHAIN.genesis_hash, VALIDATORS
    )


@pytest.mark.parametrize("voters", [(), (2,), (0, 3)])
def test_less_does_not(voters: tuple[int, ...]) -> None:
    certificate = make_certificate(HEADER, CHAIN.genesis, voters)
    assert refuse(certificate) == f"weight {len(voters)} signed, 3 is needed."


def test_weights_count_not_heads() -> None:
    heavy = make_certificate(HEADER, CHAIN.genesis, (3,))
    weights = (1, 1, 1, 7)
    check_certificate(heavy, CHAIN.genesis_hash, make_genesis(weights).validators)
    light = make_certificate(HEADER, CHAIN.genesis, (0, 1, 2))
    assert refuse(light, weights) == "weight 3 signed, 7 is needed."


def test_a_validator_counts_once_and_in_order() -> None:
    first, second, third = GOOD.signatures
    twice = replace(GOOD, signatures=(first, first, second))
    assert refuse(twice) == "validator 0 is repeated or out of order."
    turned = replace(GOOD, signatures=(second, first, third))
    assert refuse(turned) == "validator 0 is repeated or out of order."


def test_an_unknown_validator_is_refused() -> None:
    stranger = replace(GOOD.signatures[0], validator=4)
    assert refuse(replace(GOOD, signatures=(stranger,))) == "validator 4 does not exist."


@pytest.mark.parametrize(
    "changed",
    [
        replace(GOOD, height=Height(3)),
        replace(GOOD, round=Round(1)),
        replace(GOOD, block=EMPTY_HASH),
        replace(GOOD, signatures=(replace(GOOD.signatures[0], time_ms=1), *GOOD.signatures[1:])),
    ],
    ids=["height", "round", "block", "time"],
)
def test_all_of_it_is_signed(changed: QuorumCertificate) -> None:
    assert refuse(changed) == "the signature of borne-energie-1 does not fit."


def test_it_is_tied_to_its_chain() -> None:
    with pytest.raises(InvalidInput, match="VT-1306"):
        check_certificate(GOOD, EMPTY_HASH, VALIDATORS)


def test_a_vote_for_nil_is_no_vote_for_a_block() -> None:
    genesis = compute_genesis_hash(CHAIN.genesis)
    votes = {
        precommit_hash(genesis, Height(1), Round(0), block, UnixMillis(5))
        for block in (None, EMPTY_HASH, Hash(b"\1" * 32))
    }
    assert len(votes) == 3


def test_the_hash_covers_every_byte() -> None:
    assert compute_certificate_hash(GOOD) == hash_tagged("certificate", encode(GOOD))


def at_times(*times: int) -> QuorumCertificate:
    signatures = tuple(
        CommitSignature(index, UnixMillis(time_ms), Signature(bytes(64)))
        for index, time_ms in enumerate(times)
    )
    return QuorumCertificate(Height(1), Round(0), EMPTY_HASH, signatures)


@pytest.mark.parametrize(
    ("times", "weights", "median"),
    [
        ((30, 10, 20), (1, 1, 1, 1), 20),
        ((10, 20, 30, 40), (1, 1, 1, 1), 30),
        ((10, 20, 30), (5, 1, 1, 1), 10),
        ((10, 20, 1_000_000), (2, 2, 2, 1), 20),
        ((7,), (1, 1, 1, 1), 7),
    ],
)
def test_the_time_is_the_weighted_median(
    times: tuple[int, ...], weights: tuple[int, ...], median: int
) -> None:
    validators = make_genesis(weights).validators
    assert compute_median_time(at_times(*times), validators) == median


@pytest.mark.parametrize(
    ("times", "median"),
    [
        ((10, 3_600_010), 10),
        ((3_600_010, 10), 10),
        ((3_600_010, 10, 20), 20),
        ((10, 20, 30, 40), 20),
        ((7,), 7),
    ],
)
def test_under_raft_an_even_number_gives_the_earlier_of_the_two_in_the_middle(
    times: tuple[int, ...], median: int
) -> None:
    """Two of three decide there: with the later one, any one clock could run block time ahead."""
    validators = replace(make_genesis((1, 1, 1, 1)).validators, engine="raft")
    assert compute_median_time(at_times(*times), validators) == median


def test_no_signature_or_a_stranger_gives_no_time() -> None:
    with pytest.raises(InvalidInput, match="the certificate holds no signature"):
        compute_median_time(at_times(), VALIDATORS)
    with pytest.raises(InvalidInput, match="validator 4 does not exist"):
        compute_median_time(at_times(1, 2, 3, 4, 5), VALIDATORS)
