import pytest
from msgspec.structs import replace

from chain.errors import PeerFault
from chain.scalars import Height, Round
from consensus.bft.log import MessageLog
from consensus.bft.messages import Message
from consensus.bft.state import NEVER_SIGNED, HardState, initial_state
from consensus.bft.votes import PAST_ROUNDS_MAX, ROUNDS_AHEAD_MAX
from tests.unit.consensus.world import FOUR, make_block, make_proposal, make_value, make_vote

V, W, X = make_value("v"), make_value("w"), make_value("x")


class Fixture:
    """A log, the state it is asked with, and what was checked."""

    def __init__(self, round_: int = 0) -> None:
        self.log = MessageLog(FOUR)
        self.state: HardState = replace(initial_state(Height(1), NEVER_SIGNED), round=Round(round_))
        self.checked: list[Message] = []

    def receive(self, message: Message) -> tuple[Message, Message] | None:
        return self.log.receive(message, self.state, self.checked.append)

    def weight(self, name: bytes | None, round_: int = 0) -> int:
        return self.log.votes.tally("prevote", Round(round_)).weight_for(name)  # type: ignore[arg-type]


@pytest.mark.parametrize("message", [make_vote("prevote", 1, V.id), make_proposal(V)])
def test_a_duplicate_is_not_even_checked(message: Message) -> None:
    fixture = Fixture()
    for _ in range(3):
        assert fixture.receive(message) is None
    assert fixture.checked == [message]


def test_a_message_that_fails_its_check_does_not_count() -> None:
    log = MessageLog(FOUR)
    state = initial_state(Height(1), NEVER_SIGNED)

    def refuse(message: Message) -> None:
        raise PeerFault("VT-3026", kind="prevote", index=1, height=1, round=0)

    for message in (make_vote("prevote", 1, V.id), make_proposal(V)):
        with pytest.raises(PeerFault):
            log.receive(message, state, refuse)
    assert log.votes.rounds() == []
    assert log.proposals.rounds() == []


def test_a_second_vote_is_reported_once_and_the_first_stays() -> None:
    fixture = Fixture()
    first, second = make_vote("prevote", 1, V.id), make_vote("prevote", 1, W.id)
    assert fixture.receive(first) is None
    assert fixture.receive(second) == (first, second)
    assert fixture.receive(second) is None
    assert fixture.receive(make_vote("prevote", 1, X.id)) is None
    assert (fixture.weight(V.id), fixture.weight(W.id)) == (1, 0)


def test_the_same_vote_with_another_time_is_no_conflict_and_shields_from_none() -> None:
    fixture = Fixture()
    first = make_vote("precommit", 1, V.id, time_ms=7)
    second = make_vote("precommit", 1, V.id, time_ms=8)
    other = make_vote("precommit", 1, W.id, time_ms=8)
    fixture.receive(first)
    assert fixture.receive(second) is None
    tally = fixture.log.votes.tally("precommit", Round(0))
    assert tally.votes_for(V.id) == [first]
    assert fixture.receive(other) == (first, other)


def test_a_proposal_of_the_same_value_with_another_payload_is_no_conflict() -> None:
    fixture = Fixture()
    fixture.receive(make_proposal(V))
    assert fixture.receive(make_proposal(replace(V, payload=b"other"))) is None
    assert fixture.receive(make_proposal(W)) == (make_proposal(V), make_proposal(W))


def test_a_certificate_shows_who_told_this_node_something_else() -> None:
    fixture = Fixture()
    for index, block in enumerate((V.id, None, W.id)):
        fixture.receive(make_vote("precommit", index, block))
    certificate = make_block(V)
    assert fixture.log.find_conflicts(certificate) == [
        (make_vote("precommit", 1, None), make_vote("precommit", 1, V.id)),
        (make_vote("precommit", 2, W.id), make_vote("precommit", 2, V.id)),
    ]
    assert fixture.log.find_conflicts(certificate) == [], "told once"


def test_a_second_vote_for_the_proposal_or_for_nil_counts_too() -> None:
    """Else an equivocator could hide a quorum from some for ever; see `votes.py`."""
    fixture = Fixture()
    fixture.receive(make_proposal(V))
    for block in (W.id, V.id, None, X.id):
        fixture.receive(make_vote("prevote", 1, block))
    assert [fixture.weight(name) for name in (W.id, V.id, None, X.id)] == [1, 1, 1, 0]
    assert fixture.log.votes.tally("prevote", Round(0)).weight_any == 1


def test_a_second_vote_that_justifies_the_present_proposal_counts() -> None:
    fixture = Fixture(round_=1)
    fixture.receive(make_vote("prevote", 1, None))
    assert fixture.receive(make_vote("prevote", 1, V.id)) is not None
    assert fixture.weight(V.id) == 0
    fixture.receive(make_proposal(V, round_=1, valid_round=0))
    fixture.receive(make_vote("prevote", 1, V.id))
    assert fixture.weight(V.id) == 1


def test_a_second_proposal_is_reported_once_and_the_first_stays() -> None:
    fixture = Fixture()
    first, second = make_proposal(V), make_proposal(W)
    fixture.receive(first)
    assert fixture.receive(second) == (first, second)
    assert fixture.receive(second) is None
    assert fixture.log.proposals.get(Round(0)) == first


def test_rounds_far_away_are_ignored() -> None:
    fixture = Fixture(round_=100)
    too_old, too_new = 100 - PAST_ROUNDS_MAX - 1, 100 + ROUNDS_AHEAD_MAX + 1
    for round_ in (too_old, too_new):
        fixture.receive(make_vote("prevote", 1, V.id, round_=round_))
    assert fixture.checked == []
    for round_ in (too_old + 1, too_new - 1):
        fixture.receive(make_vote("prevote", 1, V.id, round_=round_))
    assert fixture.log.votes.rounds() == [too_old + 1, too_new - 1]


def test_an_old_round_that_the_proposal_names_is_kept_and_accepted() -> None:
    fixture = Fixture(round_=100)
    fixture.receive(make_proposal(V, round_=100, valid_round=3))
    fixture.receive(make_vote("prevote", 1, V.id, round_=3))
    fixture.log.prune(fixture.state)
    assert fixture.weight(V.id, 3) == 1


def test_one_sender_cannot_fill_the_log() -> None:
    fixture = Fixture()
    for round_ in range(1, 2_000):
        fixture.receive(make_vote("prevote", 1, V.id, round_=round_))
        fixture.receive(make_vote("precommit", 1, None, round_=round_))
        if round_ % 4 == 1:
            fixture.receive(make_proposal(V, round_=round_))
    assert len(fixture.log.votes.rounds()) <= 5
    assert len(fixture.log.proposals.rounds()) == 1


def test_what_the_state_holds_is_put_back() -> None:
    own, proof = make_vote("prevote", 0, V.id), make_vote("prevote", 1, V.id)
    state = replace(
        initial_state(Height(1), NEVER_SIGNED),
        proposal=make_proposal(W, round_=3),
        votes=(own,),
        valid_value=V,
        valid_round=Round(0),
        valid_prevotes=(own, proof),
    )
    log = MessageLog(FOUR)
    log.restore(state)
    assert log.votes.tally("prevote", Round(0)).votes_for(V.id) == [own, proof]
    assert log.proposals.get(Round(3)) == state.proposal
    assert log.proposals.find(V.id) == V
    assert log.proposals.verdict(V) is None, "verdicts are not durable"
