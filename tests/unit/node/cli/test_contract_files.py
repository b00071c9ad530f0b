"""Files and names that somebody gives wrongly are named, with what is wrong about them."""

import re
import shlex
from collections.abc import Callable
from pathlib import Path
from typing import Final

import pytest

from chain.package import PART_SIZE_MAX, REPORT_SIZE_MAX
from tests.unit.contracts.native.lifecycle import FIRST
from tests.unit.node.cli.conftest import Command, Ended, Served

Propose = Callable[..., Ended]
ROOT: Final = Path(__file__).parents[4]


@pytest.fixture
def propose(
    command: Command, served: Served, identity: Callable[[str, str], Path], tmp_path: Path
) -> Propose:
    """Propose a contract that is right, with what else is given."""
    source = tmp_path / "tally.py"
    source.write_text(FIRST, encoding="utf-8")
    key = identity("borne-energie", "borne-energie")

    def call(*words: object) -> Ended:
        where = ("--identity", key, "--node", served.address)
        return command("contract", "propose", source, *words, *where)

    return call


def test_a_source_that_is_no_utf_8_is_named(command: Command, tmp_path: Path) -> None:
    source = tmp_path / "latin.py"
    source.write_bytes('"""Für."""\n'.encode("latin-1"))
    done = command("contract", "check", source)
    assert (done.code, done.out) == (2, "")
    told = f"Error: {source} is no UTF-8 text: byte 5 is 0xfc. Save it as UTF-8.\n"
    assert done.err.endswith(told)


@pytest.mark.parametrize("option", ["--report", "--tests"])
def test_a_part_that_is_no_text_is_named(propose: Propose, tmp_path: Path, option: str) -> None:
    part = tmp_path / "part.bin"
    part.write_bytes(b"ok\n\xff\xfe")
    done = propose(option, part)
    assert done.code == 2
    assert f"Error: {part} is no UTF-8 text: byte 4 is 0xff." in done.err


@pytest.mark.parametrize(
    ("option", "limit", "shown"),
    [("--report", REPORT_SIZE_MAX, "32,768"), ("--tests", PART_SIZE_MAX, "65,536")],
)
def test_a_part_that_is_too_long_is_named_with_its_size(
    propose: Propose, tmp_path: Path, option: str, limit: int, shown: str
) -> None:
    part = tmp_path / "part.txt"
    part.write_text("é" * limit, encoding="utf-8")
    assert propose(option, part).code == 0
    part.write_text("é" * (limit + 1), encoding="utf-8")
    done = propose(option, part)
    assert done.code == 2
    told = f"Error: {part} has {limit + 1:,} characters; at most {shown} fit into a package.\n"
    assert done.err.endswith(told)


def test_a_height_is_not_negative_and_a_note_not_endless(propose: Propose) -> None:
    done = propose("--at-height", -5)
    assert done.code == 2
    assert "'--at-height': -5 is not in the range" in done.err
    done = propose("--note", "x" * 1025)
    assert done.code == 2
    assert "'--note': it has 1,025 characters; at most 1,024 are allowed." in done.err


@pytest.mark.parametrize("name", ["../status", "a/b", "a?b", "", "x" * 65, ".hidden"])
@pytest.mark.parametrize(
    "words",
    [
        ("show",),
        ("diff", "--version", "1"),
        ("call", "divide", "--identity", "key.json"),
        ("pause", "--identity", "key.json"),
        ("resume", "--identity", "key.json"),
        ("roll-back", "--to", "1", "--identity", "key.json"),
    ],
)
def test_what_is_no_name_is_not_asked_for(
    command: Command, words: tuple[str, ...], name: str
) -> None:
    done = command("contract", words[0], name, *words[1:])
    assert done.code == 2
    assert "is no name: at most 64 letters, digits, '.', '_' and '-'" in done.err


def test_a_name_for_a_proposal_is_one_too(propose: Propose) -> None:
    done = propose("--name", "../x")
    assert done.code == 2
    assert "'../x' is no name: at most 64 letters" in done.err


def test_the_name_of_a_file_has_to_be_one_too(command: Command, tmp_path: Path) -> None:
    source = tmp_path / "my contract.py"
    source.write_text(FIRST, encoding="utf-8")
    done = command("contract", "propose", source, "--identity", "key.json")
    assert done.code == 2
    assert "'my contract' is no name" in done.err
    assert "--name" in done.err


def test_the_documented_way_to_a_standard_contract_works(
    command: Command, served: Served, identity: Callable[[str, str], Path]
) -> None:
    """The chain of this test asks for one approval; others see the proposal wait."""
    page = (ROOT / "docs" / "standard-contracts.md").read_text(encoding="utf-8")
    (shown,) = re.findall(r"^    veritwin (contract propose .*\\\n.*)$", page, re.MULTILINE)
    key = identity("borne-energie", "borne-energie")
    words = [
        word.replace("ADMIN", str(key)).replace("contracts/standard", f"{ROOT}/contracts/standard")
        for word in shlex.split(shown.replace("\\\n", ""))
    ]
    done = command(*words, "--node", served.address)
    assert done.code == 0, done.err
    assert done.out.startswith("Approved at height")
