"""What members say to each other in Raft, and the bytes they sign.

Every message goes from one member to another, names its author and is signed with the author's vote
key. `height` is the one its author works on, `term` its author's present term.
"""

from typing import Final, Literal

from msgspec import Struct
from msgspec.structs import replace

from chain.certificate import QuorumCertificate
from chain.codec import encode
from chain.hashing import signing_hash
from chain.scalars import (
    CountField,
    Hash,
    HashField,
    Height,
    HeightField,
    MillisField,
    PublicKey,
    Round,
    RoundField,
    Signature,
    SignatureField,
    to_bytes,
)
from consensus.value import Value

NO_SIGNATURE: Final = Signature(bytes(64))
"""Stands in the place of the signature in what is signed."""

CampaignKind = Literal["pre-vote", "vote", "transfer"]
"""What a candidate asks for: a promise to vote, a vote, or a vote while the old leader lives."""


class RaftMessage(Struct, frozen=True, array_like=True, forbid_unknown_fields=True):
    """Base of all: where its author stands, who that is, and its signature over everything else."""

    height: HeightField
    term: RoundField
    author: CountField
    signature: SignatureField


class VoteRequest(RaftMessage, tag=11, frozen=True, array_like=True):
    """RequestVote: a candidate asks for a vote in `asked_term`.

    `last_term` and `last_height` are the position of its log. A pre-vote asks what would be: its
    author is not in that term yet.
    """

    kind: CampaignKind
    asked_term: RoundField
    last_term: RoundField
    last_height: HeightField


class VoteAnswer(RaftMessage, tag=12, frozen=True, array_like=True):
    """The answer to a `VoteRequest` of a kind and term."""

    is_pre_vote: bool
    asked_term: RoundField
    is_granted: bool


class Append(RaftMessage, tag=13, frozen=True, array_like=True):
    """AppendEntries, and the heartbeat: the leader lives, and this is its entry.

    `beat` numbers the leader's messages in its term. `previous` is the block below the entry: logs
    match where it does. `block` names the entry; its `value` comes once, and again to those that
    say they lack it. The first leader of a height may have no entry yet.
    """

    beat: CountField
    previous: HashField
    block: HashField | None
    value: Value | None


class Acknowledgement(Struct, frozen=True, array_like=True, forbid_unknown_fields=True):
    """The author holds the entry on its disk, and precommits it in the round of the term."""

    block: HashField
    time_ms: MillisField
    signature: SignatureField


class AppendAnswer(RaftMessage, tag=14, frozen=True, array_like=True):
    """The answer to the `Append` of that `beat`; its author follows the leader of its term.

    `has_value`: the author knows the value that was named. `acknowledgement` is there when it also
    holds it, found valid and durable, in this term. An answer of a later term is a refusal; its
    `beat` is 0, which no heartbeat has.
    """

    beat: CountField
    has_value: bool
    acknowledgement: Acknowledgement | None


class Decided(RaftMessage, tag=15, frozen=True, array_like=True):
    """A height is decided, and this proves it."""

    certificate: QuorumCertificate


class TimeoutNow(RaftMessage, tag=16, frozen=True, array_like=True):
    """The leader asks a member to take its place at once."""


class ReadRequest(RaftMessage, tag=17, frozen=True, array_like=True):
    """A member asks its leader up to which height a read must see the chain."""

    read: CountField


class ReadAnswer(RaftMessage, tag=18, frozen=True, array_like=True):
    """The answer to a `ReadRequest`; `committed` is None when the leader cannot tell."""

    read: CountField
    committed: HeightField | None


Message = (
    VoteRequest
    | VoteAnswer
    | Append
    | AppendAnswer
    | Decided
    | TimeoutNow
    | ReadRequest
    | ReadAnswer
)

_KINDS: Final[dict[type, str]] = {
    VoteRequest: "vote-request",
    VoteAnswer: "vote-answer",
    Append: "append",
    AppendAnswer: "append-answer",
    Decided: "decided",
    TimeoutNow: "timeout-now",
    ReadRequest: "read-request",
    ReadAnswer: "read-answer",
}


def kind_of(message: Message) -> str:
    """Give the word for a message, such as vote-request."""
    return _KINDS[type(message)]


def message_hash(genesis: Hash, message: Message) -> Hash:
    """Give the 32 bytes that the author of a message signs: all of it but the signature."""
    return signing_hash("raft", genesis, encode(replace(message, signature=NO_SIGNATURE)))


def election_hash(genesis: Hash, height: Height, term: Round, candidate: PublicKey) -> Hash:
    """Give the 32 bytes that stand for a vote in the guard: one candidate in one term."""
    return signing_hash("raft-vote", genesis, to_bytes(height), to_bytes(term), candidate)
