import pytest
from msgspec.structs import replace

from chain.genesis import Timing
from chain.scalars import Hash, Height, Round
from consensus.raft import rules
from consensus.raft.messages import CampaignKind
from consensus.raft.rules import LogPosition
from consensus.raft.state import NOBODY, initial_state
from tests.unit.consensus.raft.world import FIVE, THREE, make_committee
from tests.unit.consensus.world import GENESIS, HashSigner

KEY = HashSigner(1).public_key
OTHER = HashSigner(2).public_key
STATE = replace(initial_state(Height(5)), term=Round(3))


@pytest.mark.parametrize(
    ("term", "is_later"), [(2, False), (3, False), (4, True), (100_003, True), (100_004, False)]
)
def test_a_later_term_is_believed_unless_it_is_absurd(term: int, *, is_later: bool) -> None:
    assert rules.is_later(Round(term), STATE) is is_later


@pytest.mark.parametrize(
    ("candidate", "own", "is_good"),
    [
        ((2, 9), (3, 1), False),
        ((3, 1), (2, 9), True),
        ((3, 4), (3, 5), False),
        ((3, 5), (3, 5), True),
        ((3, 6), (3, 5), True),
    ],
)
def test_logs_compare_by_term_then_by_length(
    candidate: tuple[int, int], own: tuple[int, int], *, is_good: bool
) -> None:
    positions = [LogPosition(Round(term), Height(height)) for term, height in (candidate, own)]
    assert rules.is_up_to_date(*positions) is is_good


@pytest.mark.parametrize(
    ("kind", "asked", "voted_for", "is_log_good", "is_granted"),
    [
        ("vote", 3, None, True, True),
        ("vote", 3, KEY, True, True),
        ("vote", 3, OTHER, True, False),
        ("vote", 3, NOBODY, True, False),
        ("vote", 3, None, False, False),
        ("vote", 2, None, True, False),
        ("transfer", 3, None, True, True),
        ("pre-vote", 4, OTHER, True, True),
        ("pre-vote", 3, None, True, False),
        ("pre-vote", 4, None, False, False),
    ],
)
def test_a_vote_is_given_once_in_a_term_for_a_good_log(
    kind: CampaignKind, asked: int, voted_for: bytes | None, *, is_log_good: bool, is_granted: bool
) -> None:
    state = replace(STATE, voted_for=voted_for)
    assert rules.grants(state, kind, Round(asked), KEY, is_log_good) is is_granted
    mute = replace(state, mute_height=Height(5))
    assert not rules.grants(mute, kind, Round(asked), KEY, is_log_good)


def test_only_a_hand_over_reaches_those_who_hear_a_leader() -> None:
    assert rules.is_disturbance("vote", hears_leader=True)
    assert rules.is_disturbance("pre-vote", hears_leader=True)
    assert not rules.is_disturbance("transfer", hears_leader=True)
    assert not rules.is_disturbance("vote", hears_leader=False)


@pytest.mark.parametrize(
    ("weights", "members", "is_quorum"),
    [
        ((1, 1, 1), {0}, False),
        ((1, 1, 1), {0, 2}, True),
        ((1, 1, 1, 1), {0, 2}, False),
        ((1, 1, 1, 1), {0, 1, 2}, True),
        ((1, 1, 1, 0, 0), {0, 3, 4}, False),
        ((1, 0), {0}, True),
        ((1, 0), {1}, False),
    ],
)
def test_a_quorum_is_more_than_half_of_the_weight(
    weights: tuple[int, ...], members: set[int], *, is_quorum: bool
) -> None:
    assert rules.has_quorum(make_committee(weights), members) is is_quorum


def test_a_member_counts_once() -> None:
    assert not rules.has_quorum(FIVE, [0, 1, 1, 0])


@pytest.mark.parametrize("propose_ms", [1, 5, 10, 999, 60_000])
def test_ticks_are_a_part_of_the_time_out_and_never_nothing(propose_ms: int) -> None:
    timing = Timing(propose_ms=propose_ms)
    assert rules.compute_tick_ms(timing) == max(1, propose_ms // 10)
    for attempt in (0, 1, 50):
        ticks = rules.compute_election_ticks(timing, GENESIS, KEY, Round(1), attempt)
        assert ticks >= rules.TICKS_PER_TIMEOUT


def test_a_time_out_follows_from_chain_member_term_and_attempt_alone() -> None:
    def draw(genesis: Hash = GENESIS, key: bytes = KEY, term: int = 1, attempt: int = 1) -> int:
        return rules.compute_election_ticks(Timing(), genesis, key, Round(term), attempt)  # type: ignore[arg-type]

    assert draw() == draw()
    assert len({draw(term=term) for term in range(50)}) > 5
    assert len({draw(key=HashSigner(index).public_key) for index in range(50)}) > 5


def test_the_successor_is_the_furthest_voter_that_stays() -> None:
    heights = {1: Height(4), 2: Height(5), 3: Height(6), 4: Height(5)}
    now = make_committee((1, 1, 1, 0, 1))
    assert rules.choose_successor(heights, now, now) == 2
    assert rules.choose_successor(heights, now, make_committee((1, 1, 0, 1, 1))) == 4
    assert rules.choose_successor({}, now, now) is None
    assert rules.choose_successor({3: Height(6)}, now, now) is None


@pytest.mark.parametrize(
    ("beats", "confirmed"),
    [
        ({1: -1, 2: -1}, -1),
        ({1: 4, 2: -1}, 4),
        ({1: 4, 2: 7}, 7),
        ({1: 9, 2: 9}, 9),
    ],
)
def test_a_beat_is_confirmed_by_a_majority(beats: dict[int, int], confirmed: int) -> None:
    assert rules.find_confirmed_beat(beats, THREE, 0, 9) == confirmed


def test_members_without_weight_confirm_nothing() -> None:
    committee = make_committee((1, 1, 1, 0, 0))
    beats = {1: -1, 2: -1, 3: 9, 4: 9}
    assert rules.find_confirmed_beat(beats, committee, 0, 9) == -1
