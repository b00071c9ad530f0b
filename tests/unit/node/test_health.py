"""Whether a node makes progress, and if not, why, in words."""

from dataclasses import replace

import pytest

from chain.scalars import HEIGHT_MAX, Height, NodeName, Round, UnixMillis
from consensus.bft.repair import RoundSummary
from consensus.bft.state import Step
from node.health import LAG_BLOCKS_MAX, Circumstances, explain_not_ready
from node.replica.replica import ReplicaView
from node.replica.snapshot_work import SnapshotProgress
from tests.unit.node.replica.network import World, make_genesis

NAMES = [NodeName(f"node{index}") for index in range(4)]
NOW_MS = UnixMillis(1_700_000_100_000)


def circumstances(
    *,
    weights: tuple[int, ...] = (1, 1, 1, 1),
    heights: dict[str, int] | None = None,
    round_: int = 0,
) -> Circumstances:
    """Node 0 of a healthy network at height 1 that committed a second ago."""
    world = World(make_genesis(weights))
    world.run(200)
    head = world.nodes[0].head
    claims = heights or {}
    view = ReplicaView(
        head,
        RoundSummary(head.next_height, Round(round_), Step.WAIT, b"", b"", False),
        0,
        0,
        tuple((NodeName(name), Height(height)) for name, height in claims.items()),
        False,
    )
    return Circumstances(
        NAMES[0],
        world.genesis.validators,
        NAMES[1:],
        view,
        NOW_MS,
        UnixMillis(NOW_MS - 60_000),
        UnixMillis(NOW_MS - 1_000),
        30_000,
    )


def test_a_healthy_node_is_ready() -> None:
    assert explain_not_ready(circumstances(heights={"node1": 1, "node2": 2, "node3": 0})) == ()


def test_one_of_four_missing_is_no_reason() -> None:
    now = circumstances()
    assert explain_not_ready(replace(now, connected=NAMES[2:])) == ()


def test_nobody_waits_for_a_member_without_a_vote() -> None:
    now = circumstances(weights=(1, 1, 1, 0))
    assert explain_not_ready(replace(now, connected=NAMES[1:3])) == ()
    (reason,) = explain_not_ready(replace(now, connected=NAMES[1:2]))
    assert reason == (
        "1 of 3 validators are not reachable from here: node2 (org2); 3 must agree on a block."
    )


def test_a_node_that_is_no_member_is_told_so() -> None:
    now = replace(circumstances(), own_name=NodeName("stranger"), connected=())
    assert explain_not_ready(now)[0] == (
        "stranger is no member of the chain at height 1, so the others do not let it in; members "
        "add it with `veritwin member propose add-node`."
    )


def test_two_of_four_missing_are_named() -> None:
    now = circumstances()
    assert explain_not_ready(replace(now, connected=NAMES[1:2])) == (
        "2 of 4 validators are not reachable from here: node2 (org2), node3 (org3); "
        "3 must agree on a block.",
    )


def test_where_members_have_weights_weights_are_counted() -> None:
    now = circumstances(weights=(1, 4, 1, 1))
    assert explain_not_ready(replace(now, connected=NAMES[1:2])) == ()
    assert explain_not_ready(replace(now, connected=NAMES[2:])) == (
        "Validators with weight 4 of 7 are not reachable from here: node1 (org1); "
        "weight 5 must agree on a block.",
    )


def test_a_node_that_lags_says_so() -> None:
    claims = {"node1": 1 + LAG_BLOCKS_MAX, "node2": 1 + LAG_BLOCKS_MAX}
    assert explain_not_ready(circumstances(heights=claims)) == ()
    claims = {"node1": 2 + LAG_BLOCKS_MAX, "node2": 9, "node3": 1}
    assert explain_not_ready(circumstances(heights=claims)) == (
        "This node is catching up: it is at height 1, its peers are at 5.",
    )


@pytest.mark.parametrize("lie", [5, 10**6, HEIGHT_MAX])
def test_one_peer_that_lies_about_its_height_makes_nobody_unready(lie: int) -> None:
    assert explain_not_ready(circumstances(heights={"node1": lie, "node2": 1, "node3": 1})) == ()
    assert explain_not_ready(circumstances(heights={"node1": lie})) == ()


def test_a_chain_that_stands_still_is_explained_with_its_round() -> None:
    now = circumstances(round_=7)
    limit = now.block_interval_ms_max
    assert explain_not_ready(replace(now, last_commit_ms=UnixMillis(NOW_MS - limit))) == ()
    assert explain_not_ready(replace(now, last_commit_ms=UnixMillis(NOW_MS - limit - 1))) == (
        "No block was committed for 30 s; consensus is at round 7 of height 2.",
    )


def test_a_node_that_committed_nothing_since_its_start_is_not_ready() -> None:
    now = replace(circumstances(), last_commit_ms=None)
    assert explain_not_ready(now) == (
        "No block was committed since this node started for 60 s; "
        "consensus is at round 0 of height 2.",
    )


def test_all_reasons_are_given() -> None:
    now = circumstances(heights={"node1": 99, "node2": 99})
    reasons = explain_not_ready(replace(now, connected=[], last_commit_ms=None))
    assert [reason.split()[0] for reason in reasons] == ["3", "This", "No"]


def test_a_node_that_joins_from_a_snapshot_says_how_far_it_is() -> None:
    now = circumstances(heights={"node1": 900, "node2": 900})
    progress = SnapshotProgress(Height(864), 3, 12, 700_000, 250)
    loading = replace(now, view=replace(now.view, snapshot=progress))
    (reason,) = explain_not_ready(loading)
    assert reason == (
        "This node is catching up: it is at height 1, its peers are at 900. "
        "It loads the snapshot of height 864: 3 of 12 parts, 25 % of the state."
    )


def test_a_node_that_lost_what_it_signed_says_that_it_does_not_vote() -> None:
    now = circumstances()
    (reason,) = explain_not_ready(replace(now, view=replace(now.view, is_unsure=True)))
    assert reason.startswith("This node does not vote: its file of what it signed last is lost.")
