"""Parameters as people write them, held against what a source reads."""

from decimal import Decimal
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chain.errors import InvalidInput
from chain.values import Value, decode_value, encode_value
from contracts import standard
from contracts.settings import (
    ANY_KIND,
    carry_over,
    find_readings,
    fit,
    read_setting,
    write_setting,
    write_settings,
)

SOURCE = '''"""Reads its parameters in all the ways there are."""

from contracts.author import Decimal, Update, call, ctx, on_update

LIMIT = Decimal("8.0")
LOWEST = -LIMIT
NAME = "lowest"
HOURS = 4
DAY_HOURS = 6 * HOURS
PARTIES = ("alpha", "beta")


@on_update(
    model="room", properties=["t"], when="t > parameter('alarm', LIMIT) or is_bad(t)"
)
def watch(update: Update) -> None:
    """Look."""
    if ctx.parameter("limit", LIMIT) < ctx.parameter(NAME, default=LOWEST):
        ctx.emit("odd", {})


def minutes(name: str, default: int) -> int:
    """Give a time."""
    return ctx.parameter(name, default) * 60_000


@call
def times() -> int:
    """Give the times."""
    return minutes("first", 5) + minutes(default=HOURS, name="second")


@call
def who(name: str) -> bool:
    """Say whether somebody is a party."""
    day = ctx.parameter("day_hours", DAY_HOURS) > 0
    return day and ctx.parameter("is_open", True) and name in ctx.parameter("parties", PARTIES)
'''
OPEN = '''"""Reads a parameter that a caller names."""

from contracts.author import call, ctx


@call
def show(name: str) -> int:
    """Give a parameter."""
    return ctx.parameter(name, 0) + ctx.parameter("own", 0)
'''


def test_the_names_and_types_that_a_source_reads_are_found() -> None:
    readings = find_readings(SOURCE)
    assert readings.is_complete
    assert {name: "".join(kinds) for name, kinds in readings.kinds.items()} == {
        "alarm": "number",
        "limit": "Decimal",
        "lowest": "Decimal",
        "first": "int",
        "second": "int",
        "day_hours": "int",
        "is_open": "bool",
        "parties": "list",
    }


def test_a_name_that_only_a_run_can_tell_leaves_the_list_open() -> None:
    readings = find_readings(OPEN)
    assert not readings.is_complete
    assert fit({"anything": 1, "own": 2}, OPEN) == {"anything": 1, "own": 2}
    with pytest.raises(InvalidInput, match="own=true is a bool; it has to be an int, such as 8"):
        fit({"own": True}, OPEN)


def test_of_every_standard_contract_all_parameters_are_known() -> None:
    (folder,) = standard.__path__
    sources = sorted(Path(folder).glob("[a-z]*.py"))
    assert len(sources) == 13
    for source in sources:
        readings = find_readings(source.read_text(encoding="utf-8"))
        assert readings.is_complete, source
        assert readings.kinds, source
        assert not any(ANY_KIND in kinds for kinds in readings.kinds.values()), source


def test_an_int_becomes_a_decimal_where_the_source_has_one() -> None:
    fitted = fit({"limit": 8, "alarm": 9, "first": 5, "parties": ["a"]}, SOURCE)
    assert fitted == {"limit": 8, "alarm": 9, "first": 5, "parties": ["a"]}
    assert [type(one) for one in fitted.values()] == [Decimal, int, int, list]


@pytest.mark.parametrize(
    ("name", "value", "words"),
    [
        ("limt", 8, "the source reads no limt; it reads alarm, day_hours, first, is_open, limit, "),
        ("limit", "warm", 'limit="warm" is a text; it has to be a Decimal, such as 8.0'),
        ("limit", True, "limit=true is a bool; it has to be a Decimal, such as 8.0"),
        ("first", Decimal(5), "first=5.0 is a Decimal; it has to be an int, such as 8"),
        ("alarm", "8", 'alarm="8" is a text; it has to be a number, such as 8.0'),
        ("parties", "alpha", 'parties="alpha" is a text; it has to be a list, such as [1, 2]'),
        ("is_open", None, "is_open=null is null; it has to be a bool: true or false"),
    ],
)
def test_what_does_not_fit_is_refused_with_what_would(name: str, value: Value, words: str) -> None:
    with pytest.raises(InvalidInput) as refused:
        fit({name: value}, SOURCE)
    assert refused.value.code == "VT-4002"
    assert words in str(refused.value)


def test_an_upgrade_carries_over_what_its_source_still_reads() -> None:
    present: dict[str, Value] = {"limit": Decimal("7.5"), "first": 3, "old": "gone"}
    chosen, gone = carry_over(present, {"first": 4}, SOURCE)
    assert (chosen, gone) == ({"limit": Decimal("7.5"), "first": 4}, ("old",))
    assert carry_over(present, {}, OPEN) == (present, ())
    with pytest.raises(InvalidInput, match="reads no old"):
        carry_over({}, {"old": "back"}, SOURCE)


VALUES = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(2**255), 2**255)
    | st.decimals(-(10**15), 10**15, places=4)
    | st.text(st.characters(exclude_categories=["Cs"]), max_size=20)
    | st.sampled_from(["8.0", "bytes 00", "true", ""]),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.text(st.characters(exclude_categories=["Cs"]), max_size=5), inner, max_size=3
        )
    ),
)


@given(VALUES | st.binary(max_size=4))
def test_what_is_written_reads_as_the_same(value: Value) -> None:
    name, again = read_setting(write_setting("one", value))
    assert name == "one"
    assert encode_value(again) == encode_value(value)


def test_parameters_are_written_in_the_order_of_their_names() -> None:
    encoded = encode_value({"limit": Decimal(8), "hours": 4, "who": "beta", "key": b"\x01"})
    assert write_settings(encoded) == ["hours=4", "key=bytes 01", "limit=8.0", 'who="beta"']
    assert decode_value(encoded) == {"limit": 8, "hours": 4, "who": "beta", "key": b"\x01"}
    assert write_settings(b"") == []


def test_what_is_no_json_is_a_text() -> None:
    assert read_setting("who=beta") == ("who", "beta")
    assert read_setting("title=a=b") == ("title", "a=b")
    for text in ("NaN", "-Infinity", "[1, NaN]", "1.0e99999999999999999999", "[" * 100_000):
        assert read_setting(f"loss={text}") == ("loss", text)
    with pytest.raises(ValueError, match="'who' is not NAME=JSON"):
        read_setting("who")
