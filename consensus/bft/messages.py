"""What validators say to each other: proposals and votes, and the bytes they sign.

Both name the chain, the height and the round in what is signed, so a signature fits one position
of one chain only. A proposal signs its whole value, not only the name: who relays it cannot
exchange the payload.
"""

from typing import Annotated, Final, Literal

from msgspec import Meta, Struct

from chain.certificate import precommit_hash
from chain.codec import decode, encode
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
from consensus.value import PAYLOAD_SIZE_BYTES_MAX, Value, ValueId

NO_ROUND: Final = Round(-1)
"""The paper's -1: never locked, never valid."""
VOTE_SIZE_BYTES_MAX: Final = 256
MESSAGE_SIZE_BYTES_MAX: Final = PAYLOAD_SIZE_BYTES_MAX + 256
"""A proposal with the largest payload; every message is smaller."""

RoundOrNoneField = Annotated[Round, Meta(ge=-1, le=2**31 - 1)]
"""A round, or -1 for none."""
VoteKind = Literal["prevote", "precommit"]


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


class Envelope(Struct, frozen=True, array_like=True, forbid_unknown_fields=True):
    """One message on the wire; the array inside starts with its kind, 1 or 2."""

    message: Message


def encode_message(message: Message) -> bytes:
    """Encode a message for the wire."""
    return encode(Envelope(message))


def decode_message(data: bytes) -> Message:
    """Decode a message from the wire; its signature is not checked here.

    Raises: InvalidInput: VT-1001, VT-1002 or VT-1003.
    """
    return decode(data, Envelope, MESSAGE_SIZE_BYTES_MAX).message


def proposal_hash(
    genesis: Hash, height: Height, round_: Round, value: Value, valid_round: Round
) -> Hash:
    """Give the 32 bytes a proposer signs: position, name, valid round and the whole value."""
    return signing_hash(
        "proposal",
        genesis,
        to_bytes(height),
        to_bytes(round_),
        value.id,
        to_bytes(valid_round + 1),
        hash_tagged("value", encode(value)),
    )


def vote_hash(
    genesis: Hash,
    kind: VoteKind,
    height: Height,
    round_: Round,
    block: ValueId,
    time_ms: UnixMillis,
) -> Hash:
    """Give the 32 bytes a validator signs; a precommit's are those of the certificate."""
    if kind == "precommit":
        return precommit_hash(genesis, height, round_, block, time_ms)
    return signing_hash("prevote", genesis, to_bytes(height), to_bytes(round_), block or b"")
