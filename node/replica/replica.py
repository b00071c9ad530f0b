"""The whole node as one state machine: events in, effects out.

`Replica` joins the consensus engine, the mempool, execution, catch-up and gossip. It answers the
engine's questions itself (build a payload, check one) and passes on only what needs a machine.
Effects are performed strictly in order. After a `Commit` nothing is handled until `CommitDone`, so
every decision is made on a state that is on disk.
"""

from collections import deque
from dataclasses import dataclass, field
from hashlib import sha256
from typing import Final, assert_never

from chain import keys
from chain.errors import Corruption, PeerFault
from chain.genesis import Genesis
from chain.scalars import Hash, Height, NodeName, UnixMillis
from consensus import events as engine_events
from consensus.bft.checks import check_message, get_sender
from consensus.bft.repair import RoundSummary
from consensus.engine import Engine
from contracts.executor import Executor
from node.replica import effects, events
from node.replica.admission import Admission
from node.replica.blocks import BlockServer, execute_decided
from node.replica.commit import build_commit
from node.replica.effects import Effect
from node.replica.gossip import Neighbours, Questions, SeenSet
from node.replica.head import Head
from node.replica.mempool import Mempool, MempoolLimits
from node.replica.messages import (
    AnyPeerMessage,
    Blocks,
    BlocksRequest,
    ConsensusMessage,
    DecidedBlock,
    Have,
    Status,
    Transactions,
    Want,
    decode_frame,
)
from node.replica.ordering import Ordering
from node.replica.ports import Store
from node.replica.proposals import Proposals
from node.replica.sync import Catchup
from node.replica.transactions import TransactionFlow
from node.replica.transition import Ledger

DEFERRED_COUNT_MAX: Final = 65_536


@dataclass(frozen=True, slots=True)
class ReplicaView:
    """What a replica looks like from outside, for status pages and metrics."""

    head: Head
    summary: RoundSummary
    waiting: int
    waiting_bytes: int
    peer_heights: tuple[tuple[NodeName, Height], ...]
    is_catching_up: bool


@dataclass(frozen=True, slots=True)
class Setting:
    """What a replica is told about its chain and about itself.

    `kept` are the encoded transactions that were stored with the engine's state.
    """

    genesis: Genesis
    own_name: NodeName
    mempool_limits: MempoolLimits = field(default_factory=MempoolLimits)
    verify: keys.Verifier = keys.verify
    kept: tuple[bytes, ...] = ()


class Replica:
    """One node of the chain, without its machine.

    Args: engine: consensus, already at the height after `head`; store: reading what was committed.
    """

    def __init__(
        self, setting: Setting, engine: Engine, head: Head, store: Store, executor: Executor
    ) -> None:
        genesis, verify = setting.genesis, setting.verify
        self._limits = genesis.limits
        self._own_name = setting.own_name
        self._head = head
        self._verify = verify
        self._ledger = Ledger(genesis, store, executor)
        self._admission = Admission(genesis, self._ledger.genesis_hash, store, verify)
        self._mempool = Mempool(setting.mempool_limits)
        self._proposals = Proposals(self._ledger, self._admission, self._mempool, verify)
        self._proposals.restore(setting.kept)
        self._neighbours = Neighbours(setting.own_name)
        self._transactions = TransactionFlow(
            setting.own_name, self._admission, self._mempool, self._proposals, self._neighbours
        )
        self._ordering = Ordering(
            engine,
            setting.own_name,
            self._proposals,
            self._transactions,
            self._neighbours,
        )
        self._blocks = BlockServer(store, genesis.limits)
        self._catchup = Catchup()
        self._fetched_blocks: deque[tuple[NodeName, DecidedBlock]] = deque()
        self._seen = SeenSet()
        self._questions = Questions()
        self._committing: effects.Commit | None = None
        self._deferred: deque[events.Event] = deque()
        self._height_at_last_tick = Height(-1)
        self._now_ms = UnixMillis(0)

    def handle(self, event: events.Event) -> list[Effect]:
        """Take one event and give what it leads to.

        Raises: Corruption: the store is damaged, or a quorum decided what this node cannot get.
        """
        if self._committing is not None and not isinstance(event, events.CommitDone):
            assert len(self._deferred) < DEFERRED_COUNT_MAX, "CommitDone must come next"
            self._deferred.append(event)
            return []
        out = self._dispatch(event)
        while self._deferred and self._committing is None:
            out.extend(self._dispatch(self._deferred.popleft()))
        return out

    def view(self) -> ReplicaView:
        """Describe the replica."""
        heights = [(peer, self._catchup.height_of(peer)) for peer in self._neighbours.names]
        return ReplicaView(
            self._head,
            self._ordering.summary(),
            len(self._mempool),
            self._mempool.size_bytes,
            tuple((peer, height) for peer, height in heights if height is not None),
            self._catchup.target > self._head.next_height,
        )

    def is_waiting(self, transaction_id: Hash) -> bool:
        """Tell whether a transaction waits for a block here."""
        return transaction_id in self._mempool

    def _dispatch(self, event: events.Event) -> list[Effect]:
        self._now_ms = event.now_ms
        match event:
            case events.Started():
                return self._run_engine(engine_events.Started(event.now_ms))
            case events.Submitted():
                return self._with_work(self._transactions.submit(event, self._head))
            case events.FrameReceived():
                return self._receive(event.peer, event.frame)
            case events.PeerUp():
                self._neighbours.add(event.peer)
                return [effects.SendTo(event.peer, self._status())]
            case events.PeerDown():
                self._neighbours.remove(event.peer)
                self._catchup.forget(event.peer)
                return []
            case events.TimerFired():
                return self._run_engine(engine_events.TimerFired(event.timer, event.now_ms))
            case events.Tick():
                return self._tick()
            case events.CommitDone():
                return self._committed(event.block)
            case _:
                assert_never(event)

    # Peers

    def _receive(self, peer: NodeName, frame: bytes) -> list[Effect]:
        if peer not in self._neighbours:
            return []
        try:
            return self._heed(peer, decode_frame(frame, self._limits), frame)
        except PeerFault as error:
            return [effects.Disconnect(peer, error)]

    def _heed(self, peer: NodeName, message: AnyPeerMessage, frame: bytes) -> list[Effect]:
        if isinstance(message, Want | Status | BlocksRequest) and not self._questions.take(peer):
            return []
        match message:
            case ConsensusMessage():
                return self._consensus_message(peer, message, frame)
            case Transactions():
                flow = self._transactions.receive(peer, message, self._head, self._now_ms)
                return self._with_work(flow)
            case Have():
                return self._transactions.have(peer, message)
            case Want():
                return self._transactions.want(peer, message)
            case Status():
                return self._peer_status(peer, message)
            case BlocksRequest():
                return [effects.SendTo(peer, self._blocks.answer(message, self._head))]
            case Blocks():
                return self._peer_blocks(peer, message)
            case _:
                assert_never(message)

    def _consensus_message(
        self, peer: NodeName, message: ConsensusMessage, frame: bytes
    ) -> list[Effect]:
        inner = message.message
        received = engine_events.Received(inner, self._now_ms)
        if inner.height != self._head.next_height:
            if inner.height > self._head.next_height:
                self._catchup.learn(peer, Height(inner.height - 1))
            return self._run_engine(received)
        # The engine hears everything: it may have use for what it could not keep the first time.
        is_new = self._seen.add(Hash(sha256(frame).digest()))
        author = get_sender(inner, self._head.validators).node
        receivers = self._neighbours.to_pass_on(author, peer)
        if not is_new or author == self._own_name or not receivers:
            return self._run_engine(received)
        # The engine skips the signature of what it has no use for; the next node may not.
        check_message(inner, self.genesis_hash, self._head.validators, self._verify)
        return [*self._run_engine(received), effects.SendToAll(receivers, message)]

    def _status(self) -> Status:
        return Status(
            self._head.height, self._head.block, self._ordering.summary(), self._neighbours.names
        )

    def _peer_status(self, peer: NodeName, status: Status) -> list[Effect]:
        self._neighbours.learn(peer, status.connected)
        self._catchup.learn(peer, status.height)
        if status.height == self._head.height:
            missing = self._ordering.messages_missing_in(status.summary)
            return [effects.SendTo(peer, ConsensusMessage(message)) for message in missing]
        return self._request_blocks()

    # Catch-up

    def _request_blocks(self) -> list[Effect]:
        behind = self._catchup.target - self._head.height
        is_stuck = self._height_at_last_tick == self._head.height
        if self._fetched_blocks or behind < (1 if is_stuck else 2):
            return []
        request = self._catchup.next_request(self._head.next_height, self._now_ms)
        return [effects.SendTo(*request)] if request else []

    def _peer_blocks(self, peer: NodeName, message: Blocks) -> list[Effect]:
        wanted = self._head.next_height
        heights = [decided.block.header.height for decided in message.blocks]
        is_useful = self._catchup.is_answer(peer, heights)
        self._catchup.answered(peer, is_useful=is_useful, now_ms=self._now_ms)
        self._catchup.learn(peer, message.height)
        if is_useful and not self._fetched_blocks:
            self._fetched_blocks.extend(
                (peer, decided)
                for decided in message.blocks
                if decided.block.header.height >= wanted
            )
        return self._apply_fetched()

    def _apply_fetched(self) -> list[Effect]:
        while self._fetched_blocks:
            peer, decided = self._fetched_blocks.popleft()
            if decided.block.header.height < self._head.next_height:
                continue
            try:
                executed = execute_decided(
                    decided,
                    peer,
                    self._head,
                    self._ledger,
                    self._admission,
                    self._verify,
                )
            except PeerFault as error:
                self._fetched_blocks.clear()
                self._catchup.forget(peer)
                return [effects.Disconnect(peer, error)]
            commit = build_commit(executed, decided.certificate, is_catch_up=True)
            return self._note([commit])
        return self._request_blocks()

    # Consensus

    def _with_work(self, out: list[Effect]) -> list[Effect]:
        out.extend(self._note(self._ordering.check_again(self._head)))
        if len(self._mempool):
            out.extend(self._run_engine(engine_events.WorkAvailable(self._now_ms)))
        return out

    def _run_engine(self, event: engine_events.Event) -> list[Effect]:
        return self._note(self._ordering.handle(event, self._head))

    def _note(self, out: list[Effect]) -> list[Effect]:
        kept: list[Effect] = []
        for effect in out:
            if isinstance(effect, effects.FellBehind):
                kept.extend(self._request_blocks())
                continue
            if isinstance(effect, effects.Commit):
                assert self._committing is None, "one commit at a time"
                self._committing = effect
            kept.append(effect)
        return kept

    def _committed(self, block: Hash) -> list[Effect]:
        commit = self._committing
        assert commit is not None, "CommitDone answers a Commit"
        if commit.head.block != block:
            raise Corruption("VT-3042", height=commit.height)
        self._committing = None
        self._head = commit.head
        self._mempool.remove(transaction.id for transaction in commit.transactions)
        expired = self._mempool.expire(self._head.next_height)
        self._proposals.start_height()
        out: list[Effect] = [effects.Expired(expired)] if expired else []
        head, has_work = self._head, len(self._mempool) > 0
        event = engine_events.HeightCommitted(
            head.height, commit.certificate, head.validators, head.time_ms, has_work, self._now_ms
        )
        out.extend(self._run_engine(event))
        if self._committing is None:
            out.extend(self._apply_fetched())
        return out

    def _tick(self) -> list[Effect]:
        self._questions.renew()
        out: list[Effect] = [effects.SendToAll(self._neighbours.names, self._status())]
        out.extend(self._transactions.announce(self._now_ms))
        out.extend(self._transactions.ask_for(self._proposals.missing(), self._neighbours.names))
        out.extend(self._request_blocks())
        self._height_at_last_tick = self._head.height
        return out

    def is_ordered(self, transaction_id: Hash) -> bool:
        """Tell whether a proposed block of the present height holds the transaction."""
        return self._proposals.holds(transaction_id)

    @property
    def genesis_hash(self) -> Hash:
        """The name of the chain."""
        return self._ledger.genesis_hash
