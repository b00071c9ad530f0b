"""Conditions on readings: how they are written, and which readings pass."""

import ast
from decimal import Decimal

import pytest

from chain.errors import InvalidInput
from chain.operations import BAD_QUALITY_NO_DATA, Reading
from contracts.conditions import (
    CONDITION_SIZE_MAX,
    TEST_GAS,
    TESTS_MAX,
    Condition,
    Examined,
    parse_conditions,
    resolve_parameters,
)
from tests.unit.contracts.support import make_reading

CONSTANTS = {
    name: ast.parse(text, mode="eval").body
    for name, text in {
        "LIMIT": "80",
        "LOW": "-Decimal('2.50')",
        "WHOLE": "Decimal(7)",
        "TEXT": "'80'",
        "YES": "True",
        "LIST": "[1]",
        "HUGE": "Decimal('1e384')",
        "TINY": "Decimal('1.000000000000000000000000000000001e-383')",
    }.items()
}


@pytest.mark.parametrize(
    ("text", "tests"),
    [
        ("power > 80", [("power", ">", "80", "")]),
        ("power>=-0.50", [("power", ">=", "-0.5", "")]),
        ("power < LIMIT or flow != LOW", [("power", "<", "80", ""), ("flow", "!=", "-2.5", "")]),
        ("crosses(power, WHOLE)", [("power", "crosses", "7", "")]),
        ("is_bad(oil.level-2)", [("oil.level-2", "is_bad", "", "")]),
        ("power == parameter('limit', 3)", [("power", "==", "3", "limit")]),
        ('crosses( power , parameter("limit", LIMIT) )', [("power", "crosses", "80", "limit")]),
    ],
)
def test_a_condition_is_one_test_or_several(text, tests):
    assert parse_conditions(text, CONSTANTS) == tuple(Condition(*one) for one in tests)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "power",
        "power > ",
        "power > 1 and flow > 2",
        "power > 1 or",
        "(power > 1)",
        "power > flow",
        "power > TEXT",
        "power > YES",
        "power > LIST",
        "power > 1e5",
        "power > .5",
        "power > 1 > 2",
        "not power > 1",
        "is_good(power)",
        "crosses(power)",
        "power > parameter('limit')",
        "power > parameter('limit', none)",
        "power > \u0661",
        "p\u00f6wer > 1",
        "power > 1\n",
        " or ".join(["p > 1"] * (TESTS_MAX + 1)),
        "power > " + "1" * CONDITION_SIZE_MAX,
    ],
)
def test_what_is_no_condition_is_refused(text):
    assert parse_conditions(text, CONSTANTS) is None


def passes(text: str, *readings: Reading, **before: str) -> bool:
    conditions = parse_conditions(text, CONSTANTS)
    assert conditions is not None
    return Examined(readings, before).passes(conditions)


def power(value: str, quality: int = 0) -> Reading:
    return make_reading(value=value, quality=quality)


@pytest.mark.parametrize(
    ("test", "values"),
    [
        (">", ["81"]),
        (">=", ["80", "80.0", "81"]),
        ("<", ["79.9"]),
        ("<=", ["79.9", "80", "80.0"]),
        ("==", ["80", "80.0"]),
        ("!=", ["79.9", "81"]),
    ],
)
def test_a_value_is_compared_as_a_number(test, values):
    given = ["79.9", "80", "80.0", "81"]
    assert [one for one in given if passes(f"active_power {test} 80", power(one))] == values


def test_a_limit_may_have_more_digits_than_any_reading():
    assert passes("active_power < HUGE", power("80"))
    assert passes("active_power > TINY", power("80"))
    assert not passes("active_power > HUGE or active_power == TINY", power("80"))
    given = parse_conditions("p > parameter('limit', 5)", CONSTANTS)
    assert given is not None
    (far,) = resolve_parameters(given, {"limit": Decimal("1e200")})
    assert len(far.limit) == 201
    examined = Examined([make_reading(property="p", value="80")], {})
    assert not examined.passes([far])


def test_any_reading_and_any_test_is_enough():
    wind = make_reading(property="wind_speed", value="3")
    assert passes("active_power > 9 or wind_speed < 4", power("1"), wind)
    assert passes("active_power > 9", power("1"), power("10"), power("2"))
    assert not passes("active_power > 9 or wind_speed < 3", power("9"), wind)


def test_a_limit_is_crossed_from_either_side_and_belongs_to_the_upper_one():
    crossing = "crosses(active_power, 80)"
    assert passes(crossing, power("80"), active_power="79.9")
    assert passes(crossing, power("79.9"), active_power="80")
    assert not passes(crossing, power("95"), active_power="80")
    assert not passes(crossing, power("10"), active_power="79.9")
    assert passes(crossing, power("10")), "nobody knows where it was before"
    assert passes(crossing, power("90"), power("10"), power("90"), active_power="90")
    assert not passes(crossing, power("", BAD_QUALITY_NO_DATA), power("90"), active_power="90")


def test_without_a_usable_value_only_is_bad_passes():
    for reading in (power("", BAD_QUALITY_NO_DATA), power("7", 1 << 31)):
        assert passes("is_bad(active_power)", reading)
        for test in (">", "<", "==", "!="):
            assert not passes(f"active_power {test} 80", reading)
    uncertain = power("90", 1 << 30)
    assert passes("is_bad(active_power)", uncertain)
    assert passes("active_power > 80", uncertain)
    assert not passes("is_bad(active_power)", power("90"))


def test_each_test_of_each_reading_has_its_price():
    conditions = parse_conditions("active_power > 1 or active_power < 0 or flow > 2", CONSTANTS)
    assert conditions is not None
    assert Examined([power("1"), power("2")], {}).price(conditions) == 4 * TEST_GAS


def test_a_parameter_takes_the_place_of_its_limit():
    conditions = parse_conditions("p > parameter('limit', 5) or p < 1", CONSTANTS)
    assert conditions is not None
    changed = resolve_parameters(conditions, {"limit": Decimal("7.50"), "other": "x"})
    assert [one.limit for one in changed] == ["7.5", "1"]
    assert resolve_parameters(conditions, {}) == conditions
    for wrong in ("7", True, [7]):
        with pytest.raises(InvalidInput, match="VT-2083"):
            resolve_parameters(conditions, {"limit": wrong})
