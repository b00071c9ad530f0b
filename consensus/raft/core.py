"""The Raft engine: from height to height, events in, effects out.

`rules.py` says when; `election.py`, `following.py` and `leading.py` do what stands under it, and
all of them act on one `Member`. This module gives them the events, keeps what comes a height early,
and puts what must be durable before everything that is said.
"""

from collections.abc import Sequence
from typing import assert_never

from msgspec.structs import replace

from chain import keys
from chain.errors import PeerFault
from chain.scalars import Round
from chain.validators import Validator
from consensus.bitmap import encode_bitmap
from consensus.chain import Chain, Tip
from consensus.effects import Effect, Send
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
from consensus.last_signed import LastSigned
from consensus.raft import checks, rules
from consensus.raft.election import Election
from consensus.raft.following import Following
from consensus.raft.leading import Leading
from consensus.raft.member import Member, Role
from consensus.raft.messages import (
    Append,
    AppendAnswer,
    Decided,
    Message,
    ReadAnswer,
    ReadRequest,
    TimeoutNow,
    VoteAnswer,
    VoteRequest,
    kind_of,
)
from consensus.raft.reads import ReadDesk, Reader
from consensus.raft.state import RaftState, choose_state
from consensus.raft.summary import RaftSummary
from consensus.value import Timer


class RaftEngine:
    """Decides one height after the other under leaders of terms.

    Args: signers: this node's vote keys; tip: the last committed block, as the engine needs it;
    hard_state: the last one persisted; last_signed: from its own file.
    Raises: Corruption: VT-3023: the state is of a later height than the chain.
    """

    def __init__(
        self,
        chain: Chain,
        *,
        signers: Sequence[keys.Signer],
        tip: Tip,
        hard_state: RaftState | None = None,
        last_signed: LastSigned | None = None,
    ) -> None:
        state = choose_state(tip, hard_state, last_signed)
        self._member = Member(chain, signers, tip, state)
        self._desk = ReadDesk(self._member)
        self._leading = Leading(self._member, self._desk)
        self._election = Election(self._member, self._leading.begin)
        self._following = Following(self._member)
        self._early: dict[tuple[int, str], Message] = {}
        self._was_leader = False

    @property
    def state(self) -> RaftState:
        """The present state; what of it is durable is what the last `Persist` carried."""
        return self._member.state

    @property
    def role(self) -> Role:
        """What this member is in its term."""
        return self._member.role

    @property
    def leader(self) -> int | None:
        """Whom this member follows, or itself when it leads."""
        return self._member.leader

    def handle(self, event: Event) -> list[Effect]:
        """Take one event; give what has to be done, in order. See `consensus.engine.Engine`."""
        m = self._member
        m.effects = []
        if not isinstance(event, PayloadBuilt | PayloadChecked | ReadRequested):
            m.now_ms = event.now_ms
        self._handle(event)
        if self._was_leader and not m.is_leader:
            self._leading.end()
        self._was_leader = m.is_leader
        return m.take_effects()

    def _handle(self, event: Event) -> None:
        match event:
            case Started():
                self._start()
            case Received(message):
                if isinstance(message, Message):
                    self._receive(message)
            case TimerFired(timer):
                self._fire(timer)
            case WorkAvailable():
                self._member.is_wanted = True
                self._leading.try_build()
            case PayloadBuilt():
                self._leading.offer(event)
            case PayloadChecked():
                self._following.note_check(event)
            case HeightCommitted():
                self._advance(event)
            case TransferLeadership(to):
                self._leading.hand_over(to)
            case ReadRequested(ticket):
                self._read(ticket)
            case _:
                assert_never(event)

    def summary(self) -> RaftSummary:
        """Say where this member stands."""
        m = self._member
        return RaftSummary(
            m.height,
            m.state.term,
            m.role,
            m.leader,
            has_proposal=m.state.entry is not None,
            precommits=encode_bitmap(self._find_holders(), len(m.validators)),
        )

    def _find_holders(self) -> set[int]:
        m = self._member
        if m.is_leader:
            return self._leading.holders
        is_held = rules.is_own_term(m.state.entry, m.state)
        return {m.own_index} if is_held and m.own_index is not None else set()

    def messages_missing_in(self, summary: RaftSummary) -> list[Message]:
        """Give a member one height behind the decision; all else comes with heartbeats."""
        m = self._member
        if m.own_index is None or m.tip.previous is None or summary.height != m.height - 1:
            return []
        return [m.author.sign(Decided(*m.stamp(), certificate=m.tip.previous))]

    def close(self) -> list[Effect]:
        """End this engine: nobody here answers reads any more.

        Other members are told nothing: their places are those of a committee that is past.
        """
        m = self._member
        m.effects = []
        self._leading.end()
        self._desk.refuse_all()
        return [effect for effect in m.effects if not isinstance(effect, Send)]

    # ------------------------------------------------------------------ time

    def _start(self) -> None:
        self._desk.start()
        self._set_tick()
        self._set_heartbeat()

    def _set_tick(self) -> None:
        m = self._member
        m.set_timer(Timer(m.height, Round(0), "tick"), rules.compute_tick_ms(m.chain.timing))

    def _set_heartbeat(self) -> None:
        m = self._member
        m.set_timer(Timer(m.height, Round(0), "heartbeat"), m.chain.timing.heartbeat_ms)

    def _fire(self, timer: Timer) -> None:
        m = self._member
        if timer.step == "tick":
            self._set_tick()
            self._desk.tick()
            if m.is_leader:
                self._leading.tick()
            else:
                self._election.tick()
        elif timer.step == "heartbeat" and timer.height == m.height:
            m.is_wanted = True
            self._leading.try_build()

    # ------------------------------------------------------------------ messages

    def _receive(self, message: Message) -> None:
        m = self._member
        author = self._authenticate(message)
        if author is None:
            return
        index = m.validators.index_of(author.node)
        local = message if index in (None, message.author) else replace(message, author=index)
        if isinstance(local, Append) and index is not None:
            self._following.check_append(local)
        if isinstance(message, VoteRequest) and rules.is_disturbance(message.kind, m.hears_leader):
            return
        if message.term > m.state.term:
            if not rules.is_later(message.term, m.state):
                return
            m.follow(message.term, None)
        if message.height > m.height:
            self._keep_early(message)
        if index is not None:
            self._dispatch(local)
        if message.height > m.height:
            m.note_ahead(message.height)

    def _authenticate(self, message: Message) -> Validator | None:
        """Check a message against the committee of its height, and give its author.

        Returns: None for a message of another height that does not fit: there a fault cannot be
        told from a change of members. Nor do an own message and a node outside the committee count.
        Raises: PeerFault: a message of this height breaks the protocol.
        """
        m, chain = self._member, self._member.chain
        if m.own_index is None:
            return None
        is_next = message.height == m.height + 1
        committee = m.tip.next_validators if is_next else m.validators
        try:
            checks.check_message(message, chain.genesis_hash, committee, chain.verify)
        except PeerFault:
            if message.height == m.height:
                raise
            return None
        if isinstance(message, Decided) and message.certificate.height == m.height:
            checks.check_decision(message, chain.genesis_hash, m.validators, chain.verify)
        author = committee.members[message.author]
        return None if author.vote_key == m.author.key else author

    def _dispatch(self, message: Message) -> None:
        match message:
            case VoteRequest():
                self._election.receive_request(message)
            case VoteAnswer():
                self._election.receive_answer(message)
            case Append():
                self._following.receive_append(message)
            case AppendAnswer():
                self._leading.receive_answer(message)
            case Decided():
                self._following.receive_decided(message)
            case TimeoutNow():
                self._election.take_over(message)
            case ReadRequest():
                self._leading.receive_request(message)
            case ReadAnswer():
                self._desk.receive(message)
            case _:
                assert_never(message)

    def _keep_early(self, message: Message) -> None:
        """Keep what belongs to the next height until it begins, the newest of each kind."""
        is_next = message.height == self._member.height + 1
        if is_next and isinstance(message, VoteRequest | Append | TimeoutNow | Decided):
            self._early[message.author, kind_of(message)] = message

    # ------------------------------------------------------------------ heights and reads

    def _advance(self, event: HeightCommitted) -> None:
        """Go to the height above a committed block; the term goes on, and so may the leader."""
        m = self._member
        if event.height < m.height:
            return
        before, term, is_next = m.validators, m.state.term, event.height == m.height
        m.enter(event.tip)
        m.is_wanted = event.has_work
        self._following.enter_height()
        self._set_heartbeat()
        if m.is_leader and is_next and m.is_voter and m.state.term == term:
            self._leading.enter_height(before)
        elif m.role is not Role.FOLLOWER:
            m.follow(m.state.term, None)
        self._desk.enter_height()
        early, self._early = self._early, {}
        for message in early.values():
            if message.height == m.height:
                self._receive_early(message)

    def _receive_early(self, message: Message) -> None:
        try:
            self._receive(message)
        except PeerFault:
            # It was right about another set, before the one of this height was known.
            return

    def _read(self, ticket: int) -> None:
        if self._member.is_leader:
            self._leading.read(Reader(None, ticket))
        else:
            self._desk.ask(ticket)
