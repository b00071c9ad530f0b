"""The house rules that no linter knows: sizes, names, words, and what pure code may touch.

Only files that git tracks, or would track, are looked at.
"""

import ast
import re
import subprocess
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Final

import pytest

REPOSITORY: Final = Path(__file__).resolve().parent.parent
PACKAGES: Final = ("chain", "consensus", "contracts", "node")

FILE_LINES_MAX: Final = 350
TEST_FILE_LINES_MAX: Final = 600
FUNCTION_LINES_MAX: Final = 60

TOP_LEVEL: Final = {
    *PACKAGES,
    "tests", "deploy", "docs", ".ci",
    "pyproject.toml", "Makefile", "README.md", "LICENSE", "CHANGELOG.md", "CONTRIBUTING.md",
    "SECURITY.md", ".gitignore", ".gitattributes", ".dockerignore", ".editorconfig",
    "requirements.lock", "requirements-build.lock", "requirements-dev.lock",
    "requirements-browser.lock", "requirements-node.lock",
}  # fmt: skip

WITHOUT_UNIT_TEST: Final = {
    "chain/catalogue.py": "data; test_errors.py checks every entry",
    "chain/catalogue_entry.py": "one NamedTuple without behaviour",
    "contracts/lifecycle_records.py": "frozen values; tested in test_records.py with the others",
    "chain/scalars.py": "type names; their limits are tested where bytes are decoded",
    "node/replica/ports.py": "protocols without behaviour",
    "node/replica/effects.py": "frozen values without behaviour",
    "node/replica/events.py": "frozen values without behaviour",
    "contracts/happenings.py": "frozen values without behaviour",
    "node/replica/setting.py": "frozen values without behaviour",
    "node/replica/messages.py": "frozen values; their encoding is tested in test_codec.py",
    "consensus/chain.py": "frozen values without behaviour",
    "consensus/effects.py": "frozen values without behaviour",
    "consensus/events.py": "frozen values without behaviour",
    "consensus/engine.py": "a protocol, and what makes the engine that test_switch.py tests",
    "contracts/executor.py": "protocols and frozen values without behaviour",
    "node/__main__.py": "two lines; tests/e2e runs them",
    "node/api/context.py": "a protocol and frozen values without behaviour",
}
"""Modules without a test file of their own, and why that is right."""

TESTED_THROUGH: Final = {
    "contracts/kit/templates/": "test_plugin.py runs the tests of every template",
    "contracts/runtime/": "test_inprocess.py, test_language.py and tests/attacks run programs",
    "contracts/sandbox/": "test_sandbox.py holds the worker to the in-process results",
    "node/api/handlers/": "tests/unit/node/api sends requests to a real server",
    "node/api/views/": "tests/unit/node/api reads the answers of a real server",
    "contracts/top_level.py": "test_checker.py: parts of the checker",
    "node/api/answers.py": "test_app.py and test_reading.py: every answer passes through it",
    "node/api/limits.py": "test_server.py: connections and requests beyond the limits",
    "node/api/problems.py": "test_app.py: every refusal passes through it",
    "node/api/requests.py": "test_reading.py and test_transactions.py: every request does",
    "node/api/routes.py": "test_app.py: every route is in the OpenAPI document",
    "node/api/schema.py": "test_app.py: the document and live answers against it",
    "node/client/": "test_client.py and test_events.py: the client against real servers",
    "node/reader/downsample.py": "test_series.py: what a long series becomes",
    "node/reader/paging.py": "test_blocks.py and test_records.py: pages of every list",
    "node/reader/reader.py": "tests/unit/node/reader: it only joins the parts",
    "node/storage/options.py": "test_rocks.py: a store opened with them",
    "contracts/expression_check.py": "test_checker.py: parts of the checker",
    "contracts/function_check.py": "test_checker.py: parts of the checker",
    "contracts/findings.py": "test_checker.py: parts of the checker",
    "contracts/outline.py": "test_checker.py: parts of the checker",
    "contracts/source.py": "test_checker.py: parts of the checker",
    "contracts/language_tables.py": "test_language.py: the tables of the language",
    "contracts/manifest.py": "test_compiler.py: what the compiler reads out",
    "contracts/native/histories.py": "test_happenings.py: what contracts read of them",
    "contracts/conformance_programs.py": "test_conformance.py runs them",
    "contracts/conformance_sources.py": "test_conformance.py runs them",
    "contracts/conformance_results.py": "test_conformance.py: what the programs come to",
    "contracts/metered_expressions.py": "test_metering.py: parts of the rewriter",
    "contracts/metered_patterns.py": "test_matching.py: what `match` is rewritten to",
    "contracts/pattern_check.py": "test_matching.py: which patterns are refused",
}
"""Modules and folders that are tested as a whole, through their one door, and by which tests."""

# The words are written apart so that this file does not hold them.
LATER_WORDS: Final = ("TO" + "DO", "FIX" + "ME", "X" * 3, "HA" + "CK")
UNFINISHED: Final = re.compile(rf"\b({'|'.join(LATER_WORDS)})\b")
EMPTY_CHECK: Final = re.compile(r"\bassert\s+(True|1)\b")
MACHINE_PATH: Final = re.compile(
    r"(?<![\w.$}])/(work|root|home/[a-z]+|Users/[a-z]+)/", re.IGNORECASE
)
PURE_BANNED: Final = re.compile(
    r"^(time|random|secrets|os|socket|asyncio|threading|logging|subprocess|uuid|tempfile)(\.|$)"
)


@cache
def tracked() -> tuple[Path, ...]:
    """All files of the project, relative to its top folder."""
    listed = subprocess.run(
        ["git", "ls-files", "--cached", "--others", "--exclude-standard", "-z"],
        cwd=REPOSITORY, capture_output=True, text=True, check=False,
    )  # fmt: skip
    if listed.returncode != 0:
        pytest.skip("not a git work tree")
    names = (Path(name) for name in listed.stdout.split("\0") if name)
    return tuple(sorted(path for path in names if (REPOSITORY / path).is_file()))


def sources(*, with_tests: bool = False) -> list[Path]:
    """The Python files of the packages, or of the packages and tests."""
    tops = (*PACKAGES, "tests") if with_tests else PACKAGES
    return [path for path in tracked() if path.suffix == ".py" and path.parts[0] in tops]


@cache
def tree(path: Path) -> ast.Module:
    """The syntax tree of a source file."""
    return ast.parse((REPOSITORY / path).read_text(encoding="utf-8"), str(path))


@cache
def lines(path: Path) -> tuple[str, ...]:
    """The lines of a text file, or none where it is not text."""
    try:
        return tuple((REPOSITORY / path).read_text(encoding="utf-8").splitlines())
    except UnicodeDecodeError:
        return ()


def is_pure(path: Path) -> bool:
    """Whether a module must touch no clock, disk, socket or chance."""
    name = path.as_posix()
    if name.startswith(("contracts/sandbox/", "contracts/sandbox.py")):
        return False
    return name.startswith(("chain/", "consensus/", "contracts/", "node/replica/"))


def test_the_top_level_holds_only_what_is_planned() -> None:
    assert {path.parts[0] for path in tracked()} - TOP_LEVEL == set()


def test_files_are_short_enough_to_read_at_a_sitting() -> None:
    too_long = {}
    for path in sources(with_tests=True):
        limit = TEST_FILE_LINES_MAX if path.parts[0] == "tests" else FILE_LINES_MAX
        if len(lines(path)) > limit:
            too_long[str(path)] = len(lines(path))
    assert too_long == {}


def test_functions_are_short() -> None:
    too_long = [
        f"{path}:{node.lineno} {node.name} ({node.end_lineno - node.lineno + 1} lines)"
        for path in sources()
        for node in ast.walk(tree(path))
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
        and node.end_lineno is not None
        and node.end_lineno - node.lineno + 1 > FUNCTION_LINES_MAX
    ]
    assert too_long == []


def test_every_module_has_a_unit_test_file() -> None:
    known = {path.as_posix() for path in tracked()}
    missing = []
    for path in sources():
        if path.name == "__init__.py" or path.as_posix() in WITHOUT_UNIT_TEST:
            continue
        if path.as_posix().startswith(tuple(TESTED_THROUGH)):
            continue
        if path.name.startswith("catalogue_"):
            continue  # Data, under the same reason as chain/catalogue.py.
        if f"tests/unit/{path.parent.as_posix()}/test_{path.name}" not in known:
            missing.append(path.as_posix())
    assert missing == []


def test_the_list_of_exemptions_is_not_stale() -> None:
    known = {path.as_posix() for path in sources()}
    stale = [
        name
        for name in WITHOUT_UNIT_TEST
        if name not in known
        or f"tests/unit/{name.rpartition('/')[0]}/test_{Path(name).name}" in known
    ]
    assert stale == []


def public_names(body: list[ast.stmt], prefix: str = "") -> Iterator[tuple[str, ast.AST]]:
    """The public classes, functions and methods under a body, with their dotted names."""
    for node in body:
        if not isinstance(node, ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef):
            continue
        if node.name.startswith("_"):
            continue
        overloads = [ast.unparse(each) for each in node.decorator_list]
        if not any(
            name in ("overload", "override") or name.endswith(".setter") for name in overloads
        ):
            yield prefix + node.name, node
        if isinstance(node, ast.ClassDef):
            yield from public_names(node.body, f"{prefix}{node.name}.")


def test_every_public_name_says_what_it_is_for() -> None:
    silent = [
        f"{path}: {name}"
        for path in sources()
        for name, node in [("module", tree(path)), *public_names(tree(path).body)]
        if isinstance(node, ast.Module | ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef)
        and not ast.get_docstring(node)
    ]
    assert silent == []


def found(pattern: re.Pattern[str], paths: list[Path]) -> list[str]:
    """Where a pattern stands, as file:line."""
    return [
        f"{path}:{number}"
        for path in paths
        for number, line in enumerate(lines(path), start=1)
        if pattern.search(line)
    ]


def prose_and_code() -> list[Path]:
    """All tracked text but data, locks and licences."""
    skipped = {".lock", ".csv", ".gz", ".png", ".svg", ".json", ".bin", ".pem"}
    return [path for path in tracked() if path.suffix not in skipped and path.name != "LICENSE"]


def test_nothing_is_left_for_later() -> None:
    assert found(UNFINISHED, prose_and_code()) == []


def test_no_test_asserts_what_cannot_fail() -> None:
    assert (
        found(EMPTY_CHECK, [path for path in sources(with_tests=True) if path.parts[0] == "tests"])
        == []
    )


def test_no_file_knows_the_machine_it_was_written_on() -> None:
    assert found(MACHINE_PATH, prose_and_code()) == []


def test_lock_files_name_no_host() -> None:
    locks = [path for path in tracked() if path.suffix == ".lock"]
    assert locks
    assert found(re.compile(r"://|--(extra-)?index-url|--find-links"), locks) == []
    npm = [path for path in tracked() if path.name == "package-lock.json"]
    assert found(re.compile(r'"resolved"'), npm) == []


def impurities(where: str, module: ast.Module) -> Iterator[str]:
    """What a pure module does that it must not, each with its place."""
    for node in ast.walk(module):
        place = f"{where}:{getattr(node, 'lineno', 0)}"
        match node:
            case ast.Import(names=names):
                yield from (f"{place} import {n.name}" for n in names if PURE_BANNED.match(n.name))
            case ast.ImportFrom(module=str(name), level=0) if PURE_BANNED.match(name):
                yield f"{place} from {name}"
            case ast.Call(func=ast.Name(id="print" | "input" | "open" as name)):
                yield f"{place} {name}()"
            case ast.Call(func=ast.Attribute(attr="now" | "utcnow" | "today" as name)):
                yield f"{place} .{name}()"
            case ast.AsyncFunctionDef(name=name):
                yield f"{place} async def {name}"


def test_pure_code_has_no_clock_chance_disk_or_screen() -> None:
    pure = [path for path in sources() if is_pure(path)]
    assert [fault for path in pure for fault in impurities(str(path), tree(path))] == []


@pytest.mark.parametrize(
    "line",
    [
        "import time",
        "import os.path",
        "from random import choice",
        "print(1)",
        "open('x')",
        "datetime.now()",
        "async def f(): ...",
    ],
)
def test_an_impure_line_is_noticed(line: str) -> None:
    assert len(list(impurities("planted", ast.parse(line)))) == 1


def test_unfinished_and_machine_bound_lines_are_noticed() -> None:
    assert UNFINISHED.search("# TO" + "DO: later")
    assert EMPTY_CHECK.search("    assert " + "True")
    assert MACHINE_PATH.search("open('/wo" + "rk/x')")
    assert not MACHINE_PATH.search("VOLUME /var/lib/veritwin")
