"""What a node's API says of its consensus and its machine, asked of a runtime that stands still."""

from collections.abc import Iterator
from contextlib import suppress
from dataclasses import replace
from pathlib import Path

import pytest

from chain.scalars import Hash, Height, NodeName, Round, UnixMillis
from consensus.bft.repair import RoundSummary
from consensus.bft.state import Step
from consensus.raft.member import Role
from consensus.raft.summary import RaftSummary
from node.alarm import AlarmFile
from node.api.views.consensus import AttendeeView, ConsensusView
from node.attendance import Accusation
from node.clock import now_ms
from node.config import load_config
from node.describing import (
    describe_consensus,
    describe_fault,
    describe_machine,
    list_certificates,
)
from node.metrics import Metrics
from node.opening import open_node
from node.replica.snapshot_work import SnapshotProgress
from node.runtime import Runtime
from tests.unit.node.conftest import IdleExecutor, found
from tests.unit.node.diagnosis.scenes import alarm

ACME, BOLT = NodeName("acme-1"), NodeName("bolt-1")


@pytest.fixture
def runtime(tmp_path: Path) -> Iterator[Runtime]:
    """A node of four that was opened and not started."""
    network = found(tmp_path / "network", "acme", "bolt", "core", "dyna")
    config = load_config(network.homes[ACME] / "node.yaml")
    executor = IdleExecutor()
    opened = open_node(config, executor)
    built = Runtime(opened, executor, Metrics("test", with_process=False), AlarmFile(config))
    yield built
    with suppress(RuntimeError):
        built._thread.shutdown()
    opened.store.close()
    opened.signed_file.close()


def seen(view: ConsensusView, node: str) -> AttendeeView:
    return next(one for one in view.validators if one.node == node)


def test_a_node_that_was_just_started_knows_the_members_and_has_heard_nobody(
    runtime: Runtime,
) -> None:
    view = describe_consensus(runtime)
    assert (view.node, view.organisation, view.engine) == ("acme-1", "acme", "bft")
    assert (view.height, view.round, view.step, view.first_height) == (1, 0, "wait", 0)
    assert (view.quorum, view.honest, view.committed_ms, view.catch_up) == (3, 2, None, None)
    assert view.interval_ms_max == 2_000 + 2 * 10_000
    assert [one.node for one in view.validators] == ["acme-1", "bolt-1", "core-1", "dyna-1"]
    bolt, own = seen(view, "bolt-1"), seen(view, "acme-1")
    assert (bolt.connected, bolt.since_ms, bolt.heard_ms) == (False, view.started_ms, None)
    assert (bolt.is_self, bolt.is_configured, bolt.weight) == (False, True, 1)
    assert (own.is_self, own.connected, own.height) == (True, True, 0)


def test_votes_of_the_round_and_its_proposer_are_shown(runtime: Runtime) -> None:
    summary = RoundSummary(Height(1), Round(2), Step.PREVOTE, b"\3", b"\2", True)
    runtime.view = replace(runtime.view, summary=summary, peer_heights=((BOLT, Height(4)),))
    runtime.attendance.observe(runtime.view, UnixMillis(77))
    view = describe_consensus(runtime)
    assert (view.round, view.step, view.round_since_ms) == (2, "prevote", 77)
    assert (view.proposer, view.has_proposal) == ("dyna-1", True)
    assert [one.node for one in view.validators if one.has_prevoted] == ["acme-1", "bolt-1"]
    assert [one.node for one in view.validators if one.has_precommitted] == ["bolt-1"]
    bolt = seen(view, "bolt-1")
    assert bolt.height == 4
    assert bolt.last_vote is not None
    assert (bolt.last_vote.kind, bolt.last_vote.round, bolt.last_vote.seen_ms) == (
        "precommit",
        2,
        77,
    )


def test_under_raft_the_leader_stands_in_the_proposers_place(runtime: Runtime) -> None:
    for leader, name in ((2, "core-1"), (None, "")):
        summary = RaftSummary(Height(1), Round(5), Role.FOLLOWER, leader, False, b"")
        runtime.view = replace(runtime.view, summary=summary)
        view = describe_consensus(runtime)
        assert (view.proposer, view.round, view.step) == (name, 5, "follower")


def test_peers_that_come_and_go_are_shown_with_since_when_and_why(runtime: Runtime) -> None:
    runtime.attendance.up(BOLT, UnixMillis(10))
    runtime.attendance.heard(BOLT, UnixMillis(20))
    bolt = seen(describe_consensus(runtime), "bolt-1")
    assert (bolt.connected, bolt.since_ms, bolt.heard_ms, bolt.last_error) == (True, 10, 20, None)
    runtime.attendance.down(BOLT, "VT-5009: it sent nothing.", UnixMillis(30))
    bolt = seen(describe_consensus(runtime), "bolt-1")
    assert (bolt.connected, bolt.since_ms, bolt.last_error) == (
        False,
        30,
        "VT-5009: it sent nothing.",
    )


def test_catching_up_is_shown_with_what_enough_peers_say(runtime: Runtime) -> None:
    peers = ((BOLT, Height(90)), (NodeName("core-1"), Height(80)))
    runtime.view = replace(runtime.view, peer_heights=peers, is_catching_up=True)
    runtime.attendance.observe(runtime.view, UnixMillis(5))
    shown = describe_consensus(runtime).catch_up
    assert shown is not None
    assert (shown.target, shown.first_height, shown.since_ms, shown.snapshot) == (80, 0, 5, None)


def test_a_snapshot_that_is_being_loaded_is_shown(runtime: Runtime) -> None:
    loading = SnapshotProgress(Height(70), 2, 9, 4_096, 222)
    runtime.view = replace(runtime.view, snapshot=loading, base=Height(60))
    runtime.attendance.observe(runtime.view, UnixMillis(5))
    view = describe_consensus(runtime)
    assert view.base == 60
    assert view.catch_up is not None
    shown = view.catch_up.snapshot
    assert shown is not None
    assert (shown.height, shown.parts_done, shown.parts_known) == (70, 2, 9)
    assert (shown.size_bytes, shown.state_permille) == (4_096, 222)


def test_accusations_are_shown(runtime: Runtime) -> None:
    said = Accusation(BOLT, "prevote", Height(3), Round(1), UnixMillis(9))
    runtime.attendance.accusations.append(said)
    (shown,) = describe_consensus(runtime).accusations
    assert (shown.node, shown.kind, shown.height, shown.round, shown.seen_ms) == (
        "bolt-1",
        "prevote",
        3,
        1,
        9,
    )


def test_refused_blocks_are_shown(runtime: Runtime) -> None:
    runtime.attendance.refused(Hash(b"\1" * 32), "It is wrong.", UnixMillis(4))
    (shown,) = describe_consensus(runtime).refusals
    assert (shown.height, shown.block, shown.why, shown.seen_ms) == (
        1,
        "01" * 32,
        "It is wrong.",
        4,
    )


def test_a_machine_is_described_with_its_limits(runtime: Runtime) -> None:
    runtime.measure.room()
    certificates = list_certificates(runtime.opened.config, runtime.opened.genesis)
    view = describe_machine(runtime, "9.9", certificates)
    assert (view.node, view.version, view.fault) == ("acme-1", "9.9", None)
    assert view.disk_free_bytes > view.disk_free_bytes_min == 128 << 20
    assert (view.mempool_transactions, view.mempool_transactions_max) == (0, 100_000)
    assert (view.mempool_bytes, view.mempool_bytes_max) == (0, 64 << 20)
    assert (view.worker_restarts, view.worker_restarted_ms) == (0, None)
    assert [one.name for one in view.certificates] == [
        "node acme-1",
        "CA of acme",
        "CA of bolt",
        "CA of core",
        "CA of dyna",
    ]
    assert all(one.expires_ms > now_ms() - 10**12 for one in view.certificates)


def test_the_fault_of_an_earlier_run_is_shown_until_it_is_over(runtime: Runtime) -> None:
    runtime.alarms.last = alarm()
    shown = describe_machine(runtime, "9.9", []).fault
    assert shown == describe_fault(alarm())
    assert shown is not None
    assert (shown.code, shown.height, shown.count, shown.why) == ("VT-3041", 150, 1, "It broke.")
    runtime.alarms.passed(Height(150))
    assert describe_machine(runtime, "9.9", []).fault is None
