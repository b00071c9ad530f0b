"""What a person and a program are told of many runs: a bar, each failure, one line of JSON."""

import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor, as_completed
from contextlib import contextmanager
from dataclasses import dataclass, field
from multiprocessing import get_context
from traceback import format_exc
from typing import Final, TextIO

import msgspec
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

from chain.validators import EngineName
from tests.sim.run import Failure, Outcome, run_seed

CHUNK_SEEDS: Final = 5
SHOWN_EVENTS: Final = 40
HOUR_MS: Final = 3_600_000
OWN_FAULT: Final = "simulator"
"""The name of a failure that is no broken promise, but an error in what runs the seeds."""


@dataclass(slots=True)
class Tally:
    """What many runs came to."""

    engine: EngineName
    seeds: int = 0
    simulated_ms: int = 0
    failures: list[Outcome] = field(default_factory=list)
    begun: float = field(default_factory=time.monotonic)

    def add(self, outcome: Outcome) -> None:
        """Count a run."""
        self.seeds += 1
        self.simulated_ms += outcome.simulated_ms
        if outcome.failure is not None:
            self.failures.append(outcome)

    def line(self) -> str:
        """Give the last line of a run of many seeds, for programs."""
        return msgspec.json.encode(
            {
                "engine": self.engine,
                "seeds": self.seeds,
                "failed": len(self.failures),
                "simulated_hours": round(self.simulated_ms / HOUR_MS, 2),
                "seconds": round(time.monotonic() - self.begun, 1),
            }
        ).decode()


def run_many(engine: EngineName, seeds: Sequence[int], jobs: int) -> Tally:
    """Run seeds in as many processes; show a bar and tell of failures on stderr."""
    tally = Tally(engine)
    told: dict[tuple[str, ...], int] = {}
    with show_bar("seeds", len(seeds)) as advance:
        for outcome in _run_all(engine, seeds, jobs):
            tally.add(outcome)
            advance(len(tally.failures))
            if outcome.failure is None:
                continue
            first = told.setdefault(_alike(outcome), outcome.seed)
            if first == outcome.seed:
                tell_failure(outcome, sys.stderr)
            else:
                print(f"seed {outcome.seed} fails just as seed {first}", file=sys.stderr)
    return tally


def _alike(outcome: Outcome) -> tuple[str, ...]:
    """Give what two failures of the simulator itself have in common; other failures are told."""
    failure = outcome.failure
    is_own = failure is not None and failure.checker == OWN_FAULT
    return outcome.last if is_own else (str(outcome.seed),)


def tell_failure(outcome: Outcome, out: TextIO) -> None:
    """Tell what was broken, when, what happened before, and how to see it again."""
    failure = outcome.failure
    assert failure is not None
    shown = outcome.last[-SHOWN_EVENTS:]
    lines = [
        "",
        f"seed {outcome.seed} of {outcome.engine}, commit {find_commit()}",
        f"  after {failure.simulated_ms / 1000:.3f} s, "
        f"with {', '.join(outcome.kinds) or 'no faults'}",
        f"  {failure.checker}: {failure.message}",
        f"  the last {len(shown)} things that happened:",
        *(f"    {line}" for line in shown),
        f"  see it again: make sim SEED={outcome.seed} ENGINE={outcome.engine} TRACE=1",
        "",
    ]
    print("\n".join(lines), file=out, flush=True)


def find_commit() -> str:
    """Give the commit that is checked out, or "unknown"."""
    try:
        found = subprocess.run(
            ["git", "rev-parse", "HEAD"], capture_output=True, text=True, check=True
        )
    except (OSError, subprocess.CalledProcessError):
        return "unknown"
    return found.stdout.strip()


def run_safely(seed: int, engine: EngineName) -> Outcome:
    """Run a seed; a fault of the simulator itself is a failure too."""
    try:
        return run_seed(seed, engine)
    except Exception:  # noqa: BLE001 - whatever it is, the seed is told
        text = format_exc()
        failure = Failure(OWN_FAULT, text.splitlines()[-1], 0)
        return Outcome(seed, engine, failure, 0, 0, "", (), tuple(text.splitlines()))


def _run_chunk(engine: EngineName, seeds: Sequence[int]) -> list[Outcome]:
    return [run_safely(seed, engine) for seed in seeds]


def _run_all(engine: EngineName, seeds: Sequence[int], jobs: int) -> Iterator[Outcome]:
    if jobs == 1:
        for seed in seeds:
            yield run_safely(seed, engine)
        return
    chunks = [seeds[at : at + CHUNK_SEEDS] for at in range(0, len(seeds), CHUNK_SEEDS)]
    with ProcessPoolExecutor(jobs, mp_context=get_context("spawn")) as pool:
        running = [pool.submit(_run_chunk, engine, chunk) for chunk in chunks]
        for done in as_completed(running):
            yield from done.result()


@contextmanager
def show_bar(what: str, count: int) -> Iterator[Callable[[int], None]]:
    """Show progress on stderr; call what it gives for each one done, with the failures so far."""
    columns = (
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TimeRemainingColumn(),
        TextColumn("{task.fields[failed]} failed"),
    )
    with Progress(*columns, console=Console(stderr=True)) as progress:
        task = progress.add_task(what, total=count, failed=0)
        yield lambda failed: progress.update(task, advance=1, failed=failed)
