"""A block: what was agreed at one height.

The header commits to everything: the transactions through the log's root, what they did through
the receipts' root, and the state after them through the state root. Its hash is what validators
sign. Start here; `consensus/bft/rules.py` says how a header comes to be agreed.
"""

from typing import Final

from msgspec import Struct

from chain.certificate import (
    QuorumCertificate,
    compute_certificate_hash,
    compute_median_time,
)
from chain.codec import encode
from chain.hashing import EMPTY_HASH, hash_tagged
from chain.scalars import (
    CountField,
    Hash,
    HashField,
    HeightField,
    MillisField,
    UnixMillis,
)
from chain.validators import ValidatorSet

HEADER_VERSION: Final = 1


class Header(Struct, frozen=True, array_like=True, forbid_unknown_fields=True):
    """The part of a block that validators sign."""

    version: CountField
    genesis: HashField
    """Hash of the genesis file: which chain this is."""
    height: HeightField
    """Position in the chain, from 1."""
    time_ms: MillisField
    """Agreed time, later than the previous block's; see `compute_block_time`."""
    proposer: CountField
    """Index of the validator that built the block."""
    previous: HashField
    """Hash of the previous header; the genesis hash for the first block."""
    previous_certificate: HashField
    """Hash of the certificate of the previous block; zero for the first block."""
    tx_log_size: CountField
    """Number of transactions in the chain up to and including this block."""
    tx_log_root: HashField
    """RFC 9162 root over all of them; a leaf is a transaction id."""
    state_root: HashField
    """Root of the state tree after this block's transactions."""
    receipts_root: HashField
    """RFC 9162 root over this block's receipts."""
    validators_root: HashField
    """Hash of the validator set that decides this height."""
    next_validators_root: HashField
    """Hash of the validator set that decides the next height."""


class Block(Struct, frozen=True, array_like=True, forbid_unknown_fields=True):
    """A header with its transactions (encoded, in order) and the previous block's certificate."""

    header: Header
    transactions: tuple[bytes, ...]
    previous_certificate: QuorumCertificate | None


def compute_block_hash(header: Header) -> Hash:
    """Hash a header: the block's name."""
    return hash_tagged("header", encode(header))


def compute_block_time(
    previous_time_ms: UnixMillis,
    previous_certificate: QuorumCertificate | None,
    validators: ValidatorSet,
) -> UnixMillis:
    """Give the time of the next block: the median of the last decision's votes, but never back.

    Args: previous_time_ms: time of the previous header, or of genesis; previous_certificate: None
    for the first block; validators: the set that signed the certificate.
    """
    earliest = UnixMillis(previous_time_ms + 1)
    if previous_certificate is None:
        return earliest
    return max(earliest, compute_median_time(previous_certificate, validators))


def hash_previous_certificate(certificate: QuorumCertificate | None) -> Hash:
    """Give what the header says about the previous certificate."""
    return EMPTY_HASH if certificate is None else compute_certificate_hash(certificate)
