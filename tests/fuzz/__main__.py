"""`python -m tests.fuzz`: many random contracts, or one of them with its source."""

import os
import sys

import click

from tests.fuzz.programs import make_program
from tests.fuzz.report import Tally, run_many, run_seed, show_program, tell


@click.command()
@click.option("--programs", default=2000, show_default=True, help="How many programs.")
@click.option("--seed", default=0, show_default=True, help="The seed of the first one.")
@click.option("--jobs", default=os.cpu_count() or 1, help="Processes; one for each core.")
@click.option("--kinds", is_flag=True, help="Say how often each documented refusal occurred.")
def main(programs: int, seed: int, jobs: int, kinds: bool) -> None:
    """Run random contracts by the engine and by CPython; the last line on stdout is JSON."""
    tally = run_one(seed) if programs == 1 else run_many(range(seed, seed + programs), jobs)
    if kinds:
        for why, count in tally.refused.most_common():
            click.echo(f"{count:8} {why}", err=True)
    click.echo(tally.line())
    sys.exit(1 if tally.differences else 0)


def run_one(seed: int) -> Tally:
    """Judge one program and show it."""
    tally = Tally()
    verdict = run_seed(seed)
    tally.add(seed, verdict)
    click.echo("\n".join(show_program(make_program(seed))), err=True)
    click.echo(f"{verdict.kind} {verdict.why}", err=True)
    if verdict.kind == "different":
        tell(seed, verdict, sys.stderr)
    return tally


if __name__ == "__main__":
    main()
