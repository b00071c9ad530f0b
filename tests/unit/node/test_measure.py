from dataclasses import replace
from pathlib import Path

import pytest
from msgspec import structs

from chain.receipt import OK, Event
from node.clock import now_ms
from node.measure import Measure, TimedSignedFile, TimedStore, count, measure_folder
from node.metrics import Metrics
from node.p2p.settings import NetworkStats, PeerStatus, Traffic
from node.replica.commit import build_commit
from node.replica.ports import Column, MemoryStore, Put, WriteBatch
from tests.unit.node.chain_builder import ChainBuilder


def make(tmp_path: Path) -> tuple[Metrics, Measure]:
    metrics = Metrics("1", with_process=False)
    return metrics, Measure(metrics, tmp_path, tmp_path)


def value(metrics: Metrics, name: str, **labels: str) -> float | None:
    return metrics.registry.get_sample_value("veritwin_" + name, labels)


def test_ready_follows_the_reasons(tmp_path: Path) -> None:
    metrics, measure = make(tmp_path)
    measure.beat((), (), 0)
    assert value(metrics, "ready") == 1
    measure.beat(("2 of 4 validators are not reachable.",), (), 0)
    assert value(metrics, "ready") == 0


def test_traffic_of_a_peer_counts_up_across_its_connections(tmp_path: Path) -> None:
    metrics, measure = make(tmp_path)
    for total in (10, 30, 5, 25):
        peer = PeerStatus("b", "127.0.0.1:1", Traffic(2 * total, 1, total, 1), None)
        measure.beat((), (peer,), 0)
    assert value(metrics, "peer_bytes_total", peer="b", direction="in") == 50
    assert value(metrics, "peer_bytes_total", peer="b", direction="out") == 1
    assert value(metrics, "peer_messages_total", peer="b", direction="in") == 100
    assert value(metrics, "peer_messages_total", peer="b", direction="out") == 1


def test_restarts_of_the_worker_are_counted_once(tmp_path: Path) -> None:
    metrics, measure = make(tmp_path)
    for restarts in (0, 2, 2, 3):
        measure.beat((), (), restarts)
    assert value(metrics, "contract_worker_faults_total") == 3
    assert measure.worker_restarts == 3


def test_when_a_worker_was_last_new_is_remembered(tmp_path: Path) -> None:
    _, measure = make(tmp_path)
    seen = []
    began = now_ms()
    for restarts in (0, 1, 1):
        measure.beat((), (), restarts)
        seen.append(measure.worker_restarted_ms)
    first, second, third = seen
    assert (first, second == third) == (None, True)
    assert second is not None
    assert began <= second <= now_ms()


def test_the_size_of_the_database_is_measured(tmp_path: Path) -> None:
    (tmp_path / "a.sst").write_bytes(bytes(100))
    (tmp_path / "b.sst").write_bytes(bytes(50))
    metrics, measure = make(tmp_path)
    measure.beat((), (), 0)
    assert value(metrics, "store_size_bytes") == measure.database_bytes == 150
    assert measure.room() == measure.free_bytes > 0
    assert measure_folder(tmp_path, ("a.sst", ".log")) == 100
    assert measure_folder(tmp_path / "gone") == 0


def test_what_the_network_refused_is_counted_once(tmp_path: Path) -> None:
    metrics, measure = make(tmp_path)
    stats = NetworkStats()
    stats.strangers_refused["VT-5003"] = 2
    stats.endings["VT-5014"] = 1
    measure.network(stats)
    stats.endings["VT-5014"] = 3
    measure.network(stats)
    assert value(metrics, "strangers_refused_total") == 2
    assert value(metrics, "peer_endings_total", code="VT-5014") == 3


def test_the_end_of_a_peers_certificate_is_told(tmp_path: Path) -> None:
    metrics, measure = make(tmp_path)
    peer = PeerStatus("b", "127.0.0.1:1", Traffic(), None, certificate_expires_ms=5_000)
    measure.beat((), (peer,), 0)
    assert value(metrics, "peer_certificate_expiry_timestamp_seconds", peer="b") == 5


def test_room_on_the_disk_is_told(tmp_path: Path) -> None:
    metrics, measure = make(tmp_path)
    assert measure.room() == value(metrics, "disk_free_bytes") > 0


def test_writes_pass_through_and_are_timed() -> None:
    metrics = Metrics("1", with_process=False)
    store = MemoryStore()
    timed = TimedStore(store, metrics)
    timed.write(WriteBatch((Put(Column.META, b"k", b"v"),)), sync=True)
    assert store.get(Column.META, b"k") == timed.get(Column.META, b"k") == b"v"
    assert value(metrics, "store_write_seconds_count") == 1
    kept = []

    class File:
        def store(self, payload: bytes) -> None:
            kept.append(payload)

    TimedSignedFile(File(), metrics).store(b"signed")
    assert kept == [b"signed"]
    assert value(metrics, "last_signed_seconds_count") == 1


def test_a_block_is_shown_by_outcome_reading_and_action(tmp_path: Path) -> None:
    metrics, measure = make(tmp_path)
    chain = ChainBuilder()
    chain.add_block(chain.register_turbine())
    stranger = chain.power("1.0", twin="nobody")
    executed = chain.add_block(chain.power("1.0", "2.0"), chain.power("3.0"), stranger)
    certificate = chain.decide(executed, (0, 1, 3))
    commit = build_commit(executed, certificate, is_catch_up=False)
    measure.commit(commit, replace(count(commit), actions=5))
    assert value(metrics, "commits_total", source="consensus") == 1
    assert value(metrics, "transactions_total", outcome=OK) == 2
    assert value(metrics, "transactions_total", outcome=executed.receipts[2].code) == 1
    assert value(metrics, "readings_total") == 3
    assert value(metrics, "actions_total") == 5
    missing = commit.head.last_validators.members[2].node
    assert value(metrics, "missed_votes_total", peer=missing) == 1


@pytest.mark.parametrize(("source", "opened"), [("native", 1), ("some-contract", 0)])
def test_only_the_ledgers_own_events_open_actions(source: str, opened: int) -> None:
    chain = ChainBuilder()
    executed = chain.add_block(chain.register_turbine())
    commit = build_commit(executed, chain.certificates[0], is_catch_up=False)
    event = Event(source, "action_opened", "x", b"\xc0")
    receipts = (structs.replace(commit.receipts[0], events=(event,)),)
    assert count(replace(commit, receipts=receipts)).actions == opened


def test_a_block_is_counted_by_outcome_reading_and_action() -> None:
    chain = ChainBuilder()
    chain.add_block(chain.register_turbine())
    stranger = chain.power("1.0", "2.0", twin="nobody")
    executed = chain.add_block(chain.power("1.0", "2.0", "3.0"), stranger, chain.power("4.0"))
    refused = executed.receipts[1].code
    counts = count(build_commit(executed, chain.certificates[1], is_catch_up=False))
    assert (counts.readings, counts.actions) == (4, 0), "what was refused is on no record"
    assert counts.outcomes == {OK: 2, refused: 1}
    assert refused != OK
