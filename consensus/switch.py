"""One engine after another: at each height the one that the committee of the height names.

A committee may leave Raft for the Byzantine engine, by a decision of its own and without a new
genesis. The way back is closed: it would take away what members were promised.
"""

from collections.abc import Sequence
from typing import Final

from chain import keys
from chain.validators import EngineName, ValidatorSet
from consensus.bft.core import BftEngine
from consensus.bft.repair import RoundSummary
from consensus.bft.state import HardState
from consensus.chain import Chain, Tip
from consensus.effects import Effect
from consensus.events import Event, HeightCommitted, Started, WorkAvailable
from consensus.last_signed import LastSigned
from consensus.messages import Message
from consensus.raft.core import RaftEngine
from consensus.raft.state import RaftState
from consensus.raft.summary import RaftSummary
from consensus.state import EngineState

Summary = RoundSummary | RaftSummary
"""What a node tells of its present height, by the engine that it runs."""

MOVES: Final[frozenset[tuple[EngineName, EngineName]]] = frozenset({("raft", "bft")})
"""From which engine to which a committee may go."""


class CommitteeEngine:
    """Runs the engine of the present committee, and goes on with another when that changes.

    Messages of the other engine are late or early and are ignored. The guard of the vote key goes
    along, so that no engine signs where another has.

    Args: see `consensus.engine.make_engine`.
    """

    def __init__(
        self,
        chain: Chain,
        *,
        signers: Sequence[keys.Signer],
        tip: Tip,
        hard_state: EngineState | None = None,
        last_signed: LastSigned | None = None,
    ) -> None:
        self._chain = chain
        self._signers = signers
        self._engine = self._make(tip, hard_state, last_signed)

    @property
    def name(self) -> EngineName:
        """Which engine runs."""
        return "raft" if isinstance(self._engine, RaftEngine) else "bft"

    @property
    def state(self) -> EngineState:
        """The present state of the engine that runs."""
        return self._engine.state

    def handle(self, event: Event) -> list[Effect]:
        """Take one event; give what has to be done, in order. See `consensus.engine.Engine`."""
        if isinstance(event, HeightCommitted) and self._is_change(event):
            return self._change(event)
        return self._engine.handle(event)

    def summary(self) -> Summary:
        """Say what this node has of its present height."""
        return self._engine.summary()

    def messages_missing_in(self, summary: Summary) -> list[Message]:
        """Give what would help the peer that sent `summary`; nothing, when it runs another engine.

        Raises: PeerFault: VT-3024: a bitmap does not fit the validator set.
        """
        if isinstance(self._engine, RaftEngine) and isinstance(summary, RaftSummary):
            return [*self._engine.messages_missing_in(summary)]
        if isinstance(self._engine, BftEngine) and isinstance(summary, RoundSummary):
            return [*self._engine.messages_missing_in(summary)]
        return []

    def _is_change(self, event: HeightCommitted) -> bool:
        return event.validators.engine != self.name and event.height >= self.state.height

    def _change(self, event: HeightCommitted) -> list[Effect]:
        assert is_move(self.name, event.validators), "governance lets nobody go back to Raft"
        assert isinstance(self._engine, RaftEngine), "there is one move, away from Raft"
        effects = self._engine.close()
        self._engine = self._make(event.tip, None, self.state.last_signed)
        effects += self._engine.handle(Started(event.now_ms))
        if event.has_work:
            effects += self._engine.handle(WorkAvailable(event.now_ms))
        return effects

    def _make(
        self, tip: Tip, hard_state: EngineState | None, last_signed: LastSigned | None
    ) -> BftEngine | RaftEngine:
        guard = _later(None if hard_state is None else hard_state.last_signed, last_signed)
        if tip.validators.engine == "raft":
            return RaftEngine(
                self._chain,
                signers=self._signers,
                tip=tip,
                hard_state=hard_state if isinstance(hard_state, RaftState) else None,
                last_signed=guard,
            )
        return BftEngine(
            self._chain,
            validators=tip.validators,
            signers=self._signers,
            height=tip.height,
            previous_time_ms=tip.previous_time_ms,
            next_validators=tip.next_validators,
            hard_state=hard_state if isinstance(hard_state, HardState) else None,
            last_signed=guard,
        )


def is_move(name: EngineName, validators: ValidatorSet) -> bool:
    """Tell whether a committee may go from an engine to the one that `validators` name."""
    return (name, validators.engine) in MOVES


def _later(first: LastSigned | None, second: LastSigned | None) -> LastSigned | None:
    if first is None or second is None:
        return first or second
    return max(first, second, key=lambda last: last.position)
