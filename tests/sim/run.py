"""One run: a seed, a world, faults for a while, then a healed quorum that has to go on.

`run_seed` is the door for all who run seeds: the command line, the mutants and the tests.
"""

import gc
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Final

from msgspec.structs import replace

from chain.genesis import Genesis, Limits, Timing
from chain.validators import EngineName, ValidatorSet
from tests.sim.byzantine import corrupt
from tests.sim.checkers import ALL_CHECKERS, Checker, Violation
from tests.sim.faults import Faults, Plan, draw_plan
from tests.sim.membership import Membership, draw_joiner
from tests.sim.opening import little_slack
from tests.sim.process import Machine
from tests.sim.signatures import choose_scheme
from tests.sim.streams import Streams
from tests.sim.trace import Recorder
from tests.sim.workload import Workload
from tests.sim.world import Setup, World
from tests.unit.node.replica.network import make_genesis

SAFETY_MS: Final = (65_000, 125_000)
"""How long faults last."""
LIVENESS_MS: Final = 240_000
"""How long healed machines may take to go on; `Progress` also counts their rounds."""
HEALED_HEIGHTS: Final = 2
"""How many heights they have to add."""

ELECTION_MS: Final = (1_000, 2_000, 3_000)
"""Raft's heartbeats come ten times as often."""
WINDOWS_BLOCKS: Final = (12, 1_000)
"""For how long a transaction may be ordered; with the short one old blocks can be deleted."""
COMMITTEES: Final[dict[EngineName, tuple[tuple[int, ...], ...]]] = {
    "bft": ((1, 1, 1, 1),) * 8 + ((3, 2, 2, 2, 1), (2, 1, 1, 1, 1), (1,) * 7),
    "raft": ((1, 1, 1),) * 4 + ((1,) * 5, (1, 1, 1, 1, 0)),
}


@dataclass(frozen=True, slots=True)
class Failure:
    """A promise that was broken: which, how, and when."""

    checker: str
    message: str
    simulated_ms: int


@dataclass(frozen=True, slots=True)
class Outcome:
    """What came of a run. `digest` stands for all that happened, to the last byte."""

    seed: int
    engine: EngineName
    failure: Failure | None
    simulated_ms: int
    height: int
    digest: str
    kinds: tuple[str, ...]
    last: tuple[str, ...]
    """The last things that happened, when the run failed."""


def run_seed(
    seed: int,
    engine: EngineName,
    checkers: Sequence[type[Checker]] = ALL_CHECKERS,
    *,
    trace: Callable[[str], None] | None = None,
    without: Sequence[str] = (),
) -> Outcome:
    """Run one seed to its end or to the first broken promise.

    Args: checkers: who watches; trace: takes the story line by line; without: fault kinds to leave
    out, which changes nothing else.
    """
    streams = Streams(seed)
    genesis = draw_genesis(streams, engine)
    plan = draw_plan(streams, genesis).without(without)
    recorder = Recorder(trace)
    joiner = draw_joiner(streams, genesis)
    world = World(Setup(seed, genesis, choose_scheme(seed), joiner), recorder)
    for checker in checkers:
        world.audience.join(checker(world))
    failure = None
    gc.disable()
    try:
        with little_slack():
            play(world, plan)
    except Violation as violation:
        failure = Failure(violation.checker, violation.text, world.now_ms)
    finally:
        gc.enable()
    return Outcome(
        seed,
        engine,
        failure,
        world.now_ms,
        max(machine.head.height for machine in world.machines),
        recorder.digest(),
        plan.kinds,
        recorder.last() if failure else (),
    )


def play(world: World, plan: Plan) -> None:
    """Let everything happen: faults, then healing, then the proof that it helped.

    Raises: Violation: a checker saw a promise broken.
    """
    world.note(-1, f"begins with {', '.join(plan.kinds) or 'no faults'}; suspects: {plan.suspects}")
    faults, workload = Faults(world, plan), Workload(world)
    if world.joiner is not None:
        Membership(world, workload, faults.suspects).begin()
    corrupt(faults)
    faults.begin()
    random = world.streams.of("begin")
    for machine in world.machines:
        world.after(random.randint(0, 200), machine.start)
    world.network.build()
    workload.begin()
    world.run(random.randint(*SAFETY_MS))
    core = faults.draw_core()
    faults.end(core)
    world.is_healed = True
    world.audience.healed(core)
    goal = max(machine.head.height for machine in world.correct) + HEALED_HEIGHTS
    is_live = world.run(world.now_ms + LIVENESS_MS, lambda: _have_reached(core, goal))
    world.audience.finished(core, is_live=is_live)


def draw_genesis(streams: Streams, engine: EngineName) -> Genesis:
    """Draw a committee and its time-outs."""
    random = streams.of("genesis")
    genesis = make_genesis(random.choice(COMMITTEES[engine]))
    timing = Timing(heartbeat_ms=random.choice((3_000, 5_000, 10_000)))
    if engine == "raft":
        timing = replace(timing, propose_ms=random.choice(ELECTION_MS))
    validators = ValidatorSet(genesis.validators.members, engine)
    limits = Limits(expiry_window_blocks=random.choice(WINDOWS_BLOCKS))
    return replace(genesis, timing=timing, validators=validators, limits=limits)


def _have_reached(core: Sequence[Machine], goal: int) -> bool:
    return all(machine.head.height >= goal for machine in core)


def shrink(seed: int, engine: EngineName, left_out: tuple[str, ...] = ()) -> tuple[str, ...]:
    """Give the fault kinds that a failing seed does not need, tried one after the other."""
    failing = run_seed(seed, engine, without=left_out)
    for kind in failing.kinds:
        outcome = run_seed(seed, engine, without=(*left_out, kind))
        if outcome.failure is not None:
            left_out = (*left_out, kind)
    return left_out
