"""Who is connected to whom, as several nodes see it."""

from node.diagnosis.scene import DEAF_MS, Scene
from tests.unit.node.diagnosis.scenes import (
    NAMES,
    NOW_MS,
    attendee,
    lost,
    observe,
    refused,
    sight,
)

ALPHA, BETA, GAMMA, DELTA = NAMES


def test_all_are_one_group_with_all_the_weight() -> None:
    scene = Scene(observe())
    assert (scene.main, scene.weight, scene.has_quorum) == (frozenset(NAMES), 4, True)
    assert scene.absent == ()


def test_one_side_that_does_not_hear_is_enough_to_part_two() -> None:
    deaf = attendee(ALPHA, BETA, heard_ms=NOW_MS - DEAF_MS - 1)
    scene = Scene(observe(sight(ALPHA, [deaf]), sight(BETA)))
    assert scene.is_linked(ALPHA, BETA) is False
    assert scene.is_linked(GAMMA, DELTA) is None
    assert scene.main == frozenset(NAMES)  # Both hear the other two, who pass messages on.
    heard = attendee(ALPHA, BETA, heard_ms=NOW_MS - DEAF_MS)
    assert Scene(observe(sight(ALPHA, [heard]), sight(BETA))).is_linked(ALPHA, BETA) is True


def test_a_connection_that_was_just_made_counts_before_anything_was_heard() -> None:
    fresh = attendee(ALPHA, BETA, heard_ms=None, since_ms=NOW_MS - 10)
    assert Scene(observe(sight(ALPHA, [fresh]))).is_linked(ALPHA, BETA) is True


def test_the_main_group_is_the_weightiest_that_answers() -> None:
    alone = sight(DELTA, [lost(DELTA, name, 1_000) for name in NAMES[:3]])
    scene = Scene(observe(alone))
    assert (scene.main, scene.weight) == (frozenset({DELTA}), 1)
    assert [str(one) for one in scene.absent] == [
        "alpha-1 (alpha)",
        "beta-1 (beta)",
        "gamma-1 (gamma)",
    ]
    assert Scene(observe(silent=[refused(DELTA)])).main == frozenset()


def test_a_node_that_only_follows_sees_but_has_no_weight() -> None:
    seen = [attendee("watch-1", name) for name in NAMES]
    watch = sight("watch-1", seen, of_status={"organisation": "auditor"})
    scene = Scene(observe(watch))
    assert scene.main == frozenset({*NAMES, "watch-1"})
    assert scene.weight == 4
    assert str(scene.members["watch-1"]) == "watch-1 (auditor)"


def test_a_node_that_is_no_member_and_reaches_none_tells_nothing_of_the_others() -> None:
    gone = sight("echo-1", [lost("echo-1", name, 9_000) for name in NAMES])
    alone = Scene(observe(gone))
    assert (alone.main, tuple(alone.outsiders), alone.witnesses) == (frozenset(), ("echo-1",), {})
    scene = Scene(observe(*(sight(name) for name in NAMES), gone))
    assert (scene.main, scene.absent) == (frozenset(NAMES), ())
    assert (scene.organisation_of("echo-1"), scene.organisation_of("nobody")) == ("echo", "")


def test_a_node_of_another_chain_is_no_witness() -> None:
    stranger = sight(DELTA, of_status={"genesis": "ff" * 32})
    assert tuple(Scene(observe(sight(ALPHA), sight(BETA), stranger)).sights) == (ALPHA, BETA)


def test_more_than_a_third_of_what_answers_has_to_say_a_thing() -> None:
    scene = Scene(observe(*(sight(name) for name in NAMES[:3])))
    assert not scene.is_vouched([])
    assert not scene.is_vouched([ALPHA])
    assert scene.is_vouched([ALPHA, BETA])
    assert Scene(observe(sight(ALPHA))).is_vouched([ALPHA])
    assert Scene(observe(sight(ALPHA), sight(BETA))).is_vouched([BETA])


def test_one_that_hears_the_dead_hides_nothing() -> None:
    liar = sight(DELTA)
    three = [sight(name, [lost(name, GAMMA, 9_000)]) for name in (ALPHA, BETA)]
    assert Scene(observe(*three, liar, silent=[refused(GAMMA)])).main == {ALPHA, BETA, DELTA}
    assert Scene(observe(*three, liar)).main == frozenset(NAMES)
    alone = sight(ALPHA, [lost(ALPHA, BETA, 9_000), lost(ALPHA, GAMMA, 9_000)])
    dead = [refused(BETA), refused(GAMMA)]
    assert Scene(observe(alone, liar, silent=dead)).main == {ALPHA, DELTA}
    # Nobody knows that they do not run, and one may reach what another does not.
    assert Scene(observe(alone, liar)).main == frozenset(NAMES)
    apart = attendee(ALPHA, BETA, connected=False, is_configured=False)
    assert Scene(observe(sight(ALPHA, [apart]), sight(DELTA))).main == frozenset(NAMES)


def test_times_are_told_by_the_clock_of_whoever_asks() -> None:
    wrong = [lost(ALPHA, DELTA, 10_000)]
    scene = Scene(observe(sight(ALPHA, wrong, clock_ms=90_000.0), sight(BETA), sight(GAMMA)))
    link = scene.link(ALPHA, DELTA)
    assert link is not None
    assert link.since_ms == NOW_MS - 10_000 - 90_000


def test_a_member_is_lost_since_the_last_one_lost_it() -> None:
    scene = Scene(
        observe(
            sight(ALPHA, [lost(ALPHA, DELTA, 10_000, "refused")]),
            sight(BETA, [attendee(BETA, DELTA, heard_ms=NOW_MS - 6_000)]),
            sight(GAMMA, [lost(GAMMA, DELTA, 20_000)]),
        )
    )
    assert scene.lost_ms(DELTA) == NOW_MS - 6_000
    assert scene.errors(DELTA) == ["alpha-1: refused"]
    assert scene.heard_ms(DELTA) == NOW_MS - 6_000
    assert scene.heard_ms("nobody") is None
    assert scene.lost_ms(ALPHA) is None
