"""Numbers change their writing, never their value."""

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from node.ingest.decimals import PLAIN, SIZE_MAX, to_plain_decimal


@pytest.mark.parametrize(
    ("text", "plain"),
    [
        ("12.50", "12.50"),
        (" 6.869999900000001 ", "6.869999900000001"),
        ("-0.0007", "-0.0007"),
        ("+7", "7"),
        (".5", "0.5"),
        ("-.5", "-0.5"),
        ("5.", "5"),
        ("007.10", "7.10"),
        ("1.5e-3", "0.0015"),
        ("2E3", "2000"),
        ("0e0", "0"),
    ],
)
def test_a_number_is_written_plainly(text: str, plain: str) -> None:
    assert to_plain_decimal(text) == plain


@pytest.mark.parametrize(
    "text",
    [
        *("", "NaN", "inf", "-Infinity", "1,5", "1_000", "0x10", "1e", "--1", "1e99", "."),
        *("\N{ARABIC-INDIC DIGIT THREE}", "1 2", "1" * (SIZE_MAX + 1)),
    ],
)
def test_what_is_no_short_number_is_none(text: str) -> None:
    assert to_plain_decimal(text) is None


def test_a_decimal_comma_is_read_only_where_it_is_announced() -> None:
    assert to_plain_decimal("1,5", ",") == "1.5"
    assert to_plain_decimal("1.500,5", ",") is None


@given(st.decimals(allow_nan=False, allow_infinity=False, places=None))
def test_the_value_survives(number: Decimal) -> None:
    plain = to_plain_decimal(str(number))
    if plain is not None:
        assert Decimal(plain) == number
        assert PLAIN.fullmatch(plain)
        assert len(plain) <= SIZE_MAX
