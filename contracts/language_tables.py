"""Write the language's tables for docs/contracts.md, from the one table that the checker reads.

Print them with `python -m contracts.language_tables`; a test compares them with the page.
"""

from __future__ import annotations

import sys
from collections.abc import Iterable

from contracts import language as lang


def render_tables() -> str:
    """Give the tables as Markdown."""
    parts = [
        "### Statements",
        _table(
            ("Node", "Gas", "What it is"),
            [(f"`{entry.node}`", str(entry.gas), entry.note) for entry in lang.STATEMENTS],
        ),
        "### Expressions",
        _table(
            ("Node", "Gas", "What it is"),
            [(f"`{entry.node}`", str(entry.gas), entry.note) for entry in lang.EXPRESSIONS],
        ),
        "### Patterns",
        _table(
            ("Node", "Gas", "What it is"),
            [(f"`{entry.node}`", str(entry.gas), entry.note) for entry in lang.PATTERNS],
        ),
        f"Besides: {lang.ENTRY_GAS} per invocation, {lang.CALL_GAS} per call of a function of the "
        f"contract, {lang.LOOP_GAS} per turn of a loop or comprehension, and what helpers charge "
        "by the size of their operands.",
        "### Functions",
        _table(("Name", "Arguments", "Keywords", "Notes"), [_builtin(x) for x in lang.BUILTINS]),
        "### Methods and fields",
        _table(("Of", "Methods", "Fields"), _members()),
        "### Exceptions",
        "Raise and catch: " + ", ".join(f"`{name}`" for name in lang.EXCEPTIONS) + ".",
        "### Not in the language",
        _table(
            ("Name", "Why", "Write instead"),
            [
                (f"`{entry.name}`", entry.reason, f"{entry.instead}")
                for entry in (*lang.REFUSED_SYNTAX, *lang.REFUSED_NAMES)
            ],
        ),
        "### Limits",
        _table(("What", "Most"), [(what, f"{most:,}") for what, most in _limits()]),
    ]
    return "\n\n".join(parts) + "\n"


def _builtin(entry: lang.Builtin) -> tuple[str, str, str, str]:
    count = str(entry.least) if entry.least == entry.most else f"{entry.least} to {entry.most}"
    return f"`{entry.name}`", count, ", ".join(f"`{word}`" for word in entry.keywords), entry.note


def _members() -> list[tuple[str, str, str]]:
    owners = list(dict.fromkeys([*lang.METHODS, *lang.FIELDS]))
    return [
        (
            f"`{owner}`",
            ", ".join(f"`{name}`" for name in lang.METHODS.get(owner, ())),
            ", ".join(f"`{name}`" for name in lang.FIELDS.get(owner, ())),
        )
        for owner in owners
    ]


def _limits() -> list[tuple[str, int]]:
    return [
        ("characters of a source", lang.SOURCE_SIZE_MAX),
        ("characters of a line", lang.LINE_SIZE_MAX),
        ("lines of one statement", lang.LOGICAL_LINES_MAX),
        ("operators of one statement", lang.OPERATORS_MAX),
        ("brackets inside brackets", lang.BRACKET_DEPTH_MAX),
        ("`elif` in one chain", lang.ELIF_MAX),
        ("cases of one `match`", lang.CASES_MAX),
        ("patterns of one case", lang.PATTERN_PARTS_MAX),
        ("patterns inside patterns", lang.PATTERN_DEPTH_MAX),
        ("loops, `try` and `match` inside each other", lang.BLOCK_DEPTH_MAX),
        ("`for` of comprehensions inside each other", lang.COMPREHENSION_DEPTH_MAX),
        ("`*` or `**` in one list or dict", lang.SPREADS_MAX),
        ("functions calling each other", lang.CALL_DEPTH_MAX),
        ("items of a list", lang.LIST_SIZE_MAX),
        ("characters of a text", lang.TEXT_SIZE_MAX),
        ("containers inside containers, when compared or kept", lang.NESTING_MAX),
        ("width in an f-string", lang.FORMAT_WIDTH_MAX),
    ]


def _table(head: tuple[str, ...], rows: Iterable[tuple[str, ...]]) -> str:
    lines = [head, tuple("---" for _ in head), *rows]
    cells = [[cell.replace("|", "\\|") for cell in line] for line in lines]
    return "\n".join("| " + " | ".join(line) + " |" for line in cells)


if __name__ == "__main__":
    sys.stdout.write(render_tables())
