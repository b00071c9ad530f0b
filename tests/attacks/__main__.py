"""`python -m tests.attacks`: all attacks in all variations, and gas that runs out everywhere."""

from __future__ import annotations

import sys
import time
from collections import Counter

import click
import msgspec

from contracts.executor import GAS_LIMIT_MAX
from contracts.inprocess import InProcessExecutor
from tests.attacks.exhaustion import find_broken_limits, find_subjects, run_at
from tests.attacks.harness import ending_of
from tests.attacks.table import make_table, read_table
from tests.attacks.variations import find_differences, list_variations, run_variation


@click.command()
@click.option("--limits", default=0, help="Gas limits per handler; every single one if not said.")
def main(limits: int) -> None:
    """Run the corpus under every variation; the last line on stdout is JSON."""
    begun = time.monotonic()
    wanted, bad = read_table(), 0
    table = make_table(InProcessExecutor())
    verdicts = Counter(ending_of(row).partition(":")[0] for row in table.values())
    bad += tell("this process", find_differences(table, wanted))
    names = []
    for variation in list_variations():
        bad += tell(variation.name, find_differences(run_variation(variation), wanted))
        names.append(variation.name)
    tried = 0
    executor = InProcessExecutor()
    for subject in find_subjects(executor):
        needed = run_at(subject, GAS_LIMIT_MAX, executor).execution.gas_used
        step = max(1, needed // limits) if limits else 1
        chosen = range(0, needed + 2, step)
        _, broken = find_broken_limits(subject, chosen, executor)
        tried += len(chosen)
        bad += tell(f"{subject.name} with {len(chosen)} gas limits", [str(one) for one in broken])
    for verdict, count in verdicts.most_common():
        click.echo(f"{count:6} {verdict}", err=True)
    summary = {
        "attacks": len(table),
        "verdicts": dict(verdicts),
        "variations": names,
        "gas_limits": tried,
        "differences": bad,
        "seconds": round(time.monotonic() - begun, 1),
    }
    click.echo(msgspec.json.encode(summary).decode())
    sys.exit(1 if bad else 0)


def tell(what: str, differences: list[str]) -> int:
    """Say what a variation came to; give how many differences there are."""
    click.echo(f"{what}: {', '.join(differences[:20]) or 'the same'}", err=True)
    return len(differences)


if __name__ == "__main__":
    main()
