"""What a validator's signature says: the bytes signed for prevotes, precommits and proposals.

They stand below the engines, because more than engines judge them: a certificate holds precommits,
and evidence holds two signatures that no correct validator makes both.
"""

from typing import Annotated, Literal

from msgspec import Meta

from chain.certificate import precommit_hash
from chain.hashing import signing_hash
from chain.scalars import Hash, Height, Round, UnixMillis, to_bytes

__all__ = [
    "RoundOrNoneField",
    "SignedKind",
    "VoteKind",
    "precommit_hash",
    "prevote_hash",
    "proposal_hash",
    "vote_hash",
]

RoundOrNoneField = Annotated[Round, Meta(ge=-1, le=2**31 - 1)]
"""A round, or -1 for none."""
VoteKind = Literal["prevote", "precommit"]
SignedKind = Literal["proposal", "prevote", "precommit"]
"""What a validator signs at most once in each round."""


def prevote_hash(genesis: Hash, height: Height, round_: Round, block: Hash | None) -> Hash:
    """Give the 32 bytes a validator signs to prevote `block`, or nil when it is None."""
    return signing_hash("prevote", genesis, to_bytes(height), to_bytes(round_), block or b"")


def vote_hash(
    genesis: Hash,
    kind: VoteKind,
    height: Height,
    round_: Round,
    block: Hash | None,
    time_ms: UnixMillis,
) -> Hash:
    """Give the 32 bytes a validator signs; a precommit's are those of the certificate.

    Args: block: None for nil; time_ms: of a precommit; a prevote says none.
    """
    if kind == "precommit":
        return precommit_hash(genesis, height, round_, block, time_ms)
    return prevote_hash(genesis, height, round_, block)


def proposal_hash(
    genesis: Hash,
    height: Height,
    round_: Round,
    block: Hash,
    valid_round: Round,
    value_digest: Hash,
) -> Hash:
    """Give the 32 bytes a proposer signs: position, name, valid round and the whole value.

    Args: valid_round: -1 for none; value_digest: hash of the encoded value, tagged `value`.
    """
    return signing_hash(
        "proposal",
        genesis,
        to_bytes(height),
        to_bytes(round_),
        block,
        to_bytes(valid_round + 1),
        value_digest,
    )
