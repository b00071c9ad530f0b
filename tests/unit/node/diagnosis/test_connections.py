"""Who is missing, since when, and whether the rest can go on."""

import pytest
from msgspec.structs import replace

from chain.validators import EngineName
from node.api.views.consensus import AttendeeView
from node.diagnosis.connections import (
    find_broken_links,
    find_missing,
    find_quorum_faults,
    find_silent_apis,
)
from node.diagnosis.machines import find_unproven
from node.diagnosis.observation import OddAnswer, Sight, Silence
from node.diagnosis.rules import find_all
from tests.unit.node.diagnosis.scenes import (
    NAMES,
    NOW_MS,
    alarm,
    ask,
    attendee,
    home,
    lost,
    observe,
    refused,
    sight,
    timed_out,
)

ALPHA, BETA, GAMMA, DELTA = NAMES


def test_in_a_healthy_network_nobody_is_missing() -> None:
    for rule in (find_quorum_faults, find_missing, find_silent_apis, find_broken_links):
        assert ask(rule, observe()) == []


def three_without_delta() -> list[Sight]:
    return [
        sight(name, [lost(name, DELTA, 60_000 + 1_000 * index, "VT-5001: refused")])
        for index, name in enumerate(NAMES[:3])
    ]


def test_a_killed_node_is_named_with_since_when_and_why() -> None:
    seen = observe(*three_without_delta(), silent=[refused(DELTA)])
    (finding,) = ask(find_missing, seen)
    assert (finding.code, finding.nodes) == ("VT-8111", (DELTA,))
    assert finding.what == "delta-1 (delta) is connected to none of the nodes that answer."
    assert finding.since_ms == NOW_MS - 60_000  # When the last of the others lost it.
    assert finding.evidence == (
        "delta-1: not heard for 1 min, http://delta-1:8000 refuses connections, so it does not run",
        "alpha-1: VT-5001: refused",
    )
    assert ask(find_quorum_faults, seen) == []
    assert ask(find_silent_apis, seen) == []


def test_a_node_whose_api_was_not_asked_is_missed_all_the_same() -> None:
    (finding,) = ask(find_missing, observe(*three_without_delta()))
    assert finding.evidence[0] == "delta-1: not heard for 1 min, its API was not asked"


def test_a_node_that_stopped_with_an_alarm_is_left_to_that() -> None:
    seen = observe(*three_without_delta(), homes=[home(DELTA, alarm=alarm())])
    assert ask(find_missing, seen) == []


def test_a_paused_node_is_missed_when_it_was_not_heard_for_a_while() -> None:
    def three(silent_ms: int) -> list[Sight]:
        heard = NOW_MS - silent_ms
        return [sight(name, [attendee(name, DELTA, heard_ms=heard)]) for name in NAMES[:3]]

    seen = observe(*three(6_000), silent=[timed_out(DELTA)])
    (finding,) = ask(find_missing, seen)
    assert (finding.code, finding.since_ms) == ("VT-8111", NOW_MS - 6_000)
    assert finding.evidence == (
        "delta-1: not heard for 6 s, http://delta-1:8000 does not answer (no answer within 3 s)",
    )
    seen = observe(*three(4_000), silent=[timed_out(DELTA)])
    assert ask(find_missing, seen) == []
    (finding,) = ask(find_silent_apis, seen)
    assert (finding.code, finding.evidence) == (
        "VT-8121",
        ("other nodes heard delta-1 4 s ago",),
    )


def test_a_node_that_answers_but_reaches_nobody_is_cut_off() -> None:
    alone = sight(DELTA, [lost(DELTA, name, 30_000, "VT-5001: no route") for name in NAMES[:3]])
    (finding,) = ask(find_missing, observe(*three_without_delta(), alone))
    assert (finding.code, finding.nodes) == ("VT-8112", (DELTA,))
    assert finding.evidence[0] == "delta-1: not heard for 1 min, it runs and answers here"


def test_two_of_four_killed_leave_no_quorum_and_who_must_come_back_is_said() -> None:
    sights = [
        sight(name, [lost(name, GAMMA, 5_000), lost(name, DELTA, 90_000)]) for name in NAMES[:2]
    ]
    seen = observe(*sights, silent=[refused(GAMMA), refused(DELTA)])
    (finding,) = ask(find_quorum_faults, seen)
    assert (finding.code, finding.nodes) == ("VT-8104", (GAMMA, DELTA))
    assert finding.what == (
        "Missing: gamma-1 (gamma) and delta-1 (delta). 2 of 4 validators are connected, "
        "3 must agree."
    )
    assert finding.since_ms == NOW_MS - 5_000  # With delta alone away, the others went on.
    assert finding.evidence[-1] == "for the next block 1 of them must come back"
    assert ask(find_missing, seen) == []
    assert ask(find_silent_apis, seen) == []


def test_weights_count_and_not_heads() -> None:
    def seen_by(name: str) -> list[AttendeeView]:
        others = [one for one in NAMES if one != GAMMA]
        weights = {ALPHA: 1, BETA: 1, GAMMA: 4, DELTA: 1}
        return [
            *(attendee(name, one, weight=weights[one]) for one in others),
            replace(lost(name, GAMMA, 7_000), weight=4),
        ]

    sights = [sight(name, seen_by(name)) for name in (ALPHA, BETA, DELTA)]
    (finding,) = ask(find_quorum_faults, observe(*sights, weights=(1, 1, 4, 1)))
    assert finding.what == (
        "Missing: gamma-1 (gamma). Validators with weight 3 of 7 are connected, 5 must agree."
    )
    assert finding.evidence[-1] == "for the next block weight 2 must come back"


def test_a_member_without_weight_is_missed_but_not_for_the_quorum() -> None:
    sights = [
        sight(name, [replace(lost(name, DELTA, 9_000), weight=0)]) for name in (ALPHA, BETA, GAMMA)
    ]
    seen = observe(*sights, weights=(1, 1, 1, 0))
    assert ask(find_quorum_faults, seen) == []
    assert [finding.code for finding in ask(find_missing, seen)] == ["VT-8111"]


def test_a_network_in_two_halves_that_all_run_is_split() -> None:
    def half(name: str, others: tuple[str, ...]) -> list[AttendeeView]:
        return [lost(name, other, 20_000) for other in others]

    sights = [
        *(sight(name, half(name, (GAMMA, DELTA))) for name in (ALPHA, BETA)),
        *(sight(name, half(name, (ALPHA, BETA))) for name in (GAMMA, DELTA)),
    ]
    (finding,) = ask(find_quorum_faults, observe(*sights))
    assert finding.code == "VT-8105"
    assert finding.what == (
        "The groups are alpha-1 and beta-1; delta-1 and gamma-1. 3 must agree on a block."
    )
    assert ask(find_missing, observe(*sights)) == []


def test_when_nobody_answers_all_who_were_asked_are_missing() -> None:
    seen = observe(silent=[refused(name) for name in NAMES])
    (finding,) = ask(find_quorum_faults, seen)
    assert (finding.code, finding.nodes, finding.since_ms) == ("VT-8104", NAMES, None)
    assert finding.evidence[0] == (
        "alpha-1: http://alpha-1:8000 refuses connections, so it does not run"
    )
    assert ask(find_silent_apis, seen) == []
    assert ask(find_missing, seen) == []


def test_one_address_that_is_silent_says_nothing_about_nodes_that_were_not_asked() -> None:
    seen = observe(silent=[refused(DELTA)])
    assert ask(find_quorum_faults, seen) == []
    (finding,) = ask(find_silent_apis, seen)
    assert finding.what == "http://delta-1:8000 does not answer: connection refused."


def mute(node: str, why: str) -> Sight:
    """A node that says that it cannot vote."""
    return sight(node, [attendee(node, node, mute=why)])


@pytest.mark.parametrize(
    ("why", "engine", "code"),
    [
        ("unsure", "bft", "VT-8141"),
        ("unsure", "raft", "VT-8142"),
        ("no-key", "bft", "VT-8143"),
        ("no-key", "raft", "VT-8143"),
    ],
)
def test_a_member_that_cannot_vote_is_named_at_once(
    why: str, engine: EngineName, code: str
) -> None:
    seen = observe(*(sight(name) for name in NAMES[:3]), mute(DELTA, why), engine=engine)
    (finding,) = find_all(seen)
    assert (finding.code, finding.nodes) == (code, (DELTA,))
    assert finding.what.startswith("delta-1 (delta) runs")


@pytest.mark.parametrize("engine", ["bft", "raft"])
def test_who_cannot_vote_is_missing_for_the_quorum(engine: EngineName) -> None:
    sights = [sight(name, [lost(name, DELTA, 9_000)]) for name in (ALPHA, GAMMA)]
    beta = sight(BETA, [lost(BETA, DELTA, 9_000), attendee(BETA, BETA, mute="unsure")])
    found = find_all(observe(*sights, beta, silent=[refused(DELTA)], engine=engine))
    assert [one.code for one in found] == [
        "VT-8104",
        "VT-8141" if engine == "bft" else "VT-8142",
    ]
    assert found[0].nodes == (DELTA, BETA)
    assert found[0].what == (
        "Missing: delta-1 (delta) and beta-1 (beta). 2 of 4 validators are connected and able to "
        "vote, 3 must agree."
    )
    assert found[0].since_ms == NOW_MS - 9_000
    assert found[0].evidence[-2:] == (
        "beta-1: it is connected, but cannot vote",
        "for the next block 1 of them must come back",
    )


def test_one_word_about_another_takes_nobodys_vote() -> None:
    said = [attendee(ALPHA, DELTA, mute="no-key")]
    assert find_all(observe(sight(ALPHA, said), *(sight(name) for name in NAMES[1:]))) == []
    unasked = [sight(BETA), sight(GAMMA)]
    assert find_all(observe(sight(ALPHA, said), *unasked)) == []
    (finding,) = find_all(observe(sight(ALPHA, said)))
    assert (finding.code, finding.nodes) == ("VT-8143", (DELTA,))


def test_too_few_that_can_vote_are_no_split() -> None:
    seen = observe(sight(ALPHA), sight(BETA), mute(GAMMA, "unsure"), mute(DELTA, "unsure"))
    assert [one.code for one in find_all(seen)] == ["VT-8104", "VT-8141", "VT-8141"]


def test_silent_and_odd_addresses_are_told() -> None:
    stranger = Silence("http://x:1", None, "connection refused", is_refused=True)
    seen = observe(*(sight(name) for name in NAMES), silent=[stranger])
    assert [(one.code, one.nodes) for one in ask(find_silent_apis, seen)] == [("VT-8121", ())]
    gone = observe(*(sight(name) for name in NAMES), silent=[refused("echo-1")])
    (finding,) = ask(find_silent_apis, gone)
    assert finding.evidence == ("echo-1 is no member of the chain",)
    seen = observe(odd=[OddAnswer("http://y:1", "It is a printer.")])
    (finding,) = ask(find_unproven, seen)
    assert (finding.code, finding.what) == ("VT-8128", "http://y:1: It is a printer.")


def test_two_nodes_without_their_connection_are_named() -> None:
    sights = [
        sight(ALPHA, [lost(ALPHA, DELTA, 40_000, "VT-5001: no route")]),
        sight(BETA),
        sight(GAMMA),
        sight(DELTA, [lost(DELTA, ALPHA, 30_000, "VT-5001: timed out")]),
    ]
    (finding,) = ask(find_broken_links, observe(*sights))
    assert (finding.code, finding.nodes) == ("VT-8113", (ALPHA, DELTA))
    assert finding.what == "alpha-1 (alpha) and delta-1 (delta) have no connection."
    assert finding.since_ms == NOW_MS - 30_000
    assert finding.evidence == ("alpha-1: VT-5001: no route", "delta-1: VT-5001: timed out")
    assert ask(find_missing, observe(*sights)) == []


def test_nodes_that_were_never_meant_to_be_connected_are_no_finding() -> None:
    def apart(name: str, other: str) -> list[AttendeeView]:
        return [replace(lost(name, other, 40_000), is_configured=False)]

    ring = [
        sight(ALPHA, apart(ALPHA, GAMMA)),
        sight(BETA, apart(BETA, DELTA)),
        sight(GAMMA, apart(GAMMA, ALPHA)),
        sight(DELTA, apart(DELTA, BETA)),
    ]
    assert ask(find_broken_links, observe(*ring)) == []


def test_a_connection_that_works_one_way_is_told_with_its_direction() -> None:
    sights = [
        sight(ALPHA, [attendee(ALPHA, DELTA, heard_ms=NOW_MS - 7_000)]),
        sight(BETA),
        sight(GAMMA),
        sight(DELTA),
    ]
    (finding,) = ask(find_broken_links, observe(*sights))
    assert (finding.code, finding.nodes) == ("VT-8114", (DELTA, ALPHA))
    assert finding.what == ("delta-1 (delta) hears alpha-1 (alpha), which does not hear it.")
    assert finding.since_ms == NOW_MS - 7_000


def test_a_silent_api_of_a_node_that_was_never_heard_claims_nothing() -> None:
    fresh = [
        sight(name, [attendee(name, DELTA, heard_ms=None, since_ms=NOW_MS)]) for name in NAMES[:3]
    ]
    (finding,) = ask(find_silent_apis, observe(*fresh, silent=[timed_out(DELTA)]))
    assert (finding.code, finding.evidence) == ("VT-8121", ())
