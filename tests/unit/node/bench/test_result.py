"""Results: ranks that were really measured, and a table with a row for each."""

import io

import msgspec
from rich.console import Console

from node.bench.limits import MachineLimits
from node.bench.result import (
    BenchLine,
    block_gaps,
    describe_limits,
    make_cpu_table,
    make_table,
    percentiles,
    round_spent,
)
from node.bench.usage import Spent

LINE = BenchLine(
    workload="single",
    engine="bft",
    validators=4,
    twins=10,
    history=0,
    offered_per_s=None,
    seconds=5.0,
    blocks=9,
    committed_tx_per_s=2_345.6,
    readings_per_s=2_345.6,
    latency_ms={"p50": 12.3, "p95": 45.6, "p99": None},
    block_ms={"p50": 1.0, "p95": 2.0, "p99": 3.0},
    limit={"cores": 2.0},
    ratio_to_limit=0.375,
    cpu_us_per_tx_per_node={"verify": 70.4, "http": 20.0},
    wire_bytes_per_tx_per_node=400.0,
    messages_per_block=120.0,
    disk_bytes_per_tx_per_node=500.0,
    rss_mb_max=99.0,
    probes=50,
    refused={},
    busy=0,
    late=0,
)


def test_percentiles_are_values_that_were_measured() -> None:
    values = [float(value) for value in range(1, 201)]
    assert percentiles(values) == {"p50": 100.0, "p95": 190.0, "p99": 198.0}
    assert percentiles([7.0]) == {"p50": 7.0, "p95": 7.0, "p99": 7.0}
    assert percentiles([]) == {"p50": None, "p95": None, "p99": None}


def test_gaps_lie_between_moments() -> None:
    assert block_gaps([1.0, 1.5, 3.5]) == [500.0, 2_000.0]
    assert block_gaps([1.0]) == []


def test_tables_show_each_measurement_and_where_the_time_went() -> None:
    screen = Console(file=io.StringIO(), width=120)
    screen.print(make_table([LINE, LINE]), make_cpu_table([LINE]))
    shown = screen.file.getvalue()  # type: ignore[attr-defined]
    assert shown.count("2,346") == 4
    assert "37.5 %" in shown
    assert "12.3" in shown
    for word in ("verify", "http", "70", "90", "400"):
        assert word in shown


def test_a_line_is_json_with_the_promised_names() -> None:
    line = msgspec.json.decode(msgspec.json.encode(LINE))
    wanted = {"workload", "validators", "seconds", "committed_tx_per_s", "readings_per_s"}
    wanted |= {"latency_ms", "limit", "ratio_to_limit", "cpu_us_per_tx_per_node", "rss_mb_max"}
    assert wanted <= set(line)
    assert set(line["latency_ms"]) == {"p50", "p95", "p99"}


def test_limits_and_costs_are_rounded_for_people() -> None:
    limits = describe_limits(MachineLimits(2, 25_000.4, 1e6, 0.30049))
    assert limits["signature_checks_per_s"] == 25_000
    assert limits["fsync_ms_p50"] == 0.3
    assert round_spent(Spent({"verify": 70.44}, 0.0, 0.0, 0.0)) == {"verify": 70.4}
