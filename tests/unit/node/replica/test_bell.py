"""What is due happens on a network where nobody sends anything."""

from chain.operations import Call, DeployContract, RunTimers
from chain.transaction import decode_transaction
from chain.values import encode_value
from contracts import wakeup_keys
from contracts.inprocess import InProcessExecutor
from node.replica.messages import Transactions
from node.replica.ports import Column
from tests.unit.node.replica.network import START_MS, World, make_genesis
from tests.unit.node.replica.test_replica import committed_everywhere

SOURCE = """from contracts.author import Timer, Var, call, ctx, on_timer

rung = Var(int, 0)


@call
def plan(at_ms: int) -> None:
    ctx.set_timer("bell", at_ms)


@on_timer
def ring(timer: Timer) -> None:
    rung.set(rung.get() + 1)
    if rung.get() < 2:
        ctx.set_timer("bell", ctx.time_ms + 10_000)
"""


def make_world() -> World:
    world = World(make_genesis())
    for index in range(4):
        world.stop(index)
    world.executor = InProcessExecutor()
    for index in range(4):
        world.start(index)
    world.run(1_000)
    deploy = world.transaction(0, DeployContract("timed", SOURCE, encode_value({})))
    world.submit(0, deploy)
    assert world.run(3_000, lambda: committed_everywhere(world, deploy.id))
    return world


def rung(world: World, index: int = 0) -> int:
    data = world.nodes[index].store.get(Column.STATE, b"contract-state/timed/rung")
    return 0 if data is None else data[-1]


def plan(world: World, at_ms: int) -> None:
    call = world.transaction(1, Call("timed", "plan", encode_value({"at_ms": at_ms})), salt=1)
    world.submit(1, call)
    assert world.run(3_000, lambda: committed_everywhere(world, call.id))


def rings(world: World) -> set[bytes]:
    """Every `run_timers` that a node sent."""
    return {
        raw
        for _, _, message in world.sent
        if isinstance(message, Transactions)
        for raw in message.transactions
        if isinstance(decode_transaction(raw).body.operation, RunTimers)
    }


def test_a_timer_runs_when_nobody_sends_anything_and_costs_one_transaction():
    world = make_world()
    plan(world, START_MS + 20_000)
    world.run(15_000)
    assert (rung(world), rings(world)) == (0, set())
    assert world.run(30_000, lambda: all(rung(world, index) == 1 for index in range(4)))
    assert world.now_ms - START_MS < 35_000
    assert len(rings(world)) == 1
    assert world.run(30_000, lambda: all(rung(world, index) == 2 for index in range(4)))
    assert len(rings(world)) == 2
    world.run(20_000)
    assert (rung(world), len(rings(world))) == (2, 2)


def test_another_member_takes_over_when_the_one_whose_turn_it_is_is_down():
    world = make_world()
    at_ms = START_MS + 10_000
    plan(world, at_ms)
    first = at_ms % 4
    world.stop(first)
    assert world.run(60_000, lambda: rung(world, (first + 1) % 4) == 1)


def test_a_timer_that_is_long_past_runs_soon():
    world = make_world()
    plan(world, 5)
    timer = wakeup_keys.timer_key("timed", "bell")
    due = world.nodes[0].store.get(Column.STATE, timer)
    assert due is not None
    assert START_MS < int.from_bytes(due, "big") <= world.now_ms
    assert world.run(15_000, lambda: all(rung(world, index) == 1 for index in range(4)))
    assert world.nodes[0].store.get(Column.STATE, timer) != due
