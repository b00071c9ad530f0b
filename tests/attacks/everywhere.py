"""A plugin for pytest: each run of a contract in a test is tried again with less gas.

`python -m pytest -p tests.attacks.everywhere tests/unit/contracts/standard` takes the stories of
the standard contracts as they are, so gas runs out in the middle of what they really do.
"""

from __future__ import annotations

import copy
from collections import Counter
from random import Random
from typing import Final

import msgspec
import pytest

from contracts.executor import Execution, Host, Invocation
from contracts.inprocess import InProcessExecutor
from tests.unit.contracts.memory_host import MemoryHost

RUNS_MAX: Final = 150
"""Most runs of one handler that are tried again."""
LIMITS: Final = 12

_run = InProcessExecutor.execute
_seen: Counter[tuple[bytes, str]] = Counter()
_tried: Counter[str] = Counter()
_rng = Random(1)


def _execute(self: InProcessExecutor, invocation: Invocation, host: Host) -> Execution:
    handler = (invocation.source_hash, invocation.handler)
    if not isinstance(host, MemoryHost) or _seen[handler] >= RUNS_MAX:
        return _run(self, invocation, host)
    _seen[handler] += 1
    before = copy.deepcopy(host)
    execution = _run(self, invocation, host)
    failure = self.last_failure
    if execution.status != "out_of_gas":
        # The last unit is where a charge that does not stop by itself would hide.
        limits = {execution.gas_used - 1}
        limits |= {_rng.randrange(execution.gas_used) for _ in range(LIMITS)}
        for limit in sorted(limits):
            _check(self, msgspec.structs.replace(invocation, gas_limit=limit), before)
            _tried["limits"] += 1
    self.last_failure = failure
    return execution


def _check(executor: InProcessExecutor, invocation: Invocation, before: MemoryHost) -> None:
    host = copy.deepcopy(before)
    execution = _run(executor, invocation, host)
    wanted = Execution(status="out_of_gas", gas_used=invocation.gas_limit)
    assert execution == wanted, f"{invocation.handler} with {invocation.gas_limit} gas"
    assert (host.state, host.events) == (before.state, before.events)


def pytest_configure(config: pytest.Config) -> None:
    """Put the trial around every run in this process."""
    InProcessExecutor.execute = _execute  # type: ignore[method-assign]


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Say how much was tried."""
    terminalreporter.write_line(
        f"{_tried['limits']} gas limits in {_seen.total()} runs of {len(_seen)} handlers"
    )
