"""What validators vote on: a header, the ids of its transactions, the previous certificate.

Transactions travel once, by gossip; a proposal only names them. A validator that misses one asks
its peers.
"""

from typing import Final

from msgspec import Struct

from chain.block import (
    HEADER_VERSION,
    Header,
    compute_block_hash,
    compute_block_time,
    hash_previous_certificate,
)
from chain.certificate import QuorumCertificate, check_certificate
from chain.codec import decode, encode
from chain.errors import InvalidInput
from chain.genesis import Limits
from chain.keys import Verifier
from chain.scalars import Hash, HashField
from consensus.value import Value
from node.replica.head import Head

PAYLOAD_OVERHEAD_BYTES: Final = 64 << 10
ID_SIZE_BYTES: Final = 40


class Payload(Struct, frozen=True, array_like=True, forbid_unknown_fields=True):
    """A proposed block, with ids in the place of transactions."""

    header: Header
    transactions: tuple[HashField, ...]
    previous_certificate: QuorumCertificate | None


class KeptTransactions(Struct, frozen=True, array_like=True, forbid_unknown_fields=True):
    """The transactions of the engine's valid value, as they stand on disk beside its state."""

    transactions: tuple[bytes, ...]


def to_value(payload: Payload) -> Value:
    """Wrap a payload for the engine; the value's id is the block hash."""
    return Value(compute_block_hash(payload.header), encode(payload), payload.header.time_ms)


def from_value(value: Value, limits: Limits) -> Payload:
    """Decode a proposed value.

    Raises: InvalidInput: VT-1001 .. VT-1003, or VT-3010 when the parts do not belong together or
    a bound of genesis is passed.
    """
    size_max = PAYLOAD_OVERHEAD_BYTES + ID_SIZE_BYTES * limits.block_transactions_max
    payload = decode(value.payload, Payload, size_max)
    header = payload.header
    if compute_block_hash(header) != value.id or header.time_ms != value.time_ms:
        raise InvalidInput("VT-3010", reason="the value's id is not the hash of its header")
    if len(payload.transactions) > limits.block_transactions_max:
        raise InvalidInput("VT-3010", reason="it holds too many transactions")
    if len(set(payload.transactions)) != len(payload.transactions):
        raise InvalidInput("VT-3010", reason="it names a transaction twice")
    if header.previous_certificate != hash_previous_certificate(payload.previous_certificate):
        raise InvalidInput("VT-3010", reason="the certificate is not the one its header names")
    return payload


def check_succeeds(
    header: Header,
    certificate: QuorumCertificate | None,
    head: Head,
    genesis: Hash,
    verify: Verifier,
) -> None:
    """Check everything about a header that needs no execution.

    Args: header, certificate: the proposed header and the certificate of the previous block that
    comes with it; head: the last committed block.
    Raises: InvalidInput: VT-3010 with the rule that is broken, VT-1306 a bad certificate.
    """
    rules = (
        (header.version == HEADER_VERSION, "it has another version"),
        (header.genesis == genesis, "it is for another chain"),
        (header.height == head.next_height, f"its height is not {head.next_height}"),
        (header.previous == head.block, "it does not follow the last block"),
        (head.validators.get(header.proposer) is not None, "its proposer does not exist"),
        (
            header.previous_certificate == hash_previous_certificate(certificate),
            "the certificate is not the one its header names",
        ),
        ((certificate is None) == (head.height == 0), "the previous certificate is missing"),
    )
    for holds, reason in rules:
        if not holds:
            raise InvalidInput("VT-3010", reason=reason)
    if certificate is not None:
        if certificate.height != head.height or certificate.block != head.block:
            raise InvalidInput("VT-3010", reason="its certificate is for another block")
        if certificate != head.certificate:
            check_certificate(certificate, genesis, head.last_validators, verify=verify)
    expected_ms = compute_block_time(head.time_ms, certificate, head.last_validators)
    if header.time_ms != expected_ms:
        raise InvalidInput("VT-3010", reason=f"its time is not {expected_ms}")
