"""A whole node as a process: the runtime, its API and its explorer, from start to signal."""

import asyncio
import os
import signal
import sys
from collections.abc import AsyncIterator, Sequence
from contextlib import ExitStack
from functools import cache
from importlib.metadata import version
from pathlib import Path

from chain.errors import ChainError
from chain.genesis import Genesis
from chain.scalars import Hash, Height, NodeName, UnixMillis
from contracts.conformance import check_engine
from contracts.sandbox import SandboxExecutor
from node.alarm import AlarmFile
from node.api.app import make_app
from node.api.context import NodeStatus, PeerState, Pending
from node.api.server import ApiServer
from node.api.views.consensus import ConsensusView, MachineView
from node.clock import now_ms
from node.config import LimitsConfig, NodeConfig, load_config
from node.cpu import CpuCollector
from node.describing import describe_consensus, describe_machine, list_certificates
from node.explorer.app import add_explorer
from node.home import load_genesis
from node.logs import get_log, set_up_logs
from node.memory import ease_garbage_collection, keep_large_apart, keep_small
from node.metrics import Metrics
from node.opening import open_node
from node.reader import Reader
from node.runtime import Runtime

log = get_log(__name__)
PACKAGE = "veritwin"


class NodeApi:
    """The running node as the API sees it; see `node.api.context.ApiContext`."""

    def __init__(self, runtime: Runtime) -> None:
        self._runtime = runtime
        self._certificates = list_certificates(runtime.opened.config, runtime.opened.genesis)

    @property
    def reader(self) -> Reader:
        """Answers from the disk."""
        return self._runtime.reader

    @property
    def genesis(self) -> Genesis:
        """The chain's first agreement."""
        return self._runtime.opened.genesis

    @property
    def genesis_json(self) -> bytes:
        """The bytes of genesis.json."""
        return self._runtime.opened.genesis_json

    @property
    def metrics(self) -> Metrics:
        """Where requests are counted."""
        return self._runtime.metrics

    @property
    def limits(self) -> LimitsConfig:
        """What strangers may ask."""
        return self._runtime.opened.config.limits

    @property
    def cors_origins(self) -> tuple[str, ...]:
        """Origins of web pages that may read the API."""
        return self._runtime.opened.config.api.cors_origins

    async def submit(self, raws: Sequence[bytes]) -> list[Hash | ChainError]:
        """Hand in encoded transactions; see `Submissions.submit`."""
        return await self._runtime.submissions.submit(raws)

    async def wait_final(self, transaction: Hash, timeout_s: float) -> bool:
        """Wait until a transaction is in a block or has expired."""
        return await self._runtime.finality.wait(transaction, timeout_s)

    def pending(self, transaction: Hash) -> Pending | None:
        """Tell whether a transaction waits here, or is in the block that is being decided."""
        return self._runtime.pending(transaction)

    def expired(self, transaction: Hash) -> bool:
        """Tell whether a transaction was accepted here and can no longer be ordered."""
        return self._runtime.finality.is_expired(transaction)

    def subscribe(self) -> AsyncIterator[Height]:
        """Give heights as they are committed."""
        return self._runtime.heights.subscribe()

    @property
    def last_commit_ms(self) -> UnixMillis | None:
        """When this node committed its head."""
        return self._runtime.last_commit_ms

    def status(self) -> NodeStatus:
        """Describe the node as it is now."""
        runtime = self._runtime
        config = runtime.opened.config
        view = runtime.view
        return NodeStatus(
            node=config.node,
            organisation=runtime.own_organisation,
            version=package_version(),
            commit_latency_ms=runtime.latencies.median_ms,
            round=view.summary.round,
            step=view.summary.step_name,
            peers=self._peers(),
            mempool_transactions=view.waiting,
            mempool_bytes=view.waiting_bytes,
            updates_per_second=runtime.update_rate.per_second(now_ms()),
            reasons=runtime.explain_not_ready(),
        )

    def consensus(self) -> ConsensusView:
        """Describe consensus as this node sees it now."""
        return describe_consensus(self._runtime)

    def machine(self) -> MachineView:
        """Describe what the node has and uses of its machine."""
        return describe_machine(self._runtime, package_version(), self._certificates)

    def _peers(self) -> tuple[PeerState, ...]:
        runtime = self._runtime
        members = runtime.peering.members
        heights = dict(runtime.view.peer_heights)
        peers = []
        for peer in runtime.network.peers():
            name = NodeName(peer.name)
            if name not in members:
                continue
            peers.append(
                PeerState(
                    node=name,
                    organisation=members[name].organisation,
                    is_connected=name in runtime.attendance.connected,
                    height=heights.get(name),
                    last_seen_ms=runtime.attendance.heard_ms(name),
                    address=peer.address,
                )
            )
        return tuple(peers)


@cache
def package_version() -> str:
    """Give the version of the installed package, whose file is read once."""
    return version(PACKAGE)


def run_node(config_path: Path, *, stop_on_eof: bool = False) -> None:
    """Run a node until SIGINT or SIGTERM.

    Args: stop_on_eof: stop when standard input ends, too: a parent that dies takes it along.
    Raises: ChainError: it cannot start; ExceptionGroup: what made it stop.
    """
    keep_large_apart()
    config = load_config(config_path)
    set_up_logs(config.log.format, config.log.level)
    alarms = AlarmFile(config)
    alarms.tell_last()
    try:
        _run(config, alarms, stop_on_eof=stop_on_eof)
    except Exception as error:
        alarms.ring(error, package_version(), now_ms())
        raise


def _run(config: NodeConfig, alarms: AlarmFile, *, stop_on_eof: bool) -> None:
    runtime = _open(config, alarms)
    ease_garbage_collection()
    try:
        import uvloop
    except ImportError:
        asyncio.run(_serve(config, runtime, stop_on_eof=stop_on_eof))
    else:
        uvloop.run(_serve(config, runtime, stop_on_eof=stop_on_eof))


def _open(config: NodeConfig, alarms: AlarmFile) -> Runtime:
    """Start the contract worker, make sure that it is the chain's engine, and open the node."""
    with ExitStack() as started:
        executor = SandboxExecutor()
        started.callback(executor.close)
        for fence in executor.fences():
            log.info("contract sandbox", fence=fence)
        check_engine(load_genesis(config.genesis_path).contract_engine, executor)
        opened = open_node(config, executor)
        started.pop_all()
    metrics = Metrics(package_version())
    CpuCollector(opened.meters, metrics.registry)
    return Runtime(opened, executor, metrics, alarms)


async def _serve(config: NodeConfig, runtime: Runtime, *, stop_on_eof: bool) -> None:
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, stop.set)
    if stop_on_eof:
        loop.add_reader(sys.stdin.fileno(), _read_stdin, stop)
    app = make_app(NodeApi(runtime))
    add_explorer(app)
    async with asyncio.TaskGroup() as tasks:
        serving = tasks.create_task(runtime.run(), name="runtime")
        trimming = tasks.create_task(keep_small(), name="memory")
        async with ApiServer(
            app, config.api.host, config.api.port, config.limits, runtime.metrics
        ) as server:
            log.info("node is up", node=config.node, api_port=server.port)
            # A runtime that fails ends the group, and with it this wait.
            await stop.wait()
            runtime.heights.close()
        trimming.cancel()
        serving.cancel()
    log.info("node has stopped", node=config.node)


def _read_stdin(stop: asyncio.Event) -> None:
    if not os.read(sys.stdin.fileno(), 4096):
        asyncio.get_running_loop().remove_reader(sys.stdin.fileno())
        stop.set()
