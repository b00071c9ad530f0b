"""Check the patterns of `match` before Python does, so that all versions refuse the same ones.

A pattern compares with literals, looks into lists and dicts, and into the author's own records.
What would look up a name or an attribute of something else is refused.
"""

from __future__ import annotations

import ast
from collections.abc import Iterable, Iterator
from typing import Final

from contracts import language as lang
from contracts.outline import Outline, check_import, check_literal, check_new_name

RULE: Final = "pattern"
_CATCHING: Final = tuple(name for name in lang.TYPES if name != "Decimal")
"""Types whose pattern may name what it matched: `int(x)`."""


def find_captures(node: ast.AST) -> Iterator[tuple[ast.AST, str]]:
    """Give the names that patterns in a node assign, as often as they stand there."""
    for part in ast.walk(node):
        match part:
            case ast.MatchAs(name=str(name)) | ast.MatchStar(name=str(name)):
                yield part, name
            case ast.MatchMapping(rest=str(name)):
                yield part, name
            case _:
                pass


def check_capture(outline: Outline, node: ast.AST, name: str) -> bool:
    """Check a name that a pattern assigns; a finding and False when it cannot be a variable.

    Authors write `case LIMIT:` and mean a comparison, so this is told apart from other names.
    """
    if name in lang.TYPES or name in outline.records:
        instead = f"case {name}():"
    elif name in outline.constants:
        instead = f"case x if x == {name}:"
    else:
        return check_new_name(outline, node, name)
    outline.add(
        node, RULE, f"a bare name takes anything, and does not compare with {name}", instead
    )
    return False


def is_irrefutable(pattern: ast.pattern) -> bool:
    """Say whether a pattern matches whatever comes."""
    match pattern:
        case ast.MatchAs(pattern=None):
            return True
        case ast.MatchAs(pattern=ast.pattern() as inner):
            return is_irrefutable(inner)
        case ast.MatchOr(patterns=patterns):
            return any([is_irrefutable(one) for one in patterns])
        case _:
            return False


def check_pattern(outline: Outline, pattern: ast.pattern) -> None:
    """Check the pattern of one case."""
    parts = sum(isinstance(part, ast.pattern) for part in ast.walk(pattern))
    if parts > lang.PATTERN_PARTS_MAX:
        outline.add(
            pattern,
            "shape",
            f"more than {lang.PATTERN_PARTS_MAX} patterns in one case",
            "several cases, or ifs in the body",
        )
        return
    check = _PatternCheck(outline)
    names = check.pattern(pattern, 1)
    for name in sorted({name for name in names if names.count(name) > 1}):
        check.add(pattern, f"{name} is assigned twice", "two names, and `if a == b`")


class _PatternCheck:
    """Checks patterns; each method gives the names that are assigned, in order."""

    def __init__(self, outline: Outline) -> None:
        self._outline = outline

    def add(self, node: ast.AST, reason: str, instead: str) -> None:
        """Add a finding at a node."""
        self._outline.add(node, RULE, reason, instead)

    def pattern(self, node: ast.pattern, depth: int) -> list[str]:
        """Check a pattern and what is inside it."""
        if depth > lang.PATTERN_DEPTH_MAX:
            reason = f"patterns nested more than {lang.PATTERN_DEPTH_MAX} deep"
            self._outline.add(node, "shape", reason, "a match of the inner part in the body")
            return []
        match node:
            case ast.MatchValue(value=value):
                self._value(node, value)
                return []
            case ast.MatchSingleton():
                return []
            case ast.MatchSequence(patterns=parts):
                if sum(isinstance(part, ast.MatchStar) for part in parts) > 1:
                    self.add(node, "two stars can divide a list in many ways", "[first, *rest]")
                return self._all(parts, depth)
            case ast.MatchStar(name=name):
                return [] if name is None else [name]
            case ast.MatchMapping():
                return self._mapping(node, depth)
            case ast.MatchClass():
                return self._class(node, depth)
            case ast.MatchAs(pattern=inner, name=name):
                names = [] if inner is None else self.pattern(inner, depth + 1)
                return names if name is None else [*names, name]
            case ast.MatchOr(patterns=parts):
                return self._alternatives(parts, depth)
            case _:
                self.add(node, "it is not in the contract language", "see docs/contracts.md")
                return []

    def _all(self, parts: Iterable[ast.pattern], depth: int) -> list[str]:
        return [name for part in parts for name in self.pattern(part, depth + 1)]

    def _value(self, node: ast.pattern, value: ast.expr) -> None:
        literal, sign = value, ""
        if isinstance(value, ast.UnaryOp) and isinstance(value.op, ast.USub):
            literal, sign = value.operand, "-"
        match literal:
            case ast.Constant(value=float() as number):
                self.add(
                    node,
                    "floats round differently from what people expect",
                    f'case x if x == Decimal("{sign}{number}"):',
                )
            case ast.Constant():
                check_literal(self._outline, literal)
            case _:
                self.add(node, "a pattern compares with literals only", "case x if x == limit:")

    def _mapping(self, node: ast.MatchMapping, depth: int) -> list[str]:
        seen: set[object] = set()
        for key in node.keys:
            match key:
                case ast.Constant(value=str(text)):
                    check_literal(self._outline, key)
                    if text in seen:
                        self.add(key, "a key stands twice in the pattern", "each key once")
                    seen.add(text)
                case _:
                    self.add(key, "a key of a pattern is a str literal", 'case {"a": x}:')
        names = self._all(node.patterns, depth)
        return names if node.rest is None else [*names, node.rest]

    def _class(self, node: ast.MatchClass, depth: int) -> list[str]:
        match node.cls:
            case ast.Name(id=name) if name in self._outline.records:
                self._check_fields(node, name)
            case ast.Name(id=name) if name in lang.TYPES:
                self._check_type(node, name)
            case ast.Name(id="tuple"):
                self.add(node, "tuples and lists are one kind of pattern", "case [a, b]:")
            case ast.Name(id=name) if name in lang.REFUSED_NAME_BY_NAME:
                refusal = lang.REFUSED_NAME_BY_NAME[name]
                self.add(node, refusal.reason, refusal.instead)
            case _:
                reason = "a class in a pattern is one of " + ", ".join(lang.TYPES) + ", or a record"
                self.add(node, reason, "case x if ...:")
        return self._all([*node.patterns, *node.kwd_patterns], depth)

    def _check_fields(self, node: ast.MatchClass, name: str) -> None:
        fields = [entry.name for entry in self._outline.records[name]]
        if node.patterns:
            self.add(node, "fields of records are named", f"case {name}({fields[0]}=x):")
        for attribute in sorted(set(node.kwd_attrs)):
            if attribute not in fields:
                self.add(node, f"{name} has no field {attribute}", "one of " + ", ".join(fields))
            elif node.kwd_attrs.count(attribute) > 1:
                self.add(node, f"{attribute} stands twice in the pattern", "each field once")

    def _check_type(self, node: ast.MatchClass, name: str) -> None:
        if name == "Decimal":
            check_import(self._outline, node, name)
        if node.kwd_attrs:
            self.add(node, f"{name} has no fields", f"case {name}() as x:")
        elif node.patterns and name not in _CATCHING:
            self.add(node, f"{name} takes no pattern", f"case {name}() as x if x == limit:")
        elif len(node.patterns) > 1:
            self.add(node, f"{name} takes one pattern", f"case {name}(x):")

    def _alternatives(self, parts: list[ast.pattern], depth: int) -> list[str]:
        found = [self.pattern(part, depth + 1) for part in parts]
        for part, names in zip(parts[1:], found[1:], strict=True):
            if sorted(names) != sorted(found[0]):
                self.add(part, "alternatives assign different names", "two cases")
        for part in parts[:-1]:
            if is_irrefutable(part):
                self.add(part, "it takes anything, so what follows is never tried", "it at the end")
        return found[0]
