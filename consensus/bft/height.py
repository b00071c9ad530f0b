"""Algorithm 1 at one height: `rules.py` says when, this module does what stands under it.

After every event the rules are tried until none holds. The engine's own messages take the same
way as anybody's, but behind the guard: signed, persisted, sent, counted.
"""

from collections.abc import Sequence
from typing import assert_never

from msgspec.structs import replace

from chain.errors import Corruption
from chain.keys import Signer
from chain.scalars import Round, UnixMillis
from chain.validators import ValidatorSet
from consensus.bft import rules
from consensus.bft.checks import check_message
from consensus.bft.log import MessageLog
from consensus.bft.messages import NO_ROUND, Message, VoteKind
from consensus.bft.signing import Voter
from consensus.bft.state import HardState, Step
from consensus.bft.votes import make_certificate
from consensus.chain import Chain
from consensus.effects import (
    Accuse,
    Broadcast,
    BuildPayload,
    CheckPayload,
    Decide,
    Effect,
    Persist,
    SetTimer,
)
from consensus.events import PayloadBuilt, PayloadChecked
from consensus.own_key import find_own_key
from consensus.value import RoundStep, Timer, Value, ValueId
from consensus.verdicts import Verdict, to_verdict


class HeightEngine:
    """Decides one height. `effects` collects what has to be done; the owner empties it."""

    def __init__(
        self,
        chain: Chain,
        signers: Sequence[Signer],
        validators: ValidatorSet,
        state: HardState,
        previous_time_ms: UnixMillis,
    ) -> None:
        self.chain = chain
        self.state = state
        self.validators = validators
        self.log = MessageLog(validators)
        self.effects: list[Effect] = []
        self.is_decided = False
        self.now_ms = previous_time_ms
        self._previous_time_ms = previous_time_ms
        self._voter = Voter(chain.genesis_hash, find_own_key(signers, validators))
        self._scheduled: set[RoundStep] = set()

    # ------------------------------------------------------------------ what comes in

    def resume(self) -> None:
        """Go on after a restart: say the last own messages again and wait for the others'."""
        state = self.state
        own: list[Message] = [] if state.proposal is None else [state.proposal]
        own += state.votes
        # Power may have failed between the state and the last-signed file; once the messages are
        # out again, the file must know of them too.
        self.effects.append(Persist(state))
        self.effects += [Broadcast(message) for message in own if message.round == state.round]
        if state.step == Step.PROPOSE:
            self.set_timer("propose")

    def begin(self) -> None:
        """Leave the wait for something to order; from any other step, nothing."""
        if self.state.step == Step.WAIT:
            self._start_round(Round(0))

    def receive(self, message: Message) -> None:
        """Count a message of this height.

        Raises: PeerFault: the message breaks the protocol; nothing has changed.
        """
        if self.is_decided:
            return
        conflict = self.log.receive(message, self.state, self.check)
        if conflict is not None:
            self.effects.append(Accuse(*conflict))
        is_waiting = self.state.step == Step.WAIT
        if is_waiting and rules.ends_wait(self.log.votes, self.log.proposals, self.validators):
            self.begin()

    def check(self, message: Message) -> None:
        """Check a message against this height's validators; raises PeerFault."""
        check_message(message, self.chain.genesis_hash, self.validators, self.chain.verify)

    def offer(self, event: PayloadBuilt) -> None:
        """L18, L19: the new value is there, unless the round went on without it."""
        state = self.state
        if (event.height, event.round) != (state.height, state.round) or (
            state.step != Step.PROPOSE
        ):
            return
        self.log.proposals.mark_valid(event.value)
        self._propose(event.value, NO_ROUND)

    def note_check(self, event: PayloadChecked) -> None:
        """Note the answer to `CheckPayload`."""
        if event.height != self.state.height:
            return
        verdict = to_verdict(is_valid=event.is_valid, is_mismatched=event.is_mismatched)
        self.log.proposals.finish_check(event.value, verdict)

    def fire(self, timer: Timer) -> None:
        """L57 to L67: a step took too long. Stale timers change nothing."""
        if self.is_decided or not rules.is_present(self.state, timer):
            return
        match timer.step:
            case "propose":
                self._vote("prevote", None)  # L59, L60
            case "prevote":
                self._vote("precommit", None)  # L63, L64
            case "precommit":
                self._start_round(Round(self.state.round + 1))  # L67
            case "heartbeat":
                self.begin()
            case "tick":
                pass  # It outlived the engine before this one.
            case _:
                assert_never(timer.step)

    def set_timer(self, step: RoundStep) -> None:
        """Set the timer of a step of the present round."""
        self._scheduled.add(step)
        timer = Timer(self.state.height, self.state.round, step)
        delay_ms = rules.compute_timeout_ms(self.chain.timing, step, self.state.round)
        self.effects.append(SetTimer(timer, delay_ms))

    # ------------------------------------------------------------------ the rules in use

    def apply_rules(self) -> None:
        """Try the rules until none holds."""
        ordered = (
            self._try_decide,
            self._try_skip_round,
            self._try_prevote,
            self._try_lock,
            self._try_precommit_nil,
            self._try_give_up,
            self._try_prevote_timer,
            self._try_precommit_timer,
        )
        while self.state.step != Step.WAIT and not self.is_decided:
            if not any(rule() for rule in ordered):
                return

    def _start_round(self, round_: Round) -> None:
        """L11 to L21. Building takes time here, so the proposer sets the timer of L21 too."""
        self.state = replace(self.state, round=round_, step=Step.PROPOSE)
        self.log.prune(self.state)
        self._scheduled = set()
        self.set_timer("propose")
        height = self.state.height
        if rules.is_proposer(self.validators, height, round_, self._voter.index):
            value = rules.choose_value(self.state)
            if value is None:
                self.effects.append(BuildPayload(height, round_))
            else:
                self._propose(value, self.state.valid_round)  # L16, L19

    def _try_decide(self) -> bool:
        """L49 to L51. A value that is not known yet is waited for; catch-up may bring it."""
        found = rules.find_decision(self.log.votes, self.log.proposals.find)
        if found is None:
            return False
        round_, value = found
        height = self.state.height
        if self.log.proposals.verdict(value) is Verdict.INVALID:
            raise Corruption("VT-3028", block=value.id, height=height)
        if not self._is_valid(value):
            return False
        certificate = make_certificate(self.log.votes, height, round_, value.id)
        self.is_decided = True
        self.effects.append(Decide(height, round_, value, certificate))
        return True

    def _try_skip_round(self) -> bool:
        """L55, L56."""
        round_ = rules.find_skip_round(
            self.state, self.log.votes, self.log.proposals, self.validators
        )
        if round_ is not None:
            self._start_round(round_)
        return round_ is not None

    def _try_prevote(self) -> bool:
        """L22 to L27 and L28 to L33: prevote the proposal of this round, or nil."""
        proposal = self.log.proposals.get(self.state.round)
        if proposal is None:
            return False
        if rules.is_fresh_proposal(self.state, proposal):
            accepts = rules.accepts_fresh
        elif rules.is_justified_proposal(self.state, proposal, self.log.votes):
            accepts = rules.accepts_justified
        else:
            return False
        value = proposal.value
        is_valid = self._is_valid(value)
        is_unknown = self.log.proposals.verdict(value) is None
        if is_unknown and accepts(self.state, proposal, is_valid=True):
            return False  # The check decides; meanwhile the propose timer runs.
        self._vote("prevote", value.id if accepts(self.state, proposal, is_valid) else None)
        return True

    def _try_lock(self) -> bool:
        """L36 to L43: more than two thirds prevoted this round's value."""
        proposal = self.log.proposals.get(self.state.round)
        if proposal is None or not rules.has_prevotes_for_value(
            self.state, proposal, self.log.votes, self._is_valid(proposal.value)
        ):
            return False
        value, round_ = proposal.value, self.state.round
        may_lock = rules.may_lock(self.state)
        if may_lock:  # L38, L39
            self.state = replace(self.state, locked_value_id=value.id, locked_round=round_)
        prevotes = tuple(self.log.votes.tally("prevote", round_).votes_for(value.id))
        self.state = replace(  # L42, L43
            self.state, valid_value=value, valid_round=round_, valid_prevotes=prevotes
        )
        self.log.proposals.keep_value(value)
        if may_lock:
            self._vote("precommit", value.id)  # L40, L41
        return True

    def _try_precommit_nil(self) -> bool:
        """L44 to L46."""
        holds = rules.has_nil_prevotes(self.state, self.log.votes)
        if holds:
            self._vote("precommit", None)
        return holds

    def _try_give_up(self) -> bool:
        """Do at once, in a round that nobody can decide, what L57 to L67 do after a while."""
        if rules.is_over(self.state, self.log.votes, self.log.proposals):
            self._start_round(Round(self.state.round + 1))
            return True
        if self.state.step == Step.PRECOMMIT or not rules.is_lost(
            self.state, self.log.votes, self.validators
        ):
            return False
        self._vote("prevote" if self.state.step == Step.PROPOSE else "precommit", None)
        return True

    def _try_prevote_timer(self) -> bool:
        """L34, L35; "for the first time" is `_scheduled`."""
        holds = rules.has_any_prevotes(self.state, self.log.votes)
        return holds and self._set_timer_once("prevote")

    def _try_precommit_timer(self) -> bool:
        """L47, L48; "for the first time" is `_scheduled`."""
        holds = rules.has_any_precommits(self.state, self.log.votes)
        return holds and self._set_timer_once("precommit")

    def _set_timer_once(self, step: RoundStep) -> bool:
        is_first = step not in self._scheduled
        if is_first:
            self.set_timer(step)
        return is_first

    def _is_valid(self, value: Value) -> bool:
        """Give valid(v), false while unknown; the first question asks for the check."""
        if self.log.proposals.start_check(value):
            self.effects.append(CheckPayload(self.state.height, self.state.round, value))
        return self.log.proposals.is_valid(value)

    # ------------------------------------------------------------------ own messages

    def _propose(self, value: Value, valid_round: Round) -> None:
        if self.log.proposals.get(self.state.round) is not None or self._voter.index is None:
            return
        state = self._voter.propose(self.state, value, valid_round)
        if state is not None and state.proposal is not None:
            self._say(state, state.proposal)
            self.log.proposals.add(state.proposal)

    def _vote(self, kind: VoteKind, block: ValueId) -> None:
        """Move to the step after the vote, and vote if this node may."""
        step = Step.PREVOTE if kind == "prevote" else Step.PRECOMMIT
        self.state = replace(self.state, step=step)
        index = self._voter.index
        if index is None or self.log.votes.tally(kind, self.state.round).first(index) is not None:
            return
        time_ms = self._compute_vote_time(block)
        state = self._voter.vote(self.state, kind, block, time_ms)
        if state is not None:
            self._say(state, state.votes[-1])
            self.log.votes.add(state.votes[-1])

    def _compute_vote_time(self, block: ValueId) -> UnixMillis:
        """Give the time of a precommit: now, but always later than the block it is for."""
        value = None if block is None else self.log.proposals.find(block)
        earlier_ms = self._previous_time_ms if value is None else value.time_ms
        return max(self.now_ms, UnixMillis(earlier_ms + 1))

    def _say(self, state: HardState, message: Message) -> None:
        """Durable, then said: the state that holds the message goes first."""
        self.state = state
        self.effects += [Persist(state), Broadcast(message)]
