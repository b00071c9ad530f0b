"""Elections: when to stand, when to vote, and what makes a leader (3.4, 3.6.1, 9.6)."""

from collections.abc import Callable

from chain.scalars import Round
from consensus.raft import rules
from consensus.raft.member import Member, Role
from consensus.raft.messages import CampaignKind, TimeoutNow, VoteAnswer, VoteRequest
from consensus.raft.rules import LogPosition


class Election:
    """Counts silence and votes.

    Args: on_won: told how many ticks the winner waited, once it leads its term.
    """

    def __init__(self, member: Member, on_won: Callable[[int], None]) -> None:
        self._member = member
        self._on_won = on_won
        self._votes: set[int] = set()

    def tick(self) -> None:
        """3.4: a time-out without a leader makes a voter stand for the next term."""
        m = self._member
        if not m.is_voter or m.is_leader:
            return
        m.silent_ticks += 1
        if m.silent_ticks < self._compute_patience():
            return
        m.silent_ticks = 0
        m.attempt += 1
        m.leader = None
        if rules.may_sign(m.state) and not m.is_decided:
            self._start_pre_vote()

    def receive_request(self, request: VoteRequest) -> None:
        """3.4, 3.6.1: answer a candidate; a vote is durable before the answer leaves."""
        m = self._member
        if request.height > m.height or not m.is_voter:
            return  # Without its blocks this member cannot judge the log.
        own, asking = m.position, LogPosition(request.last_term, request.last_height)
        is_good = request.height == m.height and rules.is_up_to_date(asking, own)
        candidate = m.validators.members[request.author].vote_key
        is_granted = rules.is_voter(m.validators, request.author) and rules.grants(
            m.state, request.kind, request.asked_term, candidate, is_good
        )
        if is_granted and request.kind != "pre-vote":
            state = m.author.vote(m.state, candidate)
            is_granted = state is not None
            if state is not None:
                m.state = state
                m.silent_ticks = 0
        answer = VoteAnswer(
            *m.stamp(),
            is_pre_vote=request.kind == "pre-vote",
            asked_term=request.asked_term,
            is_granted=is_granted,
        )
        m.say(answer, request.author)

    def receive_answer(self, answer: VoteAnswer) -> None:
        """3.4: count a vote that was asked for in the present campaign, each member once."""
        m = self._member
        if answer.height != m.height or not answer.is_granted:
            return
        if m.role is Role.PRE_CANDIDATE and answer.is_pre_vote:
            is_asked = answer.asked_term == rules.next_term(m.state)
        else:
            is_asked = (
                m.role is Role.CANDIDATE
                and not answer.is_pre_vote
                and answer.asked_term == m.state.term
            )
        if is_asked:
            self._votes.add(answer.author)
            self._count()

    def take_over(self, message: TimeoutNow) -> None:
        """3.10: stand at once, because the leader asks for it."""
        m = self._member
        is_asked = (message.height, message.term, message.author) == (
            m.height,
            m.state.term,
            m.leader,
        )
        if is_asked and m.is_voter and rules.may_sign(m.state) and not m.is_decided:
            self._start_election("transfer")

    def _start_pre_vote(self) -> None:
        """9.6: ask first whether an election could be won; terms do not grow meanwhile."""
        self._member.role = Role.PRE_CANDIDATE
        self._campaign("pre-vote", rules.next_term(self._member.state))

    def _start_election(self, kind: CampaignKind) -> None:
        """3.4: enter the next term, vote for oneself, ask for the others' votes."""
        m = self._member
        m.follow(rules.next_term(m.state), None)
        state = m.author.vote(m.state, m.author.key)
        if state is None:
            return
        m.state = state
        m.role = Role.CANDIDATE
        m.silent_ticks = 0
        self._campaign(kind, m.state.term)

    def _campaign(self, kind: CampaignKind, asked_term: Round) -> None:
        m = self._member
        assert m.own_index is not None, "only voters stand"
        self._votes = {m.own_index}
        last_term, last_height = m.position
        request = VoteRequest(
            *m.stamp(),
            kind=kind,
            asked_term=asked_term,
            last_term=last_term,
            last_height=last_height,
        )
        m.say(request, *(index for index in m.others() if rules.is_voter(m.validators, index)))
        self._count()

    def _count(self) -> None:
        m = self._member
        if not rules.has_quorum(m.validators, self._votes):
            return
        if m.role is Role.PRE_CANDIDATE:
            self._start_election("vote")
        else:
            self._on_won(self._compute_patience())

    def _compute_patience(self) -> int:
        m = self._member
        return rules.compute_election_ticks(
            m.chain.timing, m.chain.genesis_hash, m.author.key, m.state.term, m.attempt
        )
