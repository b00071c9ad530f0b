"""Anti-entropy: two nodes that lost messages bring each other up to date.

Gossip loses messages, and the engine never repeats itself. Instead each node now and then tells
a peer what it has of its round, and the peer answers with what is missing. It works from any
round of the height to any other, and to a node that is one height behind.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Annotated, Final

from msgspec import Meta, Struct

from chain.certificate import QuorumCertificate
from chain.errors import PeerFault
from chain.scalars import HeightField, Round, RoundField
from chain.validators import ValidatorSet
from consensus.bft.messages import Message, Vote, VoteKind
from consensus.bft.proposals import ProposalBook
from consensus.bft.state import HardState, Step
from consensus.bft.votes import VoteBook

BITMAP_SIZE_BYTES_MAX: Final = 1024
ANSWER_MESSAGES_MAX: Final = 4096

BitmapField = Annotated[bytes, Meta(max_length=BITMAP_SIZE_BYTES_MAX)]


class RoundSummary(Struct, frozen=True, array_like=True, forbid_unknown_fields=True):
    """What a node has of the round it is in.

    Validator i is bit i % 8 (from the lowest) of byte i // 8 of a bitmap.
    """

    height: HeightField
    round: RoundField
    step: Step
    prevotes: BitmapField
    precommits: BitmapField
    has_proposal: bool


@dataclass(frozen=True, slots=True)
class Knowledge:
    """All that an engine can answer a summary from."""

    state: HardState
    validators: ValidatorSet
    votes: VoteBook
    proposals: ProposalBook
    previous: QuorumCertificate | None
    """The certificate of the height below."""


def encode_bitmap(indexes: Iterable[int], count: int) -> bytes:
    """Write a set of indexes below `count` as a bitmap of ceil(count / 8) bytes."""
    bits = bytearray((count + 7) // 8)
    for index in indexes:
        bits[index // 8] |= 1 << (index % 8)
    return bytes(bits)


def decode_bitmap(data: bytes, count: int, kind: str) -> set[int]:
    """Read a bitmap.

    Raises: PeerFault: VT-3024: a wrong length, or a bit at or above `count`.
    """
    indexes = {index for index in range(8 * len(data)) if data[index // 8] >> (index % 8) & 1}
    if len(data) != (count + 7) // 8 or any(index >= count for index in indexes):
        raise PeerFault("VT-3024", kind=kind, size=len(data), count=count)
    return indexes


def summarise(known: Knowledge) -> RoundSummary:
    """Say what this node has of its present round."""
    state, count = known.state, len(known.validators)
    return RoundSummary(
        height=state.height,
        round=state.round,
        step=state.step,
        prevotes=encode_bitmap(known.votes.tally("prevote", state.round).voters(), count),
        precommits=encode_bitmap(known.votes.tally("precommit", state.round).voters(), count),
        has_proposal=known.proposals.get(state.round) is not None,
    )


def find_missing(known: Knowledge, summary: RoundSummary) -> list[Message]:
    """Give the messages that would help the node which sent `summary`, each once.

    Raises: PeerFault: VT-3024: a bitmap does not fit the validator set.
    """
    if summary.height == known.state.height - 1:
        return _precommits_of(known.previous)
    if summary.height != known.state.height:
        return []
    messages = _missing_in_round(known, summary)
    messages += _justification(known, summary.round)
    present = known.state.round
    if present > summary.round:
        # The peer is behind: all of this round lets it skip to here (L55).
        messages += _all_of_round(known, present)
        messages += _justification(known, present)
    for round_, block in known.votes.decisions():
        # A quorum here whose value only the peer may know (L49).
        messages += known.votes.tally("precommit", round_).votes_for(block)
    return list(dict.fromkeys(messages))[:ANSWER_MESSAGES_MAX]


def _missing_in_round(known: Knowledge, summary: RoundSummary) -> list[Message]:
    count = len(known.validators)
    kinds: tuple[tuple[VoteKind, bytes], ...] = (
        ("prevote", summary.prevotes),
        ("precommit", summary.precommits),
    )
    present = {kind: decode_bitmap(bitmap, count, kind) for kind, bitmap in kinds}
    messages: list[Message] = []
    proposal = known.proposals.get(summary.round)
    if proposal is not None and not summary.has_proposal:
        messages.append(proposal)
    for kind, _ in kinds:
        votes = known.votes.tally(kind, summary.round).votes()
        messages += [vote for vote in votes if vote.validator not in present[kind]]
    return messages


def _all_of_round(known: Knowledge, round_: Round) -> list[Message]:
    proposal = known.proposals.get(round_)
    messages: list[Message] = [] if proposal is None else [proposal]
    messages += known.votes.tally("prevote", round_).votes()
    messages += known.votes.tally("precommit", round_).votes()
    return messages


def _justification(known: Knowledge, round_: Round) -> list[Message]:
    """Give the prevotes that L28 needs for the proposal of a round."""
    proposal = known.proposals.get(round_)
    if proposal is None or proposal.valid_round < 0:
        return []
    tally = known.votes.tally("prevote", proposal.valid_round)
    return list(tally.votes_for(proposal.value.id))


def _precommits_of(certificate: QuorumCertificate | None) -> list[Message]:
    """Give a certificate back as the votes it was made of."""
    if certificate is None:
        return []
    return [
        Vote(
            "precommit",
            certificate.height,
            certificate.round,
            certificate.block,
            commit.time_ms,
            commit.validator,
            commit.signature,
        )
        for commit in certificate.signatures
    ]
