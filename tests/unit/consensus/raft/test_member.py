from chain.scalars import Height, Round
from consensus.effects import FellBehind, Persist, Send
from consensus.raft.member import Member, Role
from consensus.raft.messages import TimeoutNow
from consensus.raft.state import choose_state, enter_term
from consensus.verdicts import Verdict
from tests.unit.consensus.raft.world import make_committee, make_tip
from tests.unit.consensus.world import CHAIN, GENESIS, HashSigner, make_value

V = make_value("v")


def make_member(height: int = 1, **options: object) -> Member:
    tip = make_tip(height, **options)  # type: ignore[arg-type]
    return Member(CHAIN, (HashSigner(0),), tip, choose_state(tip, None, None))


def test_what_must_be_durable_comes_first_and_once() -> None:
    member = make_member()
    member.say(TimeoutNow(*member.stamp()), 1, 2)
    first, *said = member.take_effects()
    assert isinstance(first, Persist)
    assert [effect.to for effect in said if isinstance(effect, Send)] == [1, 2]
    assert member.take_effects() == []
    member.state = enter_term(member.state, Round(9))
    assert member.take_effects() == [Persist(member.state)]


def test_the_height_alone_is_not_worth_a_write() -> None:
    """The block is on disk; term and vote there hold still."""
    member = make_member()
    member.hold(V)
    member.take_effects()
    member.enter(make_tip(height=2, previous_term=0))
    assert (member.state.height, member.state.entry) == (2, None)
    assert member.take_effects() == []
    member.enter(make_tip(height=3, previous_term=5))
    assert member.take_effects() == [Persist(member.state)]


def test_what_was_not_durable_before_the_block_still_is_not_after_it() -> None:
    member = make_member()
    member.take_effects()
    member.state = enter_term(member.state, Round(1))
    member.enter(make_tip(height=2, previous_term=1))
    assert member.take_effects() == [Persist(member.state)]


def test_stepping_down_in_the_same_term_keeps_the_vote() -> None:
    member = make_member()
    member.state = enter_term(member.state, Round(2))
    state = member.author.vote(member.state, member.author.key)
    assert state is not None
    member.state, member.role = state, Role.CANDIDATE
    member.follow(Round(2), 1)
    assert (member.role, member.state.voted_for) == (Role.FOLLOWER, member.author.key)
    member.follow(Round(3), None)
    assert member.state.voted_for is None


def test_a_height_ahead_is_told_once_and_not_while_the_block_is_being_written() -> None:
    member = make_member()
    for height in (2, 2, 5, 4):
        member.note_ahead(Height(height))
    assert member.effects == [FellBehind(Height(2)), FellBehind(Height(5))]
    other = make_member()
    other.is_decided = True
    other.note_ahead(Height(2))
    assert other.effects == []
    other.note_ahead(Height(3))
    assert other.effects == [FellBehind(Height(3))]


def test_the_leader_is_followed_to_its_next_place_unless_the_term_is_over() -> None:
    member = make_member(committee=make_committee((1, 1, 1)))
    member.follow(Round(0), 2)
    reordered = make_committee((1, 1), first=1)
    member.enter(make_tip(height=2, committee=reordered, previous_term=0))
    assert member.leader == 1
    assert member.own_index is None
    member.enter(make_tip(height=3, committee=reordered, previous_term=4))
    assert member.leader is None


def test_an_entry_counts_as_valid_and_is_found_by_its_name() -> None:
    member = make_member()
    assert (member.find_value(V.id), member.verdict(V)) == (None, None)
    assert member.hold(V)
    assert (member.find_value(V.id), member.verdict(V)) == (V, Verdict.VALID)


def test_the_first_block_stands_on_genesis() -> None:
    assert make_member().previous_block == GENESIS
    tip = make_tip(height=4)
    assert tip.previous is not None
    assert make_member(height=4).previous_block == tip.previous.block
