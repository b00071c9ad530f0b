"""Values: one encoding each, and nothing that is no value."""

import datetime
from decimal import Decimal

import msgspec
import pytest

from chain.errors import InvalidInput
from chain.values import VALUE_DEPTH_MAX, Value, decode_value, encode_value

ONE_OF_EACH: list[Value] = [
    None,
    True,
    False,
    0,
    -1,
    127,
    2**63,
    2**64 - 1,
    2**64,
    -(2**63),
    -(2**63) - 1,
    2**256 - 1,
    -(2**256) + 1,
    "",
    "Grüße",
    b"",
    b"\x00\xff",
    [],
    {},
    [1, [2, "x"]],
    {"a": None, "b": {"c": Decimal("1.25")}},
    Decimal(0),
    Decimal("-12.5"),
    Decimal("1E+384"),
    Decimal("1E-416"),
    Decimal("9" * 34),
]


@pytest.mark.parametrize("value", ONE_OF_EACH, ids=lambda value: repr(value)[:30])
def test_a_value_comes_back_as_it_was(value: Value) -> None:
    decoded = decode_value(encode_value(value))
    assert decoded == value
    assert type(decoded) is type(value)


@pytest.mark.parametrize(
    ("value", "encoded"),
    [
        (Decimal("1.50"), "c70302ffff0f"),
        (Decimal("-0.00"), "c70302000000"),
        (Decimal(100), "c70302000201"),
        (2**64, "c70901010000000000000000"),
        ({"b": 1, "a": 2}, "82a16102a16201"),
    ],
)
def test_the_encoding_is_frozen(value: Value, encoded: str) -> None:
    assert encode_value(value).hex() == encoded


def test_a_decimal_is_its_number_and_not_its_spelling() -> None:
    spellings = ["1.5", "1.50", "15E-1", "0.15E1"]
    assert len({encode_value(Decimal(text)) for text in spellings}) == 1


def nested(depth: int) -> Value:
    value: Value = 1
    for _ in range(depth):
        value = [value]
    return value


@pytest.mark.parametrize(
    ("value", "code"),
    [
        (1.5, "VT-1201"),
        ((1, 2), "VT-1201"),
        ({1: 2}, "VT-1201"),
        ("\ud800", "VT-1201"),
        ({"\ud800": 1}, "VT-1201"),
        (datetime.date(2015, 2, 7), "VT-1201"),
        (nested(VALUE_DEPTH_MAX + 1), "VT-1202"),
        ("x" * 70_000, "VT-1203"),
        ([0] * 70_000, "VT-1203"),
        (2**256, "VT-1204"),
        (Decimal("NaN"), "VT-1204"),
        (Decimal("Infinity"), "VT-1204"),
        (Decimal("1" * 35), "VT-1204"),
        (Decimal("1E+385"), "VT-1204"),
        (Decimal("1E-417"), "VT-1204"),
    ],
    ids=lambda value: repr(value)[:30],
)
def test_what_is_no_value_is_refused(value: Value, code: str) -> None:
    with pytest.raises(InvalidInput) as refused:
        encode_value(value)
    assert refused.value.code == code


def test_the_deepest_value_allowed_is_accepted() -> None:
    assert decode_value(encode_value(nested(VALUE_DEPTH_MAX))) == nested(VALUE_DEPTH_MAX)


@pytest.mark.parametrize(
    ("data", "code"),
    [
        ("", "VT-1205"),
        ("c1", "VT-1205"),
        ("0101", "VT-1205"),
        ("dd7fffffff", "VT-1205"),
        ("91" * 60_000, "VT-1205"),
        ("c70103ff", "VT-1205"),  # an extension type that is not ours
        ("a1ff", "VT-1205"),  # not UTF-8
        ("cb3ff0000000000000", "VT-1205"),  # a float
        ("d6ff00000000", "VT-1205"),  # a timestamp
        ("cc01", "VT-1206"),  # 1 in two bytes
        ("82a16201a16102", "VT-1206"),  # keys out of order
        ("82a16101a16102", "VT-1206"),  # a key twice
        ("d50105", "VT-1205"),
        ("c7020100ff", "VT-1206"),  # a big int that is not big
        ("c70302ffff0a", "VT-1206"),  # 1.0 with a trailing zero
    ],
)
def test_bytes_that_nobody_encoded_are_refused(data: str, code: str) -> None:
    with pytest.raises(InvalidInput) as refused:
        decode_value(bytes.fromhex(data))
    assert refused.value.code == code


def test_a_size_is_refused_before_it_is_decoded() -> None:
    with pytest.raises(InvalidInput) as refused:
        decode_value(msgspec.msgpack.encode("x" * 100), limit=50)
    assert str(refused.value) == "VT-1203: It has at least 102 bytes; at most 50 are allowed here."


def decode_at(depth: int, data: bytes) -> str:
    """Decode with `depth` more calls on the stack; give the refusal in words."""
    if depth:
        return decode_at(depth - 1, data)
    with pytest.raises(InvalidInput) as caught:
        decode_value(data)
    return str(caught.value)


@pytest.mark.parametrize("end", [b"\x90", b"", b"\xc1", b"\xcb" + bytes(8)])
@pytest.mark.parametrize("levels", [VALUE_DEPTH_MAX + 1, 300, 600, 950, 60_000])
def test_a_refusal_does_not_depend_on_how_deep_the_stack_is(levels: int, end: bytes) -> None:
    data = b"\x91" * levels + end
    assert {decode_at(depth, data) for depth in (0, 300, 600)} == {
        f"VT-1205: The {len(data)} bytes do not decode as a value."
    }
