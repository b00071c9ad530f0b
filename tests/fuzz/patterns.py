"""Random patterns for a value of a known type, with the types of the names that they assign.

Most fit now and then. Some ask for another type, and a few are ones that Python itself refuses:
those the checker has to refuse first.
"""

from __future__ import annotations

from collections.abc import Callable
from random import Random
from typing import Final

from tests.fuzz.expressions import TYPES, Scope

OTHER_TYPE_CHANCE: Final = 0.12
"""How often a pattern is made for another type than the value has."""
REUSE_CHANCE: Final = 0.25
"""How often a pattern assigns a variable that is there already."""
TWICE_CHANCE: Final = 0.01
"""How often a pattern assigns a name twice, which no version of Python accepts."""
LITERALS: Final = {
    "int": ("0", "1", "-1", "2", "7", "12", "-5", "255", "3"),
    "dec": ("0", "1", "10", "-7", "100"),
    "str": ("''", "'ab'", "'a'", "'x,y'", "'B c'", "'12'", "'k'"),
    "bytes": ("b''", "b'ab'", "b'\\x00\\xff'", "b'ab\\x00'"),
    "bool": ("True", "False", "1", "0"),
    "maybe": ("None", "0", "4", "1"),
}
KEYS: Final = ("'a'", "'b'", "'k'", "''", "'c'", "'ab'")
CLASSES: Final = {
    "int": "int", "str": "str", "bytes": "bytes", "bool": "bool", "ints": "list", "strs": "list",
    "table": "dict",
}  # fmt: skip
FIELDS: Final = {
    "tags": "ints",
    "amount": "int",
    "label": "str",
    "price": "dec",
    "extra": "maybe",
    "values": "int",
}
OTHER: Final = "other"
"""The type of a name that is in sight, and that no expression is made of."""


class Patterns:
    """Makes patterns; `names` collects what the pattern at hand assigns."""

    def __init__(self, rng: Random, scope: Scope) -> None:
        self.rng = rng
        self.scope = scope
        self.names: dict[str, str] = {}

    def make(self, kind: str, *, takes_anything: bool) -> str:
        """Make the pattern of a case; `takes_anything` when it may be one that does."""
        self.names = {}
        for _ in range(20):
            text = self._pattern(kind, 3)
            if takes_anything or not self._is_plain(text):
                return text
            self.names = {}
        return "[]"

    def _is_plain(self, text: str) -> bool:
        """Say whether a pattern takes anything, by its text; now and then look away."""
        parts = text.replace("(", "").replace(")", "").replace(" as ", " | ").split(" | ")
        return any(part.isidentifier() for part in parts) and self.rng.random() > 0.01

    def _name(self, kind: str) -> str:
        known = [name for name in self.scope.of_type(kind) if name not in self.names]
        if self.names and self.rng.random() < TWICE_CHANCE:
            return self.rng.choice(list(self.names))
        if known and self.rng.random() < REUSE_CHANCE:
            name = self.rng.choice(known)
        else:
            name = self.scope.new_name(kind)
        self.names[name] = kind
        return name

    def _pattern(self, kind: str, depth: int) -> str:
        rng = self.rng
        if rng.random() < OTHER_TYPE_CHANCE:
            kind = rng.choice(TYPES)
        chance = rng.random()
        if chance < 0.1 or (depth <= 0 and chance < 0.4):
            return "_"
        if chance < 0.25 or depth <= 0:
            return self._name(kind)
        if chance < 0.35:
            return f"({self._pattern(kind, depth - 1)} as {self._name(kind)})"
        if chance < 0.45:
            return self._class(kind, depth - 1)
        if chance < 0.55:
            return self._either(kind, depth - 1)
        return rng.choice(self._makers(kind))(depth - 1)

    def _makers(self, kind: str) -> list[Callable[[int], str]]:
        match kind:
            case "ints" | "strs":
                return [lambda depth: self._sequence(kind.removesuffix("s"), depth)]
            case "pair":
                return [self._pair, lambda depth: self._sequence(OTHER, depth)]
            case "table":
                return [self._mapping]
            case "row":
                return [self._row]
            case "other":
                return [lambda depth: "_", lambda depth: self._literal("int")]
            case _:
                return [lambda depth: self._literal(kind)]

    def _literal(self, kind: str) -> str:
        return self.rng.choice(LITERALS[kind])

    def _sequence(self, kind: str, depth: int) -> str:
        size = self.rng.choice((0, 1, 1, 2, 2, 3))
        parts = [self._pattern(kind, depth) for _ in range(size)]
        if self.rng.random() < 0.5:
            many = {"int": "ints", "str": "strs"}.get(kind, OTHER)
            star = "*_" if self.rng.random() < 0.4 else "*" + self._name(many)
            parts.insert(self.rng.randint(0, size), star)
        if len(parts) == 1 and self.rng.random() < 0.3:
            return f"({parts[0]},)"
        left, right = self.rng.choice(("[]", "()")) if len(parts) > 1 else "[]"
        return f"{left}{', '.join(parts)}{right}"

    def _pair(self, depth: int) -> str:
        return f"({self._pattern('int', depth)}, {self._pattern('str', depth)})"

    def _mapping(self, depth: int) -> str:
        keys = self.rng.sample(KEYS, self.rng.choice((0, 1, 1, 2)))
        parts = [f"{key}: {self._pattern('int', depth)}" for key in keys]
        if self.rng.random() < 0.4:
            parts.append("**" + self._name("table"))
        return f"{{{', '.join(parts)}}}"

    def _row(self, depth: int) -> str:
        fields = self.rng.sample(list(FIELDS), self.rng.choice((0, 1, 1, 2)))
        parts = [f"{field}={self._pattern(FIELDS[field], depth)}" for field in fields]
        return f"Row({', '.join(parts)})"

    def _class(self, kind: str, depth: int) -> str:
        name = CLASSES.get(kind)
        if name is None:
            return self.rng.choice(("Decimal()", "bool()", "int()", "Row()", "list()"))
        inner = self._pattern(kind, depth) if self.rng.random() < 0.5 else ""
        return f"{name}({inner})"

    def _either(self, kind: str, depth: int) -> str:
        if kind in ("ints", "strs", "pair") and self.rng.random() < 0.4:
            name = self._name({"ints": "int", "strs": "str"}.get(kind, OTHER))
            more = self.rng.choice(("_", "*_", "_, _", "0", "''"))
            return f"([{name}, {more}] | [{more}, {name}] | [_, [{name}]])"
        if kind == "table" and self.rng.random() < 0.4:
            name = self._name("int")
            return f"({{'a': {name}}} | {{'k': {name}}})"
        parts = [self._simple(kind) for _ in range(self.rng.randint(1, 2))]
        if self.rng.random() < 0.02:
            parts.insert(0, self._pattern(kind, depth))
        return f"({' | '.join([*parts, '_' if self.rng.random() < 0.1 else self._simple(kind)])})"

    def _simple(self, kind: str) -> str:
        """Make a pattern that assigns nothing and does not take everything."""
        if kind in LITERALS:
            return self._literal(kind)
        forms = {
            "ints": ("[]", "[_]", "[0, *_]", "[*_, 1]"),
            "strs": ("[]", "['a', *_]", "[_, _]"),
            "table": ("{'a': _}", "{'k': 0 | 1}", "{'b': _, 'a': 1}"),
            "pair": ("(0, _)", "[_, 'a']", "(_, '')"),
            "row": ("Row(amount=0)", "Row(label='x')", "Row(tags=[])"),
        }
        return self.rng.choice(forms.get(kind, ("None", "1")))
