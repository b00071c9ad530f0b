import re
from collections.abc import Iterator

import click
import pytest

from chain.catalogue import CATALOGUE
from node.cli.explain import find_entry
from node.cli.main import command as tree
from tests.unit.node.cli.conftest import Command


def test_a_code_is_explained_with_cause_and_fix(command: Command) -> None:
    done = command("explain", "VT-2020")
    assert done.code == 0
    assert done.out.startswith("VT-2020 unknown-twin\n\nThe twin is not registered.\n")


def test_a_code_is_found_by_number_name_or_in_small_letters() -> None:
    entry = CATALOGUE["VT-2020"]
    for text in ("VT-2020", "vt-2020", "2020", "unknown-twin"):
        assert find_entry(text) == entry
    assert find_entry("VT-0000") is None


def test_an_unknown_code_ends_with_exit_code_3(command: Command) -> None:
    done = command("explain", "VT-0000")
    assert done.code == 3
    assert "There is no error VT-0000." in done.err


def test_without_a_code_all_are_listed(command: Command) -> None:
    done = command("explain", "--json")
    assert len(done.json["items"]) == len(CATALOGUE)


def commands_of(fix: str) -> Iterator[str]:
    """Give each command in a fix with what follows it, but for those that ask for help."""
    for found in re.split(r"(?=\bveritwin [a-z-])", fix)[1:]:
        text = found.partition(". ")[0].partition(", or ")[0].partition("`")[0]
        if "--help" not in text and "--version" not in text:
            yield text


@pytest.mark.parametrize(
    ("code", "text"),
    [(code, text) for code, entry in CATALOGUE.items() for text in commands_of(entry.fix)],
)
def test_a_fix_names_a_command_with_all_that_it_needs(code: str, text: str) -> None:
    found: click.Command = tree
    context = click.Context(tree)
    for word in text.split()[1:]:
        if isinstance(found, click.Group):
            inner = found.get_command(context, word.strip(",.;:"))
            assert inner is not None, f"{code}: there is no {word}"
            found = inner
    assert not isinstance(found, click.Group), f"{code} names no whole command"
    options = [one for one in found.params if isinstance(one, click.Option)]
    known = {name for option in options for name in option.opts}
    given = re.findall(r"--[a-z-]+", text)
    assert set(given) <= known, code
    # What an environment variable can give may be left out.
    needed = [one for one in options if one.required and one.envvar is None]
    assert all(set(one.opts) & set(given) for one in needed), code
