"""The docs name only what exists: files, functions, commands, addresses, settings, codes."""

import ast
import re
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Final, get_type_hints

import click
import msgspec
import pytest

from chain.catalogue import CATALOGUE
from chain.genesis import Genesis, Governance, Limits, Timing
from node.api.app import ROUTES
from node.cli.main import command
from node.config import NodeConfig

REPOSITORY: Final = Path(__file__).resolve().parents[2]
PACKAGES: Final = ("chain", "consensus", "contracts", "node")
TOPS: Final = (*PACKAGES, "tests", "docs", "deploy", ".ci")
DOCS: Final = tuple(
    sorted(
        [
            *REPOSITORY.glob("*.md"),
            *REPOSITORY.glob("docs/*.md"),
            *REPOSITORY.glob("docs/adr/*.md"),
            REPOSITORY / "tests" / "vectors" / "README.md",
        ]
    )
)
BUILT: Final = ("node/explorer/static/",)
"""Named in the docs and made by the Makefile, so missing in a fresh clone."""
FOREIGN: Final = frozenset({"Decimal", "Location"})
"""Capitalised words in quotes that are other people's."""
PYTHON_PAGES: Final = frozenset({"contracts.md", "CONVENTIONS.md"})
"""Pages whose quoted names are Python's own, or stand for any name."""

every_page = pytest.mark.parametrize("page", DOCS, ids=lambda page: str(page.name))


def quoted(text: str) -> Iterator[str]:
    """Everything between back-ticks outside fences, with line ends as blanks."""
    plain = re.sub(r"^```.*?^```", "", text, flags=re.DOTALL | re.MULTILINE)
    yield from (re.sub(r"\s+", " ", one) for one in re.findall(r"`([^`]+)`", plain))


# ---------------------------------------------------------------- files and links


def missing_files(text: str) -> list[str]:
    """Paths in back-ticks that are not there."""
    return [
        name
        for name in quoted(text)
        if re.fullmatch(r"[\w.-]+(/[\w.*-]+)+/?", name)
        and name.split("/")[0] in TOPS
        and not name.startswith(BUILT)
        and not any(REPOSITORY.glob(name.rstrip("/")))
    ]


@every_page
def test_every_file_in_the_docs_exists(page: Path) -> None:
    assert missing_files(page.read_text(encoding="utf-8")) == []


def broken_links(text: str, folder: Path) -> list[str]:
    """Relative links without a target, or without the heading in it."""
    broken = []
    for target in re.findall(r"\]\(([^)\s]+)\)", text):
        if re.match(r"https?://|mailto:", target):
            continue
        name, _, heading = target.partition("#")
        path = (folder / name).resolve()
        if not path.exists() or (heading and heading not in headings(path)):
            broken.append(target)
    return broken


def headings(path: Path) -> set[str]:
    """The headings of a page, as they stand in links."""
    found = re.findall(r"^#+ (.+)$", path.read_text(encoding="utf-8"), flags=re.MULTILINE)
    return {re.sub(r"[^\w -]", "", line.lower()).replace(" ", "-") for line in found}


@every_page
def test_every_relative_link_leads_somewhere(page: Path) -> None:
    assert broken_links(page.read_text(encoding="utf-8"), page.parent) == []


def test_the_readme_leads_to_every_page() -> None:
    text = (REPOSITORY / "README.md").read_text(encoding="utf-8")
    pages = {f"docs/{page.name}" for page in (REPOSITORY / "docs").glob("*.md")}
    assert pages - set(re.findall(r"\]\(([^)\s#]+)", text)) == set()


# ---------------------------------------------------------------- names in the code


@cache
def names_in(path: Path) -> frozenset[str]:
    """What a module defines: functions, classes, constants, and `Class.member`."""
    found: set[str] = set()
    for node in ast.parse(path.read_text(encoding="utf-8")).body:
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
            found.add(node.name)
        if isinstance(node, ast.ClassDef):
            members = list(members_of(node))
            found |= {*members, *(f"{node.name}.{member}" for member in members)}
        targets = node.targets if isinstance(node, ast.Assign) else [getattr(node, "target", None)]
        found |= {one.id for one in targets if isinstance(one, ast.Name)}
    return frozenset(found)


def members_of(node: ast.ClassDef) -> Iterator[str]:
    """Methods, fields and attributes of a class."""
    for inner in ast.walk(node):
        match inner:
            case ast.FunctionDef(name=name) | ast.AsyncFunctionDef(name=name):
                yield name
            case ast.AnnAssign(target=ast.Name(id=name)):
                yield name
            case ast.Attribute(value=ast.Name(id="self"), attr=name, ctx=ast.Store()):
                yield name
            case _:
                pass


@cache
def all_names() -> frozenset[str]:
    """What any module of the packages defines."""
    modules = [path for top in PACKAGES for path in (REPOSITORY / top).rglob("*.py")]
    return frozenset(name for path in modules for name in names_in(path))


def unknown_names(text: str) -> list[str]:
    """Names of classes and members in back-ticks that no module defines."""
    wanted = r"[A-Z][a-z]\w+(\.\w+)?(\(.*\))?|_[a-z]\w{3,}|(check|compute|build|execute|run)_\w+"
    return [
        name
        for name in (one.partition("(")[0] for one in quoted(text) if re.fullmatch(wanted, one))
        if name not in all_names() and name not in FOREIGN
    ]


@every_page
def test_every_class_and_function_in_the_docs_exists(page: Path) -> None:
    if page.name not in PYTHON_PAGES:
        assert unknown_names(page.read_text(encoding="utf-8")) == []


PLACED: Final = re.compile(r"`([\w.]+)`\s+(?:in\s+|\()`([\w/]+\.py)`")
"""`name` in `file.py`, or `name` (`file.py`)."""


def misplaced_names(text: str) -> list[str]:
    """Names that the docs put into a file which does not define them."""
    return [
        f"{name} in {file}"
        for name, file in PLACED.findall(text)
        if not (REPOSITORY / file).is_file() or name not in names_in(REPOSITORY / file)
    ]


@every_page
def test_what_is_said_to_be_in_a_file_is_there(page: Path) -> None:
    assert misplaced_names(page.read_text(encoding="utf-8")) == []


# ---------------------------------------------------------------- codes, commands, addresses


@every_page
def test_every_code_in_the_docs_is_in_the_catalogue(page: Path) -> None:
    found = re.findall(r"\bVT-[0-9]{4}\b", page.read_text(encoding="utf-8"))
    assert [code for code in found if code not in CATALOGUE] == []


def test_every_code_of_a_bad_row_is_explained_to_those_who_bring_data() -> None:
    page = (REPOSITORY / "docs" / "ingest.md").read_text(encoding="utf-8")
    assert [code for code in CATALOGUE if code.startswith("VT-901") and code not in page] == []


def test_pages_that_the_catalogue_sends_people_to_exist() -> None:
    texts = " ".join(f"{entry.why} {entry.fix}" for entry in CATALOGUE.values())
    pages = set(re.findall(r"docs/[\w./-]+\.md", texts))
    assert pages
    assert [page for page in pages if not (REPOSITORY / page).is_file()] == []


def commands_in(text: str) -> Iterator[str]:
    """Command lines of `veritwin`, in fences, indented blocks and back-ticks."""
    joined = re.sub(r"\\\n\s*", " ", text)
    line = r"^(?: {4})?(?:\.venv/bin/)?(veritwin [^\n#]+)"
    yield from re.findall(line, joined, flags=re.MULTILINE)
    yield from (one for one in quoted(text) if one.startswith("veritwin "))


def explain_wrong(line: str) -> str | None:
    """Say what is wrong with a command line; None when the program knows all of it."""
    words = line.split()[1:]
    found: click.Command = command
    while isinstance(found, click.Group) and words and not words[0].startswith("-"):
        inner = found.get_command(click.Context(found), words.pop(0))
        if inner is None:
            return f"{line}: no such command"
        found = inner
    known = {name for one in found.params for name in one.opts} | {"--help", "-h"}
    unknown = [word for word in words if word.startswith("-") and word not in known]
    return f"{line}: {unknown}" if unknown else None


@every_page
def test_every_command_in_the_docs_is_one_of_the_program(page: Path) -> None:
    lines = commands_in(page.read_text(encoding="utf-8"))
    assert [wrong for line in lines if (wrong := explain_wrong(line))] == []


@every_page
def test_every_make_target_in_the_docs_exists(page: Path) -> None:
    makefile = (REPOSITORY / "Makefile").read_text(encoding="utf-8")
    targets = set(re.findall(r"^([a-z0-9-]+):", makefile, flags=re.MULTILINE))
    text = page.read_text(encoding="utf-8")
    said = re.findall(r"^(?: {4})?make ([a-z0-9-]+)", text, flags=re.MULTILINE)
    said += [one.split()[1] for one in quoted(text) if re.match(r"make [a-z]", one)]
    assert [target for target in said if target not in targets] == []


def test_every_address_in_the_guide_to_the_api_is_served() -> None:
    page = (REPOSITORY / "docs" / "API.md").read_text(encoding="utf-8")
    known = [re.compile(re.sub(r"\{\w+\}", "[^/]+", route.path)) for route in ROUTES]
    asked = re.findall(r"\$NODE(/[^\s\"?]*)", page)
    assert len(asked) > 20
    assert [path for path in asked if not any(one.fullmatch(path) for one in known)] == []


# ---------------------------------------------------------------- settings


def settings_of(kind: type[msgspec.Struct], prefix: str = "") -> dict[str, str]:
    """Each setting of a Struct with its default, as the page writes them."""
    found: dict[str, str] = {}
    hints = get_type_hints(kind)
    for field in msgspec.structs.fields(kind):
        hint = hints[field.name]
        if isinstance(hint, type) and issubclass(hint, msgspec.Struct):
            found |= settings_of(hint, f"{prefix}{field.name}.")
        elif field.required:
            found[prefix + field.name] = ""
        else:
            plain = msgspec.json.encode(field.default).decode()
            found[prefix + field.name] = plain if plain == '""' else plain.strip('"')
    return found


def table_of(section: str) -> dict[str, tuple[str, str]]:
    """The rows of a part of the page: key, default, meaning."""
    page = (REPOSITORY / "docs" / "CONFIGURATION.md").read_text(encoding="utf-8")
    part = page.split(f"\n## {section}\n")[1].split("\n## ")[0]
    rows = re.findall(r"^\| `([\w.]+)` \| (?:`([^`]*)`)? ?\| (.*?) ?\|$", part, flags=re.MULTILINE)
    return {key: (default, meaning.lower()) for key, default, meaning in rows}


def test_the_page_holds_every_setting_of_a_node_with_its_default() -> None:
    rows = table_of("node.yaml")
    assert {key: default for key, (default, _) in rows.items()} == settings_of(NodeConfig)


def test_the_page_holds_every_limit_and_time_out_of_a_chain() -> None:
    wanted = settings_of(Limits, "limits.") | settings_of(Timing, "timing.")
    wanted |= settings_of(Governance, "governance.")
    wanted["contract_engine"] = settings_of(Genesis)["contract_engine"]
    assert {key: default for key, (default, _) in table_of("genesis.json").items()} == wanted


def test_the_page_says_which_settings_have_no_effect() -> None:
    sources = "\n".join(
        path.read_text(encoding="utf-8")
        for path in (REPOSITORY / "node").rglob("*.py")
        if path.name != "config.py"
    )
    for key, (_, meaning) in table_of("node.yaml").items():
        is_used = "." not in key or re.search(rf"\b_?{re.escape(key)}\b", sources) is not None
        assert is_used != meaning.startswith("not used yet"), key


# ---------------------------------------------------------------- the checks themselves


def test_a_wrong_word_of_each_kind_is_noticed() -> None:
    assert missing_files("`chain/no_such.py` and `chain/block.py`") == ["chain/no_such.py"]
    assert broken_links("[a](HACKING.md) [b](NOWHERE.md)", REPOSITORY / "docs") == ["NOWHERE.md"]
    assert broken_links("[a](HACKING.md#no-such)", REPOSITORY / "docs") == ["HACKING.md#no-such"]
    assert unknown_names("`Replica.handel`, `Replica.handle`") == ["Replica.handel"]
    assert misplaced_names("`sign` in `chain/block.py`") == ["sign in chain/block.py"]
    assert explain_wrong("veritwin twins show R80790 --at 40") is None
    assert explain_wrong("veritwin twins show R80790 --when 40") is not None
    assert explain_wrong("veritwin twins eat R80790") is not None
