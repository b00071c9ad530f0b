"""Evidence: two things that one validator signed at one place, where a correct one signs one.

A vote is reduced to what its signature covers, and so is a proposal: of its value only the name and
a digest. Whoever holds genesis and the validators of the height can check it; nobody's word counts.
"""

from typing import NoReturn

from msgspec import Struct
from msgspec.structs import replace

from chain import keys
from chain.errors import InvalidInput
from chain.hashing import hash_tagged
from chain.scalars import (
    Hash,
    HashField,
    HeightField,
    MillisField,
    PublicKeyField,
    RoundField,
    SignatureField,
    to_bytes,
)
from chain.validators import Validator, ValidatorSet
from chain.votes import RoundOrNoneField, SignedKind, VoteKind, proposal_hash, vote_hash


class VoteSigned(Struct, tag=1, frozen=True, array_like=True, forbid_unknown_fields=True):
    """What a prevote or precommit says; `block` is None for nil, a prevote's time is 0."""

    block: HashField | None
    time_ms: MillisField
    signature: SignatureField


class ProposalSigned(Struct, tag=2, frozen=True, array_like=True, forbid_unknown_fields=True):
    """What a proposal says: a value's name and digest, and the round it was valid in, or -1."""

    block: HashField
    valid_round: RoundOrNoneField
    value_digest: HashField
    signature: SignatureField


Signed = VoteSigned | ProposalSigned


class Evidence(Struct, frozen=True, array_like=True, forbid_unknown_fields=True):
    """Two conflicting signatures by `key` at (height, round), the smaller signed hash first.

    A validator is accused by its key, not by an index: an index means another one elsewhere.
    """

    key: PublicKeyField
    height: HeightField
    round: RoundField
    kind: SignedKind
    first: Signed
    second: Signed


def compute_evidence_id(evidence: Evidence) -> Hash:
    """Name what is proven: two pieces about one key, place and kind are the same offence."""
    return hash_tagged(
        "evidence",
        evidence.key,
        to_bytes(evidence.height),
        to_bytes(evidence.round),
        evidence.kind.encode(),
    )


def put_in_order(evidence: Evidence, genesis: Hash) -> Evidence:
    """Give the evidence with its statements in the one order that is valid."""
    if _hash_of(evidence.first, evidence, genesis) <= _hash_of(evidence.second, evidence, genesis):
        return evidence
    return replace(evidence, first=evidence.second, second=evidence.first)


def is_conflict(first: Signed, second: Signed) -> bool:
    """Tell whether saying both at one place takes back what was said, and so convicts.

    Two more things no correct validator says, and they convict nobody, since neither takes anything
    back. Precommits for one block at two times both count for it; a certificate holds one of them,
    and with two times its signer moves the median no further than with one. Of one name with two
    payloads one at most is valid: the name is the hash of a header that commits to its payload.
    """
    if isinstance(first, ProposalSigned) and isinstance(second, ProposalSigned):
        return (first.block, first.valid_round) != (second.block, second.valid_round)
    if isinstance(first, VoteSigned) and isinstance(second, VoteSigned):
        return first.block != second.block
    return False


def check_evidence(
    evidence: Evidence,
    genesis: Hash,
    validators: ValidatorSet,
    *,
    verify: keys.Verifier = keys.verify,
) -> Validator:
    """Check evidence to its last signature.

    Args: validators: those that decided the evidence's height.
    Returns: the validator that it convicts.
    Raises: InvalidInput: VT-2070, with what it fails to prove.
    """
    member = _find_accused(evidence, validators)
    _check_form(evidence, genesis)
    for statement in (evidence.first, evidence.second):
        if not verify(evidence.key, _hash_of(statement, evidence, genesis), statement.signature):
            _refuse(f"a signature is not that of {member.node}")
    return member


def _find_accused(evidence: Evidence, validators: ValidatorSet) -> Validator:
    if validators.engine != "bft":
        _refuse(f"height {evidence.height} was decided under Raft, where no vote binds")
    for member in validators.members:
        if member.vote_key == evidence.key and member.weight > 0:
            return member
    _refuse(f"key {evidence.key.hex()} had no vote at height {evidence.height}")


def _check_form(evidence: Evidence, genesis: Hash) -> None:
    for statement in (evidence.first, evidence.second):
        if isinstance(statement, ProposalSigned) != (evidence.kind == "proposal"):
            _refuse(f"it holds something else than two {evidence.kind}s")
        # A field that is not signed must have one value only, or one offence has many proofs.
        is_timed = isinstance(statement, VoteSigned) and statement.time_ms != 0
        if evidence.kind == "prevote" and is_timed:
            _refuse("a prevote carries no time")
    if not is_conflict(evidence.first, evidence.second):
        _refuse("the two do not contradict each other")
    if put_in_order(evidence, genesis) is not evidence:
        _refuse("the two are in the wrong order")


def _hash_of(statement: Signed, evidence: Evidence, genesis: Hash) -> Hash:
    """Give the 32 bytes that a statement's signature signs."""
    place = (evidence.height, evidence.round)
    if isinstance(statement, ProposalSigned):
        return proposal_hash(
            genesis, *place, statement.block, statement.valid_round, statement.value_digest
        )
    kind: VoteKind = "prevote" if evidence.kind == "prevote" else "precommit"
    return vote_hash(genesis, kind, *place, statement.block, statement.time_ms)


def _refuse(reason: str) -> NoReturn:
    raise InvalidInput("VT-2070", reason=reason)
