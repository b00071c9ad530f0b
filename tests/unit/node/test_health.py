"""Whether a node makes progress, and if not, why, in words."""

from dataclasses import replace

import pytest
from msgspec.structs import replace as with_fields

from chain.scalars import HEIGHT_MAX, Height, NodeName, Round, UnixMillis
from chain.validators import EngineName
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


def with_engine(now: Circumstances, engine: EngineName) -> Circumstances:
    return replace(now, validators=with_fields(now.validators, engine=engine))


@pytest.mark.parametrize(
    ("engine", "then"),
    [
        ("bft", "It votes again when all that it can have signed is in the past."),
        (
            "raft",
            "Under Raft it never votes again: members remove it with `veritwin member propose "
            "remove node0`, and add one with a new home and another name with `veritwin member "
            "propose add-node --card CARD`.",
        ),
    ],
)
def test_a_node_that_lost_what_it_signed_says_whether_it_will_vote_again(
    engine: EngineName, then: str
) -> None:
    now = with_engine(circumstances(), engine)
    (reason,) = explain_not_ready(replace(now, view=replace(now.view, mute="unsure")))
    assert reason == f"This node does not vote: its file of what it signed last is lost. {then}"


def test_a_node_without_its_vote_key_says_which_one_and_what_to_do() -> None:
    now = circumstances()
    (reason,) = explain_not_ready(replace(now, view=replace(now.view, mute="no-key")))
    key = now.validators.members[0].vote_key.hex()
    assert reason == (
        f"This node does not vote: vote key {key}, which the chain names for it, is not in its "
        "home. Put its file back into keys/, or change the key with `veritwin member "
        "rotate-key --home HOME`."
    )


def test_who_is_here_and_cannot_vote_is_missing_too() -> None:
    now = circumstances()
    mute = replace(now.view, mute_peers=((NAMES[1], "unsure"),))
    assert explain_not_ready(replace(now, view=mute)) == ()
    assert explain_not_ready(replace(now, view=mute, connected=NAMES[1:3])) == (
        "1 of 4 validators are not reachable from here: node3 (org3), and 1 cannot vote: "
        "node1 (org1); 3 must agree on a block.",
    )
    both = replace(mute, mute_peers=(*mute.mute_peers, (NAMES[2], "no-key")))
    assert explain_not_ready(replace(now, view=both)) == (
        "2 of 4 validators cannot vote: node1 (org1), node2 (org2); 3 must agree on a block.",
    )
    own = replace(mute, mute="no-key")
    (lack, _) = explain_not_ready(replace(now, view=own))
    assert lack.startswith("2 of 4 validators cannot vote: node0 (org0), node1 (org1);")


def test_weights_of_those_that_cannot_vote_are_counted() -> None:
    now = circumstances(weights=(1, 4, 1, 1))
    mute = replace(now.view, mute_peers=((NAMES[2], "unsure"),))
    assert explain_not_ready(replace(now, view=mute, connected=NAMES[1:3])) == ()
    heavy = replace(now.view, mute_peers=((NAMES[1], "unsure"),))
    assert explain_not_ready(replace(now, view=heavy, connected=NAMES[1:3])) == (
        "Validators with weight 1 of 7 are not reachable from here: node3 (org3), and with "
        "weight 4 cannot vote: node1 (org1); weight 5 must agree on a block.",
    )
