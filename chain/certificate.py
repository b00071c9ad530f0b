"""The quorum certificate: proof that a height was decided, and the time it was decided at.

It holds precommits of one round for one block from more than two thirds of the weight. Exactly
these signatures count for the decision and for the next block's time; there is no second list.
"""

from typing import Annotated

from msgspec import Meta, Struct

from chain import keys
from chain.codec import encode
from chain.errors import InvalidInput
from chain.hashing import hash_tagged, signing_hash
from chain.scalars import (
    CountField,
    Hash,
    HashField,
    Height,
    HeightField,
    MillisField,
    Round,
    RoundField,
    SignatureField,
    UnixMillis,
    to_bytes,
)
from chain.validators import VALIDATORS_MAX, ValidatorSet


class CommitSignature(Struct, frozen=True, array_like=True, forbid_unknown_fields=True):
    """One validator's precommit, reduced to what differs between validators."""

    validator: CountField
    time_ms: MillisField
    signature: SignatureField


class QuorumCertificate(Struct, frozen=True, array_like=True, forbid_unknown_fields=True):
    """Signatures over one block, in ascending order of validator index, each index once."""

    height: HeightField
    round: RoundField
    block: HashField
    signatures: Annotated[tuple[CommitSignature, ...], Meta(max_length=VALIDATORS_MAX)]


def precommit_hash(
    genesis: Hash, height: Height, round_: Round, block: Hash | None, time_ms: UnixMillis
) -> Hash:
    """Give the 32 bytes a validator signs to precommit `block`, or nil when it is None."""
    return signing_hash(
        "precommit", genesis, to_bytes(height), to_bytes(round_), block or b"", to_bytes(time_ms)
    )


def compute_certificate_hash(certificate: QuorumCertificate) -> Hash:
    """Hash a certificate for the next block's header."""
    return hash_tagged("certificate", encode(certificate))


def check_certificate(
    certificate: QuorumCertificate,
    genesis: Hash,
    validators: ValidatorSet,
    *,
    verify: keys.Verifier = keys.verify,
) -> None:
    """Check a certificate to its last signature; weights count, not heads.

    Raises: InvalidInput: VT-1306: an unknown or repeated validator, a bad signature, or too
    little weight.
    """
    previous = -1
    weight = 0
    for commit in certificate.signatures:
        member = validators.get(commit.validator)
        if member is None:
            raise InvalidInput("VT-1306", reason=f"validator {commit.validator} does not exist")
        if commit.validator <= previous:
            raise InvalidInput(
                "VT-1306", reason=f"validator {commit.validator} is repeated or out of order"
            )
        previous = commit.validator
        message = precommit_hash(
            genesis, certificate.height, certificate.round, certificate.block, commit.time_ms
        )
        if not verify(member.vote_key, message, commit.signature):
            raise InvalidInput("VT-1306", reason=f"the signature of {member.node} does not fit")
        weight += member.weight
    if weight < validators.quorum_weight:
        raise InvalidInput(
            "VT-1306",
            reason=f"weight {weight} signed, {validators.quorum_weight} is needed",
        )


def compute_median_time(certificate: QuorumCertificate, validators: ValidatorSet) -> UnixMillis:
    """Give the weighted median of the signing times; in Raft, of two in the middle the earlier.

    With less than a third of the weight lying it lies between two honest times. In Raft a majority
    decides, which may be two: the earlier one lets no single clock run block time ahead, and that
    block time never goes back covers a clock that is behind.

    Raises: InvalidInput: VT-1306: a validator that does not exist.
    """
    times = []
    for commit in certificate.signatures:
        member = validators.get(commit.validator)
        if member is None:
            raise InvalidInput("VT-1306", reason=f"validator {commit.validator} does not exist")
        times.append((commit.time_ms, member.weight))
    total = sum(weight for _, weight in times)
    least = (total + 1) // 2 if validators.engine == "raft" else total // 2 + 1
    passed = 0
    for time_ms, weight in sorted(times):
        passed += weight
        if passed >= least:
            return time_ms
    raise InvalidInput("VT-1306", reason="the certificate holds no signature")
