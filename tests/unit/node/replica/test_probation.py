"""A node that does not know what its key signed: silent until it cannot contradict itself."""

from collections.abc import Callable

import pytest
from msgspec.structs import replace

from chain.scalars import HEIGHT_MAX, Height, NodeName
from consensus.last_signed import SignedStep
from node.replica.head import Head
from node.replica.messages import ConsensusMessage
from node.replica.ordering import tip_of
from node.replica.probation import UNKNOWN_SIGNED, Probation, needed_weight
from tests.unit.node.chain_builder import ChainBuilder
from tests.unit.node.replica.alone import TWIN
from tests.unit.node.replica.network import World, key_of, make_genesis

NAMES = [NodeName(f"node{number}") for number in range(7)]


def head_at(height: int, weights: tuple[int, ...] = (1, 1, 1, 1), engine: str = "bft") -> Head:
    validators = replace(make_genesis(weights).validators, engine=engine)
    chain = ChainBuilder()
    return replace(
        chain.head, height=Height(height), last_validators=validators, validators=validators
    )


def probation(**heights: int) -> Probation:
    made = Probation(NAMES[0], make_genesis(), (key_of("vote0"),), lambda *_: True)
    for peer, height in heights.items():
        made.hear(NodeName(peer), Height(height))
    return made


def test_it_ends_two_blocks_above_what_all_others_said() -> None:
    waiting = probation(node1=10, node2=7, node3=9)
    assert not waiting.is_over(head_at(11))
    assert waiting.is_over(head_at(12))


def test_it_does_not_end_on_the_word_of_fewer() -> None:
    """With two of three others, the one that was left out may be the only correct one heard."""
    assert not probation(node1=1, node2=1).is_over(head_at(100))
    assert not probation().is_over(head_at(100))


def test_one_that_claims_too_much_is_waited_for_until_others_do() -> None:
    waiting = probation(node1=5, node2=5, node3=HEIGHT_MAX)
    assert not waiting.is_over(head_at(1_000))
    seven = probation(node1=5, node2=5, node3=HEIGHT_MAX, node4=5, node5=5, node6=5)
    assert seven.is_over(head_at(7, (1,) * 7))


def test_the_first_word_counts_and_strangers_and_oneself_do_not() -> None:
    waiting = probation(node0=0, stranger=0, node1=3, node2=3)
    assert not waiting.is_over(head_at(50))
    waiting.hear(NAMES[3], Height(60))
    waiting.hear(NAMES[3], Height(1))
    assert not waiting.is_over(head_at(50))
    assert waiting.is_over(head_at(62))


def test_weights_count_and_not_heads() -> None:
    weights = (1, 5, 1, 1)
    assert needed_weight(make_genesis(weights).validators) == 8 - 6 + 3
    assert probation(node1=1).is_over(head_at(9, weights))
    assert not probation(node2=1, node3=1).is_over(head_at(9, weights))


@pytest.mark.parametrize("count", range(1, 30))
def test_each_quorum_holds_a_correct_one_of_those_heard(count: int) -> None:
    """The worst case: the quorum leaves out as many as it may, and the rest of it lies."""
    validators = make_genesis((1,) * count).validators
    left_out = validators.total_weight - validators.quorum_weight
    liars = validators.honest_weight - 1
    assert needed_weight(validators) - left_out - liars == 1


def test_members_that_did_not_decide_the_head_cannot_answer_for_those_that_did() -> None:
    """node4 joins now: it was no part of the quorum on which this node may have signed 102."""
    joined = replace(head_at(101), validators=make_genesis((1,) * 5).validators)
    waiting = probation(node1=99, node2=0, node4=0)
    assert not waiting.is_over(joined)
    waiting.hear(NAMES[3], Height(99))
    assert waiting.is_over(joined)


def test_in_raft_it_never_ends() -> None:
    others = probation(node1=0, node2=0, node3=0)
    assert not others.is_over(head_at(1_000, engine="raft"))


def test_a_node_alone_can_ask_nobody() -> None:
    assert not probation().is_over(head_at(50, (1,)))


def test_the_engine_that_follows_signs_nothing_up_to_the_head() -> None:
    chain = ChainBuilder()
    chain.add_block()
    engine = probation().make_engine(tip_of(chain.head))
    guard = engine.state.last_signed  # type: ignore[attr-defined]
    assert (guard.height, guard.step) == (chain.head.height, SignedStep.PRECOMMIT)


def test_what_stands_in_the_file_forbids_everything() -> None:
    assert UNKNOWN_SIGNED.position > (Height(HEIGHT_MAX), 0, SignedStep.PRECOMMIT)


def signed_by(world: World, name: str) -> list[int]:
    """Heights of all votes and proposals that a node signed itself."""
    index = int(name[-1])
    return [
        message.message.height
        for sender, _, message in world.sent
        if sender == name
        and isinstance(message, ConsensusMessage)
        and getattr(message.message, "validator", getattr(message.message, "proposer", -1)) == index
    ]


def work(world: World, blocks: int, check: Callable[[], None] = lambda: None) -> None:
    for number in range(blocks):
        world.submit(0, world.transaction(0, TWIN, salt=world.now_ms + number))
        world.run(1_500)
        check()


def test_a_node_that_lost_its_disk_and_its_file_votes_again_and_never_twice() -> None:
    world = World(make_genesis())
    work(world, 3)
    world.stop(3)
    before = max(signed_by(world, "node3"))
    world.wipe(3)
    world.nodes[3].signed.payload = None
    world.nodes[3].is_unsure = True
    world.sent.clear()
    world.start(3)
    assert world.nodes[3].replica.view().mute == "unsure"
    world.run(1_500)
    assert world.nodes[0].replica.view().mute_peers == (("node3", "unsure"),)
    work(world, 6)
    heights = signed_by(world, "node3")
    assert heights, "it votes again"
    assert min(heights) > before
    assert world.nodes[3].replica.view().mute == ""
    assert [node.replica.view().mute_peers for node in world.nodes] == [()] * 4
    assert world.heights() == [world.heights()[0]] * 4


def test_while_one_of_the_others_is_away_it_stays_silent() -> None:
    world = World(make_genesis())
    work(world, 3)
    world.stop(3)
    world.stop(2)
    world.wipe(3)
    world.nodes[3].is_unsure = True
    world.sent.clear()
    world.start(3)
    world.run(20_000)
    assert signed_by(world, "node3") == []
    world.start(2)
    work(world, 6)
    assert signed_by(world, "node3")
