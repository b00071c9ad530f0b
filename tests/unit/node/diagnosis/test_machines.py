"""What goes wrong on single machines."""

from typing import Any

import pytest

from node.api.views.consensus import CertificateExpiryView, FaultView
from node.diagnosis.machines import (
    WORKER_RECENT_MS,
    find_ending_certificates,
    find_faults,
    find_full_disks,
    find_full_mempools,
    find_restarted_workers,
    find_strangers,
    find_unproven,
    find_unready,
    find_versions,
)
from node.diagnosis.observation import Observation, OddAnswer, StateDifference, Unproven
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
)

ALPHA, BETA, GAMMA, DELTA = NAMES
DAY_MS = 86_400_000


def with_machine(**changed: Any) -> Observation:
    """All well but for one machine, delta's."""
    return observe(*(sight(name) for name in NAMES[:3]), sight(DELTA, of_machine=changed))


def test_healthy_machines_give_no_finding() -> None:
    for rule in (
        find_faults,
        find_full_disks,
        find_full_mempools,
        find_restarted_workers,
        find_ending_certificates,
        find_versions,
        find_strangers,
        find_unready,
    ):
        assert ask(rule, observe(homes=[home(name) for name in NAMES])) == []


def test_a_node_that_stopped_by_itself_tells_why() -> None:
    seen = observe(
        *(sight(name) for name in NAMES[:3]),
        silent=[refused(DELTA)],
        homes=[home(DELTA, alarm=alarm("VT-6001", count=3))],
    )
    (finding,) = ask(find_faults, seen)
    assert (finding.code, finding.nodes, finding.since_ms) == (
        "VT-8110",
        (DELTA,),
        NOW_MS - 600_000,
    )
    assert finding.what == ("delta-1 stopped with VT-6001: The database is damaged. It broke.")
    assert finding.evidence == (
        "at height 150, 3 times, the last time 1 min ago",
        "written down in try-out/delta-1",
    )


def test_a_node_that_could_not_even_begin_tells_why() -> None:
    seen = observe(homes=[home(DELTA, alarm=alarm(height=None))], silent=[refused(DELTA)])
    (finding,) = ask(find_faults, seen)
    assert finding.evidence[0] == "before it began, once, the last time 1 min ago"


def test_a_diverged_node_is_told_once() -> None:
    parted = StateDifference(DELTA, ALPHA, 150, ("state_root",), "ee", "dd")
    seen = observe(
        silent=[refused(DELTA)], homes=[home(DELTA, alarm=alarm())], differences=[parted]
    )
    assert ask(find_faults, seen) == []


def test_a_node_that_runs_again_but_is_not_past_its_fault_says_so() -> None:
    fault = FaultView(
        code="VT-3041",
        why="It broke.",
        height=150,
        first_ms=NOW_MS - 60_000,
        last_ms=NOW_MS - 60_000,
        count=1,
    )
    (finding,) = ask(find_faults, with_machine(fault=fault))
    assert (finding.code, finding.nodes) == ("VT-8127", (DELTA,))
    assert finding.what == (
        "delta-1 runs again after VT-3041: This node gets another state than the quorum."
    )
    assert finding.evidence == ("It broke.", "it is at height 200")


@pytest.mark.parametrize(
    ("free", "code"), [(511 << 20, "VT-8122"), (127 << 20, "VT-8118"), (512 << 20, None)]
)
def test_a_disk_that_is_full_or_nearly_so_is_named(free: int, code: str | None) -> None:
    running = with_machine(disk_free_bytes=free)
    stopped = observe(*(sight(name) for name in NAMES[:3]), homes=[home(DELTA, free_bytes=free)])
    for seen in (running, stopped):
        found = ask(find_full_disks, seen)
        assert [one.code for one in found] == ([code] if code else [])
        assert all(one.nodes == (DELTA,) for one in found)


def test_a_full_disk_says_how_full() -> None:
    (finding,) = ask(find_full_disks, with_machine(disk_free_bytes=100 << 20))
    assert finding.what == "delta-1 has 100 MiB left on its disk, less than the 128 MiB it needs."


def test_a_disk_nobody_can_measure_is_no_finding() -> None:
    assert ask(find_full_disks, observe(homes=[home(DELTA, free_bytes=None)])) == []


def test_a_mempool_that_is_nearly_full_is_named() -> None:
    (finding,) = ask(find_full_mempools, with_machine(mempool_transactions=90_000))
    assert (finding.code, finding.nodes) == ("VT-8119", (DELTA,))
    assert finding.what == ("delta-1 holds 90000 transactions with 5 KiB; 100000 is its limit.")
    (finding,) = ask(find_full_mempools, with_machine(mempool_bytes=64 << 20))
    assert finding.what.endswith("64 MiB is its limit.")
    assert finding.evidence == ("100 % of its room is taken",)
    assert ask(find_full_mempools, with_machine(mempool_transactions=89_999)) == []


def test_a_worker_that_died_of_late_is_told() -> None:
    died = {"worker_restarts": 2, "worker_restarted_ms": NOW_MS - 120_000}
    (finding,) = ask(find_restarted_workers, with_machine(**died))
    assert (finding.code, finding.nodes, finding.evidence) == (
        "VT-8125",
        (DELTA,),
        ("the last time 2 min ago", "transactions that it could not execute: 0"),
    )
    old = {"worker_restarts": 2, "worker_restarted_ms": NOW_MS - WORKER_RECENT_MS}
    assert ask(find_restarted_workers, with_machine(**old)) == []


def expiring(name: str, days: float) -> CertificateExpiryView:
    return CertificateExpiryView(name=name, expires_ms=NOW_MS + round(days * DAY_MS))


def test_certificates_that_end_are_named_once() -> None:
    soon = [expiring("node delta-1", 12.5), expiring("CA of delta", 3_000)]
    seen = observe(
        sight(ALPHA, [attendee(ALPHA, DELTA, certificate_expires_ms=soon[0].expires_ms)]),
        sight(DELTA, of_machine={"certificates": soon}),
        homes=[home(DELTA, certificates=tuple(soon))],
    )
    (finding,) = ask(find_ending_certificates, seen)
    assert (finding.code, finding.nodes) == ("VT-8123", (DELTA,))
    assert finding.what == "The certificate of node delta-1 ends in 12 days."


@pytest.mark.parametrize("days", [0, 1])
def test_certificates_that_have_ended_are_graver(days: int) -> None:
    ended = expiring("CA of delta", -days)
    (finding,) = ask(find_ending_certificates, with_machine(certificates=[ended]))
    assert (finding.code, finding.nodes, finding.since_ms) == (
        "VT-8120",
        (),
        NOW_MS - days * DAY_MS,
    )


def test_one_node_alone_does_not_end_the_certificate_of_another() -> None:
    good, wrong = ([expiring("CA of alpha", days)] for days in (900, -900))
    others = [sight(name, of_machine={"certificates": good}) for name in NAMES[:3]]
    seen = observe(*others, sight(DELTA, of_machine={"certificates": wrong}))
    assert ask(find_ending_certificates, seen) == []


def test_different_versions_are_told() -> None:
    seen = observe(*(sight(n) for n in NAMES[:3]), sight(DELTA, of_status={"version": "0.2.0"}))
    (finding,) = ask(find_versions, seen)
    assert finding.what == "The nodes run 0.1.0 and 0.2.0."
    assert finding.evidence == ("0.1.0: alpha-1, beta-1, gamma-1", "0.2.0: delta-1")


def test_a_node_of_another_chain_is_told() -> None:
    seen = observe(*(sight(n) for n in NAMES[:3]), sight(DELTA, of_status={"genesis": "cd" * 32}))
    (finding,) = ask(find_strangers, seen)
    assert (finding.code, finding.nodes) == ("VT-8101", (DELTA,))
    assert finding.what == (
        "delta-1 runs chain cdcdcdcdcdcdcdcd, the other nodes run abababababababab."
    )


def test_a_node_that_is_no_member_is_told_so_and_nothing_else() -> None:
    away = [lost("echo-1", name, 9_000) for name in NAMES]
    gone, behind = (sight("echo-1", away, of_status={"height": height}) for height in (200, 0))
    for seen in (observe(gone), observe(*(sight(name) for name in NAMES), behind)):
        (finding,) = find_all(seen)
        assert (finding.code, finding.nodes) == ("VT-8129", ("echo-1",))
        assert finding.what == (
            "echo-1 is no member of the chain at height 200, so the others do not let it in."
        )


def test_what_cannot_be_is_told_of_who_says_it() -> None:
    seen = observe(
        *(sight(name) for name in NAMES[:3]),
        odd=[OddAnswer("http://x:1", "In /v1/status height is -1.", DELTA)],
        unproven=[Unproven("http://y:1", GAMMA, 12, "Another block.")],
    )
    shown, odd = ask(find_unproven, seen)
    assert (shown.code, shown.nodes, shown.evidence) == ("VT-8140", (GAMMA,), ("Another block.",))
    assert shown.what == (
        "gamma-1 at http://y:1 shows another block at height 12 than was decided there."
    )
    assert (odd.code, odd.nodes) == ("VT-8128", (DELTA,))


def test_what_a_node_says_against_itself_is_told() -> None:
    reasons = ["No block was committed for 40 s.", "More."]
    seen = observe(sight(DELTA, of_status={"ready": False, "reasons": reasons}))
    (finding,) = ask(find_unready, seen)
    assert finding.what == "delta-1 (delta) says: No block was committed for 40 s."
    assert finding.evidence == ("More.",)
