"""The whole node as one state machine: events in, effects out.

`Replica` joins the consensus engine, the mempool, execution, catch-up and gossip. It answers the
engine's questions itself (build a payload, check one) and passes on only what needs a machine.
Effects are performed strictly in order. After a `Commit` nothing is handled until `CommitDone`, so
every decision is made on a state that is on disk.
"""

from collections import deque
from hashlib import sha256
from typing import Final, assert_never

from chain.errors import Corruption, PeerFault
from chain.genesis import Limits
from chain.scalars import Hash, Height, NodeName, UnixMillis
from consensus import events as engine_events
from consensus.engine import Engine
from consensus.messages import check_message, get_sender, is_relayed
from contracts.executor import Executor
from node.replica import effects, events
from node.replica.admission import Admission
from node.replica.catchup import CatchingUp
from node.replica.duties import Duties
from node.replica.effects import Effect
from node.replica.gossip import Neighbours, Questions, SeenSet
from node.replica.head import Head
from node.replica.mempool import Mempool
from node.replica.messages import (
    QUESTIONS,
    AnyPeerMessage,
    Blocks,
    BlocksRequest,
    ConsensusMessage,
    Have,
    SnapshotMessage,
    Status,
    Transactions,
    Want,
    decode_frame,
)
from node.replica.ordering import Ordering
from node.replica.ports import Store
from node.replica.probation import begin_probation
from node.replica.proposals import Proposals
from node.replica.setting import ReplicaView, Setting
from node.replica.steady import SteadyTime
from node.replica.transactions import TransactionFlow
from node.replica.transition import Ledger

__all__ = ["Replica", "ReplicaView", "Setting"]

DEFERRED_COUNT_MAX: Final = 65_536


class Replica:
    """One node of the chain, without its machine.

    Args: engine: consensus, already at the height after `head`; store: reading what was committed.
    """

    def __init__(
        self, setting: Setting, engine: Engine, head: Head, store: Store, executor: Executor
    ) -> None:
        genesis, verify = setting.genesis, setting.verify
        self._own_name = setting.own_name
        self._head = head
        self._verify = verify
        self._ledger = Ledger(genesis, store, executor, verify, setting.meter)
        self._admission = Admission(genesis, self._ledger.genesis_hash, store, verify, head.height)
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
            begin_probation(setting),
        )
        self._duties = Duties(genesis, setting.own_name, setting.signers, store, self._transactions)
        self._catchup = CatchingUp(
            store, genesis, setting.catch_up, self._ledger, self._transactions.decode, verify
        )
        self._seen = SeenSet()
        self._questions = Questions()
        self._awaited: deque[effects.Commit | effects.Write | effects.Install] = deque()
        """What was asked of the disk and not confirmed yet; until then nothing else is handled."""
        self._deferred: deque[events.Event] = deque()
        self._has_news = False  # Transactions came, and the engine does not know it yet.
        self._now_ms = UnixMillis(0)
        self._time = SteadyTime()
        self._steady_ms = UnixMillis(0)

    def handle(self, event: events.Event, *, more: bool = False) -> list[Effect]:
        """Take one event and give what it leads to.

        Args: more: another event follows at once, so no block begins with what came so far.
        Raises: Corruption: the store is damaged, or a quorum decided what this node cannot get.
        """
        if self._awaited and not isinstance(event, events.Confirmation):
            assert len(self._deferred) < DEFERRED_COUNT_MAX, "a confirmation must come next"
            self._deferred.append(event)
            return []
        out = self._dispatch(event)
        while self._deferred and not self._awaited:
            out.extend(self._dispatch(self._deferred.popleft()))
        if self._has_news and not self._awaited and not more:
            out.extend(self._begin_work())
        return out

    def view(self) -> ReplicaView:
        """Describe the replica."""
        claims = self._catchup.claims
        return ReplicaView(
            self._head,
            self._ordering.summary(),
            len(self._mempool),
            self._mempool.size_bytes,
            claims.heights_of(self._neighbours.names),
            claims.highest > self._head.next_height,
            self._catchup.base.height,
            self._catchup.progress,
            self._catchup.snapshots,
            self._proposals.aside.total,
            self._duties.find_mute(self._head.validators, self._ordering.probation),
            self._neighbours.mute,
        )

    def is_waiting(self, transaction_id: Hash) -> bool:
        """Tell whether a transaction waits for a block here."""
        return transaction_id in self._mempool

    def _dispatch(self, event: events.Event) -> list[Effect]:
        self._now_ms = event.now_ms
        self._steady_ms = self._time.follow(event)
        match event:
            case events.Started():
                return self._run_engine(engine_events.Started(event.now_ms))
            case events.Submitted():
                self._has_news = True
                return self._transactions.submit(event, self._head, self._steady_ms)
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
            case events.CommitDone() | events.WriteDone() | events.InstallDone():
                return self._confirmed(event)
            case events.ReadRequested():
                return self._run_engine(engine_events.ReadRequested(event.ticket))
            case events.TransferLeadership(to):
                return self._note(self._ordering.transfer(to, self._head, self._now_ms))
            case _:
                assert_never(event)

    # Peers

    def _receive(self, peer: NodeName, frame: bytes) -> list[Effect]:
        if peer not in self._neighbours:
            return []
        try:
            return self._heed(peer, decode_frame(frame, self.limits), frame)
        except PeerFault as error:
            self._catchup.forget(peer)
            return [effects.Disconnect(peer, error)]

    def _heed(self, peer: NodeName, message: AnyPeerMessage, frame: bytes) -> list[Effect]:
        if isinstance(message, QUESTIONS) and not self._questions.take(peer):
            return []
        if isinstance(message, SnapshotMessage):
            return self._note(self._catchup.heed(peer, message, self._head, self._steady_ms))
        match message:
            case ConsensusMessage():
                return self._consensus_message(peer, message, frame)
            case Transactions():
                self._has_news = True
                return self._transactions.receive(peer, message, self._head, self._steady_ms)
            case Have():
                return self._transactions.have(peer, message, self._head)
            case Want():
                return self._transactions.want(peer, message)
            case Status():
                return self._peer_status(peer, message)
            case BlocksRequest():
                return [effects.SendTo(peer, self._catchup.answer(message, self._head))]
            case Blocks():
                return self._note(self._catchup.take(peer, message, self._head, self._steady_ms))
            case _:
                assert_never(message)

    def _consensus_message(
        self, peer: NodeName, message: ConsensusMessage, frame: bytes
    ) -> list[Effect]:
        inner = message.message
        received = engine_events.Received(inner, self._now_ms)
        if inner.height > self._head.next_height:
            self._catchup.hear(peer, Height(inner.height - 1))
        if inner.height != self._head.next_height or not is_relayed(inner):
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
            self._head.height,
            self._head.block,
            self._ordering.summary(),
            self._neighbours.names,
            self._catchup.base.height,
            self._head.transactions_total,
            self._duties.find_mute(self._head.validators, self._ordering.probation),
        )

    def _peer_status(self, peer: NodeName, status: Status) -> list[Effect]:
        self._neighbours.learn(peer, status.connected, status.mute)
        self._catchup.learn(peer, status)
        if self._ordering.probation is not None:
            self._ordering.probation.hear(peer, status.height)
        if status.height == self._head.height:
            missing = self._ordering.messages_missing_in(status.summary)
            return [effects.SendTo(peer, ConsensusMessage(message)) for message in missing]
        return self._catchup.ask(self._head, self._steady_ms)

    # Consensus

    def _begin_work(self) -> list[Effect]:
        """Go on with what came: a proposal waited for it, or the next block begins."""
        self._has_news = False
        out = self._note(self._ordering.check_again(self._head))
        if self._has_work():
            out.extend(self._note(self._ordering.begin(self._head, self._now_ms)))
        return out

    def _has_work(self) -> bool:
        """Tell whether the next block is to be made: something waits, and none is decided yet."""
        return len(self._mempool) > 0 and not self._catchup.is_behind(self._head)

    def _run_engine(self, event: engine_events.Event) -> list[Effect]:
        return self._note(self._ordering.handle(event, self._head))

    def _note(self, out: list[Effect]) -> list[Effect]:
        kept: list[Effect] = []
        for effect in out:
            if isinstance(effect, effects.FellBehind):
                kept.extend(self._catchup.ask(self._head, self._steady_ms))
                continue
            if isinstance(effect, effects.Accuse):
                self._duties.reporter.accuse(effect.first, effect.second, self._head)
            if isinstance(effect, effects.Commit | effects.Write | effects.Install):
                self._awaited.append(effect)
            kept.append(effect)
        return kept

    def _confirmed(self, event: events.Confirmation) -> list[Effect]:
        """Go on after what was asked of the disk, in the order asked for."""
        match self._awaited.popleft(), event:
            case effects.Commit() as commit, events.CommitDone(height, block):
                if commit.head.block != block:
                    raise Corruption("VT-3042", height=height)
                return self._committed(commit)
            case effects.Install(), events.InstallDone(head):
                return self._installed(head)
            case effects.Write(), events.WriteDone():
                return []
            case _:
                raise AssertionError("confirmations come in the order asked for")

    def _committed(self, commit: effects.Commit) -> list[Effect]:
        self._transactions.committed(commit.height, commit.transactions)
        out = self._move_to(commit.head)
        if not self._awaited:
            out.extend(self._note(self._catchup.go_on(self._head, self._steady_ms)))
        out.extend(self._prune(len(commit.batch.puts)))
        return out

    def _installed(self, head: Head) -> list[Effect]:
        self._catchup.installed()
        self._ledger.reread()
        self._transactions.installed(head.height)
        return [*self._move_to(head), *self._note(self._catchup.ask(head, self._steady_ms))]

    def _move_to(self, head: Head) -> list[Effect]:
        """Go on after another head."""
        self._head = head
        expired = self._mempool.expire(head.next_height)
        self._proposals.start_height()
        out: list[Effect] = [effects.Expired(expired)] if expired else []
        has_work = self._has_work()
        out.extend(self._note(self._ordering.move_to(head, has_work=has_work, now_ms=self._now_ms)))
        return out

    def _prune(self, rows: int = 0) -> list[Effect]:
        """Delete some of what need not be kept; never while a write is on its way to the disk."""
        if self._awaited:
            return []
        return self._note(self._catchup.prune(self._head, self._steady_ms, rows))

    def _tick(self) -> list[Effect]:
        self._questions.renew()
        out: list[Effect] = [effects.SendToAll(self._neighbours.names, self._status())]
        out.extend(self._transactions.announce(self._steady_ms))
        out.extend(self._transactions.ask_for(self._proposals.missing(), self._neighbours.names))
        out.extend(self._duties.perform(self._head, self._steady_ms))
        out.extend(self._begin_work())
        if not self._awaited:
            out.extend(self._note(self._catchup.tick(self._head, self._steady_ms)))
        out.extend(self._prune())
        return out

    def is_final(self, transaction_id: Hash) -> bool:
        """Tell whether a block holds the transaction that could still be repeated."""
        return self._admission.is_committed(transaction_id)

    def is_ordered(self, transaction_id: Hash) -> bool:
        """Tell whether a proposed block of the present height holds the transaction."""
        return self._proposals.holds(transaction_id)

    @property
    def limits(self) -> Limits:
        """The bounds of the chain."""
        return self._ledger.genesis.limits

    @property
    def genesis_hash(self) -> Hash:
        """The name of the chain."""
        return self._ledger.genesis_hash
