"""Turn the patterns of a checked `match` into literals for `contracts.runtime.matching`.

No raw pattern reaches the interpreter: it would call `__eq__`, `len` and `[]` of what it looks at,
unpriced. A pattern becomes a tuple that begins with the name of its form; a name that it assigns
is a number, the place of its value among those that the helper gives back.
"""

from __future__ import annotations

import ast
from typing import Any

from contracts.outline import Outline
from contracts.pattern_check import find_captures


def encode_pattern(outline: Outline, pattern: ast.pattern) -> tuple[list[str], ast.expr]:
    """Give the names that a case assigns, and its pattern as a literal."""
    names = list(dict.fromkeys(name for _, name in find_captures(pattern)))
    form = _Encoder(outline, names).encode(pattern)
    return names, _write((len(names), form))


class _Encoder:
    def __init__(self, outline: Outline, names: list[str]) -> None:
        self._outline = outline
        self._names = names

    def encode(self, node: ast.pattern) -> tuple[Any, ...]:
        """Give one pattern as a tuple."""
        match node:
            case ast.MatchValue(value=value):
                return ("value", _literal(value))
            case ast.MatchSingleton(value=value):
                return ("is", value)
            case ast.MatchSequence(patterns=parts):
                return self._sequence(parts)
            case ast.MatchMapping(keys=keys, patterns=parts, rest=rest):
                texts = tuple([_literal(key) for key in keys])
                return ("mapping", texts, self._all(parts), self._place(rest))
            case ast.MatchClass():
                return self._class(node)
            case ast.MatchAs(pattern=None, name=None):
                return ("any",)
            case ast.MatchAs(pattern=None, name=str(name)):
                return ("name", self._place(name))
            case ast.MatchAs(pattern=ast.pattern() as inner, name=name):
                return ("as", self.encode(inner), self._place(name))
            case ast.MatchOr(patterns=parts):
                return ("or", self._all(parts))
            case _:
                raise AssertionError(f"the checker let {type(node).__name__} through")

    def _all(self, parts: list[ast.pattern]) -> tuple[tuple[Any, ...], ...]:
        return tuple([self.encode(part) for part in parts])

    def _place(self, name: str | None) -> int | None:
        return None if name is None else self._names.index(name)

    def _sequence(self, parts: list[ast.pattern]) -> tuple[Any, ...]:
        for index, part in enumerate(parts):
            if isinstance(part, ast.MatchStar):
                before, after = self._all(parts[:index]), self._all(parts[index + 1 :])
                return ("starred", before, self._place(part.name), after)
        return ("sequence", self._all(parts))

    def _class(self, node: ast.MatchClass) -> tuple[Any, ...]:
        assert isinstance(node.cls, ast.Name), "the checker lets names only through"
        name = node.cls.id
        if name in self._outline.records:
            return ("record", name, tuple(node.kwd_attrs), self._all(node.kwd_patterns))
        return ("type", name, self._all(node.patterns))


def _write(value: Any) -> ast.expr:
    if isinstance(value, tuple):
        return ast.Tuple([_write(part) for part in value], ast.Load())
    return ast.Constant(value)


def _literal(node: ast.expr) -> Any:
    match node:
        case ast.Constant(value=value):
            return value
        case ast.UnaryOp(op=ast.USub(), operand=ast.Constant(value=int(number))):
            return -number
        case _:
            raise AssertionError("the checker lets literals only through")
