"""Rounds that fail, clocks that are off, nodes that lag, votes that never count."""

import pytest

from node.api.views.consensus import AttendeeView, CatchUpView, RefusalView, SnapshotView, VoteView
from node.diagnosis.observation import Sight
from node.diagnosis.progress import (
    CLOCK_OFF_MS,
    SILENT_BLOCKS,
    find_failing_rounds,
    find_laggards,
    find_silent_voters,
    find_wrong_clocks,
)
from tests.unit.node.diagnosis.scenes import (
    HEIGHT,
    NAMES,
    NOW_MS,
    ask,
    attendee,
    lost,
    observe,
    sight,
)

ALPHA, BETA, GAMMA, DELTA = NAMES


def test_in_a_healthy_network_nothing_is_slow() -> None:
    for rule in (find_failing_rounds, find_wrong_clocks, find_laggards, find_silent_voters):
        assert ask(rule, observe()) == []


# Rounds


def stuck(
    name: str, prevoted: str = "", precommitted: str = "", *, has_proposal: bool = False
) -> Sight:
    """A node in round 5 that has votes of some, given by first letters."""
    seen = [
        attendee(
            name,
            one,
            has_prevoted=one[0] in prevoted,
            has_precommitted=one[0] in precommitted,
        )
        for one in NAMES
    ]
    changed = {
        "round": 5,
        "round_since_ms": NOW_MS - 2_000,
        "step": "prevote",
        "committed_ms": NOW_MS - 45_000,
        "has_proposal": has_proposal,
    }
    return sight(name, seen, of_consensus=changed)


def test_a_proposer_that_is_silent_is_named() -> None:
    seen = observe(*(stuck(name, prevoted="abgd", precommitted="abgd") for name in NAMES))
    (finding,) = ask(find_failing_rounds, seen)
    assert (finding.code, finding.nodes) == ("VT-8106", (BETA,))
    assert finding.what == (
        "Height 201 is in round 5: no proposal of beta-1 was seen, whose turn it is."
    )
    assert finding.since_ms == NOW_MS - 45_000
    assert finding.evidence[0] == "alpha-1: height 201, round 5 (prevote) for 2 s"
    assert len(finding.evidence) == 4


def test_votes_that_nobody_saw_are_named() -> None:
    sights = [
        stuck(ALPHA, prevoted="ab", precommitted="a", has_proposal=True),
        stuck(BETA, prevoted="ab", precommitted="b", has_proposal=True),
        stuck(GAMMA, prevoted="abg", has_proposal=True),
        stuck(DELTA, prevoted="ab", has_proposal=True),
    ]
    (finding,) = ask(find_failing_rounds, observe(*sights))
    assert finding.nodes == (DELTA, GAMMA)
    assert finding.what == (
        "Height 201 is in round 5: no prevote of delta-1; no precommit of gamma-1 and delta-1."
    )


def test_when_all_vote_and_nothing_is_decided_that_is_said() -> None:
    sights = [
        stuck(name, prevoted="abgd", precommitted="abgd", has_proposal=True) for name in NAMES
    ]
    (finding,) = ask(find_failing_rounds, observe(*sights))
    assert finding.what == ("Height 201 is in round 5: all vote, but not for the block of beta-1.")


def test_one_node_that_names_a_late_round_blames_nobody() -> None:
    for odd in (stuck(DELTA), sight(DELTA, of_consensus={"height": 999, "round": 7})):
        assert ask(find_failing_rounds, observe(*(sight(name) for name in NAMES[:3]), odd)) == []


def test_one_node_that_says_all_is_well_hides_nothing() -> None:
    well = sight(DELTA, of_consensus={"round": 9, "committed_ms": NOW_MS})
    seen = observe(*(stuck(name, prevoted="ab") for name in NAMES[:3]), well)
    (finding,) = ask(find_failing_rounds, seen)
    assert finding.what.startswith("Height 201 is in round 5: no proposal of beta-1 was seen")
    assert finding.since_ms == NOW_MS - 45_000


def test_blocks_that_were_refused_at_this_height_are_told_with_why() -> None:
    why = "The block cannot be voted for: this node gets another state_root."
    new, old = (
        RefusalView(height=height, block="ab" * 32, why=why, seen_ms=NOW_MS)
        for height in (HEIGHT + 1, HEIGHT)
    )
    sights = [
        sight(ALPHA, of_consensus={"round": 4, "refusals": [old, new]}),
        sight(BETA, of_consensus={"round": 4, "refusals": [old]}),
    ]
    (finding,) = ask(find_failing_rounds, observe(*sights))
    assert finding.evidence[2:] == (f"alpha-1 refused a block: {why}",)


@pytest.mark.parametrize(("round_", "is_found"), [(0, False), (1, False), (2, True)])
def test_one_failed_round_is_no_finding(round_: int, is_found: bool) -> None:
    sights = [sight(name, of_consensus={"round": round_}) for name in NAMES]
    assert bool(ask(find_failing_rounds, observe(*sights))) is is_found


@pytest.mark.parametrize(("waited_ms", "is_found"), [(30_000, False), (30_001, True)])
def test_a_chain_without_blocks_for_too_long_is_found_in_round_0(
    waited_ms: int, is_found: bool
) -> None:
    changed = {"committed_ms": NOW_MS - waited_ms}
    sights = [sight(name, of_consensus=changed) for name in NAMES]
    assert bool(ask(find_failing_rounds, observe(*sights))) is is_found


def test_without_a_quorum_rounds_fail_for_that_reason() -> None:
    sights = [
        sight(name, [lost(name, GAMMA, 9_000), lost(name, DELTA, 9_000)], of_consensus={"round": 9})
        for name in (ALPHA, BETA)
    ]
    assert ask(find_failing_rounds, observe(*sights)) == []


def test_raft_counts_terms_and_names_its_leader() -> None:
    def member(name: str, **changed: object) -> Sight:
        values = {"engine": "raft", "round": 7, "committed_ms": NOW_MS - 40_000, **changed}
        seen = [attendee(name, one, has_precommitted=one != DELTA) for one in NAMES]
        return sight(name, seen, of_consensus=values)

    (finding,) = ask(find_failing_rounds, observe(*(member(name, proposer="") for name in NAMES)))
    assert finding.what == "Height 201 is in term 7: no leader is elected."
    followers = [member(name, proposer=ALPHA, has_proposal=True) for name in NAMES]
    (finding,) = ask(find_failing_rounds, observe(*followers))
    assert finding.what == (
        "Height 201 is in term 7: its leader is alpha-1; no acknowledgement of delta-1."
    )
    well = [member(name, committed_ms=NOW_MS - 1_000) for name in NAMES]
    assert ask(find_failing_rounds, observe(*well)) == []


# Clocks


def with_clocks(*clocks_ms: float, margin_ms: float = 1.0) -> list[Sight]:
    return [
        sight(name, clock_ms=clock_ms, margin_ms=margin_ms)
        for name, clock_ms in zip(NAMES, clocks_ms, strict=False)
    ]


@pytest.mark.parametrize(
    ("offset_ms", "words"), [(5_000, "5000 ms ahead of"), (-7_250.4, "7250 ms behind")]
)
def test_a_clock_that_is_off_is_named_with_by_how_much_and_which_way(
    offset_ms: float, words: str
) -> None:
    (finding,) = ask(find_wrong_clocks, observe(*with_clocks(3, -2, offset_ms, 0)))
    assert (finding.code, finding.nodes) == ("VT-8115", (GAMMA,))
    middle = "the middle of the 4 clocks asked"
    shown = words.replace("5000", "4998") if offset_ms > 0 else words.replace("7250", "7249")
    assert finding.what == f"The clock of gamma-1 (gamma) is {shown} {middle}."
    assert finding.evidence == ("measured to 1 ms over http://gamma-1:8000",)


def test_the_asking_machine_may_be_wrong_itself() -> None:
    assert ask(find_wrong_clocks, observe(*with_clocks(90_000, 90_001, 90_002, 90_000))) == []


def test_a_clock_is_not_blamed_within_what_a_slow_line_hides() -> None:
    off = CLOCK_OFF_MS + 100
    assert ask(find_wrong_clocks, observe(*with_clocks(0, 0, 0, off, margin_ms=101))) == []
    assert len(ask(find_wrong_clocks, observe(*with_clocks(0, 0, 0, off, margin_ms=99)))) == 1


def test_of_two_clocks_nobody_knows_which_one_is_wrong() -> None:
    (finding,) = ask(find_wrong_clocks, observe(*with_clocks(0, 4_000)))
    assert finding.what == ("The clock of beta-1 (beta) is 4000 ms ahead of that of alpha-1.")
    assert finding.evidence == (
        "or that of alpha-1 is behind: two clocks do not say which is wrong",
    )


def test_a_clock_that_cannot_be_asked_is_judged_by_the_times_in_its_votes() -> None:
    def seen_by(name: str) -> list[AttendeeView]:
        return [attendee(name, DELTA, clock_offset_ms=-3_400)]

    (finding,) = ask(find_wrong_clocks, observe(*(sight(n, seen_by(n)) for n in NAMES[:3])))
    assert finding.nodes == (DELTA,)
    assert finding.what == "The clock of delta-1 (delta) is 3400 ms behind the others'."


def test_one_of_two_that_tell_does_not_blame_a_clock() -> None:
    liar = sight(ALPHA, [attendee(ALPHA, DELTA, clock_offset_ms=10**9)])
    honest = sight(BETA, [attendee(BETA, DELTA, clock_offset_ms=-20)])
    assert ask(find_wrong_clocks, observe(liar, honest)) == []


def test_votes_tell_which_of_two_clocks_is_wrong() -> None:
    seen = [
        sight(ALPHA, [attendee(ALPHA, BETA, clock_offset_ms=3_900)]),
        sight(BETA, [attendee(BETA, BETA, clock_offset_ms=3_900)], clock_ms=4_000),
    ]
    (finding,) = ask(find_wrong_clocks, observe(*seen))
    assert finding.what == "The clock of beta-1 (beta) is 3900 ms ahead of the others'."


# Laggards


def catching_up(
    target: int, first_height: int, since_ms: int, snapshot: SnapshotView | None = None
) -> CatchUpView:
    return CatchUpView(
        target=target, first_height=first_height, since_ms=since_ms, snapshot=snapshot
    )


def test_a_node_that_catches_up_says_how_far_it_is() -> None:
    catch_up = catching_up(1_200, 200, NOW_MS - 10_000)
    behind = sight(DELTA, of_status={"height": 450}, of_consensus={"catch_up": catch_up})
    (finding,) = ask(find_laggards, observe(*(sight(name) for name in NAMES[:3]), behind))
    assert (finding.code, finding.nodes, finding.since_ms) == (
        "VT-8116",
        (DELTA,),
        NOW_MS - 10_000,
    )
    assert finding.what == "delta-1 (delta) is 750 blocks behind: it is at 450 of 1200."
    assert finding.evidence == ("250 of 1000 blocks (25 %) in 10 s; about 30 s to go",)


def test_a_node_that_gets_no_block_at_all_says_so() -> None:
    catch_up = catching_up(1_200, HEIGHT, NOW_MS - 10_000)
    behind = sight(DELTA, of_consensus={"catch_up": catch_up})
    (finding,) = ask(find_laggards, observe(behind))
    assert finding.evidence == ("no block came since it began 10 s ago",)


def test_a_node_that_loads_a_snapshot_says_how_much_of_it_is_here() -> None:
    loading = SnapshotView(
        height=1_000, parts_done=3, parts_known=8, size_bytes=5 << 20, state_permille=375
    )
    changed = {"catch_up": catching_up(1_200, 0, NOW_MS - 10_000, loading)}
    wiped = sight(DELTA, of_status={"height": 0}, of_consensus=changed)
    (finding,) = ask(find_laggards, observe(wiped))
    assert finding.evidence == (
        "it loads a snapshot of height 1000: 3 of 8 parts, 5 MiB, 37.5 % of the state",
    )


def test_a_few_blocks_are_no_lag() -> None:
    catch_up = catching_up(HEIGHT + 3, HEIGHT, NOW_MS - 500)
    near = sight(DELTA, of_consensus={"catch_up": catch_up})
    assert ask(find_laggards, observe(near)) == []


# Votes


def quiet(observer: str, height: int, ago_ms: int = 90_000) -> AttendeeView:
    """Delta's newest vote that an observer counted."""
    vote = VoteView(kind="precommit", height=height, round=0, seen_ms=NOW_MS - ago_ms)
    return attendee(observer, DELTA, last_vote=vote)


def test_a_validator_whose_votes_never_count_is_named() -> None:
    sights = [sight(name, [quiet(name, HEIGHT - SILENT_BLOCKS)]) for name in NAMES[:3]]
    (finding,) = ask(find_silent_voters, observe(*sights, sight(DELTA, [quiet(DELTA, 90)])))
    assert (finding.code, finding.nodes) == ("VT-8117", (DELTA,))
    assert finding.what == ("No vote of delta-1 (delta) was counted in the last 100 blocks.")
    assert finding.since_ms == NOW_MS - 90_000


@pytest.mark.parametrize(
    "seen",
    [
        quiet(ALPHA, HEIGHT - SILENT_BLOCKS + 1),
        quiet(ALPHA, HEIGHT - SILENT_BLOCKS, ago_ms=59_000),
        attendee(ALPHA, DELTA, last_vote=None, height=HEIGHT - 50),
        attendee(ALPHA, DELTA, last_vote=None, weight=0),
    ],
    ids=["not long enough", "not for a minute", "it is behind", "it does not vote"],
)
def test_what_explains_missing_votes_is_no_finding(seen: AttendeeView) -> None:
    weights = (1, 1, 1, seen.weight)
    assert ask(find_silent_voters, observe(sight(ALPHA, [seen]), weights=weights)) == []


def test_a_node_that_was_just_started_blames_nobody() -> None:
    seen = [attendee(ALPHA, DELTA, last_vote=None)]
    fresh = {"first_height": HEIGHT - 5, "started_ms": NOW_MS - 70_000}
    assert ask(find_silent_voters, observe(sight(ALPHA, seen, of_consensus=fresh))) == []
    old = {"first_height": 0}
    assert len(ask(find_silent_voters, observe(sight(ALPHA, seen, of_consensus=old)))) == 1
