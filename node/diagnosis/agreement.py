"""Rules about one truth: states that differ, chains that fork, validators that sign twice."""

from collections.abc import Iterator

from chain.scalars import UnixMillis
from contracts.state_keys import show_key
from node.diagnosis.finding import Finding, make_finding
from node.diagnosis.observation import StateDifference
from node.diagnosis.scene import Scene
from node.diagnosis.values import describe_values
from node.diagnosis.wording import join_words


def find_differences(scene: Scene) -> Iterator[Finding]:
    """Tell whose state differs, from which height and key on."""
    for one in scene.observation.differences:
        home = scene.homes.get(one.node)
        alarm = None if home is None else home.alarm
        member = scene.members.get(one.node)
        yield make_finding(
            "VT-8103" if one.is_fork else "VT-8102",
            [one.node] if one.other is None else [one.node, one.other],
            since_ms=None if alarm is None else UnixMillis(alarm.first_ms),
            evidence=list(_explain(one)),
            node=one.node,
            organisation="" if member is None else member.organisation,
            other=one.other,
            height=one.height,
            key=describe_key(one),
        )


def describe_key(one: StateDifference) -> str:
    """Name the first key that differs, as well as it is known."""
    if one.key is not None:
        return f"the first key that differs is {show_key(one.key)}"
    if one.damaged:
        return f"its disk holds another value of {show_key(one.damaged[0])}"
    if one.path is not None:
        return f"the first key that differs has the path {one.path[:16]}.."
    if one.own_root == one.other_root:
        return f"the state is alike, but not {', '.join(one.fields)}"
    return "which key differs is not known"


def _explain(one: StateDifference) -> Iterator[str]:
    yield f"state root {one.own_root[:16]}.. at {one.node}"
    whose = "the quorum" if one.other is None else one.other
    yield f"state root {one.other_root[:16]}.. at {whose}"
    if one.key is not None or one.path is not None:
        own, other = _shorten(one.own_value), _shorten(one.other_value)
        yield f"value there: {own} at {one.node}, {other} at {whose}"
        yield from _explain_values(one, whose)
    if one.damaged:
        names = ", ".join(show_key(key) for key in one.damaged)
        yield f"its own disk holds other values than the signed state: {names}"
    if one.transaction is not None:
        yield f"the first transaction with another result is {one.transaction}"
    if one.writer is not None and one.writer != one.transaction:
        yield f"the key was written last by transaction {one.writer}"
    if one.signed_both:
        yield f"both blocks are signed by {', '.join(one.signed_both)}"
    if one.note is not None:
        yield one.note


def _explain_values(one: StateDifference, whose: str) -> Iterator[str]:
    """Show what stands there, when both values are known or one side has none."""
    if (one.own_value is None) != (one.own_data is None):
        return
    if (one.other_value is None) != (one.other_data is None):
        return
    place, own, other = describe_values(one.own_data, one.other_data)
    yield f"in it{f' at {place}' if place else ''}: {own} at {one.node}, {other} at {whose}"


def _shorten(value_hash: str | None) -> str:
    return "none" if value_hash is None else f"hash {value_hash[:16]}.."


def find_double_signers(scene: Scene) -> Iterator[Finding]:
    """Tell which validators were seen signing two things at one place, each place once.

    One witness alone, where more were asked, is told of as the one who says so.
    """
    told: set[tuple[str, str, int, int]] = set()
    for sight in scene.sights.values():
        for one in sight.consensus.accusations:
            place = (one.node, one.kind, one.height, one.round)
            if place in told:
                continue
            told.add(place)
            member = scene.members.get(one.node)
            witnesses = [
                other.node
                for other in scene.sights.values()
                if any(
                    (said.node, said.kind, said.height, said.round) == place
                    for said in other.consensus.accusations
                )
            ]
            # One may say anything of another; what is so is recorded in the chain, with proof.
            is_vouched = scene.is_vouched(name for name in witnesses if name in scene.main)
            yield make_finding(
                "VT-8107" if is_vouched else "VT-8150",
                [one.node] if is_vouched else [*witnesses, one.node],
                since_ms=sight.to_local(one.seen_ms),
                evidence=[f"seen by {', '.join(witnesses)}"],
                witness=join_words(witnesses),
                node=one.node,
                organisation="" if member is None else member.organisation,
                kind=one.kind,
                height=one.height,
                round=one.round,
            )
