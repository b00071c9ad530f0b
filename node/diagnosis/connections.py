"""Rules about who is there: a quorum, groups, missing nodes, connections that are down."""

from collections.abc import Iterator, Sequence
from itertools import combinations
from typing import Final

from chain.scalars import UnixMillis
from node.diagnosis.finding import Finding, make_finding
from node.diagnosis.observation import Member
from node.diagnosis.scene import Scene
from node.diagnosis.wording import format_span, join_words


def find_quorum_faults(scene: Scene) -> Iterator[Finding]:
    """Tell when the members that hear each other are too few to decide."""
    gone = [member for member in scene.absent if member.weight > 0]
    mute = [member for member in scene.members.values() if member.node in scene.mute]
    voters = [*gone, *mute]
    if scene.has_quorum or not _is_known(scene, voters):
        return
    since_ms = _compute_lost_ms(scene, gone)
    if scene.witnesses and not mute and all(one.node in scene.witnesses for one in gone):
        groups = [join_words(sorted(group)) for group in scene.groups]
        yield make_finding(
            "VT-8105",
            [member.node for member in voters],
            since_ms=since_ms,
            evidence=[line for member in voters for line in explain_absence(scene, member)],
            groups="; ".join(groups),
            quorum=scene.observation.quorum,
        )
        return
    evidence = [line for member in voters for line in explain_absence(scene, member)]
    evidence.append(f"for the next block {_explain_lack(scene)} must come back")
    yield make_finding(
        "VT-8104",
        [member.node for member in voters],
        since_ms=since_ms,
        evidence=evidence,
        missing=join_words(voters),
        present=_explain_presence(scene),
        quorum=scene.observation.quorum,
    )


def _is_known(scene: Scene, absent: Sequence[Member]) -> bool:
    """Tell whether absent members are absent, and not just not asked by anybody."""
    return bool(scene.witnesses) or (
        len(absent) > 0 and all(member.node in scene.silences for member in absent)
    )


def _explain_presence(scene: Scene) -> str:
    weights = [member.weight for member in scene.members.values() if member.weight > 0]
    able = " and able to vote" if scene.mute else ""
    if set(weights) == {1}:
        return f"{scene.weight} of {len(weights)} validators are connected{able}"
    return f"Validators with weight {scene.weight} of {sum(weights)} are connected{able}"


def _explain_lack(scene: Scene) -> str:
    lacking = scene.observation.quorum - scene.weight
    able = scene.main - scene.mute.keys()
    if all(one.weight <= 1 for one in scene.members.values() if one.node not in able):
        return f"{lacking} of them"
    return f"weight {lacking}"


def find_missing(scene: Scene) -> Iterator[Finding]:
    """Tell which nodes the others do without; not when that is why nothing goes on."""
    for member in scene.absent if scene.witnesses else ():
        if member.weight > 0 and not scene.has_quorum:
            continue  # It is named where the quorum is.
        if _has_stopped(scene, member.node):
            continue  # Its alarm says more.
        is_cut_off = member.node in scene.sights
        yield make_finding(
            "VT-8112" if is_cut_off else "VT-8111",
            [member.node],
            since_ms=scene.lost_ms(member.node),
            evidence=explain_absence(scene, member),
            node=member.node,
            organisation=member.organisation,
        )


_MUTE_CODES: Final = {
    ("unsure", "bft"): "VT-8141",
    ("unsure", "raft"): "VT-8142",
    ("no-key", "bft"): "VT-8143",
    ("no-key", "raft"): "VT-8143",
}


def find_mute(scene: Scene) -> Iterator[Finding]:
    """Tell which members run and cannot vote."""
    for node, why in scene.mute.items():
        code = _MUTE_CODES.get((why, scene.observation.engine))
        if code is not None:
            organisation = scene.organisation_of(node)
            yield make_finding(code, [node], node=node, organisation=organisation)


def find_silent_apis(scene: Scene) -> Iterator[Finding]:
    """Tell which addresses do not answer, where nothing else says it."""
    missing = {member.node for member in scene.absent} if _is_known(scene, scene.absent) else ()
    for silence in scene.observation.silences:
        if silence.node in missing:
            continue  # The node itself is missing.
        evidence = []
        heard_ms = None if silence.node is None else scene.heard_ms(silence.node)
        if heard_ms is not None:
            ago = format_span(scene.now_ms - heard_ms)
            evidence.append(f"other nodes heard {silence.node} {ago} ago")
        if scene.witnesses and silence.node is not None and silence.node not in scene.members:
            evidence.append(f"{silence.node} is no member of the chain")
        yield make_finding(
            "VT-8121",
            [] if silence.node is None else [silence.node],
            evidence=evidence,
            address=silence.address,
            reason=silence.reason,
        )


def find_broken_links(scene: Scene) -> Iterator[Finding]:
    """Tell which two nodes of the main group lack their connection, or have half of it."""
    for one, other in combinations(sorted(scene.main), 2):
        there, back = scene.link(one, other), scene.link(other, one)
        views = [view for view in (there, back) if view is not None]
        if not views or all(view.is_alive for view in views):
            continue
        if not any(view.is_configured or view.is_alive for view in views):
            continue  # Nobody meant them to be connected.
        if there is not None and back is not None and there.is_alive != back.is_alive:
            hearing, deaf = (there, back) if there.is_alive else (back, there)
            yield _describe_pair(
                scene, "VT-8114", hearing.observer, deaf.observer, deaf.since_ms, [deaf.error]
            )
        else:
            lost = [view for view in views if not view.is_alive]
            since_ms = max(view.since_ms for view in lost)
            errors = [f"{view.observer}: {view.error}" for view in lost if view.error]
            yield _describe_pair(scene, "VT-8113", one, other, since_ms, errors)


def explain_absence(scene: Scene, member: Member) -> list[str]:
    """Say since when a member is lost, and what is known of why."""
    node = member.node
    if node in scene.mute:
        return [f"{node}: it is connected, but cannot vote"]
    lost_ms = scene.lost_ms(node)
    said = []
    if lost_ms is not None:
        said.append(f"not heard for {format_span(scene.now_ms - lost_ms)}")
    silence = scene.silences.get(node)
    if node in scene.sights:
        said.append("it runs and answers here")
    elif node in scene.doubted:
        said.append("what its API says is not believed")
    elif silence is None:
        said.append("its API was not asked")
    elif silence.is_refused:
        said.append(f"{silence.address} refuses connections, so it does not run")
    else:
        said.append(f"{silence.address} does not answer ({silence.reason})")
    home = scene.homes.get(node)
    if home is not None and home.alarm is not None:
        said.append(f"it stopped with {home.alarm.code}")
    return [f"{node}: {', '.join(said)}", *scene.errors(node)[:1]]


def _has_stopped(scene: Scene, node: str) -> bool:
    home = scene.homes.get(node)
    return home is not None and home.alarm is not None and node not in scene.sights


def _compute_lost_ms(scene: Scene, absent: Sequence[Member]) -> UnixMillis | None:
    """Give when so many were lost that the rest could decide no longer; None when nobody saw."""
    lost = sorted((at, one.weight) for one in absent if (at := scene.lost_ms(one.node)) is not None)
    weight = scene.weight + sum(weight for _, weight in lost)
    for at_ms, lost_weight in lost:
        weight -= lost_weight
        if weight < scene.observation.quorum:
            return at_ms
    return None


def _describe_pair(
    scene: Scene,
    code: str,
    node: str,
    other: str,
    since_ms: UnixMillis,
    evidence: Sequence[str | None],
) -> Finding:
    return make_finding(
        code,
        [node, other],
        since_ms=since_ms,
        evidence=[line for line in evidence if line],
        node=node,
        organisation=scene.members[node].organisation,
        other=other,
        other_organisation=scene.members[other].organisation,
    )
