"""Whether a member can vote at all; what it says of its own accord has tests of its own."""

from chain.scalars import NodeName
from node.replica.messages import Muteness
from tests.unit.node.replica.network import World, make_genesis


def started_with(key: str, weights: tuple[int, ...] = (1, 1, 1, 1)) -> World:
    """A network whose last node holds the vote key of this name alone."""
    world = World(make_genesis(weights))
    world.stop(3)
    world.nodes[3].key_names = (key,)
    world.start(3)
    world.run(1_500)
    return world


def seen(world: World) -> tuple[Muteness, tuple[tuple[NodeName, Muteness], ...]]:
    """What the last node says of itself, and what the first one heard of others."""
    return world.nodes[3].replica.view().mute, world.nodes[0].replica.view().mute_peers


def test_a_member_without_its_vote_key_says_so_to_all() -> None:
    assert seen(started_with("stranger")) == ("no-key", (("node3", "no-key"),))


def test_who_has_the_key_or_no_vote_misses_nothing() -> None:
    assert seen(started_with("vote3")) == ("", ())
    assert seen(started_with("stranger", (1, 1, 1, 0))) == ("", ())
