"""Run many seeds; show a bar, tell each difference small, and give one line of JSON."""

from __future__ import annotations

import sys
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor, as_completed
from dataclasses import dataclass, field
from multiprocessing import get_context
from traceback import format_exc
from typing import Final, TextIO

import msgspec

from tests.fuzz.judge import Verdict, judge
from tests.fuzz.program import HEAD, Program
from tests.fuzz.programs import make_program
from tests.fuzz.shrink import shrink
from tests.sim.report import show_bar

CHUNK_SEEDS: Final = 100


@dataclass(slots=True)
class Tally:
    """What many programs came to."""

    programs: int = 0
    refused: Counter[str] = field(default_factory=Counter)
    differences: list[int] = field(default_factory=list)
    begun: float = field(default_factory=time.monotonic)

    def add(self, seed: int, verdict: Verdict) -> None:
        """Count a program."""
        self.programs += 1
        if verdict.kind == "refused":
            self.refused[verdict.why] += 1
        elif verdict.kind == "different":
            self.differences.append(seed)

    def line(self) -> str:
        """Give the last line, for programs."""
        return msgspec.json.encode(
            {
                "programs": self.programs,
                "differences": len(self.differences),
                "refused": self.refused.total(),
                "seconds": round(time.monotonic() - self.begun, 1),
            }
        ).decode()


def run_seed(seed: int) -> Verdict:
    """Judge the program of a seed; a fault of the fuzzer itself counts as a difference."""
    try:
        return judge(make_program(seed))
    except Exception:  # noqa: BLE001 (whatever it is, the seed is told)
        return Verdict("different", format_exc())


def run_many(seeds: Sequence[int], jobs: int) -> Tally:
    """Judge the programs of many seeds in as many processes."""
    tally = Tally()
    with show_bar("programs", len(seeds)) as advance:
        for seed, verdict in _run_all(seeds, jobs):
            tally.add(seed, verdict)
            advance(len(tally.differences))
            if verdict.kind == "different":
                tell(seed, verdict, sys.stderr)
    return tally


def tell(seed: int, verdict: Verdict, out: TextIO) -> None:
    """Tell a difference: the smallest program that shows it, and how to see it again."""
    small = shrink(make_program(seed), lambda one: _is_like(judge(one), verdict))
    lines = [
        "",
        f"seed {seed}: {verdict.why}",
        *show_program(small),
        f"it comes to: {judge(small).why}",
        f"see it again: make fuzz SEED={seed} PROGRAMS=1",
        "",
    ]
    print("\n".join(lines), file=out, flush=True)


def _is_like(smaller: Verdict, whole: Verdict) -> bool:
    return smaller.kind == "different" and smaller.is_of_checker == whole.is_of_checker


def show_program(program: Program) -> list[str]:
    """Give a program and its calls as lines."""
    source = program.source.removeprefix(HEAD)
    return [*source.splitlines(), *[f"# {name}(**{given})" for name, given in program.calls]]


def _run_chunk(seeds: Sequence[int]) -> list[tuple[int, Verdict]]:
    return [(seed, run_seed(seed)) for seed in seeds]


def _run_all(seeds: Sequence[int], jobs: int) -> Iterator[tuple[int, Verdict]]:
    chunks = [seeds[at : at + CHUNK_SEEDS] for at in range(0, len(seeds), CHUNK_SEEDS)]
    if jobs == 1:
        for chunk in chunks:
            yield from _run_chunk(chunk)
        return
    with ProcessPoolExecutor(jobs, mp_context=get_context("spawn")) as pool:
        running = [pool.submit(_run_chunk, chunk) for chunk in chunks]
        for done in as_completed(running):
            yield from done.result()
