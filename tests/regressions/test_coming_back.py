"""A quorum that was away for long, lost its data or went through rounds alone is back at once."""

from itertools import combinations
from random import Random
from typing import Literal

import pytest

from chain.genesis import Timing
from chain.scalars import Round
from chain.transaction import Transaction
from consensus.bft.messages import Proposal
from consensus.bft.rules import compute_timeout_ms
from consensus.bft.state import Step
from consensus.bft.votes import PAST_ROUNDS_MAX
from node.replica.effects import Commit
from node.replica.messages import AnyPeerMessage, Blocks, ConsensusMessage
from tests.regressions.support import at_rest, goes_on, watch_for
from tests.unit.consensus.world import Bench, make_vote
from tests.unit.node.replica.alone import TWIN
from tests.unit.node.replica.network import World
from tests.unit.node.replica.test_replica import committed_everywhere


@pytest.mark.parametrize("wiped", [(2, 3), (1, 2, 3)])
def test_bug_13_members_that_lost_their_databases_make_a_quorum_again(
    wiped: tuple[int, ...],
) -> None:
    """Besu issues 8307 and 8308: members restarted with empty data counted for a quorum and never
    progressed. Nor may they begin the chain anew."""
    world = at_rest()
    for _ in range(10):
        assert goes_on(world)
    height = world.heights()[0]
    for index in wiped:
        world.stop(index)
        world.wipe(index)
    world.lose = lambda sender, receiver, message: isinstance(message, Blocks)
    for index in wiped:
        world.start(index)
    world.run(20_000)
    assert [world.heights()[index] for index in wiped] == [0] * len(wiped)
    world.lose = lambda *_: False
    assert goes_on(world, within_ms=10_000)
    assert min(world.heights()) > height
    assert len({node.head.state_root for node in world.nodes}) == 1
    assert world.find_double_votes() == []


A_BLOCK_AGAIN_MS = 2_250
"""From the return of a quorum to the next block. Real nodes have 3 s, to connect as well."""
PAIRS = list(combinations(range(4), 2))
RETURNS = [
    *((down, (back,), minutes) for down in PAIRS for back in down for minutes in (1, 30)),
    *((down, down, 1) for down in PAIRS),
]


@pytest.mark.parametrize(("down", "back", "minutes"), RETURNS)
@pytest.mark.parametrize("has_work", [False, True])
@pytest.mark.parametrize("turn", range(4))
def test_bug_13_two_of_four_were_down_for_long(
    down: tuple[int, ...], back: tuple[int, ...], minutes: int, has_work: bool, turn: int
) -> None:
    """Besu issue 7642: the round time-out doubled up to 4096 s, so a quorum that was back waited
    for more than an hour. Here it does not matter either whose turn it is, the missing member's
    among them, nor whether who is back has work before it hears of the others' round."""
    world = at_rest()
    for _ in range(turn):
        assert goes_on(world)
    for index in down:
        world.stop(index)
    transaction = world.transaction(0, TWIN, salt=99)
    world.submit(min({0, 1, 2, 3} - set(down)), transaction)
    world.run(minutes * 60_000 + 250)
    assert not committed_everywhere(world, transaction.id)
    for index in back:
        world.start(index)
    if has_work:
        world.submit(back[0], world.transaction(1, TWIN, salt=98))
    assert world.run(A_BLOCK_AGAIN_MS, lambda: committed_everywhere(world, transaction.id))


ROUNDS_AFTER_HEALING = 4
"""How many rounds it may take once the network is whole: as many as there are proposers."""


def rounds_of(world: World, *indexes: int) -> list[int]:
    """The rounds that some nodes are in."""
    return [world.nodes[index].replica.view().summary.round for index in indexes]


def is_proposal(message: AnyPeerMessage) -> bool:
    """Tell whether a message is a proposal, without which rounds go by."""
    return isinstance(message, ConsensusMessage) and isinstance(message.message, Proposal)


def check_meeting(world: World, transaction: Transaction) -> None:
    """Make the network whole and see a block within a few rounds of the last one."""
    world.lose = lambda *_: False
    up = [node.index for node in world.nodes if node.is_up]
    last = max(rounds_of(world, *up))
    height = world.nodes[up[0]].head.next_height
    commits = watch_for(world, Commit)
    assert world.run(60_000, lambda: committed_everywhere(world, transaction.id))
    decided = {commit.certificate.round for _, commit in commits if commit.height == height}
    assert max(decided) <= last + ROUNDS_AFTER_HEALING


@pytest.mark.parametrize("seed", range(4))
def test_bug_13_nodes_that_went_through_rounds_apart_meet_in_one_again(seed: int) -> None:
    """polygon-edge issue 187: each node went through its rounds alone and they never met in one."""
    world = at_rest()
    random = Random(seed)
    world.lose = lambda sender, receiver, message: is_proposal(message) or random.random() < 0.7
    transaction = world.transaction(0, TWIN)
    world.submit(0, transaction)

    def are_apart() -> bool:
        rounds = rounds_of(world, 0, 1, 2, 3)
        return min(rounds) >= 5 and len(set(rounds)) > 1

    assert world.run(600_000, are_apart)
    check_meeting(world, transaction)


def test_bug_13_a_node_that_was_cut_off_is_taken_along_to_the_present_round() -> None:
    """polygon-edge issue 187: with one member gone the others needed the one that was rounds
    behind, and waited for it for ever."""
    world = at_rest()
    world.lose = lambda sender, receiver, message: (
        is_proposal(message) or "node3" in (sender, receiver)
    )
    transaction = world.transaction(0, TWIN)
    world.submit(0, transaction)
    assert world.run(1_800_000, lambda: min(rounds_of(world, 0, 1, 2)) > PAST_ROUNDS_MAX + 1)
    assert rounds_of(world, 3) == [0]
    world.stop(0)
    world.run(60_000)  # The two others have said all they can say, and wait.
    check_meeting(world, transaction)


def test_bug_13_a_third_of_the_weight_in_a_later_round_takes_the_others_along() -> None:
    """polygon-edge issue 187: nobody skipped to the round that others were in already."""
    bench = Bench(0).start()
    bench.receive(make_vote("prevote", 2, None, round_=7))
    assert bench.state.round == 0, "one may lie"
    bench.receive(make_vote("precommit", 3, None, round_=7))
    assert (bench.state.round, bench.state.step) == (7, Step.PROPOSE)


@pytest.mark.parametrize("step", ["propose", "prevote", "precommit"])
def test_bug_13_no_time_out_grows_without_bounds(
    step: Literal["propose", "prevote", "precommit"],
) -> None:
    """Besu issue 7642: the round time-out doubled with every round."""
    timing = Timing()
    longest = [compute_timeout_ms(timing, step, Round(r)) for r in (*range(100), 2**31 - 1)]
    assert longest == sorted(longest)
    assert longest[0] < longest[1]
    assert longest[-1] == longest[99] == timing.round_ms_max
