"""What contracts import is plain, typed Python: editors, mypy, ruff and pytest can work with it."""

from __future__ import annotations

import subprocess
import sys
from decimal import Decimal
from importlib.resources import files
from pathlib import Path

import pytest

from contracts import author
from contracts.runtime.objects import Reading, Sample, Update
from contracts.standard import maintenance_by_power_curve as contract

CONTRACT = Path("contracts/standard/maintenance_by_power_curve.py")


def test_a_contract_is_a_module_that_pytest_can_import() -> None:
    assert contract.Watch() == contract.Watch(last_ms=0, lost_kwh=Decimal(0))
    assert contract.Watch(last_ms=1) != contract.Watch()


def test_marks_leave_functions_as_they_are() -> None:
    def function(update: author.Update) -> int:
        return 5

    assert author.call(function) is function
    assert author.initial(function) is function
    assert author.on_update(model="m", properties=["p"])(function) is function


def test_updates_can_be_built_in_a_test() -> None:
    readings = (Reading("p", "1.5", 20, "KWT", 0, 1), Reading("p", "", 10, "KWT", 0x80000000, 0))
    samples = Update("T", "m", readings).by_time()
    assert [(sample.time_ms, sample.value("p")) for sample in samples] == [
        (10, None),
        (20, Decimal("1.5")),
    ]
    assert [reading.is_good for reading in readings] == [True, False]
    assert Sample(5).value("p") is None


@pytest.mark.parametrize(
    ("text", "quality", "value"),
    [
        ("1.5", 0, Decimal("1.5")),
        ("-3", 0x40000000, Decimal(-3)),
        ("1.5", 0x80000000, None),
        ("", 0, None),
        ("NaN", 0, None),
        ("1_0", 0, None),
        ("\u0663", 0, None),
        ("1e9999", 0, None),
        ("x" * 500, 0, None),
    ],
)
def test_a_reading_has_a_value_when_it_is_a_number_and_not_bad(
    text: str, quality: int, value: Decimal | None
) -> None:
    assert Reading("p", text, 0, "KWT", quality, 0).value == value


def test_what_needs_the_ledger_says_so() -> None:
    with pytest.raises(author.OnlyOnTheLedger, match="InProcessExecutor"):
        contract.expected_power(Decimal(8))
    with pytest.raises(author.OnlyOnTheLedger):
        author.Var(int, 0).get()
    with pytest.raises(author.OnlyOnTheLedger):
        author.Map(int)["key"]
    with pytest.raises(author.ContractFailed, match="why"):
        author.fail("why")


@pytest.mark.parametrize("tool", [["mypy", "--strict"], ["ruff", "check"]])
def test_tools_accept_a_contract(tool: list[str], repository: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-m", *tool, str(CONTRACT)],
        cwd=repository,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout


@pytest.mark.parametrize("package", ["chain", "consensus", "contracts", "node"])
def test_an_installed_package_says_that_it_has_types(package: str) -> None:
    """Without this file mypy takes a package that is installed for untyped (PEP 561)."""
    assert files(package).joinpath("py.typed").is_file()
