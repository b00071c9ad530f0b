"""Measures what no event tells: times of disk writes, room on the disk, bytes of peers."""

from collections import Counter
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Final, Protocol

from chain.operations import Telemetry
from chain.scalars import UnixMillis
from contracts.context import NATIVE_SOURCE
from node.clock import monotonic_seconds, now_ms
from node.metrics import Metrics
from node.p2p.settings import NetworkStats, PeerStatus
from node.replica.effects import Commit
from node.replica.ports import WritableStore, WriteBatch
from node.replica.replica import ReplicaView
from node.storage.space import free_bytes

SIZE_EVERY_BEATS: Final = 20


@dataclass(frozen=True, slots=True)
class Counts:
    """What the transactions of a block came to.

    Args: outcomes: how many have which code in their receipt; readings: that were put on record;
    actions: that were opened.
    """

    outcomes: Mapping[str, int]
    readings: int
    actions: int


class SignedFile(Protocol):
    """Keeps the last signed position."""

    def store(self, payload: bytes) -> None:
        """Write and sync."""
        ...


class TimedStore:
    """A store whose synced writes are timed; the replica's thread writes through it."""

    def __init__(self, store: WritableStore, metrics: Metrics) -> None:
        self._store = store
        self._seconds = metrics.store_seconds
        self.get = store.get
        self.range = store.range

    def write(self, batch: WriteBatch, *, sync: bool) -> None:
        """Apply a batch; of a synced one, note how long it took."""
        started = monotonic_seconds()
        self._store.write(batch, sync=sync)
        if sync:
            self._seconds.observe(monotonic_seconds() - started)


class TimedSignedFile:
    """A last-signed file whose writes are timed."""

    def __init__(self, file: SignedFile, metrics: Metrics) -> None:
        self._file = file
        self._seconds = metrics.sign_seconds

    def store(self, payload: bytes) -> None:
        """Write, sync, and note how long it took."""
        started = monotonic_seconds()
        self._file.store(payload)
        self._seconds.observe(monotonic_seconds() - started)


class Measure:
    """Sets the gauges and counters that must be looked after.

    Args: home: the node's folder; database: the folder of its database.
    """

    def __init__(self, metrics: Metrics, home: Path, database: Path) -> None:
        self._metrics = metrics
        self._home = home
        self._database = database
        self._beats = 0
        self._traffic: dict[tuple[str, str], tuple[int, int]] = {}
        self.worker_restarts = 0
        self._refused = 0
        self._endings: dict[str, int] = {}
        self.free_bytes = 0
        """Room on the disk at the last look."""
        self.database_bytes = 0
        """Size of the database at the last look, some seconds ago."""
        self.worker_restarted_ms: UnixMillis | None = None
        """When the contract worker was last found to be a new one."""

    def room(self) -> int:
        """Give the bytes that are free on the disk."""
        self.free_bytes = free_bytes(self._home)
        self._metrics.disk_free.set(self.free_bytes)
        return self.free_bytes

    def network(self, stats: NetworkStats) -> None:
        """Count what the network refused since the last look."""
        refused = stats.strangers_refused.total()
        self._metrics.strangers_refused.inc(refused - self._refused)
        self._refused = refused
        for code, count in stats.endings.items():
            before = self._endings.get(code, 0)
            self._metrics.peer_endings.labels(code=code).inc(count - before)
            self._endings[code] = count

    def beat(self, reasons: Sequence[str], peers: Sequence[PeerStatus], restarts: int) -> None:
        """Look at everything once.

        Args: reasons: why the node is not ready; restarts: of the contract worker so far.
        """
        self._metrics.ready.set(0 if reasons else 1)
        self._metrics.faults.inc(restarts - self.worker_restarts)
        if restarts != self.worker_restarts:
            self.worker_restarted_ms = now_ms()
        self.worker_restarts = restarts
        for peer in peers:
            traffic = peer.traffic
            self._add(peer.name, "in", traffic.frames_in, traffic.bytes_in)
            self._add(peer.name, "out", traffic.frames_out, traffic.bytes_out)
            if peer.certificate_expires_ms is not None:
                expiry = self._metrics.certificate_expiry.labels(peer=peer.name)
                expiry.set(peer.certificate_expires_ms / 1000)
        if self._beats % SIZE_EVERY_BEATS == 0:
            self.database_bytes = measure_folder(self._database)
            self._metrics.store_size.set(self.database_bytes)
        self._beats += 1

    def view(self, view: ReplicaView) -> None:
        """Show where the replica stands."""
        self._metrics.mempool_transactions.set(view.waiting)
        self._metrics.mempool_size.set(view.waiting_bytes)
        self._metrics.round.set(view.summary.round)
        self._metrics.set_aside.set(view.set_aside)
        for peer, height in view.peer_heights:
            self._metrics.peer_height.labels(peer=peer).set(height)

    def commit(self, commit: Commit, counts: Counts) -> None:
        """Count a block, and what its transactions came to."""
        metrics = self._metrics
        metrics.commits.labels(source="catch_up" if commit.is_catch_up else "consensus").inc()
        metrics.height.set(commit.height)
        metrics.block_time.set(commit.header.time_ms / 1000)
        metrics.block_size.observe(commit.size_bytes)
        metrics.readings.inc(counts.readings)
        metrics.rounds_failed.inc(commit.certificate.round)
        for outcome, count in counts.outcomes.items():
            metrics.transactions.labels(outcome=outcome).inc(count)
        metrics.actions.inc(counts.actions)
        signed = {signature.validator for signature in commit.certificate.signatures}
        for index, member in enumerate(commit.head.last_validators.members):
            if index not in signed and member.weight > 0:
                metrics.missed_votes.labels(peer=member.node).inc()

    def _add(self, peer: str, direction: str, messages: int, size_bytes: int) -> None:
        before = self._traffic.get((peer, direction), (0, 0))
        for metric, total, last in (
            (self._metrics.peer_messages, messages, before[0]),
            (self._metrics.peer_bytes, size_bytes, before[1]),
        ):
            metric.labels(peer=peer, direction=direction).inc(max(0, total - last))
        self._traffic[peer, direction] = messages, size_bytes


def measure_folder(folder: Path, endings: tuple[str, ...] = ("",)) -> int:
    """Give the bytes of the files in a folder; files that vanish meanwhile count nothing.

    Args: endings: of the names of the files to count, all unless given.
    """
    total = 0
    for path in folder.glob("*"):
        with suppress(OSError):
            total += path.stat().st_size if path.name.endswith(endings) else 0
    return total


def count(commit: Commit) -> Counts:
    """Look at each transaction once; a contract's own events open no actions."""
    readings = actions = 0
    for transaction, receipt in zip(commit.transactions, commit.receipts, strict=True):
        operation = transaction.body.operation
        if isinstance(operation, Telemetry) and receipt.is_ok:
            for batch in operation.batches:
                readings += len(batch.readings)
        for event in receipt.events:
            if event.name == "action_opened" and event.source == NATIVE_SOURCE:
                actions += 1
    return Counts(Counter([receipt.code for receipt in commit.receipts]), readings, actions)
