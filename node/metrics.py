"""All Prometheus metrics of a node, in one list.

Every node has a registry of its own, so several nodes can live in one process. Labels take few
values (a route, a reason, a peer), never an id. Names carry base units.
"""

from collections.abc import Sequence
from typing import Final

from prometheus_client import (
    CollectorRegistry,
    Counter,
    Gauge,
    GCCollector,
    Histogram,
    PlatformCollector,
    ProcessCollector,
    generate_latest,
)

PREFIX: Final = "veritwin_"
CONTENT_TYPE: Final = "text/plain; version=0.0.4; charset=utf-8"
FAST_SECONDS: Final = (
    0.001,
    0.0025,
    0.005,
    0.01,
    0.025,
    0.05,
    0.1,
    0.25,
    0.5,
    1.0,
    2.5,
    5.0,
    10.0,
)
COMMIT_SECONDS: Final = (0.05, 0.1, 0.2, 0.3, 0.5, 0.75, 1.0, 1.5, 2.0, 3.0, 5.0, 10.0, 30.0)
SIZES_BYTES: Final = tuple(float(1 << power) for power in range(10, 25, 2))


class Metrics:
    """The metrics of one node; set and counted where the things happen."""

    def __init__(self, version: str, *, with_process: bool = True) -> None:
        """Make all metrics.

        Args: with_process: add memory, CPU and files of the process; for one node a process.
        """
        self.registry = CollectorRegistry()
        if with_process:
            ProcessCollector(registry=self.registry)
            PlatformCollector(registry=self.registry)
            GCCollector(registry=self.registry)
        self._make_chain()
        self._make_work()
        self._make_machine()
        self.build_info.labels(version=version).set(1)

    def render(self) -> bytes:
        """Give all metrics in Prometheus' text format."""
        return generate_latest(self.registry)

    def _make_chain(self) -> None:
        self.build_info = self._gauge("build_info", "Version of the program.", "version")
        self.height = self._gauge("height", "Height of the newest committed block.")
        self.block_time = self._gauge(
            "block_timestamp_seconds", "Agreed time of the newest committed block."
        )
        self.last_commit = self._gauge(
            "last_commit_timestamp_seconds", "When this node committed its newest block."
        )
        self.round = self._gauge("round", "Round of the height that is being decided.")
        self.rounds_failed = self._counter(
            "rounds_failed_total", "Rounds that ended without a decision."
        )
        self.commits = self._counter(
            "commits_total", "Blocks committed, by how they came.", "source"
        )
        self.transactions = self._counter(
            "transactions_total", "Transactions in committed blocks, by outcome.", "outcome"
        )
        self.readings = self._counter("readings_total", "Readings in committed blocks.")
        self.actions = self._counter("actions_total", "Actions that contracts opened.")
        self.commit_seconds = self._histogram(
            "commit_seconds", "From first seeing a transaction to its commit.", COMMIT_SECONDS
        )
        self.block_seconds = self._histogram(
            "block_interval_seconds", "Between two commits at this node.", COMMIT_SECONDS
        )
        self.block_size = self._histogram(
            "block_size_bytes", "Size of a committed block's transactions.", SIZES_BYTES
        )
        self.accusations = self._counter(
            "accusations_total", "Validators seen signing two conflicting messages.", "peer"
        )
        self.missed_votes = self._counter(
            "missed_votes_total", "Certificates without this validator's vote.", "peer"
        )

    def _make_work(self) -> None:
        self.mempool_transactions = self._gauge(
            "mempool_transactions", "Transactions that wait for a block."
        )
        self.mempool_size = self._gauge("mempool_size_bytes", "Bytes that wait for a block.")
        self.submissions = self._counter(
            "submissions_total", "Transactions handed in here, by outcome.", "outcome"
        )
        self.expired = self._counter(
            "expired_total", "Transactions that expired here before a block took them."
        )
        self.execute_seconds = self._histogram(
            "execute_seconds", "Handling one event of the replica.", FAST_SECONDS, "event"
        )
        self.requests = self._counter(
            "http_requests_total", "HTTP answers.", "method", "route", "status"
        )
        self.request_seconds = self._histogram(
            "http_request_seconds", "Time to answer an HTTP request.", FAST_SECONDS, "route"
        )
        self.requests_refused = self._counter(
            "http_refused_total", "Connections and requests refused by a limit.", "reason"
        )
        self.connections = self._gauge("http_connections", "Open HTTP connections.")
        self.event_streams = self._gauge("event_streams", "Open event streams.")

    def _make_machine(self) -> None:
        self.ready = self._gauge("ready", "1 while commits are progressing, else 0.")
        self.peer_connected = self._gauge("peer_connected", "1 while connected, else 0.", "peer")
        self.peer_height = self._gauge("peer_height", "Height a peer last reported.", "peer")
        self.peer_messages = self._counter(
            "peer_messages_total", "Messages exchanged with a peer.", "peer", "direction"
        )
        self.peer_bytes = self._counter(
            "peer_bytes_total", "Bytes exchanged with a peer.", "peer", "direction"
        )
        self.certificate_expiry = self._gauge(
            "peer_certificate_expiry_timestamp_seconds", "When a peer's certificate ends.", "peer"
        )
        self.strangers_refused = self._counter(
            "strangers_refused_total", "Connections that ended before they were recognised."
        )
        self.peer_endings = self._counter(
            "peer_endings_total", "Connections to peers that ended, by code.", "code"
        )
        self.store_seconds = self._histogram(
            "store_write_seconds", "One synced write of the database.", FAST_SECONDS
        )
        self.store_size = self._gauge("store_size_bytes", "Size of the database.")
        self.base_height = self._gauge("base_height", "Blocks are kept above this height.")
        self.snapshot_parts = self._gauge(
            "snapshot_parts", "Parts of the snapshot that is being loaded.", "state"
        )
        self.snapshot_size = self._gauge(
            "snapshot_size_bytes", "What is loaded of the snapshot so far."
        )
        self.disk_free = self._gauge("disk_free_bytes", "Room left where the database is.")
        self.sign_seconds = self._histogram(
            "last_signed_seconds", "One synced write of the last-signed file.", FAST_SECONDS
        )
        self.faults = self._counter(
            "contract_worker_faults_total", "Restarts of the contract worker."
        )
        self.set_aside = self._gauge(
            "transactions_set_aside", "Transactions whose contracts could not be run here."
        )

    def _counter(self, name: str, text: str, *labels: str) -> Counter:
        return Counter(PREFIX + name, text, labels, registry=self.registry)

    def _gauge(self, name: str, text: str, *labels: str) -> Gauge:
        return Gauge(PREFIX + name, text, labels, registry=self.registry)

    def _histogram(self, name: str, text: str, buckets: Sequence[float], *labels: str) -> Histogram:
        return Histogram(PREFIX + name, text, labels, buckets=buckets, registry=self.registry)
