"""`python -m tests.bench`: is this tree slower than another commit? Only ratios are judged."""

import json
import sys
from pathlib import Path

import click

from tests.bench.comparing import RATIO_MAX, describe
from tests.bench.pairing import Pair, settle
from tests.bench.trees import Clone, Tree


@click.command()
@click.option("--against", default="", help="A commit; by default the one this tree came from.")
@click.option("--rounds", default=5, show_default=True, help="Processes for each tree.")
def main(against: str, rounds: int) -> None:
    """Compare the CPU time of each part with another commit; the last line on stdout is JSON."""
    clone = Clone(Path(__file__).resolve().parents[2])
    commit = clone.resolve(against) if against else clone.find_former()
    if commit is None and against:
        raise click.BadParameter(f"this clone has no commit {against}")
    if commit is None:
        click.echo("There is no earlier commit in this clone to compare with: nothing was measured")
        return
    click.echo(f"compared with {commit}")
    with clone.check_out(commit) as former:
        pair = Pair(former, Tree(clone.path))
        comparison = settle(pair, rounds)
    click.echo("\n".join(describe(comparison)))
    for part in comparison.slower:
        click.echo(f"takes over {RATIO_MAX} times what it took before: {part}")
    result = {
        "against": commit,
        "ratio_max": RATIO_MAX,
        "rounds": pair.rounds,
        "parts": {
            row.part: {
                "before_us": round(row.before * 1e6, 1),
                "after_us": round(row.after * 1e6, 1),
                "ratio": round(row.ratio, 3),
            }
            for row in comparison.rows
        },
        "slower": comparison.slower,
        "skipped": comparison.skipped,
        "broken": comparison.broken,
    }
    click.echo(json.dumps(result))
    sys.exit(0 if comparison.is_good else 1)


if __name__ == "__main__":
    main()
