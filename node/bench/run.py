"""A whole benchmark: for each size of network its workloads, with a bar, a table and JSON lines."""

import asyncio
import shutil
import sys
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Final

import aiohttp
import msgspec
from rich.console import Console
from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn

from node.bench.limits import MachineLimits, measure_limits
from node.bench.measuring import Curve, Measurement
from node.bench.network import open_network
from node.bench.options import BenchOptions, Case
from node.bench.plots import plot
from node.bench.result import judge, make_cpu_table, make_table
from node.client import Unreachable

PREFIX: Final = "veritwin-bench-"
Tell = Callable[[str, float], None]


def bench(options: BenchOptions) -> list[Curve]:
    """Measure everything that was asked for, and write it to standard output.

    Raises: ChainError: a network did not start, refused the preparation, or went away.
    """
    with show_progress() as tell, tempfile.TemporaryDirectory(prefix=PREFIX) as folder:
        curves = []
        for case in options.cases():
            home = Path(folder) / f"{case.workload}-{case.validators}"
            home.mkdir()
            curve = _bench_beside_limits(options, case, home, tell)
            shutil.rmtree(home)
            curves.append(curve)
            if options.as_json:
                sys.stdout.write(msgspec.json.encode(curve.line).decode() + "\n")
                sys.stdout.flush()
    lines = [curve.line for curve in curves]
    if options.plot is not None:
        plot(curves, options.plot)
    if options.as_json:
        return curves
    console = Console()
    console.print(make_table(lines), make_cpu_table(lines), sep="\n")
    limit = lines[-1].limit
    console.print(
        f"The limit: {limit['cores']:.0f} cores check {limit['signature_checks_per_s']:,.0f} "
        f"signatures a second and every validator checks each; one fsync takes "
        f"{limit['fsync_ms_p50']:.2f} ms. Measured before and after each workload; these are of "
        "the last one."
    )
    if options.plot is not None:
        console.print(f"Wrote {options.plot}")
    return curves


def _bench_beside_limits(options: BenchOptions, case: Case, home: Path, tell: Tell) -> Curve:
    """Measure one case, and what the machine can do right before and after it."""
    tell("measuring this machine's own limits", 0.0)
    before = measure_limits(home)
    curve = asyncio.run(_bench_one(options, case, home, before, tell))
    tell("measuring this machine's own limits", 0.0)
    return replace(curve, line=judge(curve.line, before.meet(measure_limits(home))))


async def _bench_one(
    options: BenchOptions, case: Case, home: Path, limits: MachineLimits, tell: Tell
) -> Curve:
    """Measure one case, on a network of its own unless there is one already.

    Raises: Unreachable: VT-7020, a node went away.
    """
    what = f"starting {case.validators} nodes" if case.validators else "asking the nodes"
    tell(f"{case.workload}: {what}", 0.0)
    async with open_network(options, case, home) as measured:
        try:
            return await Measurement(options, case, measured, limits, tell).run()
        except* (aiohttp.ClientError, TimeoutError, OSError) as group:
            reason = str(group.exceptions[0]) or type(group.exceptions[0]).__name__
            raise Unreachable(measured.nodes[0], reason) from group


@contextmanager
def show_progress() -> Iterator[Tell]:
    """Show what is being done on standard error: a bar on a terminal, a line for each step else."""
    console = Console(stderr=True)
    if not console.is_terminal:
        last = ""

        def say(what: str, share: float) -> None:
            nonlocal last
            del share
            if what != last:
                last = what
                console.print(what, highlight=False)

        yield say
        return
    columns = (TextColumn("{task.description}"), BarColumn(), TimeElapsedColumn())
    with Progress(*columns, console=console, transient=True) as bar:
        task = bar.add_task("", total=1.0)

        def move(what: str, share: float) -> None:
            bar.update(task, description=what, completed=min(1.0, share))

        yield move
