"""Whether this node makes progress, and if not, why, in words."""

from collections.abc import Collection
from dataclasses import dataclass

from chain.scalars import NodeName, UnixMillis
from chain.validators import ValidatorSet
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
    if now.view.is_unsure:
        reasons.append(
            "This node does not vote: its file of what it signed last is lost. It votes again when "
            "all that it can have signed is in the past."
        )
    stalled = _explain_stall(now)
    if stalled:
        reasons.append(stalled)
    return tuple(reasons)


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
    present = {*now.connected, now.own_name}
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
    absent = [
        f"{member.node} ({member.organisation})" for member in members if member.node not in present
    ]
    if all(member.weight == 1 for member in members):
        counted = f"{len(absent)} of {len(members)} validators are not reachable"
        needed = f"{now.validators.quorum_weight} must agree on a block"
    else:
        counted = f"Validators with weight {now.validators.total_weight - weight} of "
        counted += f"{now.validators.total_weight} are not reachable"
        needed = f"weight {now.validators.quorum_weight} must agree on a block"
    return f"{counted} from here: {', '.join(absent)}; {needed}."


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
