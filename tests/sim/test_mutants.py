"""That planted bugs fit the source, are planted, and are found; the search is `make mutants`."""

import json

import pytest
from click.testing import CliRunner

from tests.sim import mutants
from tests.sim.checkers import ALL_CHECKERS
from tests.sim.faults import draw_plan
from tests.sim.mutant import REPOSITORY, Edit, Mutant, Seeds, StaleMutant, check_text, plant
from tests.sim.mutant_list import ALL_MUTANTS, CONTROLS, find_mutant, to_row
from tests.sim.mutant_run import choose_seeds, search_seeds
from tests.sim.mutants import Answer, look_for
from tests.sim.run import draw_genesis
from tests.sim.streams import Streams

HALF = find_mutant("half-is-a-majority")


def mutant_of(*edits: Edit) -> Mutant:
    return Mutant("planted", "something", edits, Seeds())


@pytest.mark.parametrize("mutant", ALL_MUTANTS, ids=lambda mutant: mutant.name)
def test_the_text_of_a_mutant_is_in_the_source_exactly_once(mutant: Mutant) -> None:
    check_text(mutant)


def test_there_are_many_and_no_two_have_one_name() -> None:
    names = [mutant.name for mutant in (*ALL_MUTANTS, *CONTROLS)]
    assert len(set(names)) == len(names) > 30
    assert all(mutant.breaks and mutant.edits for mutant in ALL_MUTANTS)


def test_all_are_in_the_table_for_readers() -> None:
    """`python -m tests.sim.mutants --table` writes it."""
    text = (REPOSITORY / "docs" / "TESTING.md").read_text(encoding="utf-8")
    _, _, section = text.partition("## All planted bugs\n")
    rows = [line for line in section.split("\n## ")[0].splitlines() if line.startswith("| `")]
    assert rows == [to_row(mutant) for mutant in ALL_MUTANTS]
    written = CliRunner().invoke(mutants.main, ["--table"])
    assert written.output.splitlines() == rows


def test_each_checker_has_a_mutant_that_only_it_sees() -> None:
    lonely = {mutant.only for mutant in ALL_MUTANTS if mutant.only is not None}
    assert lonely == {checker.name for checker in ALL_CHECKERS}
    assert all(isinstance(one.search, Seeds) for one in ALL_MUTANTS if one.only is not None)


@pytest.mark.parametrize(
    ("find", "put", "fault"),
    [
        ("no such text", "x", "holds this 0 times"),
        ("def ", "def x", "times, not once"),
        ("class StaleMutant(Exception):", "class StaleMutant(:", "gives no Python"),
    ],
)
def test_a_mutant_that_does_not_fit_is_an_error(find: str, put: str, fault: str) -> None:
    with pytest.raises(StaleMutant, match=fault):
        check_text(mutant_of(Edit("tests/sim/mutant.py", find, put)))


def test_edits_of_one_file_come_one_after_the_other() -> None:
    file = "tests/sim/mutant.py"
    check_text(
        mutant_of(Edit(file, "import sys", "import one"), Edit(file, "import one", "import os"))
    )


def test_a_module_that_is_loaded_already_cannot_get_a_bug() -> None:
    with pytest.raises(RuntimeError, match="too late to plant"):
        plant(mutant_of(Edit("tests/sim/mutant.py", "import sys", "import os")))


@pytest.mark.parametrize(
    ("name", "by"), [("half-is-a-majority", "validity"), ("guard-off-by-one", "tests")]
)
def test_a_planted_bug_is_found(name: str, by: str) -> None:
    """In a process of its own; this one stays without the bug."""
    answer = look_for(find_mutant(name))
    assert (answer.is_found, answer.by) == (True, by)
    assert answer.where
    assert answer.text


def test_without_a_bug_nothing_is_found() -> None:
    assert search_seeds(mutant_of(), Seeds(first=3, count=1)) is None


def fake_answers(monkeypatch: pytest.MonkeyPatch, found: set[str]) -> None:
    def look(mutant: Mutant, *, survivor: bool = False) -> Answer:
        return Answer(mutant, mutant.name in found, "validity", "seed 1", "text", 1.0)

    monkeypatch.setattr(mutants, "look_for", look)


@pytest.mark.parametrize(
    ("found", "missed", "code"),
    [
        ({"half-is-a-majority"}, [], 0),
        (set[str](), ["half-is-a-majority"], 1),
        ({"half-is-a-majority", CONTROLS[0].name}, [], 1),
    ],
)
def test_a_missed_mutant_and_a_failed_control_fail_the_command(
    found: set[str], missed: list[str], code: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    fake_answers(monkeypatch, found)
    result = CliRunner().invoke(mutants.main, ["half-is-a-majority"])
    assert result.exit_code == code
    expected = {"mutants": 1, "found": 1 - len(missed), "missed": missed}
    assert json.loads(result.stdout.splitlines()[-1]) == expected
    assert ("without any bug these fail" in result.stderr) is (CONTROLS[0].name in found)


def test_a_name_that_no_mutant_has_is_refused() -> None:
    result = CliRunner().invoke(mutants.main, ["nonsense"])
    assert result.exit_code == 2
    assert "there is no mutant nonsense" in result.stderr


def test_only_seeds_with_a_wanted_fault_are_run() -> None:
    wanted = Seeds(first=3, count=4, kinds=("wipe", "rot"))
    chosen = list(choose_seeds(mutant_of(), wanted))
    assert len(chosen) == 4
    for seed in range(3, chosen[-1] + 1):
        streams = Streams(seed)
        kinds = set(draw_plan(streams, draw_genesis(streams, "bft")).kinds)
        assert (seed in chosen) is bool(kinds & {"wipe", "rot"})


def test_a_checker_that_nobody_needs_fails_the_command(monkeypatch: pytest.MonkeyPatch) -> None:
    lonely = {mutant.name: mutant.only for mutant in ALL_MUTANTS if mutant.only is not None}
    fake_answers(monkeypatch, {name for name, only in lonely.items() if only != "blame"})
    result = CliRunner().invoke(mutants.main, ["--checkers"])
    assert result.exit_code == 1
    count = len(ALL_CHECKERS)
    expected = {"checkers": count, "needed": count - 1, "redundant": ["blame"]}
    assert json.loads(result.stdout.splitlines()[-1]) == expected
