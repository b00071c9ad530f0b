"""Members come, go and change while the chain goes on: whole replicas in virtual time."""

import pytest

from chain.changes import AddOrganisation, AddValidator, RemoveValidator, SetEngine, SetWeight
from chain.genesis import Organisation
from chain.operations import ApproveChange, ProposeChange, RegisterKey
from chain.scalars import NodeName, OrganisationId, Weight
from tests.unit.node.replica.governing import Consortium
from tests.unit.node.replica.network import key_of, make_genesis, make_member

OBSERVER = AddValidator(make_member(4, weight=0, organisation=0))


def make(*weights: int) -> Consortium:
    return Consortium(make_genesis(weights or (1, 1, 1, 1)))


def work(world: Consortium, blocks: int, at: int = 0) -> None:
    """Let some more blocks be made, of something to order."""
    for _ in range(blocks):
        world.salt += 1
        key = key_of(f"somebody{world.salt}").public_key
        transaction = world.transaction(0, RegisterKey(key, "k", ("gateway",)), world.salt)
        world.submit(at, transaction)
        assert world.run(30_000, lambda id_=transaction.id: world.is_final(id_, at))  # type: ignore[misc]


def test_a_fifth_node_joins_follows_and_then_votes_without_a_restart() -> None:
    world = make()
    work(world, 2)
    fifth = world.add_node()
    world.decide(OBSERVER)
    work(world, 3)
    world.reach(world.nodes[0].head.height, fifth)
    assert world.committee(fifth)["node4"] == 0
    assert not world.spoke(fifth, 1)
    world.decide(SetWeight(NodeName("node4"), Weight(1)))
    work(world, 4)
    first = world.committees()[-1][0]
    assert world.spoke(fifth, first)
    # Five equal members decide with four: the newcomer counts when another one is gone.
    world.stop(3)
    work(world, 3)
    assert "node4" in world.voters_of(world.nodes[0].head.height)
    world.check_agreement()


def test_the_new_set_decides_from_two_heights_after_the_block_on_and_not_before() -> None:
    world = make()
    world.decide(SetWeight(NodeName("node3"), Weight(0)))
    (_, before), (height, after) = world.committees()
    work(world, 4)
    decided = height - 2
    assert "node3" in {member.node for member in before.members if member.weight}
    assert "node3" not in {member.node for member in after.members if member.weight}
    assert world.spoke(3, decided)
    assert not world.spoke(3, height)
    for later in range(height, world.nodes[0].head.height + 1):
        assert "node3" not in world.voters_of(later)
    assert world.nodes[3].head.height >= height, "it follows on"
    world.check_agreement()


def test_a_removed_node_falls_silent_and_the_indexes_of_the_others_shift() -> None:
    world = make(1, 1, 1, 1, 1)
    world.decide(RemoveValidator(NodeName("node0")), voices=4)
    height = world.committees(1)[-1][0]
    work(world, 5, at=1)
    assert [member.node for member in world.nodes[1].head.validators.members] == [
        "node1",
        "node2",
        "node3",
        "node4",
    ]
    assert not world.spoke(0, height)
    world.stop(0)
    work(world, 3, at=1)
    world.check_agreement()


def test_weights_decide_who_is_needed() -> None:
    world = make()
    world.decide(SetWeight(NodeName("node0"), Weight(2)))
    work(world, 3)
    assert world.nodes[0].head.validators.quorum_weight == 4
    world.stop(3)
    work(world, 2)
    world.stop(0)
    world.run(2_000)
    before = world.nodes[1].head.height
    world.run(20_000)
    assert world.nodes[1].head.height == before, "two of five are not a quorum"


def test_a_node_changes_over_to_its_new_key_without_a_pause() -> None:
    world = make()
    world.stop(2)
    world.nodes[2].key_names = ("vote2", "new2")
    world.start(2)
    world.send(2, world.rotate(2, "new2"))
    work(world, 1)
    height, after = world.committees()[-1]
    assert after.members[2].vote_key == key_of("new2").public_key
    work(world, 5)
    # With one node less every vote counts, so the next blocks need the new key.
    world.stop(3)
    work(world, 3)
    assert world.spoke(2, height)
    assert "node2" in world.voters_of(world.nodes[0].head.height)
    world.check_agreement()


def test_a_node_without_its_new_key_follows_and_is_silent() -> None:
    world = make()
    world.send(2, world.rotate(2, "new2"))
    work(world, 1)
    height = world.committees()[-1][0]
    work(world, 5)
    assert not world.spoke(2, height)
    assert world.nodes[2].head.height >= height
    world.stop(2)
    world.nodes[2].key_names = ("vote2", "new2")
    world.start(2)
    work(world, 4)
    assert world.spoke(2, height)
    world.check_agreement()


def test_a_founding_node_with_only_its_new_key_joins_from_nothing_and_votes() -> None:
    world = make()
    world.send(2, world.rotate(2, "new2"))
    work(world, 4)
    world.stop(2)
    world.wipe(2)
    world.nodes[2].key_names = ("new2",)
    world.start(2)
    work(world, 4)
    world.stop(3)
    work(world, 3)
    assert "node2" in world.voters_of(world.nodes[0].head.height)
    world.check_agreement()


def test_several_changes_of_one_block_come_one_height_after_the_other() -> None:
    world = make()
    world.decide(
        AddValidator(make_member(4, weight=0, organisation=0)),
        AddValidator(make_member(5, weight=0, organisation=1)),
        SetWeight(NodeName("node3"), Weight(0)),
    )
    heights = [height for height, _ in world.committees()[1:]]
    assert heights == list(range(heights[0], heights[0] + 3))
    world.add_node()
    world.add_node()
    work(world, 6)
    world.reach(world.nodes[0].head.height)
    assert world.committee() == {
        "node0": 1,
        "node1": 1,
        "node2": 1,
        "node3": 0,
        "node4": 0,
        "node5": 0,
    }
    world.check_agreement()


def test_changes_at_adjacent_heights_come_into_force_at_adjacent_heights() -> None:
    world = make()
    first = world.send(0, ProposeChange(SetWeight(NodeName("node3"), Weight(0))))
    second = world.send(0, ProposeChange(RemoveValidator(NodeName("node2"))))
    for proposal in (first, second):
        world.send(1, ApproveChange(proposal.id))
    work(world, 1)
    world.send(2, ApproveChange(first.id))
    decided = world.nodes[0].head.height
    assert world.run(20_000, lambda: world.nodes[0].head.height > decided)
    world.send(2, ApproveChange(second.id))
    work(world, 6)
    (_, _), (one, _), (two, after) = world.committees()
    assert two == one + 1
    assert {member.node: member.weight for member in after.members} == {
        "node0": 1,
        "node1": 1,
        "node3": 0,
    }
    world.check_agreement()


def test_a_laggard_catches_up_over_many_changes() -> None:
    world = make(1, 1, 1, 1, 1)
    work(world, 1)
    world.stop(4)
    for weight in (2, 1, 2):
        world.decide(SetWeight(NodeName("node0"), Weight(weight)), voices=4)
        work(world, 2)
    world.send(1, world.rotate(1, "new1"))
    world.stop(1)
    world.nodes[1].key_names = ("vote1", "new1")
    world.start(1)
    work(world, 4)
    world.start(4)
    work(world, 2)
    world.reach(world.nodes[0].head.height, 4)
    assert world.committees(4) == world.committees(0)
    work(world, 4)
    assert world.spoke(4, world.nodes[0].head.height - 3), "it votes again"
    world.check_agreement()


@pytest.mark.parametrize("all_of_them", [False, True])
def test_a_restart_between_a_change_and_its_effect_loses_nothing(all_of_them: bool) -> None:
    world = make()
    world.decide(SetWeight(NodeName("node3"), Weight(0)))
    height = world.committees()[-1][0]
    assert world.nodes[0].head.height < height
    for index in range(4) if all_of_them else (1,):
        world.stop(index)
    for index in range(4) if all_of_them else (1,):
        world.start(index)
    work(world, 5)
    world.reach(height + 1)
    assert not world.spoke(3, height)
    world.check_agreement()


def test_an_organisation_joins_and_brings_its_node() -> None:
    world = make()
    admin = key_of("admin4").public_key
    organisation = Organisation(OrganisationId("org4"), "Org 4", admin, b"x")
    world.decide(AddOrganisation(organisation))
    world.decide(AddValidator(make_member(4, weight=0)))
    fifth = world.add_node()
    work(world, 3)
    world.decide(SetWeight(NodeName("node4"), Weight(1)), voices=4)
    work(world, 4)
    transaction = world.send(4, RegisterKey(key_of("gateway").public_key, "g", ("gateway",)), fifth)
    assert world.run(20_000, lambda: world.is_final(transaction.id))
    assert world.code_of(transaction.id) == "ok"
    world.check_agreement()


def test_a_change_that_became_impossible_changes_nothing() -> None:
    world = make(1, 1, 1, 1, 1)
    gone = RemoveValidator(NodeName("node4"))
    twice = [world.send(0, ProposeChange(gone)) for _ in range(2)]
    for voice in (1, 2):
        for proposal in twice:
            world.send(voice, ApproveChange(proposal.id))
    last = [world.send(3, ApproveChange(proposal.id)) for proposal in twice]
    work(world, 2)
    assert [world.code_of(one.id) for one in last] == ["ok", "VT-2065"]
    work(world, 3)
    assert len(world.committees()) == 2
    world.check_agreement()


def test_the_bft_engine_takes_over_from_raft() -> None:
    world = Consortium(make_genesis((1, 1, 1, 1), engine="raft"))
    work(world, 3)
    world.decide(SetEngine("bft"))
    height, after = world.committees()[-1]
    assert after.engine == "bft"
    work(world, 6)
    world.reach(height + 2)
    world.check_agreement()
