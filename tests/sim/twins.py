"""Twins: one validator runs twice under one key, and every way to cut the network is tried.

Two correct engines with one key do most of what a Byzantine validator can: propose two values, vote
twice, forget a lock, say one thing here and another there. So a search over plain partitions finds
what else needs a scripted adversary. Source: Bano et al., "Twins: BFT Systems Made Robust", arXiv
2004.10617. Here four validators make five engines: 0, 1, 2, 3 and the twin of 0.

A round of a scenario is one of 52 partitions of the five engines (the Bell number of 5) under one
of 4 leaders, both twins lead when it is their turn: 208 rounds, and 208 * 208 = 43,264 scenarios of
two rounds. All of them are run; none is left out as symmetric to another. The schedule of proposers
is fixed, so a leader is reached through empty rounds, in which all messages are lost and nobody
waits. What a partition cuts off is lost for good until the network heals.

A sampled scenario has 3 to 7 rounds and more freedom: other partitions for proposals, prevotes and
precommits, engines whose time-outs do not run out, messages in any order, lost ones that arrive
rounds later, and twins that fall silent when the network heals.

After each scenario the network is whole again, and all correct engines must decide within
`HEALED_ROUNDS_MAX` rounds. At every step: one value for a height, certificates that hold, no
correct engine that signs two messages for one position, no accusation but of the twin.
"""

import json
import os
import sys
import time
from collections.abc import Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from random import Random
from typing import Final

import click
from rich.console import Console
from rich.progress import Progress

from tests.sim.signatures import REAL_EVERY
from tests.sim.twins_cluster import KINDS, Cluster, Partition, Scenario, Turn, Violation
from tests.unit.consensus.world import FOUR

CHUNK: Final = 400
SAMPLES: Final = 100_000
TELL_S: Final = 10.0
"""Between two lines where there is no terminal for a bar."""
SHOWN_MAX: Final = 10
"""Broken scenarios that are shown; thousands have mostly one cause."""

# ---------------------------------------------------------------------- which scenarios


def partitions_of(count: int) -> Iterator[Partition]:
    """Give all partitions of `count` engines, each once: groups are numbered as they appear."""
    if count == 0:
        yield ()
        return
    for rest in partitions_of(count - 1):
        for group in range(max(rest, default=-1) + 2):
            yield (*rest, group)


def all_turns(engines: int) -> list[Turn]:
    """Give every round of the enumerated scenarios."""
    return [
        Turn(leader, (partition, partition, partition))
        for partition in partitions_of(engines)
        for leader in range(len(FOUR))
    ]


TURNS: Final = all_turns(len(FOUR) + 1)
ENUMERATED: Final = len(TURNS) ** 2


def enumerated(index: int) -> Scenario:
    """Give a scenario of two rounds, for index from 0 to below `ENUMERATED`."""
    turns = TURNS[index // len(TURNS)], TURNS[index % len(TURNS)]
    return Scenario(f"index:{index}", turns, has_real_keys=index % REAL_EVERY == 0)


def sampled(seed: int) -> Scenario:
    """Give a longer scenario, drawn from a seed."""
    random = Random(seed)
    engines = len(FOUR) + 1
    late_percent = random.choice([0, 0, 10, 40])
    slow_rate = random.choice([0, 0, 0.1, 0.3])
    is_split = random.random() < 0.5
    turns = []
    for _ in range(random.randint(3, 7)):
        groups = random.choice([1, 2, 2, 2, 3])
        drawn = [tuple(random.randrange(groups) for _ in range(engines)) for _ in KINDS]
        turns.append(
            Turn(
                random.randrange(len(FOUR)),
                (drawn[0], drawn[1], drawn[2]) if is_split else (drawn[0], drawn[0], drawn[0]),
                frozenset(index for index in range(engines) if random.random() < slow_rate),
                late_percent,
            )
        )
    return Scenario(
        f"seed:{seed}",
        tuple(turns),
        has_real_keys=seed % REAL_EVERY == 0,
        shuffled_by=seed,
        are_twins_silent=random.random() < 0.3,
    )


def named(name: str) -> Scenario:
    """Give the scenario of that name: `index:17` or `seed:17`.

    Raises: ValueError: there is none.
    """
    kind, _, number = name.partition(":")
    if kind == "index" and 0 <= int(number) < ENUMERATED:
        return enumerated(int(number))
    if kind == "seed":
        return sampled(int(number))
    raise ValueError(f"no such scenario: {name}")


# ---------------------------------------------------------------------- searching


def find_violation(scenario: Scenario) -> str | None:
    """Play a scenario; say what was broken, or None."""
    try:
        Cluster(scenario).play()
    except Violation as violation:
        return str(violation)
    return None


def search(names: Sequence[str]) -> list[tuple[str, str]]:
    """Play the scenarios of these names; give the name and the fault of each that broke."""
    found = [(name, find_violation(named(name))) for name in names]
    return [(name, fault) for name, fault in found if fault is not None]


def _search_all(samples: int) -> list[tuple[str, str]]:
    """Play everything on all cores, under a progress bar."""
    names = [f"index:{index}" for index in range(ENUMERATED)]
    names += [f"seed:{seed}" for seed in range(samples)]
    chunks = [names[at : at + CHUNK] for at in range(0, len(names), CHUNK)]
    found: list[tuple[str, str]] = []
    screen = Console(stderr=True)
    told = -TELL_S
    with Progress(console=screen) as progress, ProcessPoolExecutor() as pool:
        task = progress.add_task("twins", total=len(names))
        for chunk, faults in zip(chunks, pool.map(search, chunks), strict=True):
            for name, fault in faults[: max(0, SHOWN_MAX - len(found))]:
                screen.print(f"{name}: {fault}; replay: make twins REPLAY={name}")
            found += faults
            progress.advance(task, len(chunk))
            if not screen.is_terminal and time.monotonic() - told > TELL_S:
                told = time.monotonic()
                done = int(progress.tasks[0].completed)
                screen.print(f"twins: {done:,} of {len(names):,}, {len(found)} broken")
    return found


def _replay(name: str) -> int:
    trace: list[str] = []
    try:
        scenario = named(name)
    except ValueError as error:
        raise click.BadParameter(str(error)) from error
    try:
        Cluster(scenario, trace).play()
        fault = None
    except Violation as violation:
        fault = str(violation)
    click.echo("\n".join(trace))
    click.echo(f"{name}: {fault or 'nothing was broken'}")
    return 1 if fault else 0


@click.command()
@click.option(
    "--samples",
    type=click.IntRange(min=0),
    default=SAMPLES,
    show_default=True,
    help="Longer scenarios to draw.",
)
@click.option("--replay", metavar="NAME", help="Tell one scenario, as index:17 or seed:17.")
def main(samples: int, replay: str | None) -> None:
    """Run all scenarios of two rounds and SAMPLES longer ones."""
    if replay is not None:
        sys.exit(_replay(replay))
    os.nice(10)
    begun = time.monotonic()
    found = _search_all(samples)
    result = {
        "enumerated": ENUMERATED,
        "sampled": samples,
        "violations": len(found),
        "seconds": round(time.monotonic() - begun, 1),
    }
    click.echo(json.dumps(result))
    sys.exit(1 if found else 0)


if __name__ == "__main__":
    main()
