"""Blocks: their hash, their time, what they say about the certificate before."""

import pytest
from msgspec.structs import replace

from chain.block import (
    Block,
    compute_block_hash,
    compute_block_time,
    hash_previous_certificate,
)
from chain.certificate import compute_certificate_hash, compute_median_time
from chain.codec import decode, encode
from chain.hashing import EMPTY_HASH, hash_tagged
from chain.scalars import UnixMillis
from tests.vectors.sample import make_chain

CHAIN = make_chain()
VALIDATORS = CHAIN.genesis.validators
HEADER = CHAIN.blocks[1].block.header
CERTIFICATE = CHAIN.blocks[1].certificate


def test_a_block_travels() -> None:
    for decided in CHAIN.blocks:
        data = encode(decided.block)
        assert decode(data, Block, len(data)) == decided.block


def test_the_hash_is_a_tagged_hash_of_the_header() -> None:
    assert compute_block_hash(HEADER) == hash_tagged("header", encode(HEADER))


@pytest.mark.parametrize("field", HEADER.__struct_fields__)
def test_the_hash_covers_every_field(field: str) -> None:
    value = getattr(HEADER, field)
    other = value + 1 if isinstance(value, int) else bytes(byte ^ 1 for byte in value)
    assert compute_block_hash(replace(HEADER, **{field: other})) != compute_block_hash(HEADER)


def test_the_chain_hangs_together() -> None:
    first, second, third = (decided.block.header for decided in CHAIN.blocks)
    assert first.previous == CHAIN.genesis_hash
    assert second.previous == compute_block_hash(first)
    assert third.previous_certificate == compute_certificate_hash(CERTIFICATE)


def test_the_first_block_has_no_certificate_before_it() -> None:
    assert hash_previous_certificate(None) == EMPTY_HASH
    assert hash_previous_certificate(CERTIFICATE) == compute_certificate_hash(CERTIFICATE)


def test_block_time_is_the_median_of_the_votes_but_never_runs_back() -> None:
    median = compute_median_time(CERTIFICATE, VALIDATORS)
    assert compute_block_time(UnixMillis(100), None, VALIDATORS) == 101
    assert compute_block_time(UnixMillis(100), CERTIFICATE, VALIDATORS) == median
    for previous in (median - 1, median, median + 5):
        time_ms = compute_block_time(UnixMillis(previous), CERTIFICATE, VALIDATORS)
        assert time_ms == previous + 1
