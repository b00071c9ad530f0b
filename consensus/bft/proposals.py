"""The proposals of one height and what is known about their values.

A verdict belongs to a whole value, never to its name alone: a proposer may send a good name with
a wrong payload, and that must not spoil the value for later rounds.
"""

from collections.abc import Iterable
from enum import Enum

from chain.scalars import Hash, Round
from consensus.bft.messages import Proposal
from consensus.bft.votes import PAST_ROUNDS_MAX
from consensus.value import Value


class Verdict(Enum):
    """The answer to `CheckPayload`."""

    VALID = "valid"
    INVALID = "invalid"
    MISMATCHED = "mismatched"
    """Not what its id names; a value of that id may still be valid."""


class ProposalBook:
    """At most one proposal for each round, and at most one verdict for each value."""

    def __init__(self) -> None:
        self._proposals: dict[Round, Proposal] = {}
        self._verdicts: dict[Value, Verdict] = {}
        self._pending: set[Value] = set()
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

    def verdict(self, value: Value) -> Verdict | None:
        """Give what is known about a value; None while it is not checked."""
        return self._verdicts.get(value)

    def is_valid(self, value: Value) -> bool:
        """Tell whether the value was checked and is valid: the paper's valid(v)."""
        return self._verdicts.get(value) is Verdict.VALID

    def start_check(self, value: Value) -> bool:
        """Tell whether the value must be checked now, and remember that it is being checked.

        Values of one name are checked side by side: one whose transactions do not exist is never
        answered, and must not keep the real one from being checked.
        """
        if value in self._verdicts or value in self._pending:
            return False
        self._pending.add(value)
        return True

    def finish_check(self, value: Value, verdict: Verdict) -> None:
        """Note the answer; one that nobody asked for is ignored."""
        if value in self._pending:
            self._pending.remove(value)
            self._verdicts[value] = verdict

    def mark_valid(self, value: Value) -> None:
        """Note that a value was built, and so executed, here."""
        self._verdicts[value] = Verdict.VALID

    def limit_future(self, proposer: int, present: Round) -> None:
        """Keep only the highest future proposal of a proposer: a correct one has no other."""
        future = [r for r in self.rounds() if r > present]
        for round_ in [r for r in future if self._proposals[r].proposer == proposer][:-1]:
            del self._proposals[round_]
        self._forget_unused()

    def prune(self, present: Round, kept: Iterable[Round]) -> None:
        """Forget proposals long past, except those of the rounds in `kept`."""
        wanted = set(kept)
        for round_ in self.rounds():
            if round_ < present - PAST_ROUNDS_MAX and round_ not in wanted:
                del self._proposals[round_]
                self._accused.discard(round_)
        self._forget_unused()

    def _values(self) -> list[Value]:
        return [*self._extra, *(proposal.value for proposal in self._proposals.values())]

    def _forget_unused(self) -> None:
        used = set(self._values())
        self._pending &= used
        self._verdicts = {value: said for value, said in self._verdicts.items() if value in used}
