"""The leader's side: replicating the entry, counting, heartbeats, hand-over and reads."""

from dataclasses import dataclass

from chain.certificate import CommitSignature, QuorumCertificate
from chain.scalars import Height
from chain.validators import ValidatorSet
from consensus.effects import BuildPayload, Decide
from consensus.events import PayloadBuilt
from consensus.raft import rules
from consensus.raft.member import Member
from consensus.raft.messages import (
    Acknowledgement,
    Append,
    AppendAnswer,
    Decided,
    ReadRequest,
    TimeoutNow,
)
from consensus.raft.reads import READS_MAX, ReadDesk, Reader, ReadQueue
from consensus.value import Value


@dataclass(slots=True)
class Progress:
    """What the leader knows of another member: how far it is, and when it was heard.

    `beat` is the last heartbeat it answered, `sent_beat` the one with which it got the value.
    """

    heard_tick: int
    height: Height | None = None
    beat: int = -1
    sent_beat: int = -1


class Leading:
    """What a member does while it leads its term; between terms it rests."""

    def __init__(self, member: Member, desk: ReadDesk) -> None:
        self._member = member
        self._desk = desk
        self._queue = ReadQueue()
        self._others: dict[int, Progress] = {}
        self._signatures: dict[int, CommitSignature] = {}
        self._beat = 0
        self._ticks = 0
        self._patience = 0
        self._is_inherited = False
        self._is_building = False
        self._successor: int | None = None
        self._hand_over_ticks = 0

    # ------------------------------------------------------------------ in and out of office

    def begin(self, patience: int) -> None:
        """3.4, 3.6.2: lead the term; an entry that is here already comes first, under this term.

        Args: patience: ticks after which a silent majority means that others lead.
        """
        m = self._member
        self._others = {index: Progress(heard_tick=0) for index in m.others()}
        self._beat = self._ticks = self._hand_over_ticks = 0
        self._successor = None
        self._patience = patience
        self._is_inherited = m.state.entry is not None
        m.lead()
        self._begin_height()
        if m.state.entry is not None:
            self._replicate(m.state.entry.value)
        else:
            self._beat_now()
        self._plan_hand_over()
        self.try_build()

    def end(self) -> None:
        """Leave office: what readers wait for, this member can no longer promise."""
        for reader in self._queue.take_all():
            self._desk.finish(reader, None)

    def enter_height(self, before: ValidatorSet) -> None:
        """Go on at the next height, with whom of the old committee is still there."""
        m = self._member
        known = {before.members[index].node: one for index, one in self._others.items()}
        self._others = {
            index: known.get(m.validators.members[index].node) or Progress(self._ticks)
            for index in m.others()
        }
        if self._successor is not None:
            self._successor = m.validators.index_of(before.members[self._successor].node)
        self._is_inherited = False
        self._begin_height()
        self._plan_hand_over()
        self.try_build()

    def _begin_height(self) -> None:
        self._signatures = {}
        self._is_building = False
        for progress in self._others.values():
            progress.sent_beat = -1

    # ------------------------------------------------------------------ replication

    def try_build(self) -> None:
        """3.5: ask for a block when there is something to order and nothing under way."""
        m = self._member
        if self._is_building or not rules.may_build(
            m.state,
            is_leader=m.is_leader,
            is_wanted=m.is_wanted,
            is_handing_over=self._is_handing_over,
        ):
            return
        self._is_building = True
        m.effects.append(BuildPayload(m.height, m.state.term))

    def offer(self, event: PayloadBuilt) -> None:
        """3.5: the new entry is there, unless this member no longer leads that term."""
        m = self._member
        if not m.is_leader or (event.height, event.round) != (m.height, m.state.term):
            return
        self._is_building = False
        if m.state.entry is None:
            m.offers.add(event.value)
            m.offers.mark_valid(event.value)
            self._replicate(event.value)

    def receive_answer(self, answer: AppendAnswer) -> None:
        """3.5: learn where a follower is; count what it holds, bring what it lacks."""
        m = self._member
        progress = self._others.get(answer.author)
        if not m.is_leader or rules.is_stale(answer.term, m.state) or progress is None:
            return
        progress.heard_tick = self._ticks
        progress.height = answer.height
        progress.beat = max(progress.beat, answer.beat)
        if answer.height == m.height:
            self._learn(answer, progress)
        elif answer.height == m.height - 1 and m.tip.previous is not None:
            m.say(Decided(*m.stamp(), certificate=m.tip.previous), answer.author)
        self._confirm_reads()
        self._try_hand_over()

    def _learn(self, answer: AppendAnswer, progress: Progress) -> None:
        m = self._member
        entry = m.state.entry
        if entry is None or m.is_decided:
            return
        held = answer.acknowledgement
        if held is not None and held.block == entry.value.id:
            self._count(answer.author, held)
        elif not answer.has_value and answer.beat > progress.sent_beat:
            progress.sent_beat = self._beat
            m.say(self._make_append(entry.value), answer.author)

    def _replicate(self, value: Value) -> None:
        m = self._member
        if not m.hold(value):
            m.follow(m.state.term, None)  # Its own guard is in the way: others shall lead.
            return
        for progress in self._others.values():
            progress.sent_beat = self._beat + 1
        self._beat_now(value)
        entry, own_index = m.state.entry, m.own_index
        assert entry is not None, "it is held"
        assert own_index is not None, "leaders are members"
        self._count(own_index, entry.acknowledgement)

    def _count(self, index: int, held: Acknowledgement) -> None:
        """3.6.2: a majority that holds this term's entry decides it, and the entries below."""
        m, entry = self._member, self._member.state.entry
        self._signatures[index] = CommitSignature(index, held.time_ms, held.signature)
        if (
            m.is_decided
            or entry is None
            or not rules.is_own_term(entry, m.state)
            or not rules.has_quorum(m.validators, self._signatures)
        ):
            return
        signatures = tuple(
            signature
            for index, signature in sorted(self._signatures.items())
            if rules.is_voter(m.validators, index)
        )
        certificate = QuorumCertificate(m.height, entry.term, entry.value.id, signatures)
        m.is_decided = True
        m.say(Decided(*m.stamp(), certificate=certificate), *m.others())
        m.effects.append(Decide(m.height, entry.term, entry.value, certificate))

    @property
    def holders(self) -> set[int]:
        """Who is known to hold the present entry."""
        return set(self._signatures)

    # ------------------------------------------------------------------ time

    def tick(self) -> None:
        """3.4, 6.2: send a heartbeat; leave office when no majority answered for too long."""
        m = self._member
        self._ticks += 1
        assert m.own_index is not None, "leaders are members"
        heard = {index for index in self._others if self._is_near(index)}
        if not rules.has_quorum(m.validators, heard | {m.own_index}):
            m.follow(m.state.term, None)
            return
        self._beat_now()
        self._try_hand_over()
        self.try_build()

    def _is_near(self, index: int) -> bool:
        return self._ticks - self._others[index].heard_tick <= self._patience

    def _beat_now(self, value: Value | None = None) -> None:
        m = self._member
        self._beat += 1
        if self._may_read:
            self._queue.attach(self._beat, self._committed)
        m.say(self._make_append(value), *m.others())
        self._confirm_reads()

    def _make_append(self, value: Value | None) -> Append:
        m = self._member
        entry = m.state.entry
        return Append(
            *m.stamp(),
            beat=self._beat,
            previous=m.previous_block,
            block=None if entry is None else entry.value.id,
            value=value,
        )

    # ------------------------------------------------------------------ hand-over

    def hand_over(self, to: int | None) -> None:
        """3.10: let another member lead: the one at `to`, or the one that is furthest.

        Nothing is built meanwhile. Should it fail, this member leads on after a time-out.
        """
        m = self._member
        if not m.is_leader:
            return
        if to is None or (to in self._others and rules.is_voter(m.validators, to)):
            self._successor = to
            self._hand_over_ticks = self._ticks + rules.TICKS_PER_TIMEOUT
            self._try_hand_over()

    @property
    def _is_handing_over(self) -> bool:
        return self._ticks < self._hand_over_ticks

    def _plan_hand_over(self) -> None:
        """4.2.2: who has no vote at the next height hands over while it still has one."""
        m = self._member
        assert m.own_index is not None, "leaders are members"
        own = m.validators.members[m.own_index].node
        if not rules.is_voter(m.tip.next_validators, m.tip.next_validators.index_of(own)):
            self.hand_over(None)

    def _try_hand_over(self) -> None:
        """3.10: no entry is under way and the successor is as far as this member: let it stand."""
        m = self._member
        if not self._is_handing_over or not m.is_leader or m.state.entry is not None:
            return
        heights = {
            index: one.height
            for index, one in self._others.items()
            if one.height is not None and self._is_near(index)
        }
        successor = self._successor
        if successor is None:
            successor = rules.choose_successor(heights, m.validators, m.tip.next_validators)
        if successor is not None and heights.get(successor) == m.height:
            m.say(TimeoutNow(*m.stamp()), successor)

    # ------------------------------------------------------------------ reads

    def read(self, reader: Reader) -> None:
        """6.4: answer a read once a majority confirms that this member leads."""
        if len(self._queue) >= READS_MAX:
            self._desk.finish(reader, None)
            return
        is_first = len(self._queue) == 0
        self._queue.waiting.append(reader)
        if is_first:
            self._beat_now()

    def receive_request(self, request: ReadRequest) -> None:
        """6.4: a follower asks; who does not lead cannot tell."""
        reader = Reader(request.author, request.read)
        if self._member.is_leader and request.term == self._member.state.term:
            self.read(reader)
        else:
            self._desk.finish(reader, None)

    @property
    def _may_read(self) -> bool:
        is_open = self._is_inherited and not self._member.is_decided
        return rules.may_read(holds_inherited_entry=is_open)

    @property
    def _committed(self) -> Height:
        m = self._member
        return m.height if m.is_decided else Height(m.height - 1)

    def _confirm_reads(self) -> None:
        m = self._member
        assert m.own_index is not None, "leaders are members"
        if not len(self._queue):
            return
        beats = {index: one.beat for index, one in self._others.items()}
        beat = rules.find_confirmed_beat(beats, m.validators, m.own_index, self._beat)
        for committed, reader in self._queue.take_confirmed(beat):
            self._desk.finish(reader, committed)
        if self._queue.waiting and not self._queue.asked and self._may_read:
            self._beat_now()
