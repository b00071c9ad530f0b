"""What is allowed and still costs: loops over state, values that grow, constants built anew.

Advice is for the author and for those who approve. It never decides whether a source is a contract.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator

from contracts.checker import Checked
from contracts.findings import Finding, find_at
from contracts.outline import FunctionDef, Outline

_READS = ("items", "keys")


def give_advice(checked: Checked) -> tuple[Finding, ...]:
    """Give advice about a source that the checker accepts, in the order of its lines."""
    outline = checked.outline
    found = [*_on_constants(outline)]
    for function in outline.functions.values():
        found += _on_function(outline, function)
    return tuple(sorted(set(found)))


def _on_constants(outline: Outline) -> Iterator[Finding]:
    for constant in outline.constants.values():
        if constant.mutable:
            yield find_at(
                constant.value,
                "cost",
                f"{constant.name} is built anew in every invocation, because it can be changed",
                "a tuple, if nothing changes it",
            )


def _on_function(outline: Outline, function: FunctionDef) -> Iterator[Finding]:
    for node in ast.walk(function.node):
        match node:
            case ast.For(iter=over):
                yield from _on_loop(outline, function, node, over)
            case ast.comprehension(iter=over):
                yield from _on_loop(outline, function, over, over)
            case ast.While() if any(_reads_state(outline, part) for part in ast.walk(node)):
                yield find_at(
                    node,
                    "cost",
                    "the loop reads state in every turn, and may go on as long as the state grows",
                    "a bound of its own: a counter, or one page for each call",
                )
            case ast.Call(func=ast.Attribute(value=ast.Name(id=name), attr="append")):
                yield from _on_append(outline, function, node, name)
            case ast.List(elts=[_, _, *_] as items):
                for item in items:
                    if isinstance(item, ast.Starred):
                        yield from _on_spread(outline, function, item)
            case _:
                pass


def _on_loop(
    outline: Outline, function: FunctionDef, place: ast.AST, over: ast.expr
) -> Iterator[Finding]:
    read = next((part for part in ast.walk(over) if _reads_range(outline, part)), None)
    if not isinstance(read, ast.Call):
        return
    if function.handler == "update":
        yield find_at(
            place,
            "cost",
            "every reading that wakes the contract pays for this loop over state",
            "one entry for each twin, read by its name",
        )
    if not _has_limit(read):
        yield find_at(
            place,
            "cost",
            "the loop reads 100 entries and passes over the others as the state grows",
            f"{ast.unparse(read.func)}(start, limit=...), and the next page in the next call",
        )


def _on_spread(outline: Outline, function: FunctionDef, node: ast.Starred) -> Iterator[Finding]:
    """Advise against `[*xs, x]` of a list in state as against `append`."""
    match node.value:
        case ast.Name(id=name):
            yield from _on_append(outline, function, node, name)
        case value if _reads_state(outline, value):
            yield _grows(node, "the list")
        case _:
            pass


def _on_append(
    outline: Outline, function: FunctionDef, place: ast.AST, name: str
) -> Iterator[Finding]:
    """Advise against a list that is read from state, grows and is stored again."""
    for node in ast.walk(function.node):
        match node:
            case ast.Assign(targets=[ast.Name(id=target)], value=value) if target == name:
                if any(_reads_state(outline, part) for part in ast.walk(value)):
                    yield _grows(place, name)


def _grows(place: ast.AST, name: str) -> Finding:
    return find_at(
        place,
        "cost",
        f"{name} comes from state and grows with each call, up to 16,384 bytes",
        "a Map with one entry for each item",
    )


def _reads_range(outline: Outline, node: ast.AST) -> bool:
    match node:
        case ast.Call(func=ast.Attribute(value=ast.Name(id=name), attr=attribute)):
            entry = outline.state.get(name)
            return entry is not None and entry.is_map and attribute in _READS
        case _:
            return False


def _reads_state(outline: Outline, node: ast.AST) -> bool:
    match node:
        case ast.Call(func=ast.Attribute(value=ast.Name(id=name), attr="get" | "items" | "keys")):
            return name in outline.state
        case ast.Subscript(value=ast.Name(id=name)):
            return name in outline.state
        case _:
            return False


def _has_limit(read: ast.Call) -> bool:
    return len(read.args) > 1 or any(word.arg == "limit" for word in read.keywords)
