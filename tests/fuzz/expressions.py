"""Random expressions of a wanted type, over the variables in sight.

A type is a word: int, dec, str, bytes, bool, ints (list of int), strs, table (dict of int), pair
(int and str), maybe (int or None), row (the program's record).
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from random import Random
from typing import Final

TYPES: Final = (
    "int", "dec", "str", "bytes", "bool", "ints", "strs", "table", "pair", "maybe", "row",
)  # fmt: skip
WRONG_TYPE_CHANCE: Final = 0.008
"""How often an expression has another type than is wanted."""
TEXTS: Final = ("'ab'", "'x,y'", "''", "'B c'", "' pad '", "'12'", "'-7'", "'a'", "'aXbXc'", "'0'")
WIDE_TEXTS: Final = ("'\\u00e9t\\u00e9'", "'\\u4e2d,\\u6587'", "'\\u20ac 5'")
DECIMALS: Final = (
    "0", "1", "2.5", "-0.3", "10", "0.1", "1e3", "1e-3", "12.340", "-7", "100", "0.005", "99.995",
    "3.14159", "-0", "1234567.891", "1e20", "1e-20",
)  # fmt: skip
SPECS: Final = {
    "int": (
        "",
        ":>6",
        ":04d",
        ":,",
        ":<5",
        ":^7",
        ":d",
        ":.2f",
        ":08.3f",
        ":+d",
        ":+",
        ":+.1f",
        ":<+6",
        ":+05d",
        ":+,",
    ),
    "dec": (
        "",
        ":.2f",
        ":>10.1f",
        ":.0f",
        ":,.2f",
        ":>9",
        ":^9",
        ":<9",
        ":010.2f",
        ":.6f",
        ":08",
        ":+.1f",
        ":+",
        ":>+9.2f",
        ":<+9",
        ":+09",
        ":+,.1f",
    ),
    "str": ("", ":>8", ":<4", ":^5", ":s"),
    "bool": ("",),
    "maybe": ("",),
}


@dataclass(slots=True)
class Scope:
    """What an expression may use: variables with their types, and functions of the program."""

    variables: dict[str, str] = field(default_factory=dict)
    functions: dict[str, tuple[tuple[str, ...], str]] = field(default_factory=dict)
    counter: int = 0

    def new_name(self, kind: str) -> str:
        """Make a name that nobody has."""
        self.counter += 1
        return f"{kind[0]}{self.counter}"

    def of_type(self, kind: str) -> list[str]:
        """Give the variables of a type, in the order in which they came."""
        return [name for name, have in self.variables.items() if have == kind]


class Expressions:
    """Makes expressions; one object for a whole program."""

    def __init__(self, rng: Random, *, wide: bool) -> None:
        self.rng = rng
        self.wide = wide
        """Texts hold letters outside ASCII; then methods for which those differ are left out."""
        self.scope = Scope()
        self._makers: dict[str, list[Callable[[int], str]]] = {
            kind: getattr(self, f"_{kind}_makers")() for kind in TYPES
        }

    def pick(self, *choices: str) -> str:
        """Give one of the choices."""
        return self.rng.choice(choices)

    def make(self, kind: str, depth: int = 3) -> str:
        """Make an expression of a type; `depth` bounds how deep it is nested."""
        if self.rng.random() < WRONG_TYPE_CHANCE:
            kind = self.rng.choice(TYPES)
        known = self.scope.of_type(kind)
        if depth <= 0 or self.rng.random() < 0.25:
            return self.rng.choice(known) if known and self.rng.random() < 0.8 else self.leaf(kind)
        text = self.rng.choice(self._makers[kind])(depth - 1)
        return text if len(text) < 140 else self.leaf(kind)

    def leaf(self, kind: str) -> str:
        """Make a literal of a type."""
        rng = self.rng
        match kind:
            case "int":
                wide = self.pick("2 ** 63", "2 ** 64 - 1", "-2 ** 200", "10 ** 18", "255")
                return f"({rng.randint(-9, 12)})" if rng.random() < 0.95 else f"({wide})"
            case "dec":
                return f'Decimal("{rng.choice(DECIMALS)}")'
            case "str":
                return rng.choice(WIDE_TEXTS if self.wide and rng.random() < 0.4 else TEXTS)
            case "bytes":
                return self.pick("b''", "b'ab'", "b'\\x00\\xff'", "b'x,y'")
            case "bool":
                return self.pick("True", "False")
            case "ints":
                return self.pick("[]", "[1, 2, 3]", "[5, -1, 5]", "[0]", "[7, 3, 9, 1]")
            case "strs":
                return self.pick("[]", "['a', 'b']", "['b', '', 'ab']", "['x']")
            case "table":
                return self.pick("{}", "{'a': 1, 'b': 2}", "{'k': 0}", "{'b': 3, 'a': 1, 'c': 2}")
            case "pair":
                return self.pick("(1, 'a')", "(0, '')", "(-3, 'b')")
            case "maybe":
                return self.pick("None", "(0)", "(4)")
            case _:
                return self.pick("Row([])", "Row([1], 2)", "Row([3, 4], label='z')", "Row([], 5)")

    def places(self, inner: str, *, over: str, depth: int) -> str:
        """Make a list comprehension over a list; its variable is seen inside only."""
        name = self.scope.new_name("v")
        items = self.make(over, depth - 1)
        self.scope.variables[name] = {"ints": "int", "strs": "str"}[over]
        body = self.make(inner, depth - 1)
        test = f" if {self.make('bool', depth - 1)}" if self.rng.random() < 0.4 else ""
        del self.scope.variables[name]
        return f"[{body} for {name} in {items}{test}]"

    def call(self, kind: str, depth: int) -> str:
        """Call a function of the program that gives this type; a literal when there is none."""
        fitting = [name for name, (_, gives) in self.scope.functions.items() if gives == kind]
        if not fitting:
            return self.leaf(kind)
        name = self.rng.choice(fitting)
        takes, _ = self.scope.functions[name]
        given = [self.make(one, depth - 1) for one in takes]
        if given and self.rng.random() < 0.3:
            given[-1] = f"p{len(given) - 1}={given[-1]}"
        return f"{name}({', '.join(given)})"

    def text_of(self, depth: int) -> str:
        """Make an f-string; its braces hold no quotes, so no literals of texts."""
        parts = []
        for _ in range(self.rng.randint(1, 3)):
            kind = self.rng.choice(list(SPECS))
            known = self.scope.of_type(kind)
            value = self.rng.choice(known) if known else str(self.rng.randint(-99, 99))
            if not known:
                kind = "int"
            parts.append(
                f"{{{value}{self.rng.choice(SPECS[kind])}}}" + self.pick("", "-", " {{}} ")
            )
        return "f'" + "".join(parts) + "'"

    # What makes an expression of each type. `d` is the depth that is left.

    def _int_makers(self) -> list[Callable[[int], str]]:
        make, pick = self.make, self.pick
        return [
            lambda d: f"({make('int', d)} {pick('+', '-', '*')} {make('int', d)})",
            lambda d: f"({make('int', d)} {pick('+', '-', '*', '&', '|', '^')} {make('int', d)})",
            lambda d: f"({make('int', d)} {pick('//', '%')} {pick('2', '3', '-4', '7', 'LIMIT')})",
            lambda d: f"({make('int', d)} {pick('//', '%')} {make('int', d)})",
            lambda d: f"({make('int', d)} {pick('<<', '>>')} {pick('0', '1', '5')})",
            lambda d: f"({pick('-', '~', '+')}{make('int', d)})",
            lambda d: f"({make('int', d)} ** {pick('0', '1', '2', '3')})",
            lambda d: f"abs({make('int', d)})",
            lambda d: f"len({make(pick('str', 'bytes', 'ints', 'strs', 'table', 'pair'), d)})",
            lambda d: f"int({make(pick('bool', 'dec', 'int'), d)})",
            lambda d: f"int({pick(*TEXTS)})",
            lambda d: f"{pick('min', 'max')}({make('int', d)}, {make('int', d)})",
            lambda d: f"{pick('min', 'max')}({make('ints', d)}, default={make('int', d)})",
            lambda d: f"{pick('min', 'max')}({make('ints', d)})",
            lambda d: f"sum({make('ints', d)}{pick('', ', 5')})",
            lambda d: f"{make('ints', d)}[{pick('0', '-1', '1', make('int', d))}]",
            lambda d: f"{make('table', d)}[{pick(*TEXTS)}]",
            lambda d: f"{make('table', d)}.get({make('str', d)}, {make('int', d)})",
            lambda d: f"{make('str', d)}.{pick('find', 'count')}({make('str', d)})",
            lambda d: f"{make('ints', d)}.{pick('count', 'index')}({make('int', d)})",
            lambda d: f"({make('int', d)} if {make('bool', d)} else {make('int', d)})",
            lambda d: f"{make('pair', d)}[0]",
            lambda d: f"{make('row', d)}.{pick('amount', 'values')}",
            lambda d: f"({make('maybe', d)} or {make('int', d)})",
            lambda d: f"({make('int', d)}).bit_length()",
            lambda d: f"divmod({make('int', d)}, {pick('3', '-2', '5')})[{pick('0', '1')}]",
            lambda d: f"round({make('dec', d)})",
            lambda d: f"round({make('int', d)}, {pick('0', '1', '-1', '-2')})",
            lambda d: f"{make('bytes', d)}[{pick('0', '-1', '1')}]",
            lambda d: f"TABLE[{pick('0', '1')}]",
            lambda d: "total.get()",
            lambda d: f"sum({self.places('int', over=pick('ints', 'strs'), depth=d)})",
            lambda d: self.call("int", d),
            lambda d: "ctx.height",
            lambda d: 'ctx.parameter("limit", 3)',
        ]

    def _dec_makers(self) -> list[Callable[[int], str]]:
        make, pick = self.make, self.pick

        def other(d: int) -> str:
            return make(pick("dec", "dec", "int"), d)

        return [
            lambda d: f"({make('dec', d)} {pick('+', '-', '*')} {other(d)})",
            lambda d: f"({other(d)} {pick('+', '-', '*')} {make('dec', d)})",
            lambda d: f"({make('dec', d)} / {pick('3', '7', '-2', 'LIMIT')})",
            lambda d: f"({make('dec', d)} {pick('/', '//', '%')} {other(d)})",
            lambda d: f"({pick('-', '+')}{make('dec', d)})",
            lambda d: f"abs({make('dec', d)})",
            lambda d: f"round({make('dec', d)}, {pick('0', '1', '2', '4', '-1')})",
            lambda d: f"Decimal({make('int', d)})",
            lambda d: f"Decimal({pick(*TEXTS)})",
            lambda d: f"sum([{make('dec', d)}, {make('dec', d)}], {make('dec', d)})",
            lambda d: f"{pick('min', 'max')}({make('dec', d)}, {other(d)})",
            lambda d: f"({make('dec', d)} if {make('bool', d)} else {make('dec', d)})",
            lambda d: f"abs({make('dec', d)}).sqrt()",
            lambda d: f"{make('row', d)}.price",
            lambda d: f"({self.leaf('dec')} ** {pick('1', '2', '3')})",
            lambda d: self.call("dec", d),
        ]

    def _str_makers(self) -> list[Callable[[int], str]]:
        make, pick = self.make, self.pick
        case = ("upper", "lower", "strip", "lstrip", "rstrip")
        return [
            *([] if self.wide else [lambda d: f"{make('str', d)}.{pick(*case)}()"]),
            lambda d: f"({make('str', d)} + {make('str', d)})",
            lambda d: f"({make('str', d)} * {pick('0', '1', '3', '-1')})",
            lambda d: f"str({make(pick('int', 'dec', 'bool', 'str', 'maybe'), d)})",
            lambda d: self.text_of(d),
            lambda d: self.text_of(d),
            lambda d: f"{make('str', d)}[{pick('0', '-1', '1')}]",
            lambda d: f"{make('str', d)}[{pick('1:', ':2', '::-1', '-2:', '0:9:2', ':-1')}]",
            lambda d: f"{make('str', d)}.{pick('strip', 'lstrip', 'rstrip')}('ab ')",
            lambda d: f"{make('str', d)}.replace({make('str', d)}, {make('str', d)})",
            lambda d: f"{make('str', d)}.{pick('ljust', 'rjust', 'zfill')}({pick('0', '3', '9')})",
            lambda d: f"{make('str', d)}.{pick('removeprefix', 'removesuffix')}({make('str', d)})",
            lambda d: f"{make('str', d)}.join({make('strs', d)})",
            lambda d: f"{make('strs', d)}[{pick('0', '-1')}]",
            lambda d: f"({make('str', d)} if {make('bool', d)} else {make('str', d)})",
            lambda d: f"{make('pair', d)}[1]",
            lambda d: f"{make('row', d)}.label",
            lambda d: f"{make('bytes', d)}.{pick('hex', 'decode')}()",
            lambda d: f"{pick('min', 'max')}({make('str', d)}, {make('str', d)})",
            lambda d: f"names.get({pick(*TEXTS)}, {make('str', d)})",
            lambda d: f"({make('str', d)} or {make('str', d)})",
            lambda d: self.call("str", d),
            lambda d: "ctx.sender",
        ]

    def _bytes_makers(self) -> list[Callable[[int], str]]:
        make, pick = self.make, self.pick
        return [
            lambda d: f"{make('str', d)}.encode()",
            lambda d: f"({make('bytes', d)} + {make('bytes', d)})",
            lambda d: f"({make('bytes', d)} * {pick('0', '2')})",
            lambda d: f"{make('bytes', d)}[{pick('1:', ':1', '::-1')}]",
            lambda d: f"({make('bytes', d)} if {make('bool', d)} else {make('bytes', d)})",
        ]

    def _bool_makers(self) -> list[Callable[[int], str]]:
        make, pick = self.make, self.pick

        def order() -> str:
            return pick("<", "<=", ">", ">=", "==", "!=")

        def compare(kind: str) -> Callable[[int], str]:
            return lambda d: f"({make(kind, d)} {order()} {make(kind, d)})"

        def same(kind: str) -> Callable[[int], str]:
            return lambda d: f"({make(kind, d)} {pick('==', '!=')} {make(kind, d)})"

        return [
            *[compare(kind) for kind in ("int", "int", "dec", "str", "bytes", "ints", "pair")],
            *[same(kind) for kind in ("table", "row", "bool", "maybe", "strs")],
            lambda d: f"({make('int', d)} {order()} {make('dec', d)})",
            lambda d: f"({make('int', d)} {order()} {make('int', d)} {order()} LIMIT)",
            lambda d: f"({make('int', d)} {pick('in', 'not in')} {make('ints', d)})",
            lambda d: f"({make('str', d)} {pick('in', 'not in')} {make('strs', d)})",
            lambda d: f"({make('str', d)} in {make(pick('str', 'table', 'str'), d)})",
            lambda d: f"({make('bytes', d)} in {make('bytes', d)})",
            lambda d: f"({pick(*TEXTS)} in {pick('rows', 'names')})",
            lambda d: f"({make('bool', d)} {pick('and', 'or')} {make('bool', d)})",
            lambda d: f"(not {make(pick('bool', 'int', 'str', 'ints', 'dec', 'maybe'), d)})",
            lambda d: f"({make('maybe', d)} is {pick('', 'not ')}None)",
            lambda d: (
                f"isinstance({make(self.rng.choice(TYPES), d)}, "
                + pick(
                    "int", "str", "bool", "Decimal", "list", "dict", "bytes", "Row", "(int, str)"
                )
                + ")"
            ),
            lambda d: f"{make('str', d)}.{pick('startswith', 'endswith')}({make('str', d)})",
            lambda d: f"{pick(*TEXTS)}.{pick('isdigit', 'isalpha', 'isalnum')}()",
            lambda d: f"{pick('any', 'all')}({self.places('bool', over='ints', depth=d)})",
            lambda d: f"bool({make(self.rng.choice(TYPES[:9]), d)})",
            lambda d: self.call("bool", d),
        ]

    def _ints_makers(self) -> list[Callable[[int], str]]:
        make, pick = self.make, self.pick
        return [
            lambda d: f"[{make('int', d)}, {make('int', d)}]",
            lambda d: f"[*{make('ints', d)}, {make('int', d)}, *{make(pick('bytes', 'ints'), d)}]",
            lambda d: f"({make('ints', d)} + {make('ints', d)})",
            lambda d: f"({make('ints', d)} * {pick('0', '2')})",
            lambda d: f"{make('ints', d)}[{pick('1:', ':2', '::-1', '-2:', '0:9:2', ':-1')}]",
            lambda d: f"sorted({make('ints', d)}{pick('', ', reverse=True', ', key=mirror')})",
            lambda d: f"list(range({pick('0', '3', '5')}))",
            lambda d: f"list(range({make('int', 0)}, {pick('3', '-3')}, {pick('1', '-2')}))",
            lambda d: f"list({make('table', d)}.values())",
            lambda d: f"reversed({make('ints', d)})",
            lambda d: f"list({make('bytes', d)})",
            lambda d: f"{make('ints', d)}.copy()",
            lambda d: self.places("int", over=pick("ints", "strs"), depth=d),
            lambda d: f"[a * b for a in {make('ints', d)} for b in {self.leaf('ints')} if a != b]",
            lambda d: f"[i + x for i, x in enumerate({make('ints', d)}, {pick('0', '1')})]",
            lambda d: f"lists.get({pick(*TEXTS)}, {make('ints', d)})",
            lambda d: f"{make('row', d)}.tags",
            lambda d: self.call("ints", d),
        ]

    def _strs_makers(self) -> list[Callable[[int], str]]:
        make, pick = self.make, self.pick
        return [
            *([] if self.wide else [lambda d: f"{make('str', d)}.split()"]),
            lambda d: f"[{make('str', d)}, {make('str', d)}]",
            lambda d: f"[{make('str', d)}, *{make(pick('strs', 'str', 'table'), d)}]",
            lambda d: f"{make('str', d)}.split({pick(*TEXTS)}{pick('', ', 1')})",
            lambda d: f"sorted({make('strs', d)}{pick('', ', reverse=True', ', key=width')})",
            lambda d: f"list({make(pick('str', 'table'), d)})",
            lambda d: f"{make('table', d)}.keys()",
            lambda d: f"[k for k, _ in zip({make('strs', d)}, {make('ints', d)})]",
            lambda d: f"({make('strs', d)} + {make('strs', d)})",
            lambda d: f"names.keys({pick('', 'limit=2')})",
            lambda d: self.places("str", over=pick("ints", "strs"), depth=d),
        ]

    def _table_makers(self) -> list[Callable[[int], str]]:
        make, pick = self.make, self.pick
        return [
            lambda d: f"{{{make('str', d)}: {make('int', d)}, {make('str', d)}: {make('int', d)}}}",
            lambda d: f"{{**{make('table', d)}, {make('str', d)}: {make('int', d)}}}",
            lambda d: f"{{'a': {make('int', d)}, **{make('table', d)}, **{make('table', d)}}}",
            lambda d: f"{{str(i): i * {pick('1', '2')} for i in {make('ints', d)}}}",
            lambda d: f"{{k: v for k, v in {make('table', d)}.items() if v {pick('>', '!=')} 1}}",
            lambda d: f"dict({make('table', d)})",
            lambda d: f"{make('table', d)}.copy()",
        ]

    def _pair_makers(self) -> list[Callable[[int], str]]:
        make = self.make
        return [
            lambda d: f"({make('int', d)}, {make('str', d)})",
            lambda d: f"({make('pair', d)} if {make('bool', d)} else {make('pair', d)})",
        ]

    def _maybe_makers(self) -> list[Callable[[int], str]]:
        make = self.make
        return [
            lambda d: f"{make('table', d)}.get({make('str', d)})",
            lambda d: f"({make('int', d)} if {make('bool', d)} else None)",
            lambda d: f"{make('row', d)}.extra",
        ]

    def _row_makers(self) -> list[Callable[[int], str]]:
        make, pick = self.make, self.pick
        return [
            lambda d: f"Row({make('ints', d)}, {make('int', d)})",
            lambda d: f"Row({make('ints', d)}, label={make('str', d)}, extra={make('maybe', d)})",
            lambda d: f"Row({make('ints', d)}, price={make('dec', d)})",
            lambda d: f"rows.get({pick(*TEXTS)}, {make('row', d)})",
            lambda d: self.call("row", d),
        ]
