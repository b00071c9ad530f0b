"""Runs the consensus engine and answers what it asks: build a block, check one, commit one."""

from collections import deque
from typing import assert_never

from chain.errors import Corruption
from chain.scalars import Height, NodeName, Round, UnixMillis
from consensus import effects as engine_effects
from consensus import events as engine_events
from consensus.engine import Engine, Message, Summary, Tip, Value
from consensus.state import kept_value
from consensus.value import Timer
from node.replica import effects
from node.replica.commit import build_commit
from node.replica.divergence import Diverged
from node.replica.effects import Effect
from node.replica.gossip import Neighbours
from node.replica.head import Head
from node.replica.messages import ConsensusMessage
from node.replica.pacing import Pacing
from node.replica.probation import Probation
from node.replica.proposals import Incomplete, Proposals, Valid, Verdict
from node.replica.transactions import TransactionFlow


class Ordering:
    """The engine with its questions answered; only what needs a machine or a peer comes out."""

    def __init__(
        self,
        engine: Engine,
        own_name: NodeName,
        proposals: Proposals,
        transactions: TransactionFlow,
        neighbours: Neighbours,
        probation: Probation | None = None,
    ) -> None:
        self._engine = engine
        self._probation = probation
        self._own_name = own_name
        self._proposals = proposals
        self._transactions = transactions
        self._neighbours = neighbours
        self._pacing = Pacing()
        self._decided = 0
        """How many transactions the block holds that is on its way to the disk."""
        self._paused: Height | None = None
        """The height that begins when a pause is over."""

    @property
    def probation(self) -> Probation | None:
        """What keeps this node from signing for now, or None."""
        return self._probation

    def move_to(self, head: Head, *, has_work: bool, now_ms: UnixMillis) -> list[Effect]:
        """Let the engine go on after a head that is on disk."""
        assert head.certificate is not None, "only genesis has none"
        if self._probation is not None and self._probation.is_over(head):
            self._engine = self._probation.make_engine(tip_of(head))
            self._probation = None
            out = self.handle(engine_events.Started(now_ms), head)
            return [*out, *self.begin(head, now_ms)] if has_work else out
        self._pacing.committed(self._decided, now_ms)
        self._decided = 0
        must_wait = has_work and self._pacing.wait_ms(now_ms) > 0
        event = engine_events.HeightCommitted(
            head.height,
            head.certificate,
            head.validators,
            head.next_validators,
            head.time_ms,
            has_work and not must_wait,
            now_ms,
        )
        out = self.handle(event, head)
        return [*out, *self.begin(head, now_ms)] if must_wait else out

    def begin(self, head: Head, now_ms: UnixMillis) -> list[Effect]:
        """There is something to order: let the next block begin, now or when a pause is over."""
        wait_ms = self._pacing.wait_ms(now_ms)
        if not wait_ms:
            return self.handle(engine_events.WorkAvailable(now_ms), head)
        if self._paused == head.next_height:
            return []
        self._paused = head.next_height
        # Work is what the engine assumes at the end of a long wait, too.
        timer = Timer(head.next_height, Round(0), "heartbeat")
        return [effects.SetTimer(timer, wait_ms)]

    def transfer(self, to: NodeName | None, head: Head, now_ms: UnixMillis) -> list[Effect]:
        """Let another member lead, `to` or whoever is furthest; nothing if it is no member."""
        index = None if to is None else head.validators.index_of(to)
        if to is not None and index is None:
            return []
        return self.handle(engine_events.TransferLeadership(index, now_ms), head)

    def summary(self) -> Summary:
        """Say what the engine holds of its present height."""
        return self._engine.summary()

    def messages_missing_in(self, summary: Summary) -> list[Message]:
        """Give the consensus messages that a peer with this summary lacks."""
        return self._engine.messages_missing_in(summary)

    def handle(self, event: engine_events.Event, head: Head) -> list[Effect]:
        """Hand an event to the engine, and its own questions' answers after it.

        Raises: PeerFault: the event brought a message that breaks the protocol; Corruption: a
        quorum decided what this node found invalid, `Diverged` when it got another result;
        HostFault: a quorum decided what this machine cannot execute.
        """
        out: list[Effect] = []
        queue = deque([event])
        while queue:
            for effect in self._ask(queue.popleft()):
                self._perform(effect, head, out, queue)
        return out

    def _ask(self, event: engine_events.Event) -> list[engine_effects.Effect]:
        """Hand an event to the engine; should a quorum decide what is not valid here, say why.

        That is a divergence with all that is known of it, or a fault of this machine.
        """
        try:
            return self._engine.handle(event)
        except Corruption as error:
            block = error.values.get("block")
            fault = self._proposals.aside.fault_of(block)
            if fault is not None:
                raise fault from error
            divergence = self._proposals.divergence(block)
            if divergence is None:
                raise
            raise Diverged(error.code, divergence, **error.values) from error

    def check_again(self, head: Head) -> list[Effect]:
        """Check the proposals that waited for transactions and are complete now."""
        out: list[Effect] = []
        for value, verdict in self._proposals.check_again(head):
            out.extend(_refusal(value, verdict))
            out.extend(self.handle(_checked(head.next_height, value, verdict), head))
        return out

    def _perform(
        self,
        effect: engine_effects.Effect,
        head: Head,
        out: list[Effect],
        queue: deque[engine_events.Event],
    ) -> None:
        match effect:
            case engine_effects.Persist(state):
                value = kept_value(state)
                kept = () if value is None else self._proposals.keep(value)
                out.append(effects.Persist(state, kept))
            case engine_effects.Broadcast(message):
                peers = self._neighbours.names
                out.append(effects.SendToAll(peers, ConsensusMessage(message)))
            case engine_effects.Send(to, message):
                peer = head.validators.members[to].node
                if peer in self._neighbours:
                    out.append(effects.SendTo(peer, ConsensusMessage(message)))
            case engine_effects.SetTimer(timer, delay_ms):
                out.append(effects.SetTimer(timer, delay_ms))
            case engine_effects.Accuse(first, second):
                out.append(effects.Accuse(first, second))
            case engine_effects.FellBehind(height):
                out.append(effects.FellBehind(height))
            case engine_effects.ReadReady(ticket, height):
                out.append(effects.ReadReady(ticket, height))
            case engine_effects.ReadRefused(ticket, error):
                out.append(effects.ReadRefused(ticket, error))
            case _:
                self._ask_back(effect, head, out, queue)

    def _ask_back(
        self,
        effect: engine_effects.BuildPayload | engine_effects.CheckPayload | engine_effects.Decide,
        head: Head,
        out: list[Effect],
        queue: deque[engine_events.Event],
    ) -> None:
        """Answer what the engine asks of the ledger."""
        match effect:
            case engine_effects.BuildPayload(height, round_):
                own_index = head.validators.index_of(self._own_name)
                assert own_index is not None, "only validators propose"
                value = self._proposals.build(head, own_index)
                queue.append(engine_events.PayloadBuilt(height, round_, value))
            case engine_effects.CheckPayload(height, _, value):
                self._check(height, value, head, out, queue)
            case engine_effects.Decide(_, _, value, certificate):
                executed = self._proposals.executed(value, head)
                if executed is None:  # Dropped in a long height; peers have the block.
                    out.append(effects.FellBehind(Height(head.next_height + 1)))
                else:
                    self._decided = len(executed.transactions)
                    out.append(build_commit(executed, certificate, is_catch_up=False))
            case _:
                assert_never(effect)

    def _check(
        self,
        height: Height,
        value: Value,
        head: Head,
        out: list[Effect],
        queue: deque[engine_events.Event],
    ) -> None:
        verdict = self._proposals.check(value, head)
        if isinstance(verdict, Incomplete):
            out.extend(self._transactions.ask_for(verdict.missing, self._neighbours.names))
            return
        out.extend(_refusal(value, verdict))
        queue.append(_checked(height, value, verdict))


def tip_of(head: Head) -> Tip:
    """Give what the last committed block leaves to an engine."""
    return Tip(
        head.next_height, head.certificate, head.time_ms, head.validators, head.next_validators
    )


def _checked(height: Height, value: Value, verdict: Verdict) -> engine_events.PayloadChecked:
    assert not isinstance(verdict, Incomplete), "it is not checked yet"
    if isinstance(verdict, Valid):
        return engine_events.PayloadChecked(height, value, is_valid=True)
    return engine_events.PayloadChecked(
        height, value, is_valid=False, is_mismatched=verdict.is_mismatched
    )


def _refusal(value: Value, verdict: Verdict) -> list[Effect]:
    if isinstance(verdict, Valid | Incomplete):
        return []
    return [effects.ProposalRefused(value.id, verdict.error)]
