"""The checker: each refused line differs from an accepted one, and says what to write instead."""

import pytest

from contracts.checker import build_manifest, check_source
from contracts.compiler import check_contract
from contracts.language import ENGINE
from contracts.manifest import CallHandler, Parameter, UpdateTrigger

IMPORTS = (
    "from contracts.author import Decimal, Map, Update, Var, call, ctx, fail, initial, on_update, "
    "record\n"
)
FRAME = (
    IMPORTS
    + """
LIMIT = 3

@record
class Row:
    amount: int = 0

total = Var(int, 0)
rows = Map(Row)

def double(x: int) -> int:
    return x * 2

@call
def main(x: int, text: str = "a") -> object:
    values = [1, 2, 3]
    row = Row(amount=1)
    BODY
    return x
"""
)

ACCEPTED = [
    "y = -x ** 2 // 3 % 5 + (x << 2) & 7 | 1 ^ ~x",
    "y = not x and x or 3 if x > 2 else 4",
    "y = 0 < x <= LIMIT",
    "y = x is None or x is not None",
    "y = x in values and 3 not in values",
    "a, b = divmod(x, 3)",
    "(a, (b, c)) = (1, (2, 3))",
    "y: dict[str, int] = {}",
    "y = {'a': 1, text: 2}",
    "y = [*values, x, *[x], *range(3)]",
    "y = {**{}, text: 2, **{'b': 1}}",
    "y = f'{x:+d} {x:>+9.2f} {x:+08,}'",
    "y = values[0] + values[-1] + len(values[1:3:1])",
    "values[0] = 5",
    "values[0] += double(x)",
    "row.amount -= 1",
    "del values[0]",
    "del rows[text]",
    "y = [v * 2 for v in values if v > 1 if v < 3]",
    "y = {str(v): v for v in values}",
    "y = [a + b for a in values for b in values]",
    "y = f'{x:04d} {text:>12} {x}% {{}}'",
    "y = sorted(values, key=double, reverse=True)",
    "y = max(x, 2) + max(values, key=double, default=0) + min([1])",
    "values.sort(key=double)",
    "y = isinstance(x, int) or isinstance(x, (str, Row, Decimal))",
    "y = rows.get(text, row).amount",
    "total.set(total.get() + 1)",
    "y = rows[text].amount if text in rows else 0",
    "y = [k for k, r in rows.items(limit=5)]",
    "ctx.emit('name', {'row': row, 'time': ctx.time_ms})",
    "fail(f'no {x}')",
    "raise ValueError('no')",
    "for v in values:\n        pass\n    else:\n        x = 2",
    "while x > 3:\n        x -= 1\n        break",
    "try:\n        x = 1 // x\n    except ZeroDivisionError:\n        x = 2\n"
    "    else:\n        x = 3",
    "for _ in range(3):\n        continue",
    "y = 'gr\\u00fc\\xdfe' + \"it's\" + '\\n'",
    "match x:\n        case 1 | 2:\n            pass\n        case y if y > 3:\n            pass",
    "y = (x +\n        2)  # a comment with 'quotes'",
]

REFUSED = [
    ("y = 0.5", "float", 'Decimal("0.5")'),
    ("y = 1e3", "float", 'Decimal("1000.0")'),
    ("y = 2j", "float", "two Decimals"),
    ("y = ...", "ellipsis", "pass"),
    ("y = {1, 2}", "set", "a dict, a tuple or a sorted list"),
    ("y = {v for v in values}", "setcomp", "a dict, or a sorted list"),
    ("y = sum(v for v in values)", "generatorexp", "a list in brackets: [...]"),
    ("y = lambda: 1", "lambda", "def at the top level"),
    ("y = (z := 1)", "namedexpr", "an assignment on its own line"),
    ("y = [" + "*values, " * 9 + "]", "shape", "x.extend(y) or x.update(y), in a loop"),
    ("y = {" + "**{}, " * 9 + "}", "shape", "x.extend(y) or x.update(y), in a loop"),
    ("y = (*values, 1)", "starred", "each by itself, or a list [*xs, x]"),
    ("y = [1][*values]", "starred", "each by itself, or a list [*xs, x]"),
    ("y = double(*values)", "starred", "each by itself, or a list [*xs, x]"),
    ("y = double(**{})", "call", "name=value"),
    ("y = x @ x", "operator", "loops over lists"),
    ("y = x is x", "is", "=="),
    ("y = 0 < x < double(3)", "compare", "two comparisons joined by and"),
    ("y = z = 1", "assign", "two assignments"),
    (
        "y, *z = values",
        "assign",
        "first, rest = xs[0], xs[1:], or `case [first, *rest]:`",
    ),
    ("values[0:1] = [3]", "assign", "a new list"),
    ("del y", "del", "del x[key]"),
    ("x", "statement", "x = ..."),
    ("'text'", "statement", "pass, or a # comment"),
    ("y = undefined", "name", "a name defined before"),
    ("y = double", "name", "double(...)"),
    ("y = len", "name", "len(...)"),
    ("y = main.x", "name", "main(...)"),
    ("y = float('1')", "float", 'Decimal("0.5")'),
    ("y = eval('1')", "eval", "functions"),
    ("y = print(x)", "print", "ctx.emit(name, {...}), or return a value"),
    ("y = getattr(x, text)", "getattr", "the attribute itself, or a dict"),
    ("y = type(x)", "type", "isinstance(x, int)"),
    (
        "y = x.__class__",
        "attribute",
        "a field of docs/contracts.md or of a record; methods are called",
    ),
    (
        "y = text.upper",
        "attribute",
        "a field of docs/contracts.md or of a record; methods are called",
    ),
    ("y = text.format(x)", "method", "a method of docs/contracts.md"),
    ("y = values[0]()", "call", "f(x)"),
    ("y = double(x)(x)", "call", "f(x)"),
    ("y = x(1)", "call", "def at the top level"),
    ("y = len()", "call", "see docs/contracts.md"),
    ("y = len(values, values)", "call", "see docs/contracts.md"),
    ("y = sorted(values, key=len)", "key", "key=f"),
    ("y = sorted(values, key=x)", "key", "key=f"),
    ("y = isinstance(x, object)", "isinstance", "int, str, bool, bytes, Decimal, list, dict"),
    ("y = ValueError('a')", "call", 'raise ValueError("text")'),
    ("y = Var(int, 0)", "state", "x = Map(int) before the functions"),
    ("y = f'{x!r}'", "f-string", "{x}"),
    ("y = f'{x:100}'", "f-string", "{x:>12}, {x:04d}, {x:,}, {x:+.2f}; widths up to 99"),
    ("y = f'{x:++d}'", "f-string", "{x:>12}, {x:04d}, {x:,}, {x:+.2f}; widths up to 99"),
    ("y = f'{x:-.1f}'", "f-string", "{x:>12}, {x:04d}, {x:,}, {x:+.2f}; widths up to 99"),
    ("y = f'{x:{x}}'", "f-string", "a variable for the inner part"),
    ("y = f'{text[\"a\"]}'", "f-string", "a variable for the inner part"),
    ("y = f'''{x}'''", "f-string", "a variable for the inner part"),
    ("y = r'a'", "string", "a plain string"),
    ("y = '\\d'", "string", "\\\\ \\' \\\" \\n \\t \\r \\xHH or \\uHHHH"),
    ("y = '\\ud800'", "string", "the whole character"),
    ("len = 3", "shadow", "another name"),
    ("LIMIT = 4", "shadow", "another name"),
    ("double = 4", "shadow", "another name"),
    ("ctx = 4", "shadow", "another name"),
    ("_x = 4", "name", "x"),
    ("y = 1; z = 2", "semicolon", "two lines"),
    ("y = 1 + \\\n        2", "backslash", "brackets"),
    ("assert x", "assert", 'if not ...: fail("...")'),
    ("import os", "import", "from contracts.author import ..."),
    ("global LIMIT", "global", "state in Var or Map, or pass arguments"),
    ("with x:\n        pass", "with", "plain statements"),
    ("def inner():\n        pass", "def", "def at the top level, with parameters"),
    (
        "class Inner:\n        pass",
        "classdef",
        "@record class Name: with annotated fields, or functions",
    ),
    ("yield x", "yield", "build a list and return it"),
    ("raise", "raise", 'raise ValueError("text")'),
    ("raise ValueError", "raise", 'raise ValueError("text")'),
    ("raise RuntimeError('x')", "raise", 'raise ValueError("text")'),
    ("raise ValueError('x') from None", "syntax", ""),
    ("try:\n        pass\n    except:\n        pass", "except", "except ValueError:"),
    ("try:\n        pass\n    except BaseException:\n        pass", "except", "except ValueError:"),
    (
        "try:\n        pass\n    except (ValueError, KeyError):\n        pass",
        "except",
        "except ValueError:",
    ),
    (
        "try:\n        pass\n    except ValueError as e:\n        pass",
        "except",
        "except ValueError: without `as`",
    ),
    (
        "try:\n        pass\n    finally:\n        pass",
        "finally",
        "the same lines after the try statement",
    ),
    ("y: float = 3", "type", ""),
    ("y = 2 +", "syntax", "correct the syntax"),
    ("y = " + "9" * 80, "int", "a smaller number"),
]
REFUSED = [entry for entry in REFUSED if "from None" not in entry[0]]


def frame(body: str) -> str:
    return FRAME.replace("BODY", body)


@pytest.mark.parametrize("body", ACCEPTED)
def test_a_line_of_the_language_is_accepted(body: str) -> None:
    assert [str(finding) for finding in check_contract(frame(body)).findings] == []


@pytest.mark.parametrize(("body", "rule", "instead"), REFUSED)
def test_a_line_outside_the_language_is_refused(body: str, rule: str, instead: str) -> None:
    findings = check_contract(frame(body)).findings
    assert rule in [finding.rule for finding in findings], findings
    if instead:
        assert instead in [finding.instead for finding in findings]
    line = FRAME.split("BODY")[0].count("\n") + 1
    assert line <= findings[0].line <= line + 2


TOP_LEVEL = [
    ("import os", "import"),
    ("from os import path", "import"),
    ("from contracts.author import Unknown", "import"),
    ("from contracts.author import Decimal as D", "import"),
    ("LATER = float('1')", "constant"),
    ("LATER = [i for i in (1, 2)]", "constant"),
    ("LATER = unknown", "constant"),
    ("LATER = 1.5", "float"),
    ("LATER = 'a' * 10 ** 9", "constant"),
    ("LATER = 1 // 0", "constant"),
    ("LATER = Decimal('x')", "constant"),
    ("LATER = Var(int)", "state"),
    ("LATER = Var(int, 'text')", "constant"),
    ("LATER = Map(float)", "state"),
    ("LATER = Map(int, 0)", "state"),
    ("total.y = 3", "top-level"),
    ("if True:\n    x = 1", "top-level"),
    ("main(3)", "top-level"),
    ("class X:\n    a: int = 0", "class"),
    ("@record\nclass X(Row):\n    a: int = 0", "class"),
    ("@record\nclass X:\n    a = 0", "record"),
    ("@record\nclass X:\n    a: Row", "record"),
    ("@record\nclass X:\n    a: list[int] = []", "record"),
    ("@record\nclass X:\n    a: int = 0\n    b: int", "record"),
    ("@record\nclass X:\n    a: int = 'x'", "constant"),
    ("@record\nclass X:\n    def f(self): pass", "record"),
    ("@record\nclass X:\n    _get: int = 0", "name"),
    ("def f(*a):\n    return a", "parameters"),
    ("def f(**a):\n    return a", "parameters"),
    ("def f(a, /):\n    return a", "parameters"),
    ("def f(a=[]):\n    return a", "default"),
    ("def f(a=len):\n    return a", "default"),
    ("def f(a: open('x')):\n    return a", "type"),
    ("def f(len):\n    return len", "shadow"),
    ("def main():\n    return 1", "shadow"),
    ("def Decimal():\n    return 1", "shadow"),
    ("@staticmethod\ndef f():\n    return 1", "decorator"),
    ("@call\n@initial\ndef f():\n    return 1", "decorator"),
    ("@on_update\ndef f(u):\n    return 1", "decorator"),
    ("@on_update(model='m', properties=[])\ndef f(u):\n    return 1", "decorator"),
    ("@on_update(model='m', properties=['p'])\ndef f():\n    return 1", "decorator"),
    ("@on_update(model='m', properties=['p'], when=1)\ndef f(u):\n    return 1", "condition"),
    ("async def f():\n    return 1", "asyncfunctiondef"),
]


@pytest.mark.parametrize(("text", "rule"), TOP_LEVEL)
def test_what_does_not_belong_at_the_top_level_is_refused(text: str, rule: str) -> None:
    findings = check_contract(frame("pass") + text + "\n").findings
    assert rule in [finding.rule for finding in findings], findings


@pytest.mark.parametrize("name", ["Decimal", "fail", "ctx", "call", "record", "Map"])
def test_a_name_of_the_author_module_must_be_imported(name: str) -> None:
    uses = {
        "Decimal": "X = Decimal(1)",
        "fail": "def f():\n    fail('x')",
        "ctx": "def f():\n    return ctx.height",
        "call": "@call\ndef f():\n    return 1",
        "record": "@record\nclass X:\n    a: int",
        "Map": "def f(x: Map):\n    return 1",
    }
    assert check_contract(IMPORTS + uses[name] + "\n").accepted
    [finding] = check_contract(uses[name] + "\n").findings
    assert (finding.rule, finding.instead) == ("import", f"from contracts.author import {name}")


def test_a_finding_says_where_and_what_instead() -> None:
    [finding] = check_contract("X = 1\nY = 0.5\n").findings
    assert str(finding) == (
        '2:5: float: floats round differently from what people expect; write: Decimal("0.5")'
    )


def test_the_manifest_tells_what_the_ledger_must_know() -> None:
    source = (
        '"""Counts things.\n\nMore."""\n'
        + IMPORTS
        + '''
total = Var(int, 0)
rows = Map(int)

@initial
def begin() -> None:
    total.set(1)

@call
def add(amount: int, note: str | None = None) -> int:
    """Add to it.

    Twice.
    """
    return amount

@on_update(model="pump", properties=["flow", "heat"])
def watch(update: Update) -> None:
    pass
'''
    )
    manifest = check_contract(source).manifest
    assert manifest is not None
    assert manifest.engine == ENGINE
    assert manifest.summary == "Counts things."
    assert manifest.calls == (
        CallHandler(
            "add",
            (Parameter("amount", "int", True), Parameter("note", "str | None", False)),
            "Add to it.",
        ),
    )
    assert manifest.triggers == (UpdateTrigger("watch", "pump", ("flow", "heat")),)
    assert (manifest.initial, manifest.variables, manifest.maps) == ("begin", ("total",), ("rows",))
    assert manifest.triggers[0].wakes_on("pump", frozenset({"heat", "x"}))
    assert not manifest.triggers[0].wakes_on("pump", frozenset({"x"}))
    assert not manifest.triggers[0].wakes_on("fan", frozenset({"heat"}))


def test_findings_are_in_the_order_of_the_source() -> None:
    findings = check_source("X = 1.5\n\ndef f():\n    y = 0.5\n    return {1}\n").findings
    assert [finding.line for finding in findings] == [1, 4, 5]


@pytest.mark.parametrize(
    ("docstring", "summary"),
    [
        ('"""One line."""', "One line."),
        ('"""\n\n    The second\n    and third."""', "The second"),
        ('""" \\t tabs\\t\\n more"""', "tabs"),
        ('"""\\x0bnot a blank"""', "\x0bnot a blank"),
        ("pass", ""),
        ("5", ""),
    ],
)
def test_summaries_are_cut_by_our_own_rule(docstring: str, summary: str) -> None:
    source = f"from contracts.author import call\n@call\ndef f():\n    {docstring}\n    return 1\n"
    checked = check_source(source)
    assert checked.findings == ()
    assert build_manifest(source, checked.outline).calls[0].summary == summary


@pytest.mark.parametrize(
    "written",
    ["", "int", "int | None", "dict[str, list[int | None]] | None", "tuple[int, ...]", "object"],
)
def test_types_stand_in_the_manifest_as_they_are_written(written: str) -> None:
    annotation = f": {written}" if written else ""
    source = f"from contracts.author import call\n@call\ndef f(x{annotation}):\n    return x\n"
    checked = check_source(source)
    assert build_manifest(source, checked.outline).calls[0].parameters[0].type == written
