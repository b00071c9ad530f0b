"""The catalogue of numbered errors, and the errors that use it."""

import ast
import re
import string
from collections.abc import Iterator
from pathlib import Path

import pytest

from chain import catalogue, catalogue_contracts, catalogue_transactions, errors
from chain.catalogue import CATALOGUE
from chain.catalogue_entry import Entry
from chain.errors import ChainError


def every_entry() -> list[Entry]:
    modules = [value for name, value in vars(catalogue).items() if name.startswith("catalogue_")]
    lists = [module.ENTRIES for module in modules if hasattr(module, "ENTRIES")]
    return [entry for entries in (catalogue.FORMATS, *lists) for entry in entries]


def test_no_code_and_no_name_has_two_meanings() -> None:
    entries = every_entry()
    assert len(entries) == len(CATALOGUE)
    assert len({entry.code for entry in entries}) == len(entries)
    assert len({entry.name for entry in entries}) == len(entries)


@pytest.mark.parametrize("entry", every_entry(), ids=lambda entry: entry.code)
def test_an_entry_is_well_formed(entry: Entry) -> None:
    assert re.fullmatch(r"VT-[0-9]{4}", entry.code)
    assert re.fullmatch(r"[a-z0-9]+(-[a-z0-9]+)*", entry.name)
    assert not entry.title.endswith(".")
    assert entry.why.endswith((".", "}"))
    list(string.Formatter().parse(entry.why))


def test_what_stands_in_receipts_shows_texts_alike_in_every_python() -> None:
    """`repr` leaves those letters as they are that its own version of Unicode calls printable."""
    for entry in (*catalogue_transactions.ENTRIES, *catalogue_contracts.ENTRIES):
        conversions = {part[3] for part in string.Formatter().parse(entry.why)}
        assert conversions <= {None, "", "a"}, entry.code


def error_kinds() -> set[type[ChainError]]:
    return {
        kind
        for kind in vars(errors).values()
        if isinstance(kind, type) and issubclass(kind, ChainError) and kind is not ChainError
    }


def raised_errors(folder: Path) -> Iterator[tuple[str, str, set[str]]]:
    """Find every error that is made with a literal code: (place, code, names of its values)."""
    kinds = {kind.__name__ for kind in error_kinds()}
    for path in sorted(folder.rglob("*.py")):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if not (isinstance(node, ast.Call) and isinstance(node.func, ast.Name)):
                continue
            if node.func.id not in kinds or not node.args:
                continue
            code, names = node.args[0], [keyword.arg for keyword in node.keywords]
            if isinstance(code, ast.Constant) and None not in names:
                yield f"{path}:{node.lineno}", str(code.value), {name for name in names if name}


@pytest.mark.parametrize("package", ["chain", "consensus", "contracts", "node"])
def test_every_error_has_an_entry_and_gives_the_values_it_shows(
    repository: Path, package: str
) -> None:
    for place, code, names in raised_errors(repository / package):
        assert code in CATALOGUE, place
        shown = {field for _, field, _, _ in string.Formatter().parse(CATALOGUE[code].why) if field}
        assert shown <= names, f"{place}: {code} shows {sorted(shown - names)}"
