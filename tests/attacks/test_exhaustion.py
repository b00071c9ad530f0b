"""Gas runs out at places all over every handler; `make attacks` tries every single limit."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from contracts.executor import GAS_LIMIT_MAX, Executor
from contracts.inprocess import InProcessExecutor
from contracts.sandbox import SandboxExecutor
from tests.attacks.exhaustion import Subject, find_broken_limits, find_subjects, run_at

PLACES = 60

SUBJECTS = {subject.name: subject for subject in find_subjects(InProcessExecutor())}


@pytest.fixture(scope="module")
def sandbox() -> Iterator[SandboxExecutor]:
    executor = SandboxExecutor()
    yield executor
    assert executor.restarts == 0, "a worker died"
    executor.close()


def choose_limits(subject: Subject, executor: Executor, count: int) -> list[int]:
    """Spread limits over what a run needs, and take all of the last ones."""
    needed = run_at(subject, GAS_LIMIT_MAX, executor).execution.gas_used
    step = max(1, needed // count)
    return [*range(0, needed, step), *range(needed - 12, needed + 3)]


@pytest.mark.parametrize("name", SUBJECTS)
def test_gas_that_runs_out_anywhere_leaves_the_ledger_as_it_was(name: str) -> None:
    executor = InProcessExecutor()
    limits = choose_limits(SUBJECTS[name], executor, PLACES)
    needed, broken = find_broken_limits(SUBJECTS[name], limits, executor)
    assert needed > 1_000
    assert broken == []


@pytest.mark.parametrize("name", SUBJECTS)
def test_the_worker_runs_out_at_the_same_places(name: str, sandbox: SandboxExecutor) -> None:
    near = InProcessExecutor()
    for limit in choose_limits(SUBJECTS[name], near, 5):
        assert run_at(SUBJECTS[name], limit, sandbox) == run_at(SUBJECTS[name], limit, near)


def test_a_last_charge_that_takes_too_much_stops_the_run() -> None:
    subject, executor = SUBJECTS["last-charge.last"], InProcessExecutor()
    needed = run_at(subject, GAS_LIMIT_MAX, executor).execution.gas_used
    ends = [run_at(subject, needed - less, executor).execution for less in (0, 1)]
    assert [(end.status, end.gas_used) for end in ends] == [
        ("ok", needed),
        ("out_of_gas", needed - 1),
    ]
