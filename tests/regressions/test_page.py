"""docs/TESTING.md says what is there: every regression test, every kind of fault, every checker."""

import ast
import re
from collections.abc import Iterator
from pathlib import Path

from tests.sim.checkers import ALL_CHECKERS
from tests.sim.faults import ALL_KINDS

FOLDER = Path(__file__).resolve().parent
PAGE = (FOLDER.parents[1] / "docs" / "TESTING.md").read_text(encoding="utf-8")
NUMBERS = range(1, 21)


def named_tests() -> Iterator[tuple[str, str | None]]:
    """Names and docstrings of all tests of this folder that are named after a bug."""
    for path in sorted(FOLDER.glob("test_*.py")):
        for node in ast.parse(path.read_text(encoding="utf-8")).body:
            if not isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
                continue
            if node.name.startswith("test_bug_"):
                yield node.name, ast.get_docstring(node)


def rows() -> dict[int, tuple[str, str, tuple[str, ...]]]:
    """The table of bugs: number, origin, claim, names of tests."""
    found = re.findall(r"^\| (\d+) \| ([^|]+) \| ([^|]+) \| ([^|]+) \|$", PAGE, re.MULTILINE)
    return {
        int(number): (origin, claim, tuple(re.findall(r"`(test_bug_\w+)`", names)))
        for number, origin, claim, names in found
    }


def test_each_of_the_twenty_bugs_has_a_row_and_a_test_of_its_number() -> None:
    assert list(rows()) == list(NUMBERS)
    for number, (_, _, names) in rows().items():
        assert names
        assert all(name.startswith(f"test_bug_{number:02}_") for name in names)


def test_the_table_names_all_tests_and_no_other() -> None:
    said = [name for _, _, names in rows().values() for name in names]
    assert sorted(said) == sorted({name for name, _ in named_tests()})


def test_every_test_begins_with_where_its_bug_comes_from() -> None:
    origin = re.compile(r"[A-Z][\w-]+|etcd|polygon-edge")
    silent = [name for name, text in named_tests() if not origin.match(text or "")]
    assert silent == []


def codes_in(heading: str) -> set[str]:
    """What stands in back-ticks in the tables of a part of the page."""
    part = PAGE.split(f"\n## {heading}\n")[1].split("\n## ")[0]
    lines = [line for line in part.splitlines() if line.startswith("|")]
    return set(re.findall(r"`([\w-]+)`", "\n".join(lines)))


def test_the_page_names_every_kind_of_fault() -> None:
    assert codes_in("Seeds") == set(ALL_KINDS)


def test_the_page_names_every_checker() -> None:
    assert codes_in("What is claimed, and who watches") == {one.name for one in ALL_CHECKERS}
