"""The message log of one height: what came in, was checked and counts. Source: L53, "message log".

A message is checked once, before it counts and before it can accuse. Rounds far from the present
one are not kept, so the log is bounded by rounds times validators.
"""

from collections.abc import Callable

from chain.certificate import QuorumCertificate
from chain.scalars import Round
from chain.validators import ValidatorSet
from consensus.bft.messages import NO_ROUND, Message, Proposal, Vote
from consensus.bft.proposals import ProposalBook
from consensus.bft.state import HardState
from consensus.bft.votes import PAST_ROUNDS_MAX, ROUNDS_AHEAD_MAX, VoteBook, votes_of
from consensus.value import ValueId

Check = Callable[[Message], None]
"""Raises PeerFault when a message must not count."""
Conflict = tuple[Message, Message]
"""The first message of a sender for a position, and a second one that says something else."""


class MessageLog:
    """Proposals and votes of one height."""

    def __init__(self, validators: ValidatorSet) -> None:
        self.votes = VoteBook(validators)
        self.proposals = ProposalBook()

    def restore(self, state: HardState) -> None:
        """Put back what the durable state holds: own messages and the proof of the valid value."""
        for vote in (*state.votes, *state.valid_prevotes):
            self.votes.add(vote)
        if state.proposal is not None:
            self.proposals.add(state.proposal)
        if state.valid_value is not None:
            self.proposals.keep_value(state.valid_value)

    def receive(self, message: Message, state: HardState, check: Check) -> Conflict | None:
        """Take a message of this height; give a conflict when it is the sender's first.

        Raises: PeerFault: from `check`; then nothing has changed.
        """
        if not self._keeps_round(message.round, state):
            return None
        if isinstance(message, Proposal):
            return self._receive_proposal(message, state, check)
        return self._receive_vote(message, state, check)

    def prune(self, state: HardState) -> None:
        """Forget rounds long past, except those that L28 may ask for."""
        needed = self._rounds_needed(state)
        self.votes.prune(state.round, needed)
        self.proposals.prune(state.round, needed)

    def _receive_proposal(
        self, proposal: Proposal, state: HardState, check: Check
    ) -> Conflict | None:
        first = self.proposals.get(proposal.round)
        if self.proposals.is_accused(proposal.round):
            return None
        if first is not None and not _differ(first, proposal):
            return None
        check(proposal)
        if first is not None:
            self.proposals.accuse_once(proposal.round)
            return first, proposal
        self.proposals.add(proposal)
        self.proposals.limit_future(proposal.proposer, state.round)
        return None

    def _receive_vote(self, vote: Vote, state: HardState, check: Check) -> Conflict | None:
        tally = self.votes.tally(vote.kind, vote.round)
        first = tally.first(vote.validator)
        counts = first is None or (
            self._is_wanted(vote, state) and not tally.has(vote.validator, vote.block)
        )
        is_known = first is not None and not _differ(first, vote)
        if is_known or (self.votes.is_accused(vote) and not counts):
            return None
        check(vote)
        if counts:
            self.votes.add(vote)
            self.votes.limit_future(vote.validator, state.round)
        if first is not None and self.votes.accuse_once(vote):
            return first, vote
        return None

    def find_conflicts(self, certificate: QuorumCertificate) -> list[Conflict]:
        """Give the conflicts between a height's certificate and what its signers said here.

        An equivocator may have told this node one thing and the quorum another; on a full mesh
        nobody passes on what it said to whom.
        """
        tally = self.votes.tally("precommit", certificate.round)
        found: list[Conflict] = []
        for vote in votes_of(certificate):
            first = tally.first(vote.validator)
            if first is not None and _differ(first, vote) and self.votes.accuse_once(vote):
                found.append((first, vote))
        return found

    def _is_wanted(self, vote: Vote, state: HardState) -> bool:
        """Tell whether an equivocator's second vote can matter to a rule; this bounds them."""
        wanted: set[ValueId] = {None}
        proposal = self.proposals.get(vote.round)
        if proposal is not None:
            wanted.add(proposal.value.id)
        present = self.proposals.get(state.round)
        if present is not None and present.valid_round == vote.round:
            wanted.add(present.value.id)
        return vote.block in wanted

    def _rounds_needed(self, state: HardState) -> set[Round]:
        proposal = self.proposals.get(state.round)
        named = NO_ROUND if proposal is None else proposal.valid_round
        return {state.valid_round, state.locked_round, named}

    def _keeps_round(self, round_: Round, state: HardState) -> bool:
        if round_ < state.round - PAST_ROUNDS_MAX:
            return round_ in self._rounds_needed(state)
        return round_ <= state.round + ROUNDS_AHEAD_MAX


def _differ(first: Message, second: Message) -> bool:
    """Tell whether two messages of one sender for one position say different things.

    The same thing said at another time, or with another good signature, harms nobody.
    """
    if isinstance(first, Proposal) and isinstance(second, Proposal):
        return (first.value.id, first.valid_round) != (second.value.id, second.valid_round)
    assert isinstance(first, Vote), "one position holds one kind of message"
    assert isinstance(second, Vote), "one position holds one kind of message"
    return first.block != second.block
