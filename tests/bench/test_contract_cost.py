"""What a wake-up of the power-curve contract costs in CPU time: `make bench-contracts`.

The same readings, in one run, go through plain Python, through the engine in this process, and
through a node's worker, where the node's share and the worker's are added. Medians are compared,
for a busy machine makes some runs slow.
"""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable
from pathlib import Path
from typing import Final

import pytest

from chain.operations import DeployContract, Reading
from chain.values import encode_value
from contracts.executor import Execution, Executor, Host, Invocation
from contracts.inprocess import InProcessExecutor
from contracts.sandbox import SandboxExecutor
from tests.bench.plain_power_curve import CONTRACT, load_plain, load_source, make_update
from tests.unit.contracts.support import NOW, TURBINE, Ledger, make_reading, make_telemetry

COST_US_MAX: Final = 400
RUNS: Final = 1_500
WARM_UP: Final = 300
STEP_MS: Final = 600_000

pytestmark = pytest.mark.bench


class Timed:
    """An executor that measures what each execution takes of this process and of its worker."""

    def __init__(self, executor: Executor, worker_ns: Callable[[], int] = lambda: 0) -> None:
        self._executor = executor
        self._worker_ns = worker_ns
        self.host: list[float] = []
        self.worker: list[float] = []

    def execute(self, invocation: Invocation, host: Host) -> Execution:
        worker, here = self._worker_ns(), time.thread_time_ns()
        execution = self._executor.execute(invocation, host)
        self.host.append((time.thread_time_ns() - here) / 1000)
        self.worker.append((self._worker_ns() - worker) / 1000)
        assert execution.status == "ok", execution
        return execution

    def close(self) -> None:
        self._executor.close()

    def fences(self) -> tuple[str, ...]:
        return self._executor.fences()

    def median_us(self) -> tuple[float, float, float]:
        """Give the medians of this process, of the worker, and of both together."""
        both = [one + other for one, other in zip(self.host, self.worker, strict=True)]
        host, worker, total = (
            statistics.median(part[WARM_UP:]) for part in (self.host, self.worker, both)
        )
        return host, worker, total


def readings_of(number: int) -> tuple[Reading, Reading]:
    """Give the pair of one time: a turbine that performs well, in wind that changes."""
    time_ms = NOW - (RUNS - number) * STEP_MS
    wind = f"{6 + number % 60 / 10:.1f}"
    power = make_reading(value=str(900 + number % 400), time_ms=time_ms)
    return power, make_reading(property="wind_speed", value=wind, unit="MTS", time_ms=time_ms)


def measure_plain() -> float:
    handler = load_plain([])
    took = []
    for number in range(RUNS):
        rows = [(one.property, one.value, one.time_ms) for one in readings_of(number)]
        begin = time.thread_time_ns()
        handler(make_update(TURBINE, rows))
        took.append((time.thread_time_ns() - begin) / 1000)
    return statistics.median(took[WARM_UP:])


def wake(executor: Timed) -> Ledger:
    """Let the readings wake the contract on a real ledger, a block for each hundred."""
    ledger = Ledger()
    ledger.executor = executor  # type: ignore[assignment]
    ledger.register_turbine()
    ledger.apply_ok(DeployContract(CONTRACT, load_source(), encode_value({})))
    for number in range(RUNS):
        if number % 100 == 0:
            ledger.begin_block(NOW)
        receipt = ledger.apply_ok(make_telemetry(*readings_of(number)))
        assert [event.name for event in receipt.events] == ["readings_recorded"]
    return ledger


def read_worker_ns(executor: SandboxExecutor) -> Callable[[], int]:
    """Give what reads the worker's CPU time; its scheduler's own count, in nanoseconds."""
    path = Path(f"/proc/{executor.process_id}/schedstat")
    if not path.is_file():
        pytest.skip("needs /proc/PID/schedstat to know what the worker takes")
    return lambda: int(path.read_text().split()[0])


def test_a_wake_up_through_the_worker_costs_little() -> None:
    plain = measure_plain()
    here = Timed(InProcessExecutor())
    state = wake(here).view
    sandbox = SandboxExecutor()
    try:
        sandbox.fences()
        there = Timed(sandbox, read_worker_ns(sandbox))
        other = wake(there).view
        restarts = sandbox.restarts
    finally:
        sandbox.close()
    key = f"contract-state/{CONTRACT}/watches/{TURBINE}".encode()
    assert state.get(key) == other.get(key)
    assert state.get(key) is not None
    assert restarts == 0
    _, _, inside = here.median_us()
    host, worker, total = there.median_us()
    print(
        f"\nplain Python {plain:.0f} us; metered, in process {inside:.0f} us "
        f"({inside / plain:.1f} times); through the worker {total:.0f} us "
        f"({host:.0f} here and {worker:.0f} there, {total / plain:.1f} times)"
    )
    assert total <= COST_US_MAX


def test_a_quiet_reading_starts_no_interpreter() -> None:
    source = load_source().replace(
        'properties=["active_power", "wind_speed"])',
        'properties=["active_power", "wind_speed"], when="active_power < 50")',
    )
    ledger = Ledger()
    quiet = Timed(InProcessExecutor())
    ledger.executor = quiet  # type: ignore[assignment]
    ledger.register_turbine()
    ledger.apply_ok(DeployContract(CONTRACT, source, encode_value({})))
    took = []
    for number in range(RUNS):
        if number % 100 == 0:
            ledger.begin_block(NOW)
        operation = make_telemetry(*readings_of(number))
        begin = time.thread_time_ns()
        ledger.apply_ok(operation)
        took.append((time.thread_time_ns() - begin) / 1000)
    assert quiet.host == []
    print(f"\na quiet transaction, with its signature: {statistics.median(took):.0f} us")
