"""Every attack: no escape, no crash, no stall, and the same result and gas in every run."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Final

import pytest

from contracts.inprocess import InProcessExecutor
from contracts.sandbox import SandboxExecutor
from tests.attacks.corpus import SHARED, load_own, load_shared
from tests.attacks.harness import ending_of, run_attack
from tests.attacks.table import read_table

OWN: Final = load_own()
ATTACKS: Final = {**OWN, **load_shared()}
RESULTS: Final = read_table()
HARMLESS: Final = {
    "shared/codec_decl": b"no",
    "shared/state_leak": b"STATE 1",
}
"""Attacks of others that are contracts after all, and what they rightly return."""
SPOILS: Final = (b"PWNED", b"NONDET", b"s3cret", b"DEPTH")
"""What an attack returns that got somewhere."""


@pytest.fixture(scope="module")
def sandbox() -> Iterator[SandboxExecutor]:
    executor = SandboxExecutor()
    yield executor
    assert executor.restarts == 0, "a worker died"
    executor.close()


def test_there_are_enough_attacks() -> None:
    assert len(OWN) >= 200
    assert len({attack.source for attack in OWN.values()}) == len(OWN)


def test_the_shared_attacks_are_there() -> None:
    if not SHARED.is_file():
        pytest.skip("needs shared/attacks/attacks.py beside the repository")
    assert len(ATTACKS) - len(OWN) == 103


@pytest.mark.parametrize("name", sorted(ATTACKS))
def test_an_attack_gets_nowhere(name: str, sandbox: SandboxExecutor, tmp_path: Path) -> None:
    mark, secret = tmp_path / "mark", tmp_path / "secret"
    secret.write_text("s3cret")
    attack = ATTACKS[name]
    source = attack.source.replace("@MARK@", str(mark)).replace("@SECRET@", str(secret))
    rows = [
        run_attack(replace(attack, source=source), executor)
        for executor in (InProcessExecutor(), sandbox)
    ]
    assert rows[0] == rows[1]
    assert not mark.exists()
    ending = ending_of(rows[0])
    # Which rule refuses some sources first differs between versions of Python.
    assert attack.ends in (ending, ending.partition(":")[0], "")
    if name in HARMLESS:
        assert [bytes.fromhex(row[2])[1:] for row in rows[0]] == [HARMLESS[name]] * 2
    for row in rows[0]:
        assert isinstance(row, str) or not any(spoil.hex() in row[2] for spoil in SPOILS)
    # A change here changes the chain: write the table anew, see docs/TESTING.md.
    assert RESULTS[name] == rows[0]


def test_the_table_knows_no_other_attacks() -> None:
    assert {name for name in RESULTS if not name.startswith("shared/")} == OWN.keys()
