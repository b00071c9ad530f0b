"""The fuzzer itself: it agrees on some programs, gives each again, and sees planted mistakes."""

from __future__ import annotations

import ast
from decimal import Decimal
from typing import Any

import pytest

from contracts.runtime import meter
from contracts.runtime.matching import _FORMS
from contracts.runtime.meter import Meter
from contracts.runtime.namespace import HELPERS
from tests.fuzz.judge import BOUNDS, CHECKER_RULES, REFUSALS, Verdict, judge
from tests.fuzz.plain import _show
from tests.fuzz.program import HEAD, Program
from tests.fuzz.programs import make_program
from tests.fuzz.report import run_seed
from tests.fuzz.shrink import shrink

SEEDS = 120


def one_call(body: str, declarations: str = "") -> Program:
    lines = "\n".join(f"    {line}" for line in body.split("\n"))
    return Program(f"{HEAD}{declarations}\n@call\ndef main():\n{lines}\n", (("main", {}),))


def test_random_contracts_mean_what_python_means() -> None:
    verdicts = [run_seed(seed) for seed in range(SEEDS)]
    assert [one.why for one in verdicts if one.kind == "different"] == []
    assert sum(one.kind == "same" for one in verdicts) > SEEDS * 0.9


def test_a_seed_gives_the_same_program_again() -> None:
    assert [make_program(seed) for seed in range(5)] == [make_program(seed) for seed in range(5)]
    assert make_program(1) != make_program(2)


PLANTED: dict[str, tuple[str, Any]] = {
    "_floordiv": ("return -7 // 2", lambda active, left, right: int(Decimal(left) / right)),
    "_slice": ("return [1, 2, 3][:2]", lambda active, items, *bounds: items),
    "_is_not": ("return 1 < 2 is not None", lambda active, left, right: False),
    "_text": ("x = 5\nreturn f'{x:04d}'", lambda active, value, spec: str(value)),
    "_b_sorted": ("return sorted([2, 1])", lambda active, items, **_: list(items)),
    "_match": (
        "match [1, 2, 3]:\n    case [a, *b] if b:\n        return b",
        lambda active, subject, gas, case: (subject[0], subject),
    ),
    "_each": ("return [i for i in [1, 2]]", lambda active, items, gas: iter(items[1:])),
}


@pytest.mark.parametrize("helper", [name for name in PLANTED if name in HELPERS])
def test_a_planted_mistake_is_a_difference(helper: str, monkeypatch: pytest.MonkeyPatch) -> None:
    body, wrong = PLANTED[helper]
    assert judge(one_call(body)).kind == "same"
    monkeypatch.setitem(HELPERS, helper, wrong)
    assert judge(one_call(body)).kind == "different"


def test_an_error_that_is_not_raised_is_a_difference(monkeypatch: pytest.MonkeyPatch) -> None:
    program = one_call("try:\n    return [][0]\nexcept IndexError:\n    return 1")
    assert judge(program).kind == "same"
    monkeypatch.setitem(meter.CAUGHT, "IndexError", (KeyError,))
    assert judge(program).kind == "different"


def test_state_that_a_failed_call_left_is_a_difference(monkeypatch: pytest.MonkeyPatch) -> None:
    program = one_call("total.set(2)\nreturn 1", "total = Var(int, 0)")
    assert judge(program).kind == "same"
    monkeypatch.setattr("contracts.runtime.objects.VarState.set", lambda *given: None)
    assert judge(program).why == "the state differs"


def test_a_difference_is_made_small(monkeypatch: pytest.MonkeyPatch) -> None:
    def wrong(active: Meter, left: Any, right: Any) -> Any:
        return left - right + 1 if type(left) is int and type(right) is int else left - right

    monkeypatch.setitem(HELPERS, "_sub", wrong)
    program = one_call(
        "x = [1, 2]\nfor i in x:\n    if i > 0:\n        x = x + [i * 2]\n"
        "y = {'a': len(x) - sum([1, 2])}\nreturn [y, 'text'.upper(), x]"
    )
    small = shrink(program, lambda one: judge(one).kind == "different")
    assert judge(small).kind == "different"
    assert len(ast.unparse(ast.parse(small.source)).splitlines()) <= 4
    assert len(small.source) < len(program.source) / 2


def test_a_pattern_that_python_refuses_too_is_no_difference() -> None:
    body = "match 1:\n    case [a, a]:\n        return a"
    assert judge(one_call(body)) == Verdict("refused", "checker: pattern")


def test_a_pattern_that_python_takes_is_one(monkeypatch: pytest.MonkeyPatch) -> None:
    program = one_call("match 1:\n    case 1 | 2:\n        return 1")
    assert judge(program).kind == "same"
    monkeypatch.setattr("contracts.pattern_check.is_irrefutable", lambda pattern: True)
    assert judge(program).is_of_checker


def test_a_match_is_made_small(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(_FORMS, "value", lambda meter, pattern, subject, found: True)
    program = one_call(
        "x = 2\nmatch x:\n    case 1 | 7 if x:\n        return 1\n    case [y]:\n        return y\n"
        "    case _:\n        y = x\nreturn x"
    )
    small = shrink(program, lambda one: judge(one).kind == "different")
    assert judge(small).kind == "different"
    assert len(small.source) < len(program.source) / 2


EXCUSED = {
    "/ of two ints would be a float: write Decimal(a) / b, or a // b": "return int(1 / 2)",
    "** takes no negative power: write Decimal(1) / x ** n": "return int(2 ** -1)",
    "an int has up to 256 bits": "return 2 ** 255 * 4",
    "a dict key is a str": "x = {}\nx[1] = 2\nreturn len(x)",
    "only texts, numbers, bools and None have a text": "return str([1])",
    "what is sorted must be of one kind": "return sorted([(1, 'a'), (2, 3)])",
    "this cannot be sorted": "return sorted([[2], [1]])",
    "sum takes numbers": "return sum([[1], [2]], [])",
    "int takes ASCII digits": "return int(' 1_0 ')",
    "+ takes two numbers, texts or lists": "x = [1]\nx += 'ab'\nreturn x",
    "this operator takes two numbers": "return '%s' % 'a'",
    "this operator takes two ints": "return {'a': 1} | {'b': 2}",
    "an exception takes a text": "raise ValueError(1)",
    "the Decimal operation has no result": "return Decimal(0) % 0",
    "there is no such method": "x = 1\nreturn x.append(2)",
    "in takes a list, tuple, dict, Map, text or range on the right": "return 1 in b'ab'",
    "dict copies a dict": "return dict([('a', 1)])",
    "a width is 0 to 1000": "return len('a'.ljust(2000))",
    "range goes up to 53 bits": "return len(range(2 ** 60))",
    "out_of_gas": "x = 0\nwhile x < 100000:\n    x += 1\nreturn x",
}


@pytest.mark.parametrize("why", EXCUSED)
def test_a_documented_refusal_is_no_difference(why: str) -> None:
    verdict = judge(one_call(EXCUSED[why]))
    if why == "an exception takes a text":
        assert verdict.kind in ("refused", "same")
    assert (verdict.kind, verdict.why) in (("refused", why), ("same", ""))
    assert why in BOUNDS or why in REFUSALS


@pytest.mark.parametrize("width", range(12))
@pytest.mark.parametrize("align", ["<", ">", "^", "<+", ">+", "+"])
def test_a_decimal_is_padded_as_python_pads(align: str, width: int) -> None:
    body = f"x = Decimal('7.1425')\nn = -7\nreturn f'{{x:{align}{width}}}{{n:{align}{width}}}'"
    assert judge(one_call(body)).kind == "same"


@pytest.mark.parametrize("body", ["return dict(None)", "return sum([], 'a')", "return dict(1)"])
def test_a_builtin_refuses_what_python_refuses(body: str) -> None:
    assert judge(one_call(body)).kind == "same"


def test_every_refusal_says_why() -> None:
    reasons = {**BOUNDS, **REFUSALS, **CHECKER_RULES}
    assert all(len(reason) > 15 for reason in reasons.values())
    assert not BOUNDS.keys() & REFUSALS.keys()


@pytest.mark.parametrize(
    ("value", "spec", "text"),
    [
        (Decimal("1.500"), "", "1.5"),
        (Decimal("-0.00"), "", "0"),
        (Decimal("1e3"), "", "1000"),
        (Decimal("-0.001"), ".2f", "0.00"),
        (Decimal("2.5"), ".0f", "2"),
        (3, ".2f", "3.00"),
        (Decimal("-1.5"), "08", "-00001.5"),
        (Decimal("1.5"), "^7", "  1.5  "),
        (Decimal("1.50"), "+", "+1.5"),
        (Decimal(0), "+.1f", "+0.0"),
        (Decimal("-1.5"), ">+8", "    -1.5"),
        (Decimal("1.5"), "+08", "+00001.5"),
    ],
)
def test_the_plain_side_writes_numbers_as_documented(value: Any, spec: str, text: str) -> None:
    assert _show(value, spec) == text
