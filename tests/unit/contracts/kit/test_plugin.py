"""The plugin as authors use it: pytest in a folder with a contract and its tests."""

import re
import subprocess
import sys
from pathlib import Path

import pytest

from node.cli.contract_author import TEMPLATES, pytest_words, write_template
from tests.unit.contracts.kit.test_twins import INSPECTED

COVER = """
import sys
from pathlib import Path

seen = set()


def trace(frame, event, argument):
    if event == "line" and frame.f_code.co_filename.endswith("pump.py"):
        seen.add(frame.f_lineno)
    return trace


def test_lines(deploy, twins, clock):
    contract = deploy("pump.py")
    pump = twins.add("pump-7", model="pump", temperature="CEL")
    before = sys.gettrace()
    sys.settrace(trace)
    try:
        pump.read(temperature="81")
    finally:
        sys.settrace(before)
    text = Path(__file__).with_name("pump.py").read_text().splitlines()
    hit = [text[line - 1].strip() for line in sorted(seen)]
    assert "known.last_ms = reading.time_ms" in hit
    assert not any("ctx.open_action" in line for line in hit)
"""
FAILING = """
def test_it(deploy):
    contract = deploy('''from contracts.author import call

@call
def share(a: int, b: int) -> int:
    parts = a // b
    return parts
''', "sharer")
    contract.call("share", a=1, b=0)
"""
MANY = """
from contracts.kit.strategies import rows
from hypothesis import given, settings


@settings(max_examples=10)
@given(rows("temperature"))
def test_a_pump_that_stays_cool_is_left_alone(new_ledger, data):
    ledger = new_ledger()
    contract = ledger.deploy("pump.py", limit=2_000_000_000_000)
    pump = ledger.twins.add("pump-7", model="pump", temperature="CEL")
    ledger.clock.forward(minutes=1)
    pump.read_many(data)
    assert contract.actions() == []
    assert ledger.chain.events("readings_recorded")[-1].payload["accepted"] == len(data)
    assert ledger.orgs.owner == "owner"
"""
LATE = """
def test_a_day_is_too_long(deploy, twins, clock):
    contract = deploy("pump.py", in_a_row=1)
    twins.add("pump-7", model="pump", temperature="CEL").read(temperature="99")
    clock.forward(hours=23)
    assert not contract.actions()[0].is_overdue
    clock.forward(hours=1)
    assert contract.actions()[0].is_overdue
"""


def run(folder: Path, *words: str) -> subprocess.CompletedProcess[str]:
    words = (*pytest_words(), "-q", "-p", "no:cacheprovider", *words)
    return subprocess.run(
        [sys.executable, "-m", "pytest", *words],
        cwd=folder,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


@pytest.mark.parametrize("template", TEMPLATES)
def test_every_template_passes_its_own_tests(tmp_path: Path, template: str) -> None:
    write_template(tmp_path, "pump", template)
    done = run(tmp_path)
    assert done.returncode == 0, done.stdout + done.stderr
    assert "3 passed" in done.stdout


def test_coverage_and_debuggers_see_the_lines_of_the_contract(tmp_path: Path) -> None:
    write_template(tmp_path, "pump", "threshold-alert")
    (tmp_path / "test_lines.py").write_text(COVER, encoding="utf-8")
    done = run(tmp_path, "test_lines.py")
    assert done.returncode == 0, done.stdout + done.stderr


def test_a_contract_that_stops_shows_its_own_line(tmp_path: Path) -> None:
    (tmp_path / "test_it.py").write_text(FAILING, encoding="utf-8")
    done = run(tmp_path)
    assert done.returncode == 1
    assert "ZeroDivisionError" in done.stdout
    assert "Rejected: VT-4102" in done.stdout


def test_the_gas_report_says_what_changed(tmp_path: Path) -> None:
    write_template(tmp_path, "pump", "threshold-alert")
    first = run(tmp_path, "--gas-file", "gas.json")
    assert "pump.watch" in first.stdout
    source = tmp_path / "pump.py"
    text = source.read_text(encoding="utf-8")
    changed = text.replace("    known = watches", "    extra = 1 + 1\n    known = watches", 1)
    source.write_text(changed, encoding="utf-8")
    second = run(tmp_path, "--gas-file", "gas.json")
    (line,) = [one for one in second.stdout.splitlines() if one.startswith("pump.watch")]
    assert line.split()[-1].startswith("+")
    (other,) = [one for one in second.stdout.splitlines() if one.startswith("pump.forget")]
    assert other.split()[-1] == "same"


def test_the_second_contract_of_the_guide_passes_its_tests(
    tmp_path: Path, repository: Path
) -> None:
    page = (repository / "docs" / "contracts.md").read_text(encoding="utf-8")
    [_, contract, test, many, _] = re.findall(r"```python\n(.*?)```", page, re.DOTALL)
    (tmp_path / "fan_filter.py").write_text(contract, encoding="utf-8")
    (tmp_path / "test_fan_filter.py").write_text(test, encoding="utf-8")
    (tmp_path / "test_many.py").write_text(many, encoding="utf-8")
    done = run(tmp_path)
    assert done.returncode == 0, done.stdout + done.stderr
    assert "2 passed" in done.stdout


def test_the_statement_of_the_guide_is_heard_with_consent_only(
    tmp_path: Path, repository: Path
) -> None:
    page = (repository / "docs" / "contracts.md").read_text(encoding="utf-8")
    (test,) = re.findall(r"```py\n(def test_a_foreign.*?)```", page, re.DOTALL)
    (tmp_path / "inspected.py").write_text(INSPECTED, encoding="utf-8")
    (tmp_path / "test_inspected.py").write_text(test, encoding="utf-8")
    done = run(tmp_path)
    assert done.returncode == 0, done.stdout + done.stderr


def test_what_is_expected_to_be_refused_and_is_not_fails(tmp_path: Path) -> None:
    write_template(tmp_path, "pump", "register")
    (tmp_path / "test_more.py").write_text(
        "def test_it(deploy, expect_reject):\n"
        '    contract = deploy("pump.py")\n'
        '    with expect_reject("VT-4101"):\n'
        '        contract.call("add", serial="A-1")\n',
        encoding="utf-8",
    )
    done = run(tmp_path, "test_more.py")
    assert done.returncode == 1
    assert "nothing was refused; VT-4101 was expected" in done.stdout


def test_hypothesis_gets_a_new_ledger_for_each_example(tmp_path: Path) -> None:
    write_template(tmp_path, "pump", "threshold-alert")
    (tmp_path / "test_many.py").write_text(MANY, encoding="utf-8")
    done = run(tmp_path, "test_many.py", "--gas")
    assert done.returncode == 0, done.stdout + done.stderr
    (line,) = [one for one in done.stdout.splitlines() if one.startswith("pump.watch")]
    assert int(line.split()[1]) >= 10


def test_deadlines_of_a_template_can_be_tested(tmp_path: Path) -> None:
    write_template(tmp_path, "pump", "threshold-alert")
    (tmp_path / "test_late.py").write_text(LATE, encoding="utf-8")
    done = run(tmp_path, "test_late.py")
    assert done.returncode == 0, done.stdout + done.stderr
