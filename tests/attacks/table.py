"""The table of all results: `python -m tests.attacks.table` prints it, `--write` writes it anew.

It runs under every Python that has the run-time packages. `results.json` is the table that is
committed: a line for each attack, so a change of the engine shows as a difference that people read.
"""

from __future__ import annotations

import argparse
import json
import sys
from pathlib import Path
from typing import Final

from contracts.executor import Executor
from contracts.inprocess import InProcessExecutor
from tests.attacks.corpus import load_own, load_shared
from tests.attacks.harness import Row, run_attack

RESULTS: Final = Path(__file__).resolve().parent / "results.json"


def make_table(executor: Executor) -> dict[str, Row]:
    """Run all attacks by an executor."""
    attacks = {**load_own(), **load_shared()}
    return {name: run_attack(attack, executor) for name, attack in attacks.items()}


def read_table() -> dict[str, Row]:
    """Read the table that is committed."""
    table: dict[str, Row] = json.loads(RESULTS.read_text())
    return table


def write_table(table: dict[str, Row]) -> str:
    """Give the text of a table, one attack to a line; rows of absent attacks are kept."""
    known = {**read_table(), **table} if RESULTS.exists() else table
    names = [name for name in sorted(known) if name in table or name.startswith("shared/")]
    lines = [f"{json.dumps(name)}: {json.dumps(known[name])}" for name in names]
    return "{\n" + ",\n".join(lines) + "\n}\n"


def main() -> None:
    """Print the table, or write it."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--write", action="store_true", help="write results.json")
    parser.add_argument("--worker", action="store_true", help="run in the worker process")
    parser.add_argument("--recursion-limit", type=int, default=0)
    given = parser.parse_args()
    if given.recursion_limit:
        sys.setrecursionlimit(given.recursion_limit)
    executor: Executor = InProcessExecutor()
    if given.worker:
        from contracts.sandbox import SandboxExecutor

        executor = SandboxExecutor()
    table = make_table(executor)
    executor.close()
    text = write_table(table)
    if given.write:
        RESULTS.write_text(text)
    else:
        sys.stdout.write(json.dumps(table))


if __name__ == "__main__":
    main()
