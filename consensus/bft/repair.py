"""Anti-entropy: two nodes that lost messages bring each other up to date.

Gossip loses messages, and the engine never repeats itself. Instead each node now and then tells
a peer what it has of its round, and the peer answers with what is missing. It works from any
round of the height to any other, and to a node that is one height behind.
"""

from dataclasses import dataclass
from typing import Final

from msgspec import Struct

from chain.certificate import QuorumCertificate
from chain.scalars import HeightField, Round, RoundField
from chain.validators import ValidatorSet
from consensus.bft.messages import Message, VoteKind
from consensus.bft.proposals import ProposalBook
from consensus.bft.state import HardState, Step
from consensus.bft.votes import VoteBook, votes_of
from consensus.bitmap import BitmapField, decode_bitmap, encode_bitmap

ANSWER_MESSAGES_MAX: Final = 4096


class RoundSummary(Struct, tag=1, frozen=True, array_like=True, forbid_unknown_fields=True):
    """What a node has of the round it is in.

    The bitmaps are as in `consensus.bitmap`.
    """

    height: HeightField
    round: RoundField
    step: Step
    prevotes: BitmapField
    precommits: BitmapField
    has_proposal: bool

    @property
    def step_name(self) -> str:
        """The step in a word."""
        return Step(self.step).name.lower()


@dataclass(frozen=True, slots=True)
class Knowledge:
    """All that an engine can answer a summary from."""

    state: HardState
    validators: ValidatorSet
    votes: VoteBook
    proposals: ProposalBook
    previous: QuorumCertificate | None
    """The certificate of the height below."""


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
        return [] if known.previous is None else list(votes_of(known.previous))
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
