"""From source text to a syntax tree, with limits on its shape before the parser sees it.

CPython's parser can be driven into deep recursion, and its grammar grows from version to version.
So the text is bounded first: size, brackets, operators in a row, chains of elif; and spellings
that only newer versions accept (quotes inside the braces of an f-string) are refused everywhere.
"""

from __future__ import annotations

import ast
import re
import warnings
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Final

from contracts import language as lang
from contracts.findings import Finding, find_at

_TOKEN: Final = re.compile(
    r"(?P<comment>#[^\n]*)|(?P<prefix>[A-Za-z]*)(?P<quote>\"\"\"|'''|\"|')"
    r"|(?P<word>\w+)|(?P<newline>\n)|(?P<space> +)|(?P<other>.)"
)
_BYTES_ESCAPE: Final = re.compile(r"\\(?:[\\'\"ntr]|x[0-9a-fA-F]{2})")
_ESCAPE: Final = re.compile(
    # No half characters: they have no bytes, and where they meet the encoder differs.
    _BYTES_ESCAPE.pattern[:-1] + r"|u(?:[0-9abcefABCEF][0-9a-fA-F]{3}|[dD][0-7][0-9a-fA-F]{2}))"
)
_NUMBER: Final = re.compile(
    r"0[xX][0-9a-fA-F_]+|0[oO][0-7_]+|0[bB][01_]+|[0-9][0-9_]*(?:[eE][0-9_]*)?[jJ]?"
)
_FSTRING: Final = re.compile(r"(?:[^{}]|\{\{|\}\}|\{[^{}'\"\\#\n]+\})*")
_PREFIXES: Final = frozenset(("", "b", "f"))
_OPERATOR_WORDS: Final = frozenset(
    ("and", "or", "not", "if", "else", "in", "is", "lambda", "await", "for")
)
_OPERATORS: Final = frozenset("+-*/%&|^<>=~@.")


@dataclass(slots=True)
class _Scan:
    """Counters of one pass over the text."""

    findings: list[Finding] = field(default_factory=list)
    line: int = 1
    line_start: int = 0
    depth: int = 0
    operators: int = 0
    logical_start: int = 1
    fresh: bool = True
    indent: int = 0
    after_operand: bool = False
    elif_counts: dict[int, int] = field(default_factory=dict)

    def add(self, offset: int, rule: str, reason: str, instead: str) -> None:
        column = offset - self.line_start + 1
        self.findings.append(Finding(self.line, column, rule, reason, instead))


def parse_source(source: str) -> tuple[ast.Module | None, list[Finding]]:
    """Parse a contract's source within the limits of `contracts.language`.

    Within them the parser needs little stack and memory. When there is not even that, what it
    raises goes up: it says nothing about the source.

    Returns: the tree, or None with at least one finding.
    """
    findings = list(_check_text(source))
    if not findings:
        findings = _check_shape(source)
    if findings:
        return None, findings
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            tree = ast.parse(source)
    except SyntaxError as error:
        return None, [
            Finding(
                error.lineno or 1,
                error.offset or 1,
                "syntax",
                "this is not Python 3.11",
                "correct the syntax",
            )
        ]
    except ValueError:
        return None, [Finding(1, 1, "shape", "the parser cannot take it", "shorter expressions")]
    return tree, _check_tree(tree)


def _check_text(source: str) -> Iterator[Finding]:
    if len(source) > lang.SOURCE_SIZE_MAX:
        yield Finding(
            1,
            1,
            "size",
            f"the source has more than {lang.SOURCE_SIZE_MAX} characters",
            "two contracts",
        )
        return
    for number, line in enumerate(source.split("\n"), 1):
        if len(line) > lang.LINE_SIZE_MAX:
            yield Finding(
                number,
                1,
                "line-length",
                f"the line has more than {lang.LINE_SIZE_MAX} characters",
                "shorter lines",
            )
        for column, letter in enumerate(line, 1):
            if not " " <= letter <= "~":
                yield Finding(
                    number,
                    column,
                    "ascii",
                    "only printable ASCII and line feeds are allowed",
                    "spaces for tabs, and \\u escapes in texts",
                )
                return


def _check_shape(source: str) -> list[Finding]:
    scan = _Scan()
    position = 0
    while position < len(source) and len(scan.findings) < 20:
        match = _TOKEN.match(source, position)
        assert match is not None, "the last alternatives take any character"
        position = match.end()
        kind = match.lastgroup
        if kind == "quote":
            position = _scan_string(scan, source, match)
            scan.fresh, scan.after_operand = False, True
        elif kind == "word":
            _scan_word(scan, match)
        elif kind == "newline":
            _scan_newline(scan, position)
        elif kind == "space":
            if scan.fresh and match.start() == scan.line_start:
                scan.indent = position - scan.line_start
        elif kind == "other":
            _scan_symbol(scan, match)
    return scan.findings


def _scan_newline(scan: _Scan, position: int) -> None:
    scan.line += 1
    scan.line_start = position
    if scan.depth == 0:
        scan.operators = 0
        scan.logical_start = scan.line
        scan.fresh, scan.indent, scan.after_operand = True, 0, False
    elif scan.line - scan.logical_start == lang.LOGICAL_LINES_MAX:
        scan.add(
            position,
            "shape",
            f"one statement spans more than {lang.LOGICAL_LINES_MAX} lines",
            "several statements",
        )


def _scan_word(scan: _Scan, match: re.Match[str]) -> None:
    word = match.group()
    if word[0].isdigit() and _NUMBER.fullmatch(word) is None:
        # Newer versions no longer read `1if x`, and operators would hide here.
        scan.add(match.start(), "number", "a number stands apart from what follows", "a space")
    if scan.fresh:
        _scan_statement_start(scan, match.start(), word)
    scan.fresh = False
    if word in _OPERATOR_WORDS:
        _count_operator(scan, match.start())
        scan.after_operand = False
    else:
        scan.after_operand = True


def _scan_statement_start(scan: _Scan, offset: int, word: str) -> None:
    if scan.indent > lang.INDENT_MAX:
        scan.add(
            offset,
            "shape",
            f"indented more than {lang.INDENT_MAX} columns",
            "a function for the inner part",
        )
    if word == "elif":
        scan.elif_counts[scan.indent] = scan.elif_counts.get(scan.indent, 0) + 1
        if scan.elif_counts[scan.indent] == lang.ELIF_MAX + 1:
            scan.add(offset, "shape", f"more than {lang.ELIF_MAX} elif in one chain", "a dict")
    else:
        scan.elif_counts[scan.indent] = 0


def _count_operator(scan: _Scan, offset: int) -> None:
    scan.operators += 1
    if scan.operators == lang.OPERATORS_MAX + 1:
        scan.add(
            offset,
            "shape",
            f"more than {lang.OPERATORS_MAX} operators in one statement",
            "several statements",
        )


def _scan_symbol(scan: _Scan, match: re.Match[str]) -> None:
    symbol, offset = match.group(), match.start()
    if symbol in "([{":
        if scan.after_operand:
            _count_operator(scan, offset)
        scan.depth += 1
        if scan.depth == lang.BRACKET_DEPTH_MAX + 1:
            scan.add(
                offset,
                "shape",
                f"brackets nested more than {lang.BRACKET_DEPTH_MAX} deep",
                "names for the inner parts",
            )
    elif symbol in ")]}":
        scan.depth = max(0, scan.depth - 1)
    elif symbol in _OPERATORS:
        _count_operator(scan, offset)
    elif symbol == ";":
        scan.add(offset, "semicolon", "one statement per line", "two lines")
    elif symbol == "\\":
        scan.add(offset, "backslash", "lines are joined by brackets here", "brackets")
    scan.after_operand = symbol in ")]}"
    scan.fresh = False


def _scan_string(scan: _Scan, source: str, match: re.Match[str]) -> int:
    """Check the string literal whose opening quote matched; give the offset behind it."""
    prefix, quote = match.group("prefix"), match.group("quote")
    if prefix not in _PREFIXES:
        scan.add(
            match.start(), "string", "only plain, b and f strings are allowed", "a plain string"
        )
        return match.end()
    begin = match.end()
    end = begin
    while not source.startswith(quote, end):
        if end >= len(source) or (source[end] == "\n" and len(quote) == 1):
            scan.add(match.start(), "string", "the string does not end", "a closing quote")
            return end
        if source[end] == "\\":
            escape = (_BYTES_ESCAPE if prefix == "b" else _ESCAPE).match(source, end)
            if escape is None:
                _refuse_escape(scan, source, end)
                return end + 2
            end = escape.end()
        else:
            end += 1
    text = source[begin:end]
    if prefix == "f" and (len(quote) == 3 or _FSTRING.fullmatch(text) is None):
        scan.add(
            match.start(),
            "f-string",
            "an f-string stands on one line, without quotes, backslashes or braces inside "
            "its braces",
            "a variable for the inner part",
        )
    for index, letter in enumerate(text, begin):
        if letter == "\n":
            _scan_text_newline(scan, index + 1)
    return end + len(quote)


def _refuse_escape(scan: _Scan, source: str, offset: int) -> None:
    if re.match(r"\\u[dD][89a-fA-F][0-9a-fA-F]{2}", source[offset : offset + 6]):
        scan.add(offset, "string", "a lone surrogate is no character", "the whole character")
    else:
        scan.add(
            offset, "string", "this escape is not allowed", r"\\ \' \" \n \t \r \xHH or \uHHHH"
        )


def _scan_text_newline(scan: _Scan, position: int) -> None:
    scan.line += 1
    scan.line_start = position


def _check_tree(tree: ast.Module) -> list[Finding]:
    """Bound depth and size of the tree, without recursion."""
    pending: list[tuple[ast.AST, int]] = [(tree, 0)]
    count = 0
    while pending:
        node, depth = pending.pop()
        count += 1
        if depth > lang.TREE_DEPTH_MAX:
            return [
                find_at(
                    node,
                    "shape",
                    f"nested more than {lang.TREE_DEPTH_MAX} deep",
                    "smaller expressions and functions",
                )
            ]
        if count > lang.NODES_MAX:
            return [
                find_at(node, "size", f"more than {lang.NODES_MAX} syntax nodes", "two contracts")
            ]
        pending.extend((child, depth + 1) for child in ast.iter_child_nodes(node))
    return []
