"""Plants every bug of `mutant_list.py`, one at a time, and shows that it is found: `make mutants`.

Each mutant has a process of its own and runs until something fails or its budget is used. One that
nothing finds is a hole in the tests. Controls run beside them without any bug, and must pass.

With `--checkers` the checkers are tested: for each checker of the simulator there is a mutant with
a seed that fails with this checker and passes without it. A checker without one is superfluous.
"""

import json
import os
import subprocess
import sys
import time
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from signal import SIGXCPU
from typing import Final

import click
from rich.console import Console
from rich.progress import Progress
from rich.table import Table

from tests.sim.mutant import REPOSITORY, Mutant
from tests.sim.mutant_list import ALL_MUTANTS, CONTROLS, find_mutant, to_row
from tests.sim.mutant_run import CPU_LIMIT_S

LIMIT_S: Final = 3_600
"""How long one mutant may run, which waits for nothing; what it may compute is `CPU_LIMIT_S`."""
WIDTH: Final = 160
SAID: Final = "what it said"


@dataclass(frozen=True, slots=True)
class Answer:
    """What came of looking for a mutant."""

    mutant: Mutant
    is_found: bool
    by: str
    where: str
    text: str
    seconds: float


def look_for(mutant: Mutant, *, survivor: bool = False) -> Answer:
    """Run a mutant in a process of its own.

    Args: survivor: find a seed in which only the checker `mutant.only` sees it.
    Raises: RuntimeError: that process failed in another way than by finding something.
    """
    command = [sys.executable, "-m", "tests.sim.mutant_run", mutant.name]
    command += ["--survivor"] if survivor else []
    try:
        done = subprocess.run(
            command, cwd=REPOSITORY, capture_output=True, text=True, check=False, timeout=LIMIT_S
        )
    except subprocess.TimeoutExpired:
        return Answer(mutant, False, "", "", f"it took more than {LIMIT_S} s", LIMIT_S)
    if done.returncode == -SIGXCPU:
        return Answer(mutant, False, "", "", f"it took more than {CPU_LIMIT_S} s", CPU_LIMIT_S)
    if done.returncode != 0:
        raise RuntimeError(f"{mutant.name}: {done.stderr[-2000:]}")
    answer = json.loads(done.stdout.splitlines()[-1])
    return Answer(
        mutant,
        answer["found"],
        answer["by"],
        answer["where"],
        answer["text"],
        answer["seconds"],
    )


def look_for_all(mutants: Sequence[Mutant], *, survivor: bool = False) -> list[Answer]:
    """Run mutants on all cores, under a progress bar; the answers are in the mutants' order."""
    answers: list[Answer] = []
    with (
        Progress(console=Console(stderr=True, width=WIDTH)) as progress,
        ThreadPoolExecutor(os.cpu_count() or 1) as pool,
    ):
        task = progress.add_task("mutants", total=len(mutants))
        for answer in pool.map(lambda mutant: look_for(mutant, survivor=survivor), mutants):
            answers.append(answer)
            said = f"{answer.by} {answer.where}" if answer.is_found else "nothing found"
            progress.console.print(f"{answer.mutant.name}: {said}", highlight=False)
            progress.advance(task)
    return answers


def report_mutants(mutants: Sequence[Mutant], controls: Sequence[Mutant] = CONTROLS) -> bool:
    """Show which mutants are found, by whom and where; tell whether all are, and no control."""
    answers = look_for_all([*controls, *mutants])
    table = _table("mutant", "engine", "found by", "with", "s", SAID)
    for one in answers:
        by = one.by if one.is_found else "nothing" if one.mutant in controls else "NOT FOUND"
        engine, seconds = one.mutant.engine, f"{one.seconds:.1f}"
        table.add_row(one.mutant.name, engine, by, _shorten(one.where), seconds, one.text)
    Console(width=WIDTH).print(table)
    false = [one.mutant.name for one in answers if one.is_found and one.mutant in controls]
    missed = [one.mutant.name for one in answers if not one.is_found and one.mutant not in controls]
    if false:
        click.echo(f"without any bug these fail: {', '.join(false)}; nothing here counts", err=True)
    found = len(mutants) - len(missed)
    click.echo(json.dumps({"mutants": len(mutants), "found": found, "missed": missed}))
    return not missed and not false


def report_checkers(checkers: Sequence[str], mutants: Sequence[Mutant]) -> bool:
    """Show for each checker a mutant that nothing else sees; tell whether all have one."""
    answers = look_for_all([one for one in mutants if one.only is not None], survivor=True)
    table = _table("checker", "mutant", "survives without it", "s", SAID)
    for one in answers:
        where = one.where if one.is_found else "NEVER"
        only = one.mutant.only or ""
        table.add_row(only, one.mutant.name, where, f"{one.seconds:.1f}", one.text)
    Console(width=WIDTH).print(table)
    needed = {one.mutant.only for one in answers if one.is_found}
    redundant = [checker for checker in checkers if checker not in needed]
    count = len(checkers)
    result = {"checkers": count, "needed": count - len(redundant), "redundant": redundant}
    click.echo(json.dumps(result))
    return not redundant


def _shorten(where: str) -> str:
    """Leave the folders of a test out."""
    return where.rpartition("/")[2]


def _table(*titles: str) -> Table:
    """Make a table in which a long name of a test, or what was said, is cut."""
    table = Table(box=None, pad_edge=False)
    for title in titles:
        most = 46 if title in ("with", SAID) else None
        table.add_column(title, no_wrap=True, overflow="ellipsis", max_width=most)
    return table


@click.command()
@click.option("--checkers", is_flag=True, help="Show that each checker is needed.")
@click.option(
    "--table", is_flag=True, help="Write the table of docs/TESTING.md, and look for none."
)
@click.argument("names", nargs=-1)
def main(checkers: bool, table: bool, names: tuple[str, ...]) -> None:
    """Look for all mutants, or for those with the NAMES."""
    begun = time.monotonic()
    if table:
        click.echo("\n".join(map(to_row, ALL_MUTANTS)))
        return
    known = {mutant.name for mutant in (*ALL_MUTANTS, *CONTROLS)}
    if unknown := [name for name in names if name not in known]:
        raise click.BadParameter(f"there is no mutant {', '.join(unknown)}", param_hint="NAMES")
    mutants = [find_mutant(name) for name in names] or list(ALL_MUTANTS)
    if checkers:
        from tests.sim.checkers import ALL_CHECKERS

        is_well = report_checkers([checker.name for checker in ALL_CHECKERS], mutants)
    else:
        is_well = report_mutants(mutants)
    click.echo(f"{time.monotonic() - begun:.0f} s", err=True)
    sys.exit(0 if is_well else 1)


if __name__ == "__main__":
    main()
