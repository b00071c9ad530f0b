"""The result of one measurement: a line of JSON, a row of a table."""

from collections.abc import Sequence
from itertools import pairwise
from typing import Final

import msgspec
from msgspec.structs import replace
from rich.table import Table

from node.bench.limits import MachineLimits
from node.bench.options import WorkloadName
from node.bench.usage import Spent

PERCENTILES: Final = (50, 95, 99)


class BenchLine(msgspec.Struct, frozen=True, kw_only=True):
    """One measurement. Rates are of what stands in blocks; latencies are from the POST to `final`.

    `cpu_us_per_tx_per_node` names the parts of a node's work; `ratio_to_limit` is the rate divided
    by what the machine could check if it did nothing else: all cores' signature checks per second,
    shared by the validators that run on them. `messages_per_block` are those between all nodes,
    those about transactions included. `refused`, `busy` and `late` tell what went wrong; `lost` are
    those that a node took and no block held a minute after the end. `block_ms_by_quarter` are
    medians, `rss_slope_mb_per_h` is of the node that grew most in the second half of a run of five
    minutes or more, from one low of its memory to the next. `read_under_load_ms` is what reads of
    twins with their proofs took meanwhile, `read_ms` the same on the quiet network after the run,
    and `start_seconds` the time until a node with this history answers after its start.
    """

    workload: WorkloadName
    engine: str
    validators: int
    twins: int
    history: int
    offered_per_s: float | None
    seconds: float
    blocks: int
    committed_tx_per_s: float
    readings_per_s: float
    latency_ms: dict[str, float | None]
    block_ms: dict[str, float | None]
    limit: dict[str, float]
    ratio_to_limit: float
    cpu_us_per_tx_per_node: dict[str, float]
    wire_bytes_per_tx_per_node: float
    messages_per_block: float
    disk_bytes_per_tx_per_node: float
    rss_mb_max: float
    probes: int
    refused: dict[str, int]
    busy: int
    late: int
    lost: int = 0
    block_ms_by_quarter: list[float | None] = []
    rss_slope_mb_per_h: float | None = None
    read_under_load_ms: dict[str, float | None] = {}
    read_ms: dict[str, float | None] = {}
    start_seconds: float | None = None


def percentiles(values: Sequence[float]) -> dict[str, float | None]:
    """Give p50, p95 and p99 by the nearest rank; None for each when there are no values."""
    ordered = sorted(values)
    if not ordered:
        return dict.fromkeys((f"p{percent}" for percent in PERCENTILES), None)
    return {
        f"p{percent}": round(ordered[-(-percent * len(ordered) // 100) - 1], 2)
        for percent in PERCENTILES
    }


def block_gaps(moments: Sequence[float]) -> list[float]:
    """Give the milliseconds between moments that follow each other, in seconds."""
    return [(later - earlier) * 1000 for earlier, later in pairwise(moments)]


def describe_limits(limits: MachineLimits) -> dict[str, float]:
    """Give the machine's limits by name."""
    return {
        "cores": float(limits.cores),
        "signature_checks_per_s": round(limits.signature_checks_per_s),
        "hashes_per_s": round(limits.hashes_per_s),
        "fsync_ms_p50": round(limits.fsync_ms_p50, 3),
    }


def judge(line: BenchLine, limits: MachineLimits) -> BenchLine:
    """Give the line beside other limits of the machine."""
    ratio = line.committed_tx_per_s * line.validators / limits.signature_checks_per_s
    return replace(line, limit=describe_limits(limits), ratio_to_limit=round(ratio, 4))


def round_spent(spent: Spent) -> dict[str, float]:
    """Give the CPU time by part, rounded for people."""
    return {part: round(us, 1) for part, us in spent.cpu_us.items()}


def make_table(lines: Sequence[BenchLine]) -> Table:
    """Make the table for people: a row for each measurement."""
    table = Table(title="Committed, and how long it took", title_justify="left")
    table.add_column("workload")
    for name in (
        "nodes",
        "offered/s",
        "tx/s",
        "readings/s",
        "of limit",
        "p50 ms",
        "p95 ms",
        "p99 ms",
    ):
        table.add_column(name, justify="right")
    for line in lines:
        table.add_row(line.workload, *_cells(line))
    return table


def make_cpu_table(lines: Sequence[BenchLine]) -> Table:
    """Make the table of where the processors' time went."""
    parts = sorted({part for line in lines for part in line.cpu_us_per_tx_per_node})
    table = Table(title="CPU per transaction and node, in microseconds", title_justify="left")
    table.add_column("workload")
    for name in (*parts, "all", "wire B", "messages a block", "RSS MB"):
        table.add_column(name, justify="right")
    for line in lines:
        spent = line.cpu_us_per_tx_per_node
        numbers = [*(spent.get(part, 0.0) for part in parts), sum(spent.values())]
        numbers += [line.wire_bytes_per_tx_per_node, line.messages_per_block, line.rss_mb_max]
        table.add_row(line.workload, *(f"{number:,.0f}" for number in numbers))
    return table


def _cells(line: BenchLine) -> list[str]:
    latency: list[str] = [
        "-" if value is None else f"{value:,.1f}" for value in line.latency_ms.values()
    ]
    return [
        f"{line.validators}",
        "-" if line.offered_per_s is None else f"{line.offered_per_s:,.0f}",
        f"{line.committed_tx_per_s:,.0f}",
        f"{line.readings_per_s:,.0f}",
        f"{100 * line.ratio_to_limit:.1f} %",
        *latency,
    ]
