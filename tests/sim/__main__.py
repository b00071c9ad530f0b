"""`python -m tests.sim`: run many seeds, or one of them with its story."""

import os
import sys
from typing import cast

import click

from chain.validators import EngineName
from tests.sim.faults import ALL_KINDS
from tests.sim.report import Tally, run_many, tell_failure
from tests.sim.run import run_seed, shrink

AT_LEAST_0, AT_LEAST_1 = click.IntRange(min=0), click.IntRange(min=1)


@click.command()
@click.option("--engine", type=click.Choice(["bft", "raft"]), default="bft", show_default=True)
@click.option("--seeds", type=AT_LEAST_1, default=200, show_default=True, help="How many seeds.")
@click.option("--start", type=AT_LEAST_0, default=0, show_default=True, help="The first seed.")
@click.option(
    "--jobs",
    type=AT_LEAST_1,
    default=os.cpu_count() or 1,
    help="Processes; one for each core if not said.",
)
@click.option("--seed", type=AT_LEAST_0, help="Run this seed only.")
@click.option("--trace", is_flag=True, help="With --seed: tell the story.")
@click.option(
    "--shrink", "is_shrunk", is_flag=True, help="With --seed: leave out what is not needed."
)
@click.option("--without", default="", help="With --seed: fault kinds to leave out, with commas.")
def main(
    engine: str,
    seeds: int,
    start: int,
    jobs: int,
    seed: int | None,
    trace: bool,
    is_shrunk: bool,
    without: str,
) -> None:
    """Simulate whole networks of nodes, one for each seed; the last line on stdout is JSON."""
    chosen = cast(EngineName, engine)
    if seed is None:
        tally = run_many(chosen, range(start, start + seeds), jobs)
    else:
        tally = run_one(chosen, seed, trace=trace, is_shrunk=is_shrunk, without=without)
    click.echo(tally.line())
    sys.exit(1 if tally.failures else 0)


def run_one(engine: EngineName, seed: int, *, trace: bool, is_shrunk: bool, without: str) -> Tally:
    """Run one seed, with its story on stdout if wanted."""
    tally = Tally(engine)
    left_out = tuple(kind for kind in without.split(",") if kind)
    unknown = [kind for kind in left_out if kind not in ALL_KINDS]
    if unknown:
        raise click.BadParameter(f"{', '.join(unknown)}: there are {', '.join(ALL_KINDS)}")
    if is_shrunk:
        left_out = shrink(seed, engine, left_out)
    story = click.echo if trace else None
    outcome = run_seed(seed, engine, trace=story, without=left_out)
    tally.add(outcome)
    if is_shrunk and outcome.failure is None:
        click.echo("it does not fail, so there is nothing to leave out", err=True)
    elif is_shrunk:
        click.echo(f"it fails without {', '.join(left_out) or 'leaving out anything'}", err=True)
    if outcome.failure is not None:
        tell_failure(outcome, sys.stderr)
    return tally


if __name__ == "__main__":
    main()
