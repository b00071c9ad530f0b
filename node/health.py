"""Whether this node makes progress, and if not, why, in words."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass

from chain.scalars import NodeName, UnixMillis
from chain.validators import Validator, ValidatorSet
from node.replica.replica import ReplicaView

LAG_BLOCKS_MAX = 3


@dataclass(frozen=True, slots=True)
class Circumstances:
    """What health depends on; times are Unix milliseconds."""

    own_name: NodeName
    validators: ValidatorSet
    connected: Collection[NodeName]
    view: ReplicaView
    now_ms: UnixMillis
    started_ms: UnixMillis
    last_commit_ms: UnixMillis | None
    block_interval_ms_max: int
    """Longest time between two blocks of a healthy chain."""


def explain_not_ready(now: Circumstances) -> tuple[str, ...]:
    """Give the reasons why this node is not ready, as sentences; none when it is."""
    reasons = []
    missing = _explain_quorum(now)
    if missing:
        reasons.append(missing)
    target = supported_height(now)
    if target - now.view.head.height > LAG_BLOCKS_MAX:
        reasons.append(
            f"This node is catching up: it is at height {now.view.head.height}, "
            f"its peers are at {target}.{_explain_snapshot(now.view)}"
        )
    mute = _explain_mute(now)
    if mute:
        reasons.append(mute)
    stalled = _explain_stall(now)
    if stalled:
        reasons.append(stalled)
    return tuple(reasons)


def _explain_mute(now: Circumstances) -> str | None:
    """Say why this node cannot vote, and what lets it or its organisation vote again."""
    index = now.validators.index_of(now.own_name)
    if not now.view.mute or index is None:
        return None
    if now.view.mute == "no-key":
        key = now.validators.members[index].vote_key.hex()
        return (
            f"This node does not vote: vote key {key}, which the chain names for it, is not in its "
            "home. Put its file back into keys/, or change the key with `veritwin member "
            "rotate-key --home HOME`."
        )
    lost = "This node does not vote: its file of what it signed last is lost."
    if now.validators.engine == "raft":
        return (
            f"{lost} Under Raft it never votes again: members remove it with `veritwin member "
            f"propose remove {now.own_name}`, and add one with a new home and another name with "
            "`veritwin member propose add-node --card CARD`."
        )
    return f"{lost} It votes again when all that it can have signed is in the past."


def _explain_snapshot(view: ReplicaView) -> str:
    progress = view.snapshot
    if progress is None:
        return ""
    return (
        f" It loads the snapshot of height {progress.height}: {progress.done} of "
        f"{progress.known} parts, {progress.state_permille // 10} % of the state."
    )


def supported_height(now: Circumstances) -> int:
    """Give the greatest height that more than a third of the weight claims: one peer may lie."""
    claims = dict(now.view.peer_heights)
    weight = 0
    members = [member for member in now.validators.members if member.node in claims]
    for member in sorted(members, key=lambda member: -claims[member.node]):
        weight += member.weight
        if weight >= now.validators.honest_weight:
            return claims[member.node]
    return 0


def _explain_quorum(now: Circumstances) -> str | None:
    here = {*now.connected, now.own_name}
    mute = {peer for peer, _ in now.view.mute_peers} | ({now.own_name} if now.view.mute else set())
    present = here - mute
    members = [member for member in now.validators.members if member.weight > 0]
    weight = sum(member.weight for member in members if member.node in present)
    if weight >= now.validators.quorum_weight:
        return None
    head = now.view.head
    if all(sets.index_of(now.own_name) is None for sets in (head.validators, head.next_validators)):
        return (
            f"{now.own_name} is no member of the chain at height {head.height}, so the others do "
            "not let it in; members add it with `veritwin member propose add-node`."
        )
    absent = [member for member in members if member.node not in here]
    silent = [member for member in members if member.node in here & mute]
    is_even = all(member.weight == 1 for member in members)
    lacks = [
        _name_lack(group, members if first else None, what, is_even=is_even)
        for group, first, what in (
            (absent, True, "are not reachable from here"),
            (silent, not absent, "cannot vote"),
        )
        if group
    ]
    needed = now.validators.quorum_weight
    return f"{', and '.join(lacks)}; {'' if is_even else 'weight '}{needed} must agree on a block."


def _name_lack(
    group: Sequence[Validator], of: Sequence[Validator] | None, what: str, *, is_even: bool
) -> str:
    """Say what is the matter with some validators.

    Args: of: all there are, to count the group against; is_even: each has the same weight.
    """
    count = len(group) if is_even else sum(member.weight for member in group)
    subject = f"{count}" if is_even else f"with weight {count}"
    if of is not None:
        all_ = len(of) if is_even else sum(member.weight for member in of)
        subject = f"{count} of {all_} validators"
        if not is_even:
            subject = f"Validators with weight {count} of {all_}"
    names = ", ".join(f"{member.node} ({member.organisation})" for member in group)
    return f"{subject} {what}: {names}"


def _explain_stall(now: Circumstances) -> str | None:
    since_ms = now.last_commit_ms
    if since_ms is None:
        since_ms = now.started_ms
        what = "No block was committed since this node started"
    else:
        what = "No block was committed"
    waited_ms = now.now_ms - since_ms
    if now.last_commit_ms is not None and waited_ms <= now.block_interval_ms_max:
        return None
    seconds = waited_ms // 1000
    return f"{what} for {seconds} s; consensus is at round {now.view.summary.round} of height " + (
        f"{now.view.head.next_height}."
    )
