"""All rules together: healthy networks are silent, causes come before what follows from them."""

from node.api.views.consensus import FaultView
from node.diagnosis.finding import Severity
from node.diagnosis.observation import StateDifference
from node.diagnosis.rules import find_all
from tests.unit.node.diagnosis.scenes import (
    NAMES,
    NOW_MS,
    alarm,
    home,
    lost,
    observe,
    refused,
    sight,
)

ALPHA, BETA, GAMMA, DELTA = NAMES
STALLED = ["No block was committed for 40 s; consensus is at round 3 of height 201."]


def test_a_healthy_network_gives_no_finding() -> None:
    assert find_all(observe()) == []
    assert find_all(observe(homes=[home(name) for name in NAMES])) == []


def test_the_gravest_comes_first() -> None:
    sights = [
        sight(
            name,
            [lost(name, GAMMA, 5_000), lost(name, DELTA, 5_000)],
            of_machine={"disk_free_bytes": 200 << 20},
            of_status={"version": f"0.{index}.0"},
        )
        for index, name in enumerate(NAMES[:2])
    ]
    parted = StateDifference(DELTA, ALPHA, 150, ("state_root",), "ee", "dd")
    seen = observe(
        *sights,
        silent=[refused(GAMMA), refused(DELTA)],
        homes=[home(DELTA, alarm=alarm())],
        differences=[parted],
    )
    found = find_all(seen)
    assert [one.code for one in found] == [
        "VT-8102",
        "VT-8104",
        "VT-8122",
        "VT-8122",
        "VT-8124",
    ]
    assert [one.severity for one in found] == sorted(one.severity for one in found)
    assert found[0].severity is Severity.CRITICAL
    assert found[-1].severity is Severity.WARNING


def test_a_node_that_is_not_ready_is_told_only_when_nothing_else_says_why() -> None:
    unready = {"ready": False, "reasons": STALLED}
    (finding,) = find_all(observe(*(sight(n) for n in NAMES[:3]), sight(DELTA, of_status=unready)))
    assert (finding.code, finding.nodes) == ("VT-8126", (DELTA,))
    stuck = [sight(n, of_status=unready, of_consensus={"round": 3}) for n in NAMES]
    assert [one.code for one in find_all(observe(*stuck))] == ["VT-8106"]
    behind = sight(DELTA, of_status=unready, of_machine={"disk_free_bytes": 1 << 20})
    found = find_all(observe(*(sight(name) for name in NAMES[:3]), behind))
    assert [one.code for one in found] == ["VT-8118"]


def test_what_is_over_comes_after_what_is_not() -> None:
    fault = FaultView(
        code="VT-6001", why="It broke.", height=150, first_ms=NOW_MS, last_ms=NOW_MS, count=1
    )
    again = sight(ALPHA, [lost(ALPHA, DELTA, 60_000)], of_machine={"fault": fault})
    others = [sight(name, [lost(name, DELTA, 60_000)]) for name in (BETA, GAMMA)]
    found = find_all(observe(again, *others))
    assert [one.code for one in found] == ["VT-8111", "VT-8127"]
