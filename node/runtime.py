"""Performs effects: the node around the replica.

One event loop waits (peers, clients, timers), one thread decides (`Driver.step`). Events go in
through the inbox, effects come out and are performed in order. A failure in the deciding thread
ends the node loudly: a node that cannot trust its own state must not go on.
"""

import asyncio
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from typing import Final, Literal, Protocol, assert_never

from chain.errors import Busy, Corruption
from chain.scalars import Hash, NodeName, OrganisationId, UnixMillis
from consensus.bft.messages import Message
from consensus.value import Timer
from contracts.executor import Executor
from node.alarm import AlarmFile
from node.attendance import Attendance
from node.batching import join_transactions
from node.clock import monotonic_seconds, now_ms
from node.driver import Driver, StepResult
from node.finality import Finality, Heights, Latencies
from node.health import Circumstances, explain_not_ready
from node.home import credentials_of
from node.housekeeping import Housekeeping
from node.inbox import Inbox
from node.logs import get_log
from node.measure import Measure, TimedSignedFile, TimedStore, count
from node.metrics import Metrics
from node.opening import OpenNode
from node.p2p.network import Network
from node.p2p.settings import Address, Clock, NetworkLimits, NetworkSettings
from node.peering import Peering
from node.reader import Reader
from node.reads import Reads
from node.replica import effects, events
from node.replica.messages import AnyPeerMessage, encode_frame, frame_size_bytes_max
from node.replica.replica import ReplicaView
from node.storage.freeing import free_pruned
from node.submissions import Submissions
from node.traffic import UpdateRate

TICK_MS: Final = 500
log = get_log(__name__)


class RestartingExecutor(Executor, Protocol):
    """An executor that counts how often its worker had to be replaced."""

    restarts: int


class Runtime:
    """A running node. `run` serves until it is cancelled.

    Args: alarms: where a fault is written down, the file in the node's home when None.
    """

    def __init__(
        self,
        opened: OpenNode,
        executor: RestartingExecutor,
        metrics: Metrics,
        alarms: AlarmFile | None = None,
    ) -> None:
        self.opened = opened
        self.metrics = metrics
        self.finality = Finality()
        self.heights = Heights()
        self.latencies = Latencies()
        self.update_rate = UpdateRate()
        self.view: ReplicaView = opened.replica.view()
        self.last_commit_ms: UnixMillis | None = None
        self.started_ms = now_ms()
        self.attendance = Attendance(self.view, self.started_ms)
        self.alarms = alarms or AlarmFile(opened.config)
        self.alarms.height = opened.head.next_height
        self._executor = executor
        self._inbox = Inbox()
        self.reads = Reads(self._inbox.put_urgent)
        self.reader = Reader(opened.store, opened.genesis)
        self._driver = Driver(
            opened.replica,
            TimedStore(opened.store, metrics),
            TimedSignedFile(opened.signed_file, metrics),
            now_ms,
            opened.meters.replica,
        )
        self.measure = Measure(metrics, opened.config.home_path, opened.config.database_path)
        self.housekeeping = Housekeeping(metrics, partial(free_pruned, opened.store))
        self.peering = Peering(opened.config, opened.store, opened.vote_keys, metrics)
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="replica")
        self._step_seconds = metrics.execute_seconds.labels(event="step")
        self.submissions = Submissions(self._inbox, metrics)
        self.network = self._make_network()

    def _make_network(self) -> Network:
        config, genesis = self.opened.config, self.opened.genesis
        known = self.peering.begin(self.opened.head)
        settings = NetworkSettings(
            node=config.node,
            chain_id=genesis.chain_id,
            genesis=self.genesis_hash,
            listen=Address(config.p2p.host, config.p2p.port),
            addresses=known.addresses,
            limits=NetworkLimits(frame_size_bytes_max=frame_size_bytes_max(genesis.limits)),
        )
        return Network(
            settings,
            credentials_of(config),
            known.authorities,
            known.pins,
            clock=Clock(now_ms),
            on_frame=self._on_frame,
            on_up=self._on_up,
            on_down=self._on_down,
        )

    @property
    def genesis_hash(self) -> Hash:
        """The name of the chain."""
        return self.opened.replica.genesis_hash

    @property
    def own_organisation(self) -> OrganisationId:
        """The organisation that runs this node; empty for one that is not a member."""
        return self.peering.own_organisation

    def pending(self, transaction_id: Hash) -> Literal["received", "ordered"] | None:
        """Tell whether a transaction waits here, or is in the block that is being decided."""
        if self.opened.replica.is_ordered(transaction_id):
            return "ordered"
        return "received" if self.opened.replica.is_waiting(transaction_id) else None

    async def run(self) -> None:
        """Serve until cancelled.

        Raises: ExceptionGroup: with the Corruption, HostFault or disk error that stopped the node.
        """
        self._inbox.put_urgent(events.Started(now_ms()))
        try:
            async with asyncio.TaskGroup() as tasks:
                tasks.create_task(self.network.run(), name="network")
                tasks.create_task(self._serve(), name="replica")
                tasks.create_task(self._beat(), name="beat")
                tasks.create_task(self.housekeeping.run(), name="housekeeping")
        finally:
            self.heights.close()
            self._thread.shutdown(wait=True)
            self._executor.close()
            self.opened.store.close()
            self.opened.signed_file.close()

    def explain_not_ready(self) -> tuple[str, ...]:
        """Give the reasons why this node is not ready; none when it is."""
        return explain_not_ready(self.circumstances())

    def circumstances(self) -> Circumstances:
        """Give all that this node's health depends on, as it is now."""
        timing = self.opened.genesis.timing
        return Circumstances(
            own_name=self.opened.config.node,
            validators=self.view.head.validators,
            connected=self.attendance.connected,
            view=self.view,
            now_ms=now_ms(),
            started_ms=self.started_ms,
            last_commit_ms=self.last_commit_ms,
            block_interval_ms_max=timing.heartbeat_ms + 2 * timing.round_ms_max,
        )

    # Events from outside

    def _on_frame(self, peer: str, frame: bytes) -> None:
        self.attendance.heard(NodeName(peer), now_ms())
        try:
            self._inbox.put(events.FrameReceived(NodeName(peer), frame, now_ms()))
        except Busy:
            self.network.disconnect(peer, "this node has too much to do")

    def _on_up(self, peer: str) -> None:
        log.info("peer connected", peer=peer)
        self.attendance.up(NodeName(peer), now_ms())
        self.metrics.peer_connected.labels(peer=peer).set(1)
        self._inbox.put_urgent(events.PeerUp(NodeName(peer), now_ms()))

    def _on_down(self, peer: str, reason: str) -> None:
        log.info("peer gone", peer=peer, reason=reason)
        self.attendance.down(NodeName(peer), reason, now_ms())
        self.peering.disconnected(NodeName(peer))
        self._inbox.put_urgent(events.PeerDown(NodeName(peer), now_ms()))

    async def _beat(self) -> None:
        while True:
            is_full = self.measure.room() < self.opened.config.storage.free_bytes_min
            self.submissions.is_closed = is_full
            self.measure.network(self.network.stats)
            self.measure.view(self.view)
            self.measure.beat(
                self.explain_not_ready(), self.network.peers(), self._executor.restarts
            )
            await asyncio.sleep(TICK_MS / 1000)
            self._inbox.put_urgent(events.Tick(now_ms()))

    # The step

    async def _serve(self) -> None:
        loop = asyncio.get_running_loop()
        while True:
            taken = await self._inbox.take()
            started = monotonic_seconds()
            result = await loop.run_in_executor(self._thread, self._step, taken)
            self._step_seconds.observe(monotonic_seconds() - started)
            self.view = result.view
            with self.opened.meters.loop.section("gossip"):
                self._perform(result.effects)
            self._observe(result.view)

    def _step(self, taken: Sequence[events.Event]) -> StepResult:
        try:
            return self._driver.step(taken)
        except Exception as error:
            self.alarms.note(error, self.opened.replica.view().head, self.opened.store)
            if isinstance(error, Corruption):
                log.error("the node stops", error=error, code=error.code)
            raise

    def _perform(self, done: Sequence[effects.Effect]) -> None:
        for effect in join_transactions(done):
            match effect:
                case effects.SendTo(peer, message):
                    self.network.send(peer, encode_frame(message))
                case effects.SendToAll(peers, message):
                    self._send_to_all(peers, message)
                case effects.Answer() | effects.ReadReady() | effects.ReadRefused():
                    self._answer(effect)
                case effects.Commit():
                    self._announce(effect)
                case effects.SetTimer(timer, delay_ms):
                    asyncio.get_running_loop().call_later(delay_ms / 1000, self._fire, timer)
                case effects.Expired(transactions):
                    self.metrics.expired.inc(len(transactions))
                    self.finality.expired(transactions)
                case effects.Disconnect(peer, error):
                    log.warning(
                        "peer broke the protocol", peer=peer, code=error.code, why=error.why
                    )
                    self.network.disconnect(peer, error.why)
                case effects.ProposalRefused(block, error):
                    log.warning("proposal refused", block=block.hex(), why=error.why)
                    self.attendance.refused(block, error.why, now_ms())
                case effects.Accuse(first, second):
                    self._accuse(first, second)
                case effects.Persist() | effects.FellBehind() | effects.Write() | effects.Install():
                    raise AssertionError("it was dealt with further in")
                case _:
                    assert_never(effect)

    def _send_to_all(self, peers: tuple[NodeName, ...], message: AnyPeerMessage) -> None:
        if peers:
            frame = encode_frame(message)
            for peer in peers:
                self.network.send(peer, frame)

    def _fire(self, timer: Timer) -> None:
        self._inbox.put_urgent(events.TimerFired(timer, now_ms()))

    def _answer(self, answer: effects.Answer | effects.ReadReady | effects.ReadRefused) -> None:
        if not isinstance(answer, effects.Answer):
            self.reads.answer(answer)
            return
        if answer.transaction is not None:
            self.latencies.started(answer.transaction, now_ms())
        self.submissions.answer(answer)

    def _announce(self, commit: effects.Commit) -> None:
        moment = now_ms()
        if self.last_commit_ms is not None:
            self.metrics.block_seconds.observe((moment - self.last_commit_ms) / 1000)
        self.last_commit_ms = moment
        counts = count(commit)
        self.update_rate.add(moment, counts.readings)
        ids = [transaction.id for transaction in commit.transactions]
        for took_ms in self.latencies.ended(ids, moment):
            self.metrics.commit_seconds.observe(took_ms / 1000)
        self.metrics.last_commit.set(moment / 1000)
        self.measure.commit(commit, counts)
        self.attendance.committed(commit, moment)
        self.alarms.passed(commit.height)
        self.reader.blocks.committed(commit)
        self.finality.committed(ids)
        self.heights.publish(commit.height)

    def _announce_snapshot(self) -> None:
        self.metrics.height.set(self.view.head.height)
        self.finality.look_again(self.opened.replica.is_final)
        self.heights.publish(self.view.head.height)

    def _accuse(self, first: Message, second: Message) -> None:
        validators = self.view.head.validators_of(first.height) or self.view.head.validators
        author = self.attendance.accused(first, validators, now_ms())
        log.error("a validator signed two messages", node=author, first=first, second=second)
        self.metrics.accusations.labels(peer=author).inc()

    def _observe(self, view: ReplicaView) -> None:
        self.attendance.observe(view, now_ms())
        self.peering.follow(view.head, self.network)
        if self.housekeeping.observe(view):
            self._announce_snapshot()
