"""docs/CLI.md says what the program says."""

import importlib.util
from pathlib import Path
from types import ModuleType

import pytest


@pytest.fixture(scope="module")
def reference(repository: Path) -> ModuleType:
    """The script that writes the page."""
    path = repository / "docs" / "make_cli_reference.py"
    spec = importlib.util.spec_from_file_location("make_cli_reference", path)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_the_page_is_what_the_commands_say(reference: ModuleType, repository: Path) -> None:
    page = (repository / "docs" / "CLI.md").read_text(encoding="utf-8")
    assert page == reference.render_page(), "write it anew: python docs/make_cli_reference.py"


def test_every_command_of_the_tree_has_a_heading(reference: ModuleType) -> None:
    headings = [line for line in reference.render_page().splitlines() if line.startswith("### ")]
    assert "### `veritwin twins show TWIN`" in headings
    assert "### `veritwin explain [CODE]`" in headings
    assert len(headings) == len(set(headings))
