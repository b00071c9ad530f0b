"""Named scalars: their limits at the door."""

import re

import msgspec
import pytest

from chain.scalars import (
    DECIMAL_PATTERN,
    HashField,
    HeightField,
    NameField,
    TwinIdField,
    to_bytes,
)


@pytest.mark.parametrize("name", ["a", "A0", "borne-energie", "x.y_z", "0" * 64])
def test_a_name(name: str) -> None:
    assert msgspec.convert(name, NameField) == name


@pytest.mark.parametrize(
    "name", ["", "-a", ".a", "a b", "a/b", "é", "a\n", "a\0", "0" * 65, "a:b", "\na"]
)
def test_no_name(name: str) -> None:
    with pytest.raises(msgspec.ValidationError):
        msgspec.convert(name, NameField)


def test_a_twin_may_have_colons() -> None:
    assert msgspec.convert("urn:epc:id:R80790", TwinIdField) == "urn:epc:id:R80790"
    with pytest.raises(msgspec.ValidationError):
        msgspec.convert("urn:epc\n", TwinIdField)


@pytest.mark.parametrize("text", ["0", "-0", "12.50", "-3.2", "1000000"])
def test_a_decimal(text: str) -> None:
    assert re.search(DECIMAL_PATTERN, text)


@pytest.mark.parametrize("text", ["", "+1", "01", ".5", "5.", "1e3", "NaN", "1,5", "1\n", " 1"])
def test_no_decimal(text: str) -> None:
    assert not re.search(DECIMAL_PATTERN, text)


@pytest.mark.parametrize("number", [-1, 2**53])
def test_integers_stay_exact_in_a_browser(number: int) -> None:
    with pytest.raises(msgspec.ValidationError):
        msgspec.convert(number, HeightField)


def test_a_hash_has_32_bytes() -> None:
    for size in (31, 33):
        with pytest.raises(msgspec.ValidationError):
            msgspec.convert(bytes(size), HashField)


def test_numbers_as_bytes_sort_as_numbers_do() -> None:
    numbers = [0, 1, 255, 256, 2**32, 2**64 - 1]
    assert sorted(map(to_bytes, numbers)) == list(map(to_bytes, numbers))
    assert to_bytes(258) == b"\0\0\0\0\0\0\1\2"
