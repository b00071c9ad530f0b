"""Rules about how the chain goes on: rounds, clocks, nodes that lag, votes that never count."""

from collections.abc import Iterator, Sequence
from statistics import median, median_low
from typing import Final

from chain.scalars import UnixMillis
from node.api.views.consensus import AttendeeView, CatchUpView, ConsensusView
from node.diagnosis.finding import Finding, make_finding
from node.diagnosis.observation import Sight
from node.diagnosis.scene import Scene
from node.diagnosis.wording import format_size, format_span, join_words
from node.health import LAG_BLOCKS_MAX

ROUNDS_MAX: Final = 2
"""One round fails when its proposer is away; a second one in a row is no accident."""
CLOCK_OFF_MS: Final = 1_000
SILENT_BLOCKS: Final = 100
SILENT_MS: Final = 60_000


def find_failing_rounds(scene: Scene) -> Iterator[Finding]:
    """Tell when a height is not decided although enough validators are connected."""
    if not scene.has_quorum:
        return
    front = _find_front(scene)
    overdue = [one for one in _members_at(scene, front) if _is_overdue(one)]
    if not front or not scene.is_vouched(sight.node for sight in overdue):
        return
    now = front[0].consensus
    here = [sight.consensus for sight in front]
    voters = [member.node for member in scene.members.values() if member.weight > 0]
    explain = _explain_rounds if now.engine == "bft" else _explain_terms
    said, blamed = explain(here, voters)
    since_ms = median_low(one.to_local(_last_progress_ms(one.consensus)) for one in overdue)
    evidence = [_describe_position(sight) for sight in scene.sights.values()]
    evidence += [
        f"{sight.node} refused a block: {refusal.why}"
        for sight in scene.sights.values()
        for refusal in sight.consensus.refusals[-1:]
        if refusal.height == now.height
    ]
    yield make_finding(
        "VT-8106",
        blamed,
        since_ms=since_ms,
        evidence=evidence,
        height=now.height,
        round=f"{_name_round(now)} {now.round}",
        missing="; ".join(said),
    )


def _find_front(scene: Scene) -> list[Sight]:
    """Give the nodes at the newest height and round that more than a third of the weight is at.

    One node alone may name any round; nobody is blamed for what that one says.
    """
    sights = [sight for sight in scene.witnesses.values() if sight.node in scene.main]
    for sight in sorted(sights, key=_place_of, reverse=True):
        if scene.is_vouched(one.node for one in sights if _place_of(one) >= _place_of(sight)):
            return [one for one in sights if _place_of(one) == _place_of(sight)]
    return []


def _place_of(sight: Sight) -> tuple[int, int]:
    return sight.consensus.height, sight.consensus.round


def _members_at(scene: Scene, front: Sequence[Sight]) -> list[Sight]:
    """Give the nodes of the main group that work on the same height."""
    heights = {sight.consensus.height for sight in front}
    here = (sight for sight in scene.witnesses.values() if sight.node in scene.main)
    return [sight for sight in here if sight.consensus.height in heights]


def _explain_rounds(
    here: Sequence[ConsensusView], voters: Sequence[str]
) -> tuple[list[str], list[str]]:
    """Say whose proposal and votes are missing in a round, and name them."""
    proposer, said = here[0].proposer, []
    silent = {
        "prevote": _find_silent(here, voters, "has_prevoted"),
        "precommit": _find_silent(here, voters, "has_precommitted"),
    }
    blamed = [name for names in silent.values() for name in names]
    if not any(one.has_proposal for one in here):
        said.append(f"no proposal of {proposer} was seen, whose turn it is")
        blamed.insert(0, proposer)
    said += [f"no {kind} of {join_words(names)}" for kind, names in silent.items() if names]
    return said or [f"all vote, but not for the block of {proposer}"], list(dict.fromkeys(blamed))


def _explain_terms(
    here: Sequence[ConsensusView], voters: Sequence[str]
) -> tuple[list[str], list[str]]:
    """Say whom the members of a Raft committee follow."""
    leaders = sorted({one.proposer for one in here if one.proposer})
    if not leaders:
        return ["no leader is elected"], []
    said = [f"its leader is {join_words(leaders)}"]
    silent = _find_silent(here, voters, "has_precommitted")
    if silent and any(one.has_proposal for one in here):
        said.append(f"no acknowledgement of {join_words(silent)}")
    return said, list(dict.fromkeys([*leaders, *silent]))


def _is_overdue(sight: Sight) -> bool:
    now = sight.consensus
    has_failed = now.engine == "bft" and now.round >= ROUNDS_MAX
    return has_failed or now.now_ms - _last_progress_ms(now) > now.interval_ms_max


def _last_progress_ms(now: ConsensusView) -> int:
    return now.committed_ms if now.committed_ms is not None else now.started_ms


def _name_round(now: ConsensusView) -> str:
    return "round" if now.engine == "bft" else "term"


def _find_silent(views: Sequence[ConsensusView], voters: Sequence[str], flag: str) -> list[str]:
    """Name the voters that no view shows as having voted."""
    heard = {one.node for view in views for one in view.validators if getattr(one, flag)}
    return [node for node in voters if node not in heard]


def _describe_position(sight: Sight) -> str:
    now = sight.consensus
    span = format_span(now.now_ms - now.round_since_ms)
    place = f"height {now.height}, {_name_round(now)} {now.round} ({now.step})"
    return f"{sight.node}: {place} for {span}"


def find_wrong_clocks(scene: Scene) -> Iterator[Finding]:
    """Tell whose clock is off: by what it shows, or else by the times in its votes."""
    shown = list(scene.sights.values())
    judged: set[str] = set()
    if len(shown) >= 3:
        middle = median(sight.clock_ms for sight in shown)
        for sight in shown:
            offset = sight.clock_ms - middle
            judged.add(sight.node)
            if abs(offset) - sight.margin_ms > CLOCK_OFF_MS:
                others = f"the middle of the {len(shown)} clocks asked"
                yield _describe_clock(scene, sight.node, offset, others, [_margin(sight)])
    for node, member in scene.members.items():
        offsets = [
            one.clock_offset_ms
            for sight in shown
            for one in sight.consensus.validators
            if one.node == node and one.clock_offset_ms is not None
        ]
        # Of two that tell, one may be wrong: the lesser one counts.
        offset = sorted(offsets, key=abs)[(len(offsets) - 1) // 2] if offsets else 0
        if node not in judged and abs(offset) > CLOCK_OFF_MS:
            judged.add(node)
            evidence = ["by the times in its votes; a clock that is behind may be more so"]
            yield _describe_clock(scene, member.node, offset, "the others'", evidence)
    if len(shown) == 2 and not judged:
        yield from _compare_two(scene, shown)


def _compare_two(scene: Scene, shown: Sequence[Sight]) -> Iterator[Finding]:
    ahead, behind = sorted(shown, key=lambda sight: -sight.clock_ms)
    offset = ahead.clock_ms - behind.clock_ms
    if offset - ahead.margin_ms - behind.margin_ms > CLOCK_OFF_MS:
        # Two clocks alone do not say which one is wrong.
        evidence = [f"or that of {behind.node} is behind: two clocks do not say which is wrong"]
        yield _describe_clock(scene, ahead.node, offset, f"that of {behind.node}", evidence)


def _margin(sight: Sight) -> str:
    return f"measured to {max(1, round(sight.margin_ms))} ms over {sight.address}"


def _describe_clock(
    scene: Scene, node: str, offset_ms: float, others: str, evidence: Sequence[str]
) -> Finding:
    return make_finding(
        "VT-8115",
        [node],
        evidence=evidence,
        node=node,
        organisation=scene.organisation_of(node),
        offset=f"{abs(round(offset_ms))} ms",
        direction="ahead of" if offset_ms > 0 else "behind",
        others=others,
    )


def find_laggards(scene: Scene) -> Iterator[Finding]:
    """Tell which nodes fetch old blocks, and how far they are."""
    for sight in scene.sights.values():
        catch_up, height = sight.consensus.catch_up, sight.status.height
        if catch_up is None or catch_up.target - height <= LAG_BLOCKS_MAX:
            continue
        yield make_finding(
            "VT-8116",
            [sight.node],
            since_ms=sight.to_local(catch_up.since_ms),
            evidence=[_describe_speed(sight, catch_up)],
            node=sight.node,
            organisation=sight.status.organisation,
            blocks=catch_up.target - height,
            height=height,
            target=catch_up.target,
        )


def _describe_speed(sight: Sight, catch_up: CatchUpView) -> str:
    snapshot = catch_up.snapshot
    if snapshot is not None:
        return (
            f"it loads a snapshot of height {snapshot.height}: {snapshot.parts_done} of "
            f"{snapshot.parts_known} parts, {format_size(snapshot.size_bytes)}, "
            f"{snapshot.state_permille / 10:g} % of the state"
        )
    done = sight.status.height - catch_up.first_height
    all_ = catch_up.target - catch_up.first_height
    took_ms = max(1, sight.consensus.now_ms - catch_up.since_ms)
    if done <= 0:
        return f"no block came since it began {format_span(took_ms)} ago"
    left_ms = (all_ - done) * took_ms / done
    return (
        f"{done} of {all_} blocks ({100 * done // all_} %) in {format_span(took_ms)}; "
        f"about {format_span(left_ms)} to go"
    )


def find_silent_voters(scene: Scene) -> Iterator[Finding]:
    """Tell which validators are there, but decide nothing: no certificate holds their votes."""
    for node, member in scene.members.items():
        if member.weight == 0 or node not in scene.main or node in scene.mute:
            continue
        views = [
            (sight, one)
            for sight in scene.sights.values()
            for one in sight.consensus.validators
            if one.node == node and sight.node in scene.main and sight.consensus.engine == "bft"
        ]
        silent = [_count_silent_blocks(sight, one) for sight, one in views]
        if silent and min(silent) >= SILENT_BLOCKS:
            seen = [
                sight.to_local(one.last_vote.seen_ms)
                for sight, one in views
                if one.last_vote is not None
            ]
            since_ms: UnixMillis | None = max(seen, default=None)
            yield make_finding(
                "VT-8117",
                [node],
                since_ms=since_ms,
                node=node,
                organisation=member.organisation,
                blocks=min(silent),
            )


def _count_silent_blocks(sight: Sight, seen: AttendeeView) -> int:
    """Give how many blocks a node saw decided without a validator; 0 while that says nothing."""
    now = sight.consensus
    head = sight.status.height
    if seen.height is None or head - seen.height > LAG_BLOCKS_MAX:
        return 0  # It is behind, and says so itself.
    first, since_ms = now.first_height, now.started_ms
    if seen.last_vote is not None:
        first, since_ms = max(first, seen.last_vote.height), seen.last_vote.seen_ms
    return head - first if now.now_ms - since_ms >= SILENT_MS else 0
