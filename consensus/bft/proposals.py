"""The proposals of one height and what is known about their values."""

from collections.abc import Iterable

from chain.scalars import Hash, Round
from consensus.bft.messages import Proposal
from consensus.bft.votes import PAST_ROUNDS_MAX
from consensus.value import Value
from consensus.verdicts import Verdict, VerdictBook


class ProposalBook(VerdictBook):
    """At most one proposal for each round, and at most one verdict for each value."""

    def __init__(self) -> None:
        super().__init__()
        self._proposals: dict[Round, Proposal] = {}
        self._extra: list[Value] = []
        self._accused: set[Round] = set()

    def get(self, round_: Round) -> Proposal | None:
        """Give the proposal of a round."""
        return self._proposals.get(round_)

    def rounds(self) -> list[Round]:
        """Give the rounds with a proposal, in ascending order."""
        return sorted(self._proposals)

    def add(self, proposal: Proposal) -> None:
        """Keep a proposal that was checked before; the first of a round stays."""
        self._proposals.setdefault(proposal.round, proposal)

    def keep_value(self, value: Value) -> None:
        """Know a value besides those of the kept proposals: the valid value of the state."""
        self._extra = [value]

    def accuse_once(self, round_: Round) -> bool:
        """Tell whether the proposer of this round is caught for the first time."""
        if round_ in self._accused:
            return False
        self._accused.add(round_)
        return True

    def is_accused(self, round_: Round) -> bool:
        """Tell whether the proposer of this round was caught before."""
        return round_ in self._accused

    def find(self, value_id: Hash) -> Value | None:
        """Give the value of that name, a valid one if there is; never a mismatched one."""
        found = [
            value
            for value in self._values()
            if value.id == value_id and self.verdict(value) is not Verdict.MISMATCHED
        ]
        return min(found, key=lambda value: self.verdict(value) is not Verdict.VALID, default=None)

    def limit_future(self, proposer: int, present: Round) -> None:
        """Keep only the highest future proposal of a proposer: a correct one has no other."""
        future = [r for r in self.rounds() if r > present]
        for round_ in [r for r in future if self._proposals[r].proposer == proposer][:-1]:
            del self._proposals[round_]
        self.keep_only(self._values())

    def prune(self, present: Round, kept: Iterable[Round]) -> None:
        """Forget proposals long past, except those of the rounds in `kept`."""
        wanted = set(kept)
        for round_ in self.rounds():
            if round_ < present - PAST_ROUNDS_MAX and round_ not in wanted:
                del self._proposals[round_]
                self._accused.discard(round_)
        self.keep_only(self._values())

    def _values(self) -> list[Value]:
        return [*self._extra, *(proposal.value for proposal in self._proposals.values())]
