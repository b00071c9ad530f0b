"""The Tendermint engine: from height to height, events in, effects out.

`HeightEngine` decides one height. This module gives it its events, waits between heights until
there is something to order, keeps what comes early, and starts again after a power cut.
"""

from collections.abc import Sequence
from typing import assert_never

from msgspec.structs import replace

from chain import keys
from chain.certificate import QuorumCertificate
from chain.errors import Corruption, PeerFault, Refused
from chain.scalars import Height, UnixMillis
from chain.validators import ValidatorSet
from consensus.bft import repair
from consensus.bft.ahead import AheadBook
from consensus.bft.checks import check_message
from consensus.bft.height import HeightEngine
from consensus.bft.messages import Message
from consensus.bft.repair import Knowledge, RoundSummary
from consensus.bft.state import NEVER_SIGNED, HardState, LastSigned, Step, initial_state
from consensus.chain import Chain
from consensus.effects import Accuse, Effect, FellBehind, ReadRefused
from consensus.events import (
    Event,
    HeightCommitted,
    PayloadBuilt,
    PayloadChecked,
    ReadRequested,
    Received,
    Started,
    TimerFired,
    TransferLeadership,
    WorkAvailable,
)
from consensus.last_signed import seal


class BftEngine:
    """Decides one height after the other. See `consensus.engine.make_engine` for the arguments."""

    def __init__(
        self,
        chain: Chain,
        *,
        validators: ValidatorSet,
        signers: Sequence[keys.Signer],
        height: Height,
        previous_time_ms: UnixMillis,
        next_validators: ValidatorSet | None = None,
        hard_state: HardState | None = None,
        last_signed: LastSigned | None = None,
    ) -> None:
        self._chain = chain
        self._signers = signers
        self._ahead = AheadBook(next_validators or validators, height)
        self._previous: QuorumCertificate | None = None
        state = _choose_state(height, hard_state, last_signed)
        self._height = HeightEngine(chain, signers, validators, state, previous_time_ms)
        self._height.log.restore(state)

    @property
    def state(self) -> HardState:
        """The present state; what of it is durable is what the last `Persist` carried."""
        return self._height.state

    def handle(self, event: Event) -> list[Effect]:
        """Take one event; give what has to be done, in order. See `consensus.engine.Engine`."""
        self._height.effects = []
        match event:
            case Started(now_ms):
                self._height.now_ms = now_ms
                self._start()
            case Received(message, now_ms):
                self._height.now_ms = now_ms
                if not isinstance(message, Message) or not self._receive(message):
                    return self._height.effects
            case TimerFired(timer, now_ms):
                self._height.now_ms = now_ms
                self._height.fire(timer)
            case WorkAvailable(now_ms):
                self._height.now_ms = now_ms
                if self.state.step != Step.WAIT:
                    return self._height.effects
                self._height.begin()
            case PayloadBuilt():
                self._height.offer(event)
            case PayloadChecked():
                self._height.note_check(event)
            case HeightCommitted():
                self._advance(event)
            case ReadRequested(ticket):
                self._height.effects.append(ReadRefused(ticket, Refused("VT-3051")))
            case TransferLeadership():
                pass
            case _:
                assert_never(event)
        self._height.apply_rules()
        return self._height.effects

    def summary(self) -> RoundSummary:
        """Say what this node has of its present round. See `consensus.bft.repair`."""
        return repair.summarise(self._knowledge())

    def messages_missing_in(self, summary: RoundSummary) -> list[Message]:
        """Give what would help the peer that sent `summary`. See `consensus.bft.repair`."""
        return repair.find_missing(self._knowledge(), summary)

    def _knowledge(self) -> Knowledge:
        height = self._height
        return Knowledge(
            height.state,
            height.validators,
            height.log.votes,
            height.log.proposals,
            self._previous,
        )

    def _start(self) -> None:
        """L10, or the resumption after a restart. The first height does not wait for work."""
        if self.state.step != Step.WAIT:
            self._height.resume()
        elif self.state.height == 1:
            self._height.begin()
        else:
            self._height.set_timer("heartbeat")

    def _advance(self, event: HeightCommitted) -> None:
        """L52 to L54, except that round 0 waits until there is something to order."""
        if event.height < self.state.height:
            return
        height = Height(event.height + 1)
        accused = self._compare(event.certificate)
        state = initial_state(height, self.state.last_signed)
        self._previous = event.certificate
        self._height = HeightEngine(
            self._chain, self._signers, event.validators, state, event.time_ms
        )
        self._height.now_ms = event.now_ms
        self._height.effects += accused
        if event.has_work:
            self._height.begin()
        for message in self._ahead.advance(event.next_validators, height):
            try:
                self._height.receive(message)
            except PeerFault:
                # It was right about another set, before the one of this height was known.
                continue
        if self.state.step == Step.WAIT:
            self._height.set_timer("heartbeat")

    def _compare(self, certificate: QuorumCertificate) -> list[Effect]:
        """Accuse those who told the quorum something else than this node."""
        if certificate.height != self.state.height:
            return []
        return [Accuse(*conflict) for conflict in self._height.log.find_conflicts(certificate)]

    def _receive(self, message: Message) -> bool:
        """Take a message; tell whether it is one of this height, which a rule may wait for."""
        if message.height == self.state.height:
            self._height.receive(message)
            return True
        if message.height > self.state.height and self._ahead.is_news(message):
            self._receive_ahead(message)
        return False

    def _receive_ahead(self, message: Message) -> None:
        validators = self._ahead.validators
        try:
            check_message(message, self._chain.genesis_hash, validators, self._chain.verify)
        except PeerFault:
            # Beyond the next height others may decide; a fault cannot be told from a change.
            return
        height = self._ahead.add(message)
        # Between a decision and its commit the next height is no news.
        is_next = height == self.state.height + 1
        if height is not None and not (self._height.is_decided and is_next):
            self._height.effects.append(FellBehind(height))


def _choose_state(
    height: Height, hard_state: HardState | None, last_signed: LastSigned | None
) -> HardState:
    """Give the state to start from, behind a guard that covers all that was ever signed.

    Raises: Corruption: VT-3023: the state is of a later height than the chain.
    """
    guard = NEVER_SIGNED if hard_state is None else hard_state.last_signed
    if last_signed is not None and last_signed.position > guard.position:
        guard = seal(last_signed)
    if hard_state is None or hard_state.height < height:
        return initial_state(height, guard)
    if hard_state.height > height:
        raise Corruption("VT-3023", state=hard_state.height, height=height)
    return replace(hard_state, last_signed=guard)
