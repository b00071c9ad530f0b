"""Conditions on readings: when an update wakes a handler, decided without an interpreter.

    @on_update(model="pump", properties=["temperature", "flow"],
               when="temperature > LIMIT or flow < parameter('least', 2.5) or is_bad(flow)")

A condition is one test or several joined by `or`, each of a single property. It is a filter: the
handler runs when any accepted reading of the transaction passes any test, and gets all of them.

    property > limit        also >= < <= == !=
    crosses(property, limit)   the reading is on the other side of the limit than the one before it,
                            or there was none before; the limit itself belongs to the upper side
    is_bad(property)        the quality is not good, or there is no value

A limit is a number, a module constant above, or a parameter of the deployment with its default.
A reading without a usable value passes `is_bad` only.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Iterable, Sequence
from decimal import Decimal
from typing import Any, Final, Literal

import msgspec

from chain.errors import InvalidInput
from chain.operations import Reading
from chain.values import Value
from contracts.runtime.arithmetic import CONTEXT
from contracts.runtime.objects import parse_number
from contracts.runtime.text import decimal_text

TESTS_MAX: Final = 8
CONDITION_SIZE_MAX: Final = 300
TEST_GAS: Final = 5
"""For each test of each reading of its property."""

Test = Literal[">", ">=", "<", "<=", "==", "!=", "crosses", "is_bad"]

_NAME: Final = r"[A-Za-z_]\w*"
_NUMBER: Final = r"-?[0-9]{1,40}(?:\.[0-9]{1,40})?"
_LIMIT: Final = (
    rf"(?:parameter\( *['\"](?P<parameter>{_NAME})['\"] *, *(?P<default>{_NUMBER}|{_NAME}) *\)"
    rf"|(?P<limit>{_NUMBER}|{_NAME}))"
)
_PROPERTY: Final = r"(?P<property>[A-Za-z0-9][A-Za-z0-9._-]*)"
_FORMS: Final = tuple(
    re.compile(form, re.ASCII)
    for form in (
        rf"{_PROPERTY} *(?P<test>>=|<=|==|!=|>|<) *{_LIMIT}",
        rf"(?P<test>crosses)\( *{_PROPERTY} *, *{_LIMIT} *\)",
        rf"(?P<test>is_bad)\( *{_PROPERTY} *\)",
    )
)
_GOOD: Final = 0


class Condition(msgspec.Struct, frozen=True, array_like=True, forbid_unknown_fields=True):
    """One test of one property; `limit` is a decimal number as text, "" for `is_bad`.

    `parameter` names the deployment's parameter that takes the limit's place, or is "".
    """

    property: str
    test: Test
    limit: str = ""
    parameter: str = ""


def parse_conditions(text: str, constants: dict[str, ast.expr]) -> tuple[Condition, ...] | None:
    """Read what a contract gives as `when`; None when it is no condition.

    Args: constants: the module constants above, by name.
    """
    if len(text) > CONDITION_SIZE_MAX:
        return None
    found = [_parse_test(part.strip(" "), constants) for part in re.split(" +or +", text)]
    if len(found) > TESTS_MAX:
        return None
    tests = tuple(one for one in found if one is not None)
    return tests if len(tests) == len(found) else None


def _parse_test(text: str, constants: dict[str, ast.expr]) -> Condition | None:
    for form in _FORMS:
        match = form.fullmatch(text)
        if match is None:
            continue
        parts: dict[str, Any] = match.groupdict()
        if parts["test"] == "is_bad":
            return Condition(parts["property"], "is_bad")
        limit = _resolve(parts["default"] or parts["limit"], constants)
        if limit is None:
            return None
        test: Test = parts["test"]
        return Condition(parts["property"], test, limit, parts["parameter"] or "")
    return None


def _resolve(text: str, constants: dict[str, ast.expr]) -> str | None:
    """Give a number's text, of the number itself or of a constant; None when it is neither."""
    if text in constants:
        return _number_of(constants[text])
    return _canonical(text)


def _number_of(node: ast.expr) -> str | None:
    match node:
        case ast.Constant(value=int(number)) if not isinstance(number, bool):
            return _canonical(str(number))
        case ast.UnaryOp(op=ast.USub(), operand=operand):
            found = _number_of(operand)
            return None if found is None else _canonical("-" + found)
        case ast.Call(func=ast.Name(id="Decimal"), args=[ast.Constant(value=str(text))]):
            return _canonical(text)
        case ast.Call(func=ast.Name(id="Decimal"), args=[argument]):
            return _number_of(argument)
        case _:
            return None


def _canonical(text: str) -> str | None:
    number = parse_number(text)
    return None if number is None else decimal_text(number)


def resolve_parameters(
    conditions: Iterable[Condition], parameters: dict[str, Value]
) -> tuple[Condition, ...]:
    """Put the deployment's parameters in the place of the limits that they are to replace.

    Raises: InvalidInput: VT-2083, one of them is no number.
    """
    resolved = []
    for one in conditions:
        given = parameters.get(one.parameter) if one.parameter else None
        if given is None:
            resolved.append(one)
            continue
        if isinstance(given, bool) or not isinstance(given, int | Decimal):
            raise InvalidInput("VT-2083", parameter=one.parameter)
        resolved.append(msgspec.structs.replace(one, limit=decimal_text(Decimal(given))))
    return tuple(resolved)


class Examined:
    """The readings of one update, parsed once for all conditions that look at them.

    Args: readings: accepted, in order; before: value text of each property before them.
    """

    def __init__(self, readings: Sequence[Reading], before: dict[str, str]) -> None:
        self._rows: dict[str, list[tuple[bool, Decimal | None, Decimal | None]]] = {}
        last = {name: parse_number(text) for name, text in before.items()}
        for one in readings:
            value = None if one.quality >> 31 else parse_number(one.value)
            is_good = value is not None and one.quality >> 30 == _GOOD
            rows = self._rows.setdefault(one.property, [])
            rows.append((is_good, value, last.get(one.property)))
            if value is not None:
                last[one.property] = value

    def price(self, conditions: Iterable[Condition]) -> int:
        """Price the tests, before any of them is made."""
        return sum(TEST_GAS * len(self._rows.get(one.property, ())) for one in conditions)

    def passes(self, conditions: Iterable[Condition]) -> bool:
        """Tell whether any reading passes any of the tests."""
        return any(self._passes(one) for one in conditions)

    def _passes(self, condition: Condition) -> bool:
        rows = self._rows.get(condition.property, ())
        if condition.test == "is_bad":
            return any(not is_good for is_good, _, _ in rows)
        # Its text may be longer than that of a reading: 1e-200 has 202 characters.
        limit = CONTEXT.create_decimal(condition.limit)
        return any(
            _compare(condition.test, value, limit, before)
            for _, value, before in rows
            if value is not None
        )


def _compare(test: Test, value: Decimal, limit: Decimal, before: Decimal | None) -> bool:
    match test:
        case ">":
            return value > limit
        case ">=":
            return value >= limit
        case "<":
            return value < limit
        case "<=":
            return value <= limit
        case "==":
            return value == limit
        case "!=":
            return value != limit
        case _:
            return before is None or (before >= limit) != (value >= limit)
