"""The committee: who decides each height, and the plan of the heights to come.

A change that is decided in block h comes into force at h + 2, or later when others wait: each
height brings one change at most. The plan is written down at once, as the whole sets of the heights
to come, so whether a change is possible is known when it is decided and never in doubt later.
"""

from dataclasses import dataclass
from typing import Final

from msgspec.structs import replace

from chain.errors import Refused
from chain.scalars import Height, NodeName, OrganisationId, Weight
from chain.validators import VALIDATORS_MAX, Validator, ValidatorSet
from contracts import state_keys
from contracts.context import TransactionContext
from contracts.governance_records import CommitteeCause, CommitteeRecord, VoteKeyRecord
from contracts.state import Overlay, decode_record

DELAY: Final = 2
"""Heights from the block that decides a change to the first one that the new set decides."""
PLAN_LENGTH_MAX: Final = 16
"""Most changes that wait; suspensions find a place beyond it."""
FREE_VOTERS_MAX: Final = 3
"""Fewer than four voters stand no fault anyhow, so their weights may change by any step."""


@dataclass(frozen=True, slots=True)
class Reason:
    """Why the validators change: what happened, to which node, and of whom."""

    cause: CommitteeCause
    node: NodeName | None
    organisation: OrganisationId


def get_committee(overlay: Overlay, height: Height) -> ValidatorSet:
    """Give the validators that decide a height."""
    return _first_record(overlay, state_keys.committee_key(height)).validators


def get_newest(overlay: Overlay) -> CommitteeRecord:
    """Give the last set that is planned: what the next change changes."""
    return _first_record(overlay, state_keys.committees_prefix())


def find_planned(overlay: Overlay, height: Height) -> ValidatorSet | None:
    """Give the set that comes into force at exactly this height, or None."""
    record = overlay.get_record(state_keys.committee_key(height), CommitteeRecord)
    return None if record is None else record.validators


def find_member(validators: ValidatorSet, node: NodeName) -> Validator:
    """Give the member called `node`.

    Raises: Refused: VT-2065, there is none.
    """
    index = validators.index_of(node)
    if index is None:
        raise Refused("VT-2065", reason=f"there is no node {node} among the validators")
    return validators.members[index]


def with_member(validators: ValidatorSet, changed: Validator) -> ValidatorSet:
    """Give the set in which `changed` takes the place of the member of its name."""
    members = (changed if one.node == changed.node else one for one in validators.members)
    return ValidatorSet(tuple(members), validators.engine)


def plan_change(
    after: ValidatorSet,
    reason: Reason,
    context: TransactionContext,
    overlay: Overlay,
    *,
    is_urgent: bool = False,
) -> Height:
    """Write down a new set for the first height that is free; give that height.

    Args: after: made of the newest set, and checked; is_urgent: it waits behind however many.
    Raises: Refused: VT-2066, too many changes wait.
    """
    now = context.block.height
    earliest = Height(now + DELAY)
    effective = max(earliest, Height(get_newest(overlay).height + 1))
    if effective - earliest >= PLAN_LENGTH_MAX and not is_urgent:
        raise Refused("VT-2066", waiting=effective - earliest, height=effective - 1)
    record = CommitteeRecord(
        height=effective,
        validators=after,
        cause=reason.cause,
        node=reason.node,
        organisation=reason.organisation,
        decided_height=now,
        transaction=context.transaction.id,
    )
    overlay.put_record(state_keys.committee_key(effective), record)
    context.emit(
        "committee_changed",
        reason.node or after.engine,
        {
            "cause": reason.cause,
            "organisation": reason.organisation,
            "effective_height": effective,
            "validators": len(after),
            "total_weight": after.total_weight,
            "engine": after.engine,
        },
    )
    return effective


def check_set(before: ValidatorSet, after: ValidatorSet) -> None:
    """Check that a set may follow another one by a change that members voted for.

    Raises: Refused: VT-2065, with the rule that is broken.
    """
    for holds, reason in (
        (len(after) > 0, "no validator would be left"),
        (
            len(after) <= VALIDATORS_MAX,
            f"at most {VALIDATORS_MAX} validators are allowed",
        ),
        (after.total_weight > 0, "nobody would be left with a vote"),
        (
            after.engine == "bft" or all(member.weight <= 1 for member in after.members),
            "under Raft every weight is 0 or 1",
        ),
        (
            _is_small_step(before, after),
            f"it moves a third of all weight or more, from {before.total_weight} to "
            f"{after.total_weight}; go in smaller steps",
        ),
    ):
        if not holds:
            raise Refused("VT-2065", reason=reason)


def has_weight_without(validators: ValidatorSet, node: NodeName) -> bool:
    """Tell whether anybody could still vote without this node."""
    return any(member.weight > 0 for member in validators.members if member.node != node)


def without_weight(member: Validator) -> Validator:
    """Give a member as one that follows and does not vote."""
    return replace(member, weight=Weight(0))


def put_vote_key(member: Validator, height: Height, overlay: Overlay) -> None:
    """Write down whose vote key a key is, for ever."""
    record = VoteKeyRecord(member.vote_key, member.node, member.organisation, height)
    overlay.put_record(state_keys.vote_key_key(member.vote_key), record)


def _is_small_step(before: ValidatorSet, after: ValidatorSet) -> bool:
    """Tell whether less than a third of the weight moves; a change moves the weight of one node.

    The set without the node that moved is part of both sets. With less than a third moved, the
    others are more than two thirds of the larger one: a newcomer alone can stop nothing, and what
    one decision takes away is less than what the rest can lose.
    """
    if sum(member.weight > 0 for member in before.members) <= FREE_VOTERS_MAX:
        return True
    moved = abs(after.total_weight - before.total_weight)
    return moved * 3 < max(before.total_weight, after.total_weight)


def _first_record(overlay: Overlay, start: bytes) -> CommitteeRecord:
    _, stop = state_keys.prefix_range(state_keys.committees_prefix())
    pairs = overlay.range(start, stop, 1)
    assert pairs, "the first set is that of genesis"
    return decode_record(pairs[0][1], CommitteeRecord)
