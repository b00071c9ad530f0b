"""Runs the consensus engine and answers what it asks: build a block, check one, commit one."""

from collections import deque
from typing import assert_never

from chain.scalars import Height, NodeName
from consensus import effects as engine_effects
from consensus import events as engine_events
from consensus.bft.messages import Message
from consensus.bft.repair import RoundSummary
from consensus.engine import Engine
from consensus.value import Value
from node.replica import effects
from node.replica.commit import build_commit
from node.replica.effects import Effect
from node.replica.gossip import Neighbours
from node.replica.head import Head
from node.replica.messages import ConsensusMessage
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
    ) -> None:
        self._engine = engine
        self._own_name = own_name
        self._proposals = proposals
        self._transactions = transactions
        self._neighbours = neighbours

    def summary(self) -> RoundSummary:
        """Say what the engine holds of its present round."""
        return self._engine.summary()

    def messages_missing_in(self, summary: RoundSummary) -> list[Message]:
        """Give the consensus messages that a peer with this summary lacks."""
        return self._engine.messages_missing_in(summary)

    def handle(self, event: engine_events.Event, head: Head) -> list[Effect]:
        """Hand an event to the engine, and its own questions' answers after it.

        Raises: PeerFault: the event brought a message that breaks the protocol; Corruption: a
        quorum decided what this node found invalid.
        """
        out: list[Effect] = []
        queue = deque([event])
        while queue:
            for effect in self._engine.handle(queue.popleft()):
                self._perform(effect, head, out, queue)
        return out

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
                value = state.valid_value
                kept = () if value is None else self._proposals.keep(value)
                out.append(effects.Persist(state, kept))
            case engine_effects.Broadcast(message):
                peers = self._neighbours.names
                out.append(effects.SendToAll(peers, ConsensusMessage(message)))
            case engine_effects.SetTimer(timer, delay_ms):
                out.append(effects.SetTimer(timer, delay_ms))
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
                    out.append(build_commit(executed, certificate, is_catch_up=False))
            case engine_effects.Accuse(first, second):
                out.append(effects.Accuse(first, second))
            case engine_effects.FellBehind(height):
                out.append(effects.FellBehind(height))
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
