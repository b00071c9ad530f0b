"""What validators say to each other: proposals and votes, and the bytes they sign.

Both name the chain, the height and the round in what is signed, so a signature fits one position
of one chain only. A proposal signs its whole value, not only the name: who relays it cannot
exchange the payload.
"""

from typing import Final

from msgspec import Struct

from chain import votes
from chain.codec import encode
from chain.hashing import hash_tagged
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
)
from chain.votes import RoundOrNoneField, VoteKind, vote_hash
from consensus.value import PAYLOAD_SIZE_BYTES_MAX, Value

__all__ = [
    "MESSAGE_SIZE_BYTES_MAX",
    "NO_ROUND",
    "VOTE_SIZE_BYTES_MAX",
    "Message",
    "Proposal",
    "RoundOrNoneField",
    "Vote",
    "VoteKind",
    "digest_value",
    "proposal_hash",
    "vote_hash",
]

NO_ROUND: Final = Round(-1)
"""The paper's -1: never locked, never valid."""
VOTE_SIZE_BYTES_MAX: Final = 256
MESSAGE_SIZE_BYTES_MAX: Final = PAYLOAD_SIZE_BYTES_MAX + 256
"""A proposal with the largest payload; every message is smaller."""


class Proposal(Struct, tag=1, frozen=True, array_like=True, forbid_unknown_fields=True):
    """The paper's PROPOSAL: the proposer of (height, round) offers a value.

    `valid_round` is the round in which more than two thirds prevoted it before, or -1.
    """

    height: HeightField
    round: RoundField
    value: Value
    valid_round: RoundOrNoneField
    proposer: CountField
    signature: SignatureField


class Vote(Struct, tag=2, frozen=True, array_like=True, forbid_unknown_fields=True):
    """The paper's PREVOTE or PRECOMMIT of one validator; `block` is None for nil.

    `time_ms` is when a precommit was signed, the source of the next block's time; a prevote has 0.
    """

    kind: VoteKind
    height: HeightField
    round: RoundField
    block: HashField | None
    time_ms: MillisField
    validator: CountField
    signature: SignatureField


Message = Proposal | Vote


def digest_value(value: Value) -> Hash:
    """Hash a whole value: what a proposal signs of it besides its name."""
    return hash_tagged("value", encode(value))


def proposal_hash(
    genesis: Hash, height: Height, round_: Round, value: Value, valid_round: Round
) -> Hash:
    """Give the 32 bytes a proposer signs: position, name, valid round and the whole value."""
    return votes.proposal_hash(genesis, height, round_, value.id, valid_round, digest_value(value))
