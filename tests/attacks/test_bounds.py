"""Gas bounds memory, and a run that fails has paid for what it did."""

from __future__ import annotations

import tracemalloc
from collections.abc import Iterator

import pytest

from contracts.inprocess import InProcessExecutor
from contracts.sandbox import SandboxExecutor
from tests.attacks.corpus import Attack
from tests.attacks.harness import prepare, run_attack
from tests.unit.contracts.memory_host import Deployed


@pytest.fixture(scope="module")
def sandbox() -> Iterator[SandboxExecutor]:
    executor = SandboxExecutor()
    yield executor
    assert executor.restarts == 0, "a worker died"
    executor.close()


def test_a_failing_run_pays_for_what_it_did(sandbox: SandboxExecutor) -> None:
    attack = Attack("def attack():\n    x = [0] * 100000\n    return 1 // 0\n", "")
    for ending, gas_used, _, _ in run_attack(attack, sandbox):
        assert ending == "error:ZeroDivisionError"
        assert gas_used > 100_000


@pytest.mark.parametrize(
    "body",
    [
        "x = []\n    while True:\n        x.append([])",
        "x = []\n    while True:\n        x.append({})",
        "x = {}\n    i = 0\n    while True:\n        i += 1\n        x[str(i)] = [i]",
        "x = []\n    while True:\n        x.append('\\u2003' + str(len(x)))",
        "x = [[[], [], [], []] for i in range(10 ** 7)]",
        "x = []\n    while True:\n        match range(10 ** 4):\n            case [*y]:\n"
        "                x.append(y)",
        "x = []\n    d = {'a': 1}\n    while True:\n        match d:\n            case {**y}:\n"
        "                x.append(y)",
        "x = []\n    while True:\n        match x:\n            case [*_] as y, *z:\n"
        "                pass\n            case y:\n                x = [y]",
        "x = [('\\u4e00,' * 1000).split(',') for i in range(10 ** 5)]",
        "x = [list('\\u4e00\\u4e01' * 1000) for i in range(10 ** 5)]",
        "x = [list(range(1000, 2000)) for i in range(10 ** 5)]",
        "x = [('ab ' * 1000).split() for i in range(10 ** 5)]",
    ],
)
def test_gas_bounds_memory(body: str) -> None:
    gas_limit = 300_000
    tracemalloc.start()
    try:
        attack = Attack(f"def attack():\n    {body}\n", "", gas_limit)
        row = run_attack(attack, InProcessExecutor())
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert [call[0] for call in row] == ["out_of_gas"] * 2
    assert peak < 64 * gas_limit + 4_000_000


def test_two_deployments_of_one_source_pay_for_reading_their_parameters(
    sandbox: SandboxExecutor,
) -> None:
    source = prepare("def attack():\n    return 1\n")
    deployed = [Deployed(source, sandbox, {"a": [[]] * size}) for size in (100, 5_000, 5_001)]
    gas = [one.call("attack").gas_used for one in deployed * 2]
    assert gas[:3] == gas[3:]
    assert gas[1] - gas[0] > 9_000
