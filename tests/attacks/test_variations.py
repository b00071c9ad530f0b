"""Hash seed and stack change nothing; `make attacks` tries loads, processes and versions too."""

from __future__ import annotations

import pytest

from tests.attacks.harness import Row
from tests.attacks.table import read_table
from tests.attacks.variations import (
    FAULT,
    Variation,
    find_differences,
    find_pythons,
    run_variation,
)


def test_another_hash_seed_and_a_small_stack_change_nothing() -> None:
    options = ("--recursion-limit", "300")
    table = run_variation(Variation("", hash_seed="random", options=options))
    assert find_differences(table, read_table()) == []


def test_another_version_of_python_changes_nothing() -> None:
    pythons = find_pythons()
    if not pythons:
        pytest.skip("needs another Python that has our packages; `make attacks` makes one")
    version = max(pythons, key=lambda text: int(text.partition(".")[2]))
    table = run_variation(Variation("", python=pythons[version], hash_seed="random"))
    assert find_differences(table, read_table()) == []


def test_a_difference_is_seen() -> None:
    wanted: dict[str, Row] = {
        "a": [["ok", 5, "c0", ""]] * 2,
        "b": ["refused:name"],
        "c": ["refused:name"],
    }
    table: dict[str, Row] = {
        "a": [["ok", 6, "c0", ""]] * 2,
        "b": ["refused:type"],
        "c": [FAULT],
        "d": ["new"],
    }
    assert find_differences(table, wanted) == ["a", "c", "d"]
