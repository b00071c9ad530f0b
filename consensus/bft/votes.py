"""The votes of one height: who said what, and how much weight stands behind it.

Every vote here was checked before. A validator's first vote of a kind and round stays; another
one counts too when it names a value that matters (`core` decides that), because the paper counts
messages: with an equivocator's one vote here and its other vote there, two correct nodes would
else never agree on who has a quorum. Each validator counts once for each value, and once in all.
"""

from collections.abc import Iterable
from typing import Final

from chain.certificate import CommitSignature, QuorumCertificate
from chain.scalars import Hash, Height, Round
from chain.validators import ValidatorSet
from consensus.bft.messages import Vote, VoteKind
from consensus.value import ValueId

FUTURE_ROUNDS_MAX: Final = 4
"""Rounds above the present one in which one validator's votes are kept, the highest."""
PAST_ROUNDS_MAX: Final = 16
"""Rounds below the present one whose messages are kept."""
ROUNDS_AHEAD_MAX: Final = 100_000
"""Days of failed rounds; nothing correct is further ahead."""


class Tally:
    """The votes of one kind in one round."""

    def __init__(self, validators: ValidatorSet) -> None:
        self._validators = validators
        self._first: dict[int, Vote] = {}
        self._votes: dict[tuple[int, ValueId], Vote] = {}
        self._weights: dict[ValueId, int] = {}
        self._weight_any = 0

    def first(self, validator: int) -> Vote | None:
        """Give the first vote of a validator."""
        return self._first.get(validator)

    def has(self, validator: int, block: ValueId) -> bool:
        """Tell whether a validator voted for `block`."""
        return (validator, block) in self._votes

    def add(self, vote: Vote) -> None:
        """Count a vote; one for the same value by the same validator changes nothing."""
        weight = self._weight_of(vote.validator)
        if vote.validator not in self._first:
            self._first[vote.validator] = vote
            self._weight_any += weight
        if (vote.validator, vote.block) not in self._votes:
            self._votes[vote.validator, vote.block] = vote
            self._weights[vote.block] = self.weight_for(vote.block) + weight

    def remove(self, validator: int) -> None:
        """Forget what a validator said."""
        if self._first.pop(validator, None) is None:
            return
        weight = self._weight_of(validator)
        self._weight_any -= weight
        for index, block in [key for key in self._votes if key[0] == validator]:
            del self._votes[index, block]
            self._weights[block] -= weight

    def weight_for(self, block: ValueId) -> int:
        """Give the weight behind a value, or behind nil."""
        return self._weights.get(block, 0)

    @property
    def weight_any(self) -> int:
        """The weight of all who voted, for whatever."""
        return self._weight_any

    def voters(self) -> set[int]:
        """Give the indexes of all who voted."""
        return set(self._first)

    def votes_for(self, block: ValueId) -> list[Vote]:
        """Give the votes for a value, in ascending order of validator."""
        return [vote for key, vote in sorted(self._votes.items(), key=_index) if key[1] == block]

    def votes(self) -> list[Vote]:
        """Give all votes, in ascending order of validator."""
        return [vote for _, vote in sorted(self._votes.items(), key=_index)]

    def blocks_with_quorum(self) -> list[Hash]:
        """Give the values (not nil) that more than two thirds of the weight voted for."""
        quorum = self._validators.quorum_weight
        return [
            block
            for block, weight in self._weights.items()
            if block is not None and weight >= quorum
        ]

    def _weight_of(self, validator: int) -> int:
        return self._validators.members[validator].weight


def _index(item: tuple[tuple[int, ValueId], Vote]) -> int:
    return item[0][0]


class VoteBook:
    """All tallies of one height."""

    def __init__(self, validators: ValidatorSet) -> None:
        self._validators = validators
        self._quorum_weight = validators.quorum_weight
        self._tallies: dict[tuple[Round, VoteKind], Tally] = {}
        self._accused: set[tuple[Round, VoteKind, int]] = set()

    def tally(self, kind: VoteKind, round_: Round) -> Tally:
        """Give the votes of one kind in one round; an empty tally when there are none."""
        return self._tallies.get((round_, kind)) or Tally(self._validators)

    def add(self, vote: Vote) -> None:
        """Count a vote."""
        key = (vote.round, vote.kind)
        if key not in self._tallies:
            self._tallies[key] = Tally(self._validators)
        self._tallies[key].add(vote)

    def accuse_once(self, vote: Vote) -> bool:
        """Tell whether the sender is caught for the first time in this kind and round."""
        key = (vote.round, vote.kind, vote.validator)
        if key in self._accused:
            return False
        self._accused.add(key)
        return True

    def is_accused(self, vote: Vote) -> bool:
        """Tell whether the sender was caught in this kind and round before."""
        return (vote.round, vote.kind, vote.validator) in self._accused

    def has_quorum(self, kind: VoteKind, round_: Round, block: ValueId) -> bool:
        """Tell whether more than two thirds of the weight voted for `block`, or for nil."""
        return self.tally(kind, round_).weight_for(block) >= self._quorum_weight

    def has_quorum_any(self, kind: VoteKind, round_: Round) -> bool:
        """Tell whether more than two thirds of the weight voted, for whatever."""
        return self.tally(kind, round_).weight_any >= self._quorum_weight

    def voters(self, round_: Round) -> set[int]:
        """Give the indexes of all who voted in a round."""
        return self.tally("prevote", round_).voters() | self.tally("precommit", round_).voters()

    def rounds(self) -> list[Round]:
        """Give the rounds with any votes, in ascending order."""
        return sorted({round_ for round_, _ in self._tallies})

    def decisions(self) -> list[tuple[Round, Hash]]:
        """Give (round, value) for each value with a precommit quorum. Source: L49."""
        return [
            (round_, block)
            for (round_, kind), tally in sorted(self._tallies.items())
            if kind == "precommit"
            for block in tally.blocks_with_quorum()
        ]

    def limit_future(self, validator: int, present: Round) -> None:
        """Forget a validator's lowest future rounds, so that it cannot fill the memory."""
        future = [r for r in self.rounds() if r > present and validator in self.voters(r)]
        for round_ in future[:-FUTURE_ROUNDS_MAX]:
            for kind in ("prevote", "precommit"):
                tally = self._tallies.get((round_, kind))
                if tally is not None:
                    tally.remove(validator)
            if not self.voters(round_):
                self._drop_rounds({round_})

    def prune(self, present: Round, kept: Iterable[Round]) -> None:
        """Forget rounds long past, except those in `kept`."""
        wanted = set(kept)
        self._drop_rounds(
            {r for r in self.rounds() if r < present - PAST_ROUNDS_MAX and r not in wanted}
        )

    def _drop_rounds(self, rounds: set[Round]) -> None:
        self._tallies = {key: tally for key, tally in self._tallies.items() if key[0] not in rounds}
        self._accused = {key for key in self._accused if key[0] not in rounds}


def make_certificate(
    votes: VoteBook, height: Height, round_: Round, block: Hash
) -> QuorumCertificate:
    """Collect the precommits of one round for one block: no nil, no other round, no other value."""
    return QuorumCertificate(
        height=height,
        round=round_,
        block=block,
        signatures=tuple(
            CommitSignature(vote.validator, vote.time_ms, vote.signature)
            for vote in votes.tally("precommit", round_).votes_for(block)
        ),
    )


def votes_of(certificate: QuorumCertificate) -> list[Vote]:
    """Give a certificate back as the votes it was made of."""
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
