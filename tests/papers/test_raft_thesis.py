"""Chapter 3 of Raft's thesis on the engine itself, each rule under the number of its section.

Source: Diego Ongaro, "Consensus: Bridging Theory and Practice", 2014. The member under test is 0 of
three, so two are a majority. The docstrings name the rule in our own words. The chapters after it
stand in `test_raft_thesis_later.py`.
"""

import pytest

from chain.errors import Corruption, PeerFault
from chain.genesis import Timing
from chain.hashing import hash_tagged
from chain.scalars import Height, Round
from consensus.chain import Tip
from consensus.effects import (
    BuildPayload,
    CheckPayload,
    Decide,
    Effect,
    FellBehind,
    Persist,
    Send,
)
from consensus.events import TransferLeadership
from consensus.raft import rules
from consensus.raft.member import Role
from consensus.raft.messages import (
    Append,
    AppendAnswer,
    Decided,
    TimeoutNow,
    VoteRequest,
)
from consensus.raft.rules import TICKS_PER_TIMEOUT
from consensus.raft.state import RaftState
from tests.unit.consensus.raft.world import (
    FIVE,
    NOW_MS,
    TICKS_MAX,
    Bench,
    make_certificate,
    make_committee,
    make_tip,
)
from tests.unit.consensus.world import GENESIS, HashSigner, make_value

V = make_value("v")
W = make_value("w")
VOTER_1 = HashSigner(1).public_key


def restart(bench: Bench, tip: Tip | None = None) -> Bench:
    """Start again from what was persisted."""
    state = bench.engine._member.durable
    assert isinstance(state, RaftState)
    return Bench(0, tip or bench.tip, hard_state=state, last_signed=state.last_signed)


def leader_with_entry() -> Bench:
    bench = Bench().lead()
    bench.build(V)
    return bench


def is_after_persist(effects: list[Effect]) -> bool:
    """Whether a `Persist` stands before everything that is said."""
    kinds = [type(effect) for effect in effects]
    return kinds[0] is Persist and kinds.count(Persist) == 1 and Send in kinds


# ---------------------------------------------------------------------- 3.3 terms


def test_3_3_who_sees_a_later_term_enters_it() -> None:
    """Terms are exchanged with every message; the later one wins."""
    bench = Bench()
    bench.append(term=4)
    assert (bench.state.term, bench.engine.leader) == (4, 1)


@pytest.mark.parametrize("role", [Role.PRE_CANDIDATE, Role.CANDIDATE, Role.LEADER])
def test_3_3_candidates_and_leaders_give_way_to_a_later_term(role: Role) -> None:
    """Whoever finds its term out of date is a follower at once."""
    bench = Bench()
    reach = {
        Role.PRE_CANDIDATE: bench.wait_for_campaign,
        Role.CANDIDATE: bench.stand,
        Role.LEADER: bench.lead,
    }
    reach[role]()
    assert bench.engine.role is role
    bench.append(term=7)
    assert (bench.engine.role, bench.state.term) == (Role.FOLLOWER, 7)


def test_3_3_a_request_of_an_earlier_term_is_refused_with_the_present_one() -> None:
    """The answer carries the later term, so that its receiver learns of it."""
    bench = Bench()
    bench.append(term=5)
    bench.append(V, term=4, author=2)
    (answer,) = bench.said(AppendAnswer)
    assert (answer.term, answer.acknowledgement) == (5, None)
    assert (bench.engine.leader, bench.of(CheckPayload)) == (1, [])


def test_3_3_a_term_has_one_leader() -> None:
    """Two leaders in one term cannot be; a member that claims it broke the rules."""
    bench = Bench()
    bench.append(term=2, author=1)
    with pytest.raises(PeerFault, match="VT-3052"):
        bench.append(term=2, author=2)
    with pytest.raises(PeerFault, match="VT-3052"):
        Bench().lead().append(term=1, author=1)


# ---------------------------------------------------------------------- 3.4 elections


def test_3_4_a_server_starts_as_a_follower_and_stays_one_while_it_hears_a_leader() -> None:
    """Heartbeats keep followers from standing."""
    bench = Bench()
    for beat in range(6):
        bench.tick(TICKS_PER_TIMEOUT - 1)
        bench.append(beat=beat)
    assert (bench.engine.role, bench.state.term) == (Role.FOLLOWER, 1)


def test_3_4_silence_makes_a_follower_stand() -> None:
    """A candidate enters the next term, votes for itself and asks all others."""
    bench = Bench().stand()
    assert (bench.engine.role, bench.state.term) == (Role.CANDIDATE, 1)
    assert bench.state.voted_for == HashSigner(0).public_key
    assert bench.receivers(VoteRequest) == [1, 2]


def test_3_4_a_majority_of_votes_makes_a_leader() -> None:
    """More than half of all members, oneself included."""
    bench = Bench(0, make_tip(committee=FIVE)).stand()
    bench.grant(1)
    bench.grant(2, is_granted=False)
    assert bench.engine.role is Role.CANDIDATE
    bench.grant(1)
    assert bench.engine.role is Role.CANDIDATE
    bench.grant(3)
    assert bench.engine.role.name == "LEADER"


def test_3_4_a_new_leader_says_so_at_once() -> None:
    """The first heartbeat keeps the others from standing."""
    bench = Bench(0, make_tip(height=2)).lead()
    assert bench.receivers(Append) == [1, 2]


def test_3_4_one_vote_in_a_term_first_come_first_served() -> None:
    """The same candidate may ask again, another one comes too late."""
    bench = Bench()
    assert bench.ask(1, term=3) == [True]
    assert bench.ask(2, term=3) == [False]
    assert bench.ask(1, term=3) == [True]
    assert bench.ask(2, term=4) == [True]


def test_3_4_a_candidate_follows_the_leader_of_its_term() -> None:
    """That leader was elected; but the vote of the term stays given."""
    bench = Bench().stand()
    bench.append(term=1, author=2)
    assert (bench.engine.role, bench.engine.leader) == (Role.FOLLOWER, 2)
    bench.tick(TICKS_PER_TIMEOUT)
    assert bench.ask(1, term=1) == [False]


def test_3_4_a_candidate_does_not_follow_a_leader_of_an_earlier_term() -> None:
    """It stays a candidate."""
    bench = Bench(0, make_tip(height=2, previous_term=3)).stand()
    bench.append(term=3, author=2)
    assert (bench.engine.role, bench.state.term) == (Role.CANDIDATE, 4)


def test_3_4_a_split_vote_ends_with_another_time_out_and_a_later_term() -> None:
    """Nobody has a majority; the candidates try again."""
    bench = Bench().stand()
    bench.grant(1, 2, is_granted=False)
    bench.stand()
    assert (bench.engine.role, bench.state.term) == (Role.CANDIDATE, 2)


def test_3_4_time_outs_differ_by_member_and_by_attempt() -> None:
    """They lie between one and two times the base, which grows with failed attempts."""
    timing = Timing()
    drawn = {
        rules.compute_election_ticks(timing, GENESIS, HashSigner(i).public_key, Round(3), 0)
        for i in range(200)
    }
    assert drawn == set(range(TICKS_PER_TIMEOUT, 2 * TICKS_PER_TIMEOUT))
    key = HashSigner(0).public_key
    grown = [rules.compute_election_ticks(timing, GENESIS, key, Round(3), n) for n in range(40)]
    assert max(grown) < 2 * timing.round_ms_max // rules.compute_tick_ms(timing)
    assert len(set(grown)) > 20


# ---------------------------------------------------------------------- 3.5 replication


def test_3_5_a_leader_appends_what_clients_bring_and_sends_it_to_all() -> None:
    """Its own copy is on disk before the others hear of it."""
    bench = Bench(0, make_tip(height=2)).lead()
    assert bench.of(BuildPayload) == []
    assert bench.work() == [BuildPayload(Height(2), Round(2))]
    bench.build(V)
    assert is_after_persist(bench.effects)
    assert [(m.block, m.value) for m in bench.said(Append)] == [(V.id, V)] * 2
    assert bench.state.entry is not None


def test_3_5_a_leader_sends_an_entry_again_to_who_lacks_it() -> None:
    """Until everybody has it; who has it hears its name only."""
    bench = leader_with_entry()
    bench.tick()
    assert [(m.block, m.value) for m in bench.said(Append)] == [(V.id, None)] * 2
    bench.answer(1, has_value=False, beat=3)
    assert [(e.to, e.message.value) for e in bench.of(Send) if isinstance(e.message, Append)] == [
        (1, V)
    ]
    bench.answer(2, has_value=True, beat=3)
    assert bench.said(Append) == []


def test_3_5_an_entry_is_committed_when_a_majority_holds_it() -> None:
    """The leader tells the others with the next message."""
    bench = leader_with_entry()
    bench.answer(1, holds=V)
    (decision,) = bench.of(Decide)
    assert (decision.height, decision.round, decision.value) == (1, 1, V)
    assert [one.validator for one in decision.certificate.signatures] == [0, 1]
    assert bench.receivers(Decided) == [1, 2]


def test_3_5_an_answer_that_acknowledges_nothing_counts_for_nothing() -> None:
    """Whoever knows the entry does not hold it yet, and a refusal holds nothing at all."""
    bench = leader_with_entry()
    for author in (1, 2):
        bench.answer(author, has_value=True)
        assert bench.of(Decide) == []
    refused = leader_with_entry()
    refused.answer(1, holds=V, term=2)
    assert (refused.of(Decide), refused.engine.role) == ([], Role.FOLLOWER)


def test_3_5_half_is_not_a_majority() -> None:
    """Of four members three must hold it."""
    bench = Bench(0, make_tip(committee=make_committee((1, 1, 1, 1)))).lead()
    bench.build(V)
    bench.answer(1, holds=V)
    assert bench.of(Decide) == []
    bench.answer(1, holds=V)
    assert bench.of(Decide) == []
    bench.answer(3, holds=V)
    assert len(bench.of(Decide)) == 1


def test_3_5_a_follower_holds_an_entry_on_disk_before_it_answers() -> None:
    """And it has found it valid; here that means executed."""
    bench = Bench()
    bench.append(V)
    assert bench.of(CheckPayload) == [CheckPayload(Height(1), Round(1), V)]
    assert bench.said(AppendAnswer) == []
    bench.check(V)
    assert is_after_persist(bench.effects)
    (answer,) = bench.said(AppendAnswer)
    assert answer.acknowledgement is not None
    assert answer.acknowledgement.block == V.id


def test_3_5_a_follower_commits_what_it_is_told() -> None:
    """It believes the certificate, not the leader."""
    bench = Bench()
    bench.hold(V)
    bench.decided(make_certificate(V, (1, 2)))
    assert [decision.value for decision in bench.of(Decide)] == [V]
    with pytest.raises(PeerFault, match="VT-3027"):
        Bench().decided(make_certificate(V, (1,)))


def test_3_5_logs_match_up_to_an_entry_that_is_taken() -> None:
    """An entry that stands on another block is refused."""
    bench = Bench(0, make_tip(height=2))
    with pytest.raises(PeerFault, match="VT-3027"):
        bench.append(V, previous=hash_tagged("test", b"another block"))
    assert (bench.of(CheckPayload), bench.state.entry) == ([], None)


def test_3_5_a_leader_only_appends() -> None:
    """It never gives up or changes its own entry."""
    bench = leader_with_entry()
    bench.build(W)
    bench.work()
    assert bench.state.entry is not None
    assert (bench.state.entry.value, bench.of(BuildPayload)) == (V, [])


def test_3_5_a_leader_makes_one_entry_for_a_position_in_its_term() -> None:
    """A second one is refused, whatever the first one's fate."""
    bench = Bench()
    bench.hold(V)
    with pytest.raises(PeerFault, match="VT-3027"):
        bench.append(W, beat=2)
    assert bench.state.entry is not None
    assert bench.state.entry.value == V


def test_3_5_an_entry_that_contradicts_a_later_leader_gives_way() -> None:
    """The follower's log becomes the leader's."""
    bench = Bench()
    bench.hold(V, term=1)
    bench.hold(W, term=2, author=2)
    assert bench.state.entry is not None
    assert (bench.state.entry.value, bench.state.entry.term) == (W, 2)


# ---------------------------------------------------------------------- 3.6 safety


def test_3_6_1_no_vote_for_a_log_that_ends_earlier() -> None:
    """First the term of the last entry counts, then the length."""
    bench = Bench(0, make_tip(height=3, previous_term=2))
    bench.append(V, term=4)
    bench.check(V)
    bench.tick(TICKS_PER_TIMEOUT)
    assert bench.ask(1, term=5, position=(3, 3)) == [False]
    assert bench.ask(1, term=5, position=(2, 2)) == [False]
    assert bench.ask(1, term=5, position=(4, 3)) == [True]
    without_entry = Bench(0, make_tip(height=3, previous_term=4))
    assert without_entry.ask(1, term=5, position=(3, 3)) == [False]
    assert without_entry.ask(1, term=5, position=(4, 2)) == [True]


def test_3_6_1_a_candidate_says_where_its_log_ends() -> None:
    """With an entry that is its term and height, without one those of the last block."""
    empty = Bench(0, make_tip(height=3, previous_term=2)).wait_for_campaign()
    assert {(m.last_term, m.last_height) for m in empty.said(VoteRequest)} == {(2, 2)}
    bench = Bench(0, make_tip(height=3, previous_term=2))
    bench.hold(V, term=4)
    bench.wait_for_campaign()
    assert {(m.last_term, m.last_height) for m in bench.said(VoteRequest)} == {(4, 3)}


def test_3_6_1_who_is_behind_by_blocks_gets_no_vote() -> None:
    """And who is ahead is not judged before its blocks are here."""
    bench = Bench(0, make_tip(height=3))
    assert bench.ask(1, term=2, height=2, position=(1, 1)) == [False]
    assert bench.ask(1, term=2, height=4, position=(1, 3)) == []
    assert bench.of(FellBehind) == [FellBehind(Height(4))]


def test_3_6_2_acknowledgements_of_an_earlier_term_do_not_commit() -> None:
    """Only the leader's own term is counted; see scenario raft_figure_8."""
    bench = Bench()
    bench.hold(V, term=1)
    bench.lead()
    assert bench.state.term == 2
    bench.answer(1, holds=V, term=1)
    assert bench.of(Decide) == []
    bench.answer(1, holds=V, term=2)
    assert [decision.round for decision in bench.of(Decide)] == [2]


def test_3_6_3_a_leader_brings_what_may_have_been_committed() -> None:
    """The entry that it found comes first, the same value under the new term."""
    bench = Bench()
    bench.hold(V, term=1)
    bench.lead()
    assert is_after_persist(bench.effects)
    assert {(m.term, m.value) for m in bench.said(Append)} == {(2, V)}
    assert bench.state.entry is not None
    assert (bench.state.entry.term, bench.of(BuildPayload)) == (2, [])


def test_3_6_3_one_value_is_applied_at_a_height_and_it_is_the_decided_one() -> None:
    """Not another one that happens to be in the log."""
    bench = Bench()
    bench.hold(V)
    bench.decided(make_certificate(W, (1, 2), term=2), term=2)
    assert (bench.of(Decide), bench.of(FellBehind)) == ([], [FellBehind(Height(2))])
    bench.decided(make_certificate(V, (1, 2), term=3), term=3)
    assert len(bench.of(Decide)) == 1
    bench.decided(make_certificate(V, (1, 2), term=3), term=3)
    assert bench.of(Decide) == []


def test_3_6_3_a_decision_that_is_invalid_here_stops_the_server() -> None:
    """State machines that differ must not go on."""
    bench = Bench()
    bench.append(V)
    bench.check(V, is_valid=False)
    with pytest.raises(Corruption, match="VT-3028"):
        bench.decided(make_certificate(V, (1, 2)))


# ---------------------------------------------------------------------- 3.7 to 3.9


def test_3_7_messages_may_come_twice() -> None:
    """The second one gets the same answer and changes nothing."""
    bench = Bench()
    bench.hold(V)
    first, state = bench.said(AppendAnswer)[0].acknowledgement, bench.state
    bench.append(V)
    assert [answer.acknowledgement for answer in bench.said(AppendAnswer)] == [first]
    assert (bench.state, bench.of(CheckPayload)) == (state, [])
    leader = leader_with_entry()
    leader.answer(1, holds=V)
    leader.answer(1, holds=V)
    assert leader.of(Decide) == []


def test_3_8_term_vote_and_entry_are_on_disk_before_they_are_said() -> None:
    """For votes, candidacies, entries and acknowledgements alike."""
    voter = Bench()
    voter.ask(1, term=1)
    assert is_after_persist(voter.effects)
    candidate = Bench().stand()
    assert is_after_persist(candidate.effects)
    saved = candidate.of(Persist)[0].state
    assert isinstance(saved, RaftState)
    assert (saved.term, saved.voted_for) == (1, HashSigner(0).public_key)


def test_3_8_a_restart_keeps_term_vote_and_entry_and_begins_as_a_follower() -> None:
    """What is not on disk was said to nobody."""
    bench = Bench()
    bench.ask(1, term=3)
    bench.hold(V, term=3)
    again = restart(bench)
    assert (again.state.term, again.state.voted_for) == (3, VOTER_1)
    assert again.state.entry == bench.state.entry
    assert again.engine.role is Role.FOLLOWER
    assert again.ask(2, term=3, position=(3, 1)) == [False]
    leader = leader_with_entry()
    assert restart(leader).engine.role is Role.FOLLOWER


def test_3_8_who_lost_its_disk_says_nothing_where_it_matters() -> None:
    """It may have voted or held an entry there; at later heights it takes part."""
    bench = Bench()
    bench.hold(V, term=3)
    last = bench.state.last_signed
    again = Bench(0, make_tip(), last_signed=last)
    assert again.state.term == 3
    assert again.ask(1, term=4, position=(9, 1)) == [False]
    again.hold(W, term=4)
    assert again.said(AppendAnswer)[-1].acknowledgement is None
    again.tick(TICKS_MAX)
    assert again.said(VoteRequest) == []
    later = Bench(0, make_tip(height=2, previous_term=3), last_signed=last)
    assert later.ask(1, term=3, position=(3, 1)) == [False]
    assert later.ask(1, term=4, position=(3, 1)) == [True]


def test_3_9_heartbeats_come_much_more_often_than_elections() -> None:
    """Or followers would stand against a leader that is well."""
    bench = Bench().lead()
    assert len(bench.tick(TICKS_PER_TIMEOUT)) > 2 * (TICKS_PER_TIMEOUT - 1)
    assert rules.compute_tick_ms(Timing()) * TICKS_PER_TIMEOUT == Timing().propose_ms


# ---------------------------------------------------------------------- 3.10 transfer


def test_3_10_a_leader_hands_over_when_the_other_is_as_far_as_itself() -> None:
    """Meanwhile it takes nothing new."""
    bench = Bench(0, make_tip(height=2)).lead()
    bench.handle(TransferLeadership(2, NOW_MS))
    assert bench.said(TimeoutNow) == []
    assert bench.work() == []
    bench.answer(2, height=1)
    assert bench.said(TimeoutNow) == []
    bench.answer(2)
    assert bench.receivers(TimeoutNow) == [2]


def test_3_10_the_other_stands_at_once_and_is_heard_by_those_who_hear_a_leader() -> None:
    """No pre-vote, no time-out."""
    bench = Bench(0, make_tip(height=2))
    bench.append(term=2)
    bench.receive(TimeoutNow(*bench.stamp(1, 2)))
    assert (bench.engine.role, bench.state.term) == (Role.CANDIDATE, 3)
    assert {request.kind for request in bench.said(VoteRequest)} == {"transfer"}
    other = Bench(0, make_tip(height=2))
    other.append(term=2)
    assert other.ask(2, term=3, kind="vote", position=(1, 1)) == []
    assert other.ask(2, term=3, kind="transfer", position=(1, 1)) == [True]


def test_3_10_only_the_leader_of_the_term_can_ask_for_it() -> None:
    """Anything else is ignored."""
    bench = Bench()
    bench.append(term=2, author=1)
    bench.receive(TimeoutNow(*bench.stamp(2, 2)))
    bench.receive(TimeoutNow(*bench.stamp(1, 1)))
    assert (bench.engine.role, bench.said(VoteRequest)) == (Role.FOLLOWER, [])


def test_3_10_a_hand_over_that_fails_is_given_up_after_a_time_out() -> None:
    """The leader leads on."""
    bench = Bench(0, make_tip(height=2)).lead()
    bench.handle(TransferLeadership(None, NOW_MS))
    bench.work()
    for _ in range(TICKS_PER_TIMEOUT):
        assert bench.of(BuildPayload) == []
        bench.tick()
    assert bench.of(BuildPayload) == [BuildPayload(Height(2), Round(2))]
