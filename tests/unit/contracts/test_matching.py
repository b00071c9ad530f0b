"""`match`: it means what it means in CPython, costs by its nodes, and no raw pattern is left."""

from __future__ import annotations

import ast
import dataclasses
import sys
from decimal import Decimal
from itertools import pairwise
from types import FrameType
from typing import Any, Final

import pytest

from contracts import language as lang
from contracts.checker import check_source
from contracts.compiler import check_contract, load_contract
from contracts.inprocess import InProcessExecutor
from contracts.metered_patterns import encode_pattern
from contracts.metering import Rewriter
from contracts.outline import Outline
from contracts.pattern_check import check_pattern, find_captures, is_irrefutable
from contracts.runtime.matching import _FORMS
from tests.unit.contracts.memory_host import Deployed

HEAD: Final = """from contracts.author import Decimal, Map, call, ctx, record

LIMIT = 3
state = Map(int)

@record
class Pump:
    hot: int = 0
    order: str | None = None
    parts: list | None = None

@record
class Fan:
    hot: int = 0

"""

SUBJECTS: Final = (
    "0", "1", "-1", "7", "True", "False", "None", "''", "'a'", "'ab'", "b''", "b'ab'",
    "Decimal('1')", "Decimal('-1.0')", "Decimal('0.5')",
    "[]", "()", "[1]", "(1,)", "[0, 1]", "(0, 'a')", "[1, 2, 3]", "['a', 'b', 'ab']", "[[1, 2], 3]",
    "[None, True]", "[1, [2, [3]]]", "[{'k': 1}, {'k': 2, 'm': [4, 5]}]",
    "{}", "{'k': 1}", "{'k': None, 'm': 2}", "{'k': [1, 2], 'm': {'k': 'a'}}", "{'a': 1, 'b': 2}",
    "Pump()", "Pump(1)", "Pump(7, 'a', [1, 2])", "Fan(1)", "[Pump(2), Fan(2)]", "{'k': Fan(7)}",
)  # fmt: skip

PATTERNS: Final = (
    "_", "x", "0", "1", "-1", "7 as x", "True", "False", "None", "'a'", "'a' 'b'", "b'ab'", "''",
    "0 | 1", "'a' | b'ab' | None", "(1 | 7) as x", "-1 | True as x", "(x)",
    "int()", "int(x)", "bool()", "bool(x)", "str(x)", "bytes(x)", "list(x)", "dict(x)", "Decimal()",
    "Decimal() as x", "int(0 | 1)", "int() | str()", "str('a' | 'ab')", "list([x, *_])",
    "dict({'k': x})",
    "[]", "()", "[x]", "(x,)", "[x, y]", "x, y", "(0, x) | (1, x, _)", "[*_]", "[*x]", "[x, *_]",
    "[x, *y]", "[*x, y]", "[x, *y, z]", "[_, *_, _]", "[*_, 3]", "[1, *x, 3]", "[x, [y, *z]]",
    "[[x, 2], y]", "[[_, _] | {'k': _} as x, *_]", "[None | True, x]", "[int(x), *y]",
    "{}", "{**x}", "{'k': x}", "{'k': 1}", "{'k': None}", "{'k': x, **y}", "{'k': 1, **y}",
    "{'k': [x, *y], 'm': {'k': z}}", "{'k': _, 'm': int(x) | [x, _]}", "{'a': x, 'b': y, **z}",
    "[{'k': x}, {'k': y, **z}]", "{'k': Fan(hot=x)}",
    "Pump()", "Pump() as x", "Pump(hot=1)", "Pump(hot=x, order=None)", "Pump(order=str(x))",
    "Pump(hot=7, parts=[x, *y])", "Pump(hot=x) | Fan(hot=x)", "[Pump(hot=x), Fan(hot=y)]",
)  # fmt: skip


def plain_names() -> dict[str, Any]:
    return {"Decimal": Decimal, "record": dataclasses.dataclass}


def caught(pattern: str) -> list[str]:
    tree = ast.parse(f"match 0:\n    case {pattern}: pass")
    return sorted({name for _, name in find_captures(tree)})


def show(value: Any) -> Any:
    """Make values of both sides comparable: texts say of what type a number or list is."""
    if isinstance(value, list | tuple | range):
        return [type(value).__name__, *[show(item) for item in value]]
    if isinstance(value, dict):
        return {key: show(item) for key, item in value.items()}
    if dataclasses.is_dataclass(value):
        fields = dataclasses.fields(value)
        return [type(value).__name__, [show(getattr(value, one.name)) for one in fields]]
    if hasattr(value, "kind"):
        return [value.kind.name, [show(item) for item in value.values]]
    return f"{type(value).__name__} {value}"


@pytest.mark.parametrize("guard", ["", " if len(seen) == 1"])
@pytest.mark.parametrize("pattern", PATTERNS)
def test_a_pattern_takes_what_it_takes_in_python(pattern: str, guard: str) -> None:
    names = ", ".join(f"{name!r}: {name}" for name in caught(pattern))
    subjects = ",\n".join((*SUBJECTS, "range(0)", "range(3)", "range(9, 0, -4)"))
    source = (
        f"def attempt(x0, seen):\n    match x0:\n        case {pattern}{guard}:\n"
        f"            return {{{names}}}\n    return 'other'\n"
        f"def main():\n    return [attempt(s, g) for s in [{subjects}] for g in [[], [0]]]\n"
    )
    loaded = load_contract(HEAD + source + "@call\ndef handler():\n    return main()\n")
    loaded.meter.left = 1_000_000
    loaded.rebuild()
    names_of_plain = plain_names()
    declared = HEAD.split("\n", 4)[4].removeprefix("state = Map(int)")
    exec("from __future__ import annotations\n" + declared + source, names_of_plain)
    assert show(loaded.handlers["call", "handler"]()) == show(names_of_plain["main"]())


def call(body: str, **arguments: object) -> Any:
    lines = "\n".join("    " + line for line in body.split("\n"))
    source = f"{HEAD}@call\ndef main({', '.join(arguments)}):\n{lines}\n"
    return Deployed(source, InProcessExecutor()).value("main", **arguments)


def test_the_first_case_that_fits_runs_and_no_other() -> None:
    body = (
        "seen = []\nmatch x:\n    case 1:\n        seen.append('one')\n    case int():\n"
        "        seen.append('int')\n    case 1 | 2:\n        seen.append('never')\n"
        "    case _:\n        seen.append('rest')\nseen.append('after')\nreturn seen"
    )
    assert call(body, x=1) == ["one", "after"]
    assert call(body, x=2) == ["int", "after"]
    assert call(body, x="1") == ["rest", "after"]


def test_a_guard_sees_the_names_and_they_stay_when_it_says_no() -> None:
    body = (
        "a = 'before'\nmatch x:\n    case [a, b] if a > b:\n        return 'falls'\n"
        "    case [_, 'none'] | [c, _] if False:\n        pass\n    case _:\n        return [a, b]"
    ).replace("[_, 'none'] | [c, _]", "[c, 9]")
    assert call(body, x=[2, 1]) == "falls"
    assert call(body, x=[1, 2]) == [1, 2]


def test_names_of_a_pattern_that_does_not_fit_stay_as_they_were() -> None:
    body = "a = 'before'\nmatch x:\n    case [a, 1]:\n        pass\nreturn a"
    assert call(body, x=[5, 2]) == "before"
    assert call(body, x=[5, 1]) == 5


def test_a_name_that_was_never_assigned_is_a_name_error() -> None:
    body = "    match x:\n        case [a]:\n            pass\n    return a\n"
    deployed = Deployed(f"{HEAD}@call\ndef main(x):\n{body}", InProcessExecutor())
    assert deployed.call("main", x=[]).error == "NameError"


def test_the_subject_is_worked_out_once_and_a_guard_may_change_it() -> None:
    body = (
        "seen = []\nmatch [seen.append(1), x][1]:\n    case [_, _] if x.pop() > 5:\n"
        "        return 'large'\n    case [_, _]:\n        return 'still two'\n"
        "    case [y]:\n        return [y, len(seen)]"
    )
    assert call(body, x=[1, 9]) == "large"
    assert call(body, x=[1, 2]) == [1, 1]


def test_cases_leave_loops_and_functions_as_ifs_do() -> None:
    body = (
        "seen = []\nfor i in range(9):\n    match i % 4, i:\n        case 0, _:\n"
        "            continue\n        case 1, n if n > 4:\n            break\n"
        "        case _, 7:\n            return 'never'\n    seen.append(i)\n"
        "else:\n    return 'never'\nreturn seen"
    )
    assert call(body) == [1, 2, 3]


def test_a_match_within_a_match_and_in_calls_of_itself() -> None:
    source = HEAD + (
        "def depth(x):\n    match x:\n        case [first, *rest]:\n            match first:\n"
        "                case list() if first:\n                    inner = depth(first) + 1\n"
        "                case _:\n                    inner = 1\n            other = depth(rest)\n"
        "            return inner if inner > other else other\n    return 0\n"
        "@call\ndef main():\n    return [depth([]), depth([1]), depth([[1, [2]], [3]])]\n"
    )
    assert Deployed(source, InProcessExecutor()).value("main") == [0, 1, 3]


def test_what_only_the_ledger_has_matches_names_and_nothing_else() -> None:
    body = (
        "seen = []\nfor x in [state, ctx]:\n    match x:\n        case int() | str() | [*_] | {}:\n"
        "            seen.append('value')\n        case 'a' | 1 | None | Pump():\n"
        "            seen.append('value')\n        case other:\n            seen.append('other')\n"
        "return seen"
    )
    assert call(body) == ["other", "other"]


def test_the_rest_of_a_pattern_is_a_copy() -> None:
    body = (
        "xs = [1, 2]\nd = {'a': 1, 'b': [2]}\nmatch xs, d:\n    case [*ys], {'a': _, **e}:\n"
        "        ys.append(3)\n        e['c'] = 4\n        e['b'].append(5)\nreturn [xs, ys, d, e]"
    )
    assert call(body) == [[1, 2], [1, 2, 3], {"a": 1, "b": [2, 5]}, {"b": [2, 5], "c": 4}]


@pytest.mark.parametrize(("x", "lines"), [(1, [4, 5, 6, 13]), ([5], [4, 5, 7, 8, 11, 12, 13])])
def test_a_debugger_sees_the_cases_that_were_tried(x: object, lines: list[int]) -> None:
    source = (
        "from contracts.author import call\n@call\ndef main(x):\n    match x:\n        case 1:\n"
        "            y = 1\n        case [y] if (\n            y > 5\n        ):\n"
        "            y = 2\n        case _:\n            y = 3\n    return y\n"
    )
    loaded = load_contract(source)
    loaded.meter.left = 1_000
    seen = set()

    def follow(frame: FrameType, event: str, argument: Any) -> Any:
        if frame.f_code.co_name == "main" and event == "line":
            seen.add(frame.f_lineno)
        return follow

    before = sys.gettrace()
    sys.settrace(follow)
    try:
        loaded.handlers["call", "main"](x)
    finally:
        sys.settrace(before)
    assert sorted(seen - {2, 3}) == lines


# What it costs.


def rewritten(body: str) -> str:
    lines = "\n".join("    " + line for line in body.split("\n"))
    checked = check_source(f"{HEAD}def main(x, y):\n{lines}\n")
    assert checked.findings == ()
    return ast.unparse(Rewriter(checked.outline).module().body[-1])


def test_cases_become_ifs_beside_each_other() -> None:
    assert (
        rewritten(
            "match x:\n    case [0 | 1 as y, *_] if y:\n        return y\n    case _:\n        pass"
        )
        == """\
def main(x, y):
    _enter(_m, 8)
    try:
        _t1 = x
        _t2 = None
        if _t2 is None:
            _t2 = _match(_m, _t1, 34, (1, ('starred', (('as', ('or', (('value', 0), ('value', 1))), 0),), None, ())))
            if _t2 is not None:
                y, = _t2
                if y:
                    _m.left -= 2
                    if _m.left < 0:
                        _out(_m)
                    return y
                else:
                    _t2 = None
        if _t2 is None:
            _t2 = _match(_m, _t1, 7, (0, ('any',)))
            if _t2 is not None:
                _m.left -= 0
                if _m.left < 0:
                    _out(_m)
                pass
    finally:
        _m.depth -= 1"""  # noqa: E501 (as the rewriter writes it)
    )


def gas_of(body: str, **arguments: object) -> int:
    lines = "\n".join("    " + line for line in body.split("\n"))
    source = f"{HEAD}@call\ndef main({', '.join(arguments)}):\n{lines}\n"
    execution = Deployed(source, InProcessExecutor()).call("main", **arguments)
    assert execution.status == "ok", execution
    return execution.gas_used


def test_a_case_is_paid_when_it_is_tried() -> None:
    body = "match x:\n" + "".join(f"    case {at}:\n        pass\n" for at in range(5)) + "return 0"
    prices = [gas_of(body, x=x) for x in range(6)]
    assert [later - earlier for earlier, later in pairwise(prices)] == [10, 10, 10, 10, 0]


@pytest.mark.parametrize(
    ("subject", "pattern", "cheap", "gas"),
    [
        ("'b' + 'a' * {n}", "'b'", "1", 1 / 16),
        ("b'b' + b'a' * {n}", "b'b'", "'b'", 1 / 16),
        ("[0] * {n}", "[_, *rest]", "[_, *_]", 1),
        ("range({n})", "[*rest, _]", "[*_, _]", 1),
        ("{str(i): i for i in range({n})}", "{'1': _, **rest}", "{'1': _}", 4),
    ],
)
def test_what_grows_with_the_subject_costs_by_its_size(
    subject: str, pattern: str, cheap: str, gas: float
) -> None:
    def growth(pattern: str) -> int:
        body = "s = SUBJECT\nmatch s:\n    case PATTERN:\n        pass\nreturn 0"
        body = body.replace("SUBJECT", subject).replace("PATTERN", pattern)
        small, large = (gas_of(body.replace("{n}", str(n))) for n in (1_600, 16_000))
        return large - small

    assert growth(pattern) - growth(cheap) == 14_400 * gas


def test_gas_that_is_not_there_is_not_worked_off() -> None:
    body = "    match range(10 ** 9):\n        case [*rest]:\n            return 1\n"
    deployed = Deployed(f"{HEAD}@call\ndef main():\n{body}", InProcessExecutor())
    execution = deployed.call("main")
    assert (execution.status, execution.gas_used) == ("out_of_gas", deployed.gas_limit)


def test_every_gas_limit_gives_the_same_end_or_none() -> None:
    source = HEAD + (
        "@call\ndef main(x):\n    match x:\n        case {'k': [a, *b], **c} if len(b) > 5:\n"
        "            return [a, c]\n        case {'k': [a, *b]}:\n            return b\n"
    )
    deployed = Deployed(source, InProcessExecutor())
    given = {"k": [1, "a"], "m": 3}
    needed = deployed.call("main", x=given).gas_used
    for limit in range(needed - 200, needed + 2):
        deployed.gas_limit = limit
        execution = deployed.call("main", x=given)
        wanted = ("ok", needed) if limit >= needed else ("out_of_gas", limit)
        assert (execution.status, execution.gas_used) == wanted


# What is refused.

REFUSED: Final = [
    ("1.5", "pattern", 'case x if x == Decimal("1.5"):'),
    ("-1.5", "pattern", 'case x if x == Decimal("-1.5"):'),
    ("1 + 2j", "pattern", "case x if x == limit:"),
    ("2j", "float", "two Decimals"),
    ("f'a'", "pattern", "case x if x == limit:"),
    ("ctx.height", "pattern", "case x if x == limit:"),
    ("LIMIT", "pattern", "case x if x == LIMIT:"),
    ("[_, LIMIT]", "pattern", "case x if x == LIMIT:"),
    ("int", "pattern", "case int():"),
    ("Pump", "pattern", "case Pump():"),
    ("state", "shadow", "another name"),
    ("main", "shadow", "another name"),
    ("len", "shadow", "another name"),
    ("ctx", "shadow", "another name"),
    ("_x", "name", "x"),
    ("_m", "name", "m"),
    ("_t1", "name", "t1"),
    ("[*_x]", "name", "x"),
    ("{**_x}", "name", "x"),
    ("1 as _x", "name", "x"),
    ("a" * 65, "name", "a shorter name"),
    ("0x1" + "0" * 64, "int", "a smaller number"),
    ("{1: y}", "pattern", 'case {"a": x}:'),
    ("{True: y}", "pattern", 'case {"a": x}:'),
    ("{None: y}", "pattern", 'case {"a": x}:'),
    ("{-1: y}", "pattern", 'case {"a": x}:'),
    ("{1.5: y}", "pattern", 'case {"a": x}:'),
    ("{b'a': y}", "pattern", 'case {"a": x}:'),
    ("{f'a': y}", "pattern", 'case {"a": x}:'),
    ("{ctx.sender: y}", "pattern", 'case {"a": x}:'),
    ("{'a': y, 'a': z}", "pattern", "each key once"),
    ("[*y, *z]", "pattern", "[first, *rest]"),
    ("[y, y]", "pattern", "two names, and `if a == b`"),
    ("[y, *y]", "pattern", "two names, and `if a == b`"),
    ("{'a': y, **y}", "pattern", "two names, and `if a == b`"),
    ("[y] as y", "pattern", "two names, and `if a == b`"),
    ("[y] | [y, z]", "pattern", "two cases"),
    ("[y] | [y, y]", "pattern", "two cases"),
    ("1 | y", "pattern", "two cases"),
    ("y | 1", "pattern", "it at the end"),
    ("[_ | 1]", "pattern", "it at the end"),
    ("_ | 1", "pattern", "it at the end"),
    ("tuple()", "pattern", "case [a, b]:"),
    ("float()", "pattern", 'Decimal("0.5")'),
    ("set()", "pattern", "a dict or a sorted list"),
    ("object(__class__=c)", "pattern", "case x if ...:"),
    ("Exception()", "pattern", "case x if ...:"),
    ("ctx.Row()", "pattern", "case x if ...:"),
    ("Update()", "pattern", "case x if ...:"),
    ("Map()", "pattern", "case x if ...:"),
    ("x()", "pattern", "case x if ...:"),
    ("int(real=y)", "pattern", "case int() as x:"),
    ("int(__class__=y)", "pattern", "case int() as x:"),
    ("str(y, z)", "pattern", "case str(x):"),
    ("Decimal('1.5')", "pattern", "case Decimal() as x if x == limit:"),
    ("Pump(1)", "pattern", "case Pump(hot=x):"),
    ("Pump(cold=1)", "pattern", "one of hot, order, parts"),
    ("Pump(__class__=y)", "pattern", "one of hot, order, parts"),
    ("Pump(__match_args__=y)", "pattern", "one of hot, order, parts"),
    ("Pump(hot=y, hot=z)", "pattern", "each field once"),
    ("[" * 9 + "]" * 9, "shape", "a match of the inner part in the body"),
    ("[" + "_, " * 100 + "]", "shape", "several cases, or ifs in the body"),
]  # fmt: skip


@pytest.mark.parametrize(("pattern", "rule", "instead"), REFUSED)
def test_a_pattern_outside_the_language_is_refused(pattern: str, rule: str, instead: str) -> None:
    source = f"{HEAD}def main(x):\n    match x:\n        case {pattern}:\n            pass\n"
    verdict = check_contract(source)
    assert (rule, instead) in [(one.rule, one.instead) for one in verdict.findings], verdict
    assert {one.line for one in verdict.findings} == {HEAD.count("\n") + 3}
    assert all("rewriting" not in one.rule for one in verdict.findings)


@pytest.mark.parametrize("pattern", ["_", "y", "1 | y", "_ as y", "(y as z)", "0 | _"])
def test_a_case_that_takes_anything_stands_at_the_end(pattern: str) -> None:
    case = f"        case {pattern}:\n            pass\n"
    source = f"{HEAD}def main(x):\n    match x:\n{case}        case 1:\n            pass\n"
    reasons = [one.reason for one in check_contract(source).findings]
    assert "it takes anything, so the cases behind it are never tried" in reasons
    guarded = check_contract(source.replace(f"{pattern}:", f"{pattern} if x:")).findings
    assert "never tried" not in "".join(one.reason for one in guarded if "alter" not in one.reason)


def test_there_are_only_so_many_cases() -> None:
    def findings(count: int) -> list[str]:
        cases = "".join(f"        case {at}:\n            pass\n" for at in range(count))
        return [one.reason for one in check_contract(f"def f(x):\n    match x:\n{cases}").findings]

    assert findings(lang.CASES_MAX) == []
    assert findings(lang.CASES_MAX + 1) == ["more than 40 cases in one match"]


def test_a_match_counts_as_a_block() -> None:
    def findings(depth: int) -> list[str]:
        lines = ["def f(x):"]
        for level in range(depth):
            lines += [" " * (2 * level + 1) + "match x:", " " * (2 * level + 2) + "case 1:"]
        source = "\n".join([*lines, " " * (2 * depth + 1) + "pass\n"])
        return [one.rule for one in check_contract(source).findings]

    assert findings(lang.BLOCK_DEPTH_MAX) == []
    assert findings(lang.BLOCK_DEPTH_MAX + 1) == ["shape"]


def test_the_checker_refuses_what_python_would_refuse_while_compiling() -> None:
    """Otherwise the answer would be that of one version of Python."""
    for pattern, _, _ in REFUSED:
        source = f"{HEAD}def main(x):\n    match x:\n        case {pattern}:\n            pass\n"
        assert check_source(source).findings != ()


def test_every_form_that_is_written_can_be_tried() -> None:
    outline, forms = Outline(records={"Pump": (), "Fan": ()}), set()

    def walk(part: Any) -> None:
        if isinstance(part, tuple) and part and isinstance(part[0], str):
            forms.add(part[0])
        for inner in part if isinstance(part, tuple) else ():
            walk(inner)

    for pattern in PATTERNS:
        [statement] = ast.parse(f"match 0:\n    case {pattern}: pass").body
        assert isinstance(statement, ast.Match)
        _, literal = encode_pattern(outline, statement.cases[0].pattern)
        walk(ast.literal_eval(literal))
    assert forms & set(_FORMS) == set(_FORMS)


def test_what_takes_anything_is_known() -> None:
    def of(pattern: str) -> bool:
        [statement] = ast.parse(f"match 0:\n    case {pattern}: pass").body
        assert isinstance(statement, ast.Match)
        return is_irrefutable(statement.cases[0].pattern)

    assert [of(text) for text in ("_", "x", "(_ as x)", "1 | _")] == [True] * 4
    assert [of(text) for text in ("1", "[*_]", "{}", "1 as x", "int()")] == [False] * 5


def test_a_pattern_of_a_later_python_is_refused() -> None:
    outline = Outline()
    check_pattern(outline, ast.pattern())
    assert [one.rule for one in outline.findings] == ["pattern"]
