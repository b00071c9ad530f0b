"""The follower's side: taking the leader's entry, answering it, and learning what is decided."""

from chain.certificate import QuorumCertificate
from chain.errors import Corruption, PeerFault
from chain.scalars import Hash, Height, Round
from consensus.effects import CheckPayload, Decide
from consensus.events import PayloadChecked
from consensus.raft import rules
from consensus.raft.member import Member
from consensus.raft.messages import Append, AppendAnswer, Decided
from consensus.value import Value
from consensus.verdicts import Verdict, to_verdict


class Following:
    """Receives entries and decisions; every member does, whatever else it is."""

    def __init__(self, member: Member) -> None:
        self._member = member
        self._offered: tuple[Round, Hash] | None = None
        self._latest: Append | None = None
        self._certificate: QuorumCertificate | None = None

    def enter_height(self) -> None:
        """Forget what was said about the height below."""
        self._offered = self._latest = self._certificate = None

    def check_append(self, message: Append) -> None:
        """Refuse what no leader sends that keeps the rules; nothing has changed then.

        Raises: PeerFault: VT-3052 two leaders in one term, VT-3027 two entries for one position,
        or an entry on another chain.
        """
        m = self._member
        is_present = message.term == m.state.term
        if is_present and m.leader not in (None, message.author):
            raise PeerFault("VT-3052", first=m.leader, second=message.author, term=message.term)
        if message.height != m.height:
            return
        reason = None
        if not rules.matches(message.previous, m.previous_block):
            reason = "it does not stand on this node's last block"
        elif message.block and rules.contradicts(m.state.entry, message.term, message.block):
            reason = "its leader sent another entry in this term"
        if reason is not None:
            raise PeerFault(
                "VT-3027",
                kind="append",
                index=message.author,
                height=message.height,
                round=message.term,
                reason=reason,
            )

    def receive_append(self, message: Append) -> None:
        """3.5: hear the leader, take its entry, and say what is held."""
        m = self._member
        if rules.is_stale(message.term, m.state):
            self._answer(message)  # By its term the answer is a refusal.
            return
        if message.term == m.rejected_term:
            return
        m.follow(message.term, message.author)
        if m.is_decided and message.height != m.height:
            return  # The block is being written; the message waits for it.
        self._latest = message
        value = message.value
        if value is None and message.block is not None:
            # Known from an earlier leader: the name alone brings it.
            value = m.find_value(message.block)
        if message.height == m.height and value is not None and not m.is_decided:
            self._take(value, message)
        else:
            self._answer(message)

    def note_check(self, event: PayloadChecked) -> None:
        """Note the answer to `CheckPayload`: hold the entry, or leave its leader."""
        m = self._member
        if event.height != m.height:
            return
        verdict = to_verdict(is_valid=event.is_valid, is_mismatched=event.is_mismatched)
        m.offers.finish_check(event.value, verdict)
        self._try_decide()
        if m.is_decided or m.is_leader or self._offered != (m.state.term, event.value.id):
            return
        self._judge(event.value, verdict)

    def receive_decided(self, message: Decided) -> None:
        """3.5: the leader says what is committed; a follower believes its certificate alone."""
        m = self._member
        if message.certificate.height == m.height and not m.is_decided:
            self._certificate = message.certificate
            self._try_decide()

    def _take(self, value: Value, message: Append) -> None:
        """Know a value; unless it was checked before, the check brings the answer."""
        m = self._member
        self._offered = (message.term, value.id)
        verdict = m.verdict(value)
        if verdict is not None:
            self._judge(value, verdict)
            return
        m.offers.add(value)
        if m.offers.start_check(value):
            m.effects.append(CheckPayload(m.height, m.state.term, value))
        else:
            self._answer(message)

    def _judge(self, value: Value, verdict: Verdict) -> None:
        """Hold the leader's entry, or leave a leader whose entry is not valid here.

        It computes something else, or lies; the others shall find one that does not.
        """
        m = self._member
        if verdict is Verdict.VALID:
            m.hold(value)
        else:
            m.rejected_term, m.leader = m.state.term, None
        if m.leader is not None and self._latest is not None:
            self._answer(self._latest)

    def _answer(self, message: Append) -> None:
        """Answer a heartbeat; one of an earlier term has no number that means anything in this one.

        Its author may lead again by now, and count this as the answer to a beat it sent since.
        """
        m = self._member
        entry = m.state.entry
        has_value = message.block is None or m.find_value(message.block) is not None
        held = entry.acknowledgement if entry and rules.is_own_term(entry, m.state) else None
        answer = AppendAnswer(
            *m.stamp(),
            beat=0 if rules.is_stale(message.term, m.state) else message.beat,
            has_value=has_value and message.height == m.height,
            acknowledgement=held,
        )
        m.say(answer, message.author)

    def _try_decide(self) -> None:
        """Decide what a certificate names, and only that, when its value is here and valid."""
        m, certificate = self._member, self._certificate
        if certificate is None or m.is_decided:
            return
        value = m.find_value(certificate.block)
        if value is None:
            m.note_ahead(Height(m.height + 1))
            return
        verdict = m.verdict(value)
        if verdict is Verdict.INVALID:
            raise Corruption("VT-3028", block=value.id, height=m.height)
        if verdict is Verdict.VALID:
            m.is_decided = True
            m.effects.append(Decide(m.height, certificate.round, value, certificate))
        elif m.offers.start_check(value):
            m.effects.append(CheckPayload(m.height, m.state.term, value))
