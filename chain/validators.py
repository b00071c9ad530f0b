"""Who votes, by which engine and with what weight, and whose turn it is to propose."""

from functools import lru_cache
from math import gcd
from typing import Annotated, Final, Literal

from msgspec import Meta, Struct

from chain.codec import encode
from chain.hashing import hash_tagged
from chain.scalars import (
    Hash,
    HashField,
    Height,
    NodeName,
    NodeNameField,
    OrganisationField,
    PublicKeyField,
    Round,
    WeightField,
)

VALIDATORS_MAX: Final = 256
"""Most validators: each of them checks the votes of all in every round."""

EngineName = Literal["bft", "raft"]
"""How a committee agrees: `bft` stands less than a third of lying weight, `raft` only crashes."""


class Validator(Struct, frozen=True, array_like=True, forbid_unknown_fields=True):
    """A node that votes.

    `vote_key` signs proposals and votes. The node's TLS identity is pinned by two SHA-256 hashes of
    SubjectPublicKeyInfo: `tls_issuer` of its organisation's CA, `tls_key` of its own certificate.
    """

    node: NodeNameField
    organisation: OrganisationField
    vote_key: PublicKeyField
    weight: WeightField
    tls_issuer: HashField
    tls_key: HashField


class ValidatorSet(Struct, frozen=True, array_like=True, forbid_unknown_fields=True):
    """The validators of one height and how they agree; indexes in votes refer to `members`."""

    members: Annotated[tuple[Validator, ...], Meta(max_length=VALIDATORS_MAX)]
    engine: EngineName = "bft"

    def __len__(self) -> int:
        return len(self.members)

    @property
    def total_weight(self) -> int:
        """Sum of all weights."""
        return sum(member.weight for member in self.members)

    @property
    def quorum_weight(self) -> int:
        """Least weight that decides: more than two thirds of the total, in Raft more than half."""
        if self.engine == "raft":
            return self.total_weight // 2 + 1
        return self.total_weight * 2 // 3 + 1

    @property
    def honest_weight(self) -> int:
        """Least weight that holds a correct member: more than a third; in Raft anybody is."""
        return 1 if self.engine == "raft" else self.total_weight // 3 + 1

    def get(self, index: int) -> Validator | None:
        """Give the member at `index`, or None when there is none."""
        return self.members[index] if 0 <= index < len(self.members) else None

    def index_of(self, node: NodeName) -> int | None:
        """Give the index of the member named `node`, or None."""
        for index, member in enumerate(self.members):
            if member.node == node:
                return index
        return None


def compute_validators_root(validators: ValidatorSet) -> Hash:
    """Hash a validator set for the header."""
    return hash_tagged("validators", encode(validators))


def compute_proposer(validators: ValidatorSet, height: Height, round_: Round) -> int:
    """Give the index of the member that proposes at (height, round).

    Each member's turns are in proportion to its weight and spread out evenly: the schedule of one
    full cycle of turns is smooth weighted round robin, and turn `height + round` is looked up in
    it. It depends on its arguments alone, so a node that slept knows the proposer at once. A cycle
    has at most 4096 turns, so a member with less than about 1/4096 of the weight may get none.
    """
    schedule = _compute_schedule(tuple(member.weight for member in validators.members))
    return schedule[(height + round_) % len(schedule)]


_TURNS_MAX: Final = 4096


@lru_cache(maxsize=64)
def _compute_schedule(weights: tuple[int, ...]) -> tuple[int, ...]:
    divisor = gcd(*weights)
    total = sum(weights)
    turns = min(total // divisor, _TURNS_MAX)
    credits = [0] * len(weights)
    schedule = []
    for _ in range(turns):
        for index, weight in enumerate(weights):
            credits[index] += weight
        chosen = max(range(len(weights)), key=lambda index: (credits[index], -index))
        credits[chosen] -= total
        schedule.append(chosen)
    return tuple(schedule)
