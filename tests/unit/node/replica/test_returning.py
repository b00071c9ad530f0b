"""A node that missed many blocks comes back, whatever keeps it or its peers busy meanwhile."""

from chain.scalars import NodeName
from node.replica.messages import AnyPeerMessage, Blocks, BlocksRequest, Status
from tests.unit.node.replica.alone import TWIN
from tests.unit.node.replica.network import World
from tests.unit.node.replica.returning import MISSED, Returning

BATCHES = -(-MISSED // 64)


def keep_busy(world: World, pause_ms: int) -> None:
    """Hand in a transaction again and again, for ever."""
    numbers = iter(range(10_000, 20_000))

    def again() -> None:
        world.submit(0, world.transaction(0, TWIN, salt=next(numbers)))
        world._at(pause_ms, again)

    again()


def test_who_is_behind_builds_no_blocks_that_nobody_waits_for() -> None:
    """Each of its turns in the past it built a block of all that waits, which grew meanwhile.

    So a return that takes 1 s without load took more than a minute, and under more load for ever.
    """
    world = Returning(transaction_ms=10)
    keep_busy(world, pause_ms=50)
    top = world.nodes[0].head.height
    assert world.come_back(within_ms=5_000)
    assert [height for height in world.built if height <= top] == []
    goal = world.nodes[0].head.height + 4
    assert world.run(5_000, lambda: min(world.heights()) >= goal)
    world.run(5_000)
    assert world.built, "level with the others it takes its turns"


def test_what_takes_long_here_costs_no_peer_its_turn() -> None:
    """Events that wait while this node works bring the time back with them: it is not new time."""
    world = Returning(block_ms=40)
    assert world.come_back(within_ms=MISSED * 40 + 3_000)
    firsts = [request.first for _, request in world.asked]
    assert len(firsts) <= BATCHES + 1
    assert len(set(firsts)) == len(firsts), "nothing is asked for twice"


def late(_: NodeName, message: AnyPeerMessage) -> tuple[int, ...]:
    return (3_000,) if isinstance(message, Blocks) else (0,)


def twice(_: NodeName, message: AnyPeerMessage) -> tuple[int, ...]:
    return (0, 30) if isinstance(message, Blocks) else (0,)


def from_one_only(sender: NodeName, message: AnyPeerMessage) -> tuple[int, ...]:
    return () if isinstance(message, Blocks) and sender != "node2" else (0,)


def test_answers_that_all_come_late_are_of_use() -> None:
    """Thrown away, as they once were, no answer would ever be in time on a slow way."""
    assert Returning(ways=late).come_back(within_ms=BATCHES * 3_100)


def test_answers_that_come_twice_cost_their_senders_a_rest_at_most() -> None:
    assert Returning(ways=twice).come_back(within_ms=6_000)


def test_two_of_three_peers_that_never_answer_cost_a_time_out_each_in_a_while() -> None:
    assert Returning(ways=from_one_only).come_back(within_ms=6_000)


def test_a_claim_that_is_never_renewed_is_enough() -> None:
    """What a peer gives says how far it is; no status need come after the first."""
    heard: set[NodeName] = set()

    def no_news(sender: NodeName, message: AnyPeerMessage) -> tuple[int, ...]:
        if not isinstance(message, Status):
            return (0,) if isinstance(message, Blocks) else ()
        is_first = sender not in heard
        heard.add(sender)
        return (0,) if is_first else ()

    world = Returning()
    world.ways = no_news
    assert world.come_back(within_ms=6_000)


def test_connections_that_break_whenever_something_is_asked_only_cost_the_question() -> None:
    world = Returning()
    breaks = iter(range(6))

    def break_down(sender: NodeName, receiver: NodeName, message: AnyPeerMessage) -> bool:
        is_lost = isinstance(message, BlocksRequest) and next(breaks, None) is not None
        if is_lost:
            world._at(1, lambda: world._disconnect(world.node(sender), world.node(receiver)))
        return is_lost

    world.lose = break_down
    assert world.come_back(within_ms=6_000)
    assert next(breaks, None) is None, "it was asked so often"
