"""All standard contracts: checked, documented, and the same in the worker as in process."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from pathlib import Path

import pytest

from contracts.compiler import check_contract
from contracts.sandbox import SandboxExecutor
from tests.unit.contracts.standard import gas
from tests.unit.contracts.standard.bench import Bench, read_standard

FOLDER = Path(__file__).parents[4] / "contracts" / "standard"
NAMES = sorted(path.stem for path in FOLDER.glob("[a-z]*.py"))
LINES_MAX = 120
"""Most lines of a standard contract without docstring, import, comments, blanks, rows of tables."""

every = pytest.mark.parametrize("name", NAMES)


@pytest.fixture(scope="module")
def sandbox() -> Iterator[SandboxExecutor]:
    executor = SandboxExecutor()
    yield executor
    executor.close()


def test_there_are_thirteen() -> None:
    assert len(NAMES) == 13


@every
def test_the_checker_finds_nothing(name: str) -> None:
    verdict = check_contract(read_standard(name))
    assert verdict.findings == ()
    assert verdict.manifest is not None


@every
def test_it_is_a_page(name: str) -> None:
    source = read_standard(name).partition("from contracts.author import")[2].partition("\n\n")[2]
    lines = [line for line in source.splitlines() if not re.match(r"\s*$|#|    \(.*\),$", line)]
    assert len(lines) <= LINES_MAX


@every
def test_its_numbers_and_names_are_parameters(name: str) -> None:
    """What its text calls a parameter can be set: a constant that is read by its own name."""
    source = read_standard(name)
    read = set(re.findall(r'"([a-z_]+)", ([A-Z_]+)\b', source))
    assert all(parameter == constant.lower() for parameter, constant in read)
    assert {constant for _, constant in read}, "none of them can be set"


@every
def test_it_has_a_section_in_the_docs_and_its_gas(name: str) -> None:
    page = gas.PAGE.read_text()
    assert f"\n## {name}\n" in page
    assert name in {contract for contract, _, _ in gas.TYPICAL}


@every
def test_the_docs_name_its_calls(name: str) -> None:
    manifest = check_contract(read_standard(name)).manifest
    assert manifest is not None
    section = gas.PAGE.read_text().partition(f"\n## {name}\n")[2].partition("\n## ")[0]
    for declared in manifest.calls:
        words = ", ".join(parameter.name for parameter in declared.parameters)
        assert f"`{declared.name}({words})`" in section
    for trigger in manifest.triggers:
        assert f"`{trigger.model}`" in section


def test_the_gas_in_the_docs_is_what_it_costs() -> None:
    page = gas.PAGE.read_text()
    assert gas.put_table(page) == page, f"run python -m {gas.__name__}"


@pytest.mark.parametrize(
    ("name", "steps"),
    [(name, steps) for name, _, steps in gas.TYPICAL],
    ids=[f"{name}-{what}" for name, what, _ in gas.TYPICAL],
)
def test_the_worker_gives_the_same(
    sandbox: SandboxExecutor, name: str, steps: Iterable[gas.Invocation]
) -> None:
    near, far = Bench(name), Bench(name)
    far.executor = sandbox
    for step in steps:
        for bench in (near, far):
            step(bench)
    assert far.gas == near.gas > 0
    assert far.host.state == near.host.state
    assert far.host.actions == near.host.actions
    assert far.host.events == near.host.events
