"""The contract language in one table: what is allowed, what it costs, and why the rest is not.

The checker, the metering pass and docs/contracts.md all read this module, so they cannot disagree.
Gas is counted by syntax node, which is the same on every interpreter; helpers add a charge by the
size of their operands before they work. One unit is at most about a tenth of a microsecond.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

ENGINE: Final = "veritwin-python/1"
"""Names language and gas table together; a change of either is a new engine."""


@dataclass(frozen=True, slots=True)
class Syntax:
    """A syntax node that contracts may use; `gas` is charged each time it runs."""

    node: str
    gas: int
    note: str


@dataclass(frozen=True, slots=True)
class Refusal:
    """A syntax node or name that contracts may not use, why, and what to write instead."""

    name: str
    reason: str
    instead: str


@dataclass(frozen=True, slots=True)
class Builtin:
    """A function that contracts may call; `least` to `most` positional arguments, and keywords."""

    name: str
    least: int
    most: int
    keywords: tuple[str, ...]
    note: str


ENTRY_GAS: Final = 1_000
"""Charged once per invocation; reading its arguments and parameters costs by their size."""
LOOP_GAS: Final = 2
"""Charged per turn of a loop or comprehension, besides what the turn runs."""
CALL_GAS: Final = 5
"""Charged when a contract's function is entered."""

CALL_DEPTH_MAX: Final = 48
LIST_SIZE_MAX: Final = 1_000_000
TEXT_SIZE_MAX: Final = 1_000_000
FORMAT_WIDTH_MAX: Final = 99
NESTING_MAX: Final = 32
HISTORY_MAX: Final = 256
NAME_SIZE_MAX: Final = 64

SOURCE_SIZE_MAX: Final = 65_536
LINE_SIZE_MAX: Final = 400
LOGICAL_LINES_MAX: Final = 120
BRACKET_DEPTH_MAX: Final = 40
INDENT_MAX: Final = 60
ELIF_MAX: Final = 40
CASES_MAX: Final = 40
PATTERN_DEPTH_MAX: Final = 8
PATTERN_PARTS_MAX: Final = 100
BLOCK_DEPTH_MAX: Final = 6
COMPREHENSION_DEPTH_MAX: Final = 4
SPREADS_MAX: Final = 8
OPERATORS_MAX: Final = 200
TREE_DEPTH_MAX: Final = 100
NODES_MAX: Final = 30_000
LOAD_GAS_MAX: Final = 100_000

STATEMENTS: Final = (
    Syntax("Expr", 0, "a call on a line of its own"),
    Syntax("Assign", 1, "`x = ...`, `a, b = ...`, `x[i] = ...`, `record.field = ...`"),
    Syntax("AnnAssign", 1, "`x: int = ...`"),
    Syntax("AugAssign", 4, "`x += ...` and the other operators"),
    Syntax("Delete", 2, "`del x[key]`"),
    Syntax("If", 1, "`if`, `elif`, `else`"),
    Syntax("For", 2, "`for`, with `else`"),
    Syntax("While", 2, "`while`, with `else`"),
    Syntax("Match", 2, "`match`, with the cases below"),
    Syntax("Break", 0, ""),
    Syntax("Continue", 0, ""),
    Syntax("Pass", 0, ""),
    Syntax("Return", 1, ""),
    Syntax("Raise", 4, '`raise ValueError("text")` with a class of the table below'),
    Syntax("Try", 2, "`try`, `except CLASS:`, `else`"),
    Syntax("ExceptHandler", 1, "no `as`: texts of exceptions differ between interpreters"),
)

EXPRESSIONS: Final = (
    Syntax("Constant", 1, "int, str, bytes, True, False, None"),
    Syntax("Name", 1, "a variable, constant or parameter"),
    Syntax("BinOp", 4, "`+ - * / // % **`, `& | ^ << >>`; `/` needs a Decimal on one side"),
    Syntax("UnaryOp", 3, "`-x`, `+x`, `~x`, `not x`"),
    Syntax("BoolOp", 1, "`and`, `or`"),
    Syntax("Compare", 4, "`== != < <= > >=`, `in`, `not in`, `is None`, `is not None`"),
    Syntax("IfExp", 1, "`a if condition else b`"),
    Syntax("Call", 5, "functions of the contract, built-ins, methods"),
    Syntax("Attribute", 4, "fields of records, updates, readings and `ctx`"),
    Syntax("Subscript", 5, "`x[i]`, `x[a:b]`, `x[a:b:c]`"),
    Syntax("Slice", 1, ""),
    Syntax("List", 2, "`[a, b]`, `[*xs, x]`"),
    Syntax("Tuple", 2, ""),
    Syntax("Dict", 4, '`{"a": x}`, `{**d, "a": x}`; keys are str'),
    Syntax("ListComp", 8, "`[f(x) for x in xs if x]`"),
    Syntax("DictComp", 8, "`{k: v for k, v in pairs}`"),
    Syntax("JoinedStr", 3, "f-string on one line; no quotes inside the braces"),
    Syntax("FormattedValue", 6, "`{x}`, `{x:>12}`, `{x:+.2f}`, `{x:04d}`, `{x:,}`"),
)

PATTERNS: Final = (
    Syntax("match_case", 4, "`case ...:`, `case ... if ...:`; charged when it is tried"),
    Syntax("MatchValue", 5, "an int, str or bytes literal; a number matches any equal one"),
    Syntax("MatchSingleton", 4, "None, True, False"),
    Syntax("MatchSequence", 6, "`[a, 0, *rest]`, `(a, b)`: of a list, tuple or range"),
    Syntax("MatchStar", 5, "`*rest`, `*_`; one in a sequence"),
    Syntax("MatchMapping", 9, '`{"key": a, **rest}`: of a dict; keys are str literals'),
    Syntax("MatchClass", 9, "`int()`, `str(x)`, and fields of records: `Pump(hot=2, order=x)`"),
    Syntax("MatchAs", 3, "`x`, `_`, `... as x`"),
    Syntax("MatchOr", 3, "`1 | 2`"),
)

GAS: Final = {entry.node: entry.gas for entry in (*STATEMENTS, *EXPRESSIONS, *PATTERNS)}

REFUSED_SYNTAX: Final = (
    Refusal(
        "Import", "a contract reaches nothing outside itself", "from contracts.author import ..."
    ),
    Refusal(
        "ImportFrom",
        "a contract reaches nothing outside itself",
        "from contracts.author import ...",
    ),
    Refusal(
        "ClassDef",
        "only records are classes here",
        "@record class Name: with annotated fields, or functions",
    ),
    Refusal(
        "Lambda", "functions have names, so that a failure can be traced", "def at the top level"
    ),
    Refusal(
        "GeneratorExp",
        "its work would happen at another place than it is written",
        "a list in brackets: [...]",
    ),
    Refusal("SetComp", "the order of a set differs between runs", "a dict, or a sorted list"),
    Refusal("Set", "the order of a set differs between runs", "a dict, a tuple or a sorted list"),
    Refusal("Global", "module values are constants", "state in Var or Map, or pass arguments"),
    Refusal("Nonlocal", "there are no functions inside functions", "pass arguments"),
    Refusal("With", "there is nothing to open or to lock", "plain statements"),
    Refusal("Assert", "a failed check should say what failed", 'if not ...: fail("...")'),
    Refusal("Yield", "a generator stops half way", "build a list and return it"),
    Refusal("YieldFrom", "a generator stops half way", "build a list and return it"),
    Refusal("Await", "there is no other task to wait for", "a plain call"),
    Refusal("AsyncFunctionDef", "there is no other task to wait for", "def"),
    Refusal("AsyncFor", "there is no other task to wait for", "for"),
    Refusal("AsyncWith", "there is no other task to wait for", "plain statements"),
    Refusal(
        "NamedExpr",
        "an assignment inside an expression hides when it happens",
        "an assignment on its own line",
    ),
    Refusal("Starred", "how many there are must be visible", "each by itself, or a list [*xs, x]"),
    Refusal("TryStar", "exception groups do not occur", "try and except"),
    Refusal("TypeAlias", "it is newer than the oldest Python supported", "write the type out"),
    Refusal("TemplateStr", "it is newer than the oldest Python supported", "an f-string"),
)

BUILTINS: Final = (
    Builtin("abs", 1, 1, (), "of int or Decimal"),
    Builtin("all", 1, 1, (), "of a list: `all([x > 0 for x in xs])`"),
    Builtin("any", 1, 1, (), "of a list"),
    Builtin("bool", 1, 1, (), ""),
    Builtin("dict", 0, 1, (), "empty, or a copy of a dict"),
    Builtin("divmod", 2, 2, (), ""),
    Builtin("enumerate", 1, 2, ("start",), "gives a list of pairs"),
    Builtin("int", 1, 1, (), "of a Decimal (towards zero), a bool, or a str of ASCII digits"),
    Builtin("isinstance", 2, 2, (), "with a type name: int, str, bool, Decimal, bytes, list, dict"),
    Builtin("len", 1, 1, (), ""),
    Builtin("list", 0, 1, (), ""),
    Builtin("max", 1, 8, ("key", "default"), "of one list, or of 2 to 8 values"),
    Builtin("min", 1, 8, ("key", "default"), "of one list, or of 2 to 8 values"),
    Builtin("range", 1, 3, (), ""),
    Builtin("reversed", 1, 1, (), "gives a list"),
    Builtin("round", 1, 2, (), "half to even; with digits it gives a Decimal"),
    Builtin("sorted", 1, 1, ("key", "reverse"), "of one kind; `key` is a function's name"),
    Builtin("str", 0, 1, (), "of str, int, bool, None or Decimal (never in exponent form)"),
    Builtin("sum", 1, 2, ("start",), "of int and Decimal"),
    Builtin("tuple", 0, 1, (), ""),
    Builtin("zip", 1, 4, ("strict",), "gives a list of tuples"),
    Builtin("Decimal", 1, 1, (), "of a str, int or Decimal; 34 digits, half to even"),
    Builtin("fail", 1, 1, (), "ends the transaction with a text of up to 200 characters"),
)
BUILTIN_BY_NAME: Final = {entry.name: entry for entry in BUILTINS}

METHODS: Final[dict[str, tuple[str, ...]]] = {
    "list": (
        "append", "clear", "copy", "count", "extend", "index", "insert", "pop", "remove", "reverse",
        "sort",
    ),
    "dict": ("clear", "copy", "get", "items", "keys", "pop", "setdefault", "update", "values"),
    "str": (
        "count", "encode", "endswith", "find", "isalnum", "isalpha", "isdigit", "join", "ljust",
        "lower", "lstrip", "removeprefix", "removesuffix", "replace", "rjust", "rstrip", "split",
        "startswith", "strip", "upper", "zfill",
    ),
    "bytes": ("decode", "hex", "startswith", "endswith"),
    "tuple": ("count", "index"),
    "int": ("bit_length",),
    "Decimal": ("sqrt",),
    "Var": ("get", "set"),
    "Map": ("get", "items", "keys", "pop"),
    "Update": ("by_time",),
    "Sample": ("reading", "value"),
    "Twin": ("reading", "value"),
    "ctx": (
        "attestations",
        "call",
        "cancel_timer",
        "emit",
        "history",
        "open_action",
        "parameter",
        "set_timer",
        "twin",
    ),
}  # fmt: skip
METHOD_NAMES: Final = frozenset(name for names in METHODS.values() for name in names)

FIELDS: Final[dict[str, tuple[str, ...]]] = {
    "Update": ("model", "readings", "twin"),
    "Reading": ("is_good", "property", "quality", "sequence", "time_ms", "unit", "value"),
    "Sample": ("readings", "time_ms"),
    "Twin": ("id", "model", "owner", "properties"),
    "ctx": ("contract", "height", "sender", "time_ms", "transaction"),
    "Attestation": ("files", "height", "id", "issuer", "model", "time_ms", "twin", "type"),
    "ActionChange": ("change", "id", "key", "kind", "note", "organisation", "twin"),
    "Timer": ("due_ms", "name"),
}
FIELD_NAMES: Final = frozenset(name for names in FIELDS.values() for name in names)

EXCEPTIONS: Final = (
    "Exception",
    "ArithmeticError",
    "LookupError",
    "ValueError",
    "TypeError",
    "KeyError",
    "IndexError",
    "ZeroDivisionError",
    "OverflowError",
)
"""Classes that a contract may raise and catch. Running out of gas, calls nested too deeply and
`fail` cannot be caught."""

TYPES: Final = ("int", "str", "bool", "bytes", "Decimal", "list", "dict")
"""Types that state, record fields and `isinstance` may name."""

AUTHOR_FUNCTIONS: Final = ("Decimal", "fail")
AUTHOR_DECORATORS: Final = (
    "call",
    "initial",
    "on_action",
    "on_attestation",
    "on_timer",
    "on_update",
    "record",
    "upgrade",
)
AUTHOR_STATE: Final = ("Map", "Var")
AUTHOR_TYPES: Final = (
    "ActionChange",
    "Attestation",
    "Reading",
    "Sample",
    "Timer",
    "Twin",
    "Update",
    "Value",
)
AUTHOR_OBJECTS: Final = ("ctx",)
AUTHOR_NAMES: Final = frozenset(
    (*AUTHOR_FUNCTIONS, *AUTHOR_DECORATORS, *AUTHOR_STATE, *AUTHOR_TYPES, *AUTHOR_OBJECTS)
)
ANNOTATION_NAMES: Final = frozenset((*TYPES, "tuple", "object", *AUTHOR_TYPES, *AUTHOR_STATE))

REFUSED_NAMES: Final = (
    Refusal("float", "floats round differently from what people expect", 'Decimal("0.5")'),
    Refusal("complex", "there are no floats", "two Decimals"),
    Refusal("set", "the order of a set differs between runs", "a dict or a sorted list"),
    Refusal("frozenset", "the order of a set differs between runs", "a tuple or a dict"),
    Refusal("print", "nobody would read it", "ctx.emit(name, {...}), or return a value"),
    Refusal("open", "a contract has no files", "state in Var or Map"),
    Refusal("input", "a contract has no terminal", "arguments of a call"),
    Refusal("eval", "code must be known when it is deployed", "functions"),
    Refusal("exec", "code must be known when it is deployed", "functions"),
    Refusal("compile", "code must be known when it is deployed", "functions"),
    Refusal("getattr", "names must be visible in the source", "the attribute itself, or a dict"),
    Refusal("setattr", "names must be visible in the source", "the attribute itself, or a dict"),
    Refusal("hasattr", "names must be visible in the source", "a dict and `in`"),
    Refusal("globals", "it reaches outside the contract", "arguments"),
    Refusal("locals", "it reaches into the interpreter", "arguments"),
    Refusal("vars", "it reaches into the interpreter", "arguments"),
    Refusal("dir", "it reaches into the interpreter", "a dict"),
    Refusal("type", "it reaches into the interpreter", "isinstance(x, int)"),
    Refusal("id", "it differs between nodes", "a key of your own"),
    Refusal("hash", "it differs between nodes", "a key of your own"),
    Refusal("repr", "its text differs between interpreters", "str(x) or an f-string"),
    Refusal("format", "its width is not bounded", "an f-string"),
    Refusal("map", "its work would happen at another place", "[f(x) for x in xs]"),
    Refusal("filter", "its work would happen at another place", "[x for x in xs if f(x)]"),
    Refusal("iter", "it hides a loop", "for"),
    Refusal("next", "it hides a loop", "for, or xs[0]"),
    Refusal("pow", "one way to write a power is enough", "x ** n"),
    Refusal("bytearray", "bytes are enough", "bytes, or a list of int"),
)
REFUSED_SYNTAX_BY_NAME: Final = {entry.name: entry for entry in REFUSED_SYNTAX}
REFUSED_NAME_BY_NAME: Final = {entry.name: entry for entry in REFUSED_NAMES}
