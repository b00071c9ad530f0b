"""Make a program that differs smaller, as long as it still differs."""

from __future__ import annotations

import ast
import copy
from collections.abc import Callable, Iterator

from tests.fuzz.program import Program

TRIES_MAX = 3_000


def shrink(program: Program, differs: Callable[[Program], bool]) -> Program:
    """Leave out calls, statements and parts of expressions while `differs` stays true."""
    tries = 0
    found = True
    while found:
        found = False
        for smaller in _smaller(program):
            tries += 1
            if tries > TRIES_MAX:
                return program
            if _size(smaller) < _size(program) and _still(smaller, differs):
                program, found = smaller, True
                break
    return program


def _size(program: Program) -> tuple[int, int]:
    return len(program.calls), sum(1 for _ in ast.walk(ast.parse(program.source)))


def _still(program: Program, differs: Callable[[Program], bool]) -> bool:
    try:
        return differs(program)
    except Exception:  # noqa: BLE001 (a broken program is no smaller example)
        return False


def _smaller(program: Program) -> Iterator[Program]:
    for at in range(len(program.calls)):
        if len(program.calls) > 1:
            yield Program(program.source, program.calls[:at] + program.calls[at + 1 :])
    tree = ast.parse(program.source)
    for count in range(sum(1 for _ in _edits(tree))):
        changed = copy.deepcopy(tree)
        for index, edit in enumerate(_edits(changed)):
            if index == count:
                edit()
                break
        yield Program(ast.unparse(ast.fix_missing_locations(changed)) + "\n", program.calls)


def _edits(tree: ast.AST) -> Iterator[Callable[[], None]]:
    """Give every way to make a tree smaller by one step, largest parts first."""
    for node in ast.walk(tree):
        for name in ("body", "orelse", "handlers"):
            block = getattr(node, name, None)
            if isinstance(block, list):
                yield from _block_edits(block, is_needed=name == "body")
        if isinstance(node, ast.Match):
            yield from _case_edits(node.cases)
    for node in ast.walk(tree):
        for name, value in ast.iter_fields(node):
            if isinstance(value, ast.expr) and not isinstance(value, ast.Name | ast.Constant):
                yield from _expression_edits(node, name, value)


def _block_edits(block: list[ast.stmt], *, is_needed: bool) -> Iterator[Callable[[], None]]:
    for at, statement in enumerate(block):
        inner = getattr(statement, "body", None)
        if isinstance(statement, ast.If | ast.For | ast.While | ast.Try) and inner:
            yield lambda at=at, inner=inner: block.__setitem__(slice(at, at + 1), inner)  # type: ignore[misc]
        if len(block) > 1 or not is_needed:
            yield lambda at=at: block.__delitem__(at)  # type: ignore[misc]
        elif not isinstance(statement, ast.Pass):
            yield lambda at=at: block.__setitem__(at, ast.Pass())  # type: ignore[misc]


def _case_edits(cases: list[ast.match_case]) -> Iterator[Callable[[], None]]:
    for at, case in enumerate(cases):
        if len(cases) > 1:
            yield lambda at=at: cases.__delitem__(at)  # type: ignore[misc]
        if case.guard is not None:
            yield lambda case=case: setattr(case, "guard", None)  # type: ignore[misc]
        match case.pattern:
            case ast.MatchAs(pattern=ast.pattern() as inner):
                parts = [inner]
            case ast.MatchOr(patterns=parts) | ast.MatchSequence(patterns=parts):
                pass
            case ast.MatchMapping(patterns=parts) | ast.MatchClass(kwd_patterns=parts):
                pass
            case _:
                parts = []
        for part in parts:
            if not isinstance(part, ast.MatchStar):
                yield lambda case=case, part=part: setattr(case, "pattern", part)  # type: ignore[misc]


def _expression_edits(owner: ast.AST, name: str, value: ast.expr) -> Iterator[Callable[[], None]]:
    for child in ast.iter_child_nodes(value):
        if isinstance(child, ast.expr) and isinstance(getattr(child, "ctx", ast.Load()), ast.Load):
            yield lambda child=child: setattr(owner, name, child)  # type: ignore[misc]
