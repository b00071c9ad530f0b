"""The same attacks under other hash seeds, stacks, loads, processes and versions of Python.

Each variation runs `python -m tests.attacks.table` in a process of its own, and its table has to be
the committed one. Where the stack is too small for the engine, a run may end as a fault of the
machine, and never as another result.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from tests.attacks.harness import Row, ending_of

REPOSITORY: Final = Path(__file__).resolve().parents[2]
VERSIONS: Final = tuple(f"3.{minor}" for minor in range(11, 16))
FAULT: Final = "host_fault"
_BURN: Final = "import os\nos.nice(5)\nwhile True:\n    pass\n"


@dataclass(frozen=True, slots=True)
class Variation:
    """How to run the table, and under which name to speak of it."""

    name: str
    python: str = sys.executable
    hash_seed: str = "0"
    options: tuple[str, ...] = ()
    burners: int = 0


def find_pythons() -> dict[str, str]:
    """Give interpreters other than this one that have what the engine needs, by version."""
    own = f"3.{sys.version_info.minor}"
    found = {}
    for version in VERSIONS:
        made = REPOSITORY / ".venv" / "pythons" / version / "bin" / "python"
        path = str(made) if made.exists() else shutil.which(f"python{version}")
        if version != own and path is not None and _has_engine(path):
            found[version] = path
    return found


def list_variations() -> Iterator[Variation]:
    """Give all variations that this machine permits."""
    for seed in ("1", "12345", "random"):
        yield Variation(f"hash seed {seed}", hash_seed=seed)
    for limit in ("300", "500", "20000"):
        yield Variation(f"recursion limit {limit}", options=("--recursion-limit", limit))
    yield Variation("the worker", options=("--worker",))
    yield Variation("a busy machine", burners=2 * (os.cpu_count() or 1), hash_seed="random")
    for version, path in find_pythons().items():
        yield Variation(f"Python {version}", python=path, hash_seed="random")


def run_variation(variation: Variation) -> dict[str, Row]:
    """Run the table in a process of its own."""
    command = [variation.python, "-m", "tests.attacks.table", *variation.options]
    environment = {"PYTHONHASHSEED": variation.hash_seed, "PYTHONPATH": str(REPOSITORY)}
    with _load(variation.burners):
        done = subprocess.run(
            command, cwd=REPOSITORY, env=environment, capture_output=True, text=True, check=True
        )
    table: dict[str, Row] = json.loads(done.stdout)
    return table


def find_differences(table: Mapping[str, Row], wanted: Mapping[str, Row]) -> list[str]:
    """Name the attacks that came to something else.

    A refusal is one, whatever its rule: which a parser sees first differs between versions, so
    rules are no part of a receipt.
    """
    return [
        name
        for name, row in table.items()
        if _without_rule(row) != _without_rule(wanted.get(name, [""]))
    ]


def _without_rule(row: Row) -> Row:
    return ["refused"] if ending_of(row).startswith("refused:") else row


def _has_engine(path: str) -> bool:
    code = "import sys; assert sys.version_info >= (3, 11); import contracts.inprocess"
    environment = {"PYTHONPATH": str(REPOSITORY)}
    command = [path, "-c", code]
    return (
        subprocess.run(command, env=environment, capture_output=True, check=False).returncode == 0
    )


@contextmanager
def _load(count: int) -> Iterator[None]:
    """Keep processors busy meanwhile."""
    burners = [subprocess.Popen([sys.executable, "-c", _BURN]) for _ in range(count)]
    try:
        yield
    finally:
        for burner in burners:
            burner.kill()
            burner.wait()
