"""The canonical codec: one value, one encoding."""

import msgspec
import pytest
from msgspec import Struct

from chain.codec import decode, encode
from chain.errors import InvalidInput


class Pair(Struct, frozen=True, array_like=True, forbid_unknown_fields=True):
    number: int
    data: bytes = b""


class Nest(Struct, frozen=True, array_like=True, forbid_unknown_fields=True):
    inner: tuple["Nest", ...] = ()


def test_a_struct_is_an_array_of_its_fields() -> None:
    assert encode(Pair(5, b"ab")) == bytes.fromhex("9205c4026162")
    assert decode(bytes.fromhex("9205c4026162"), Pair, 100) == Pair(5, b"ab")


@pytest.mark.parametrize(
    ("data", "code", "why"),
    [
        ("9205c40261", "VT-1001", "The 5 bytes do not decode as Pair: Input data was truncated."),
        (
            "9205c402616200",
            "VT-1001",
            "The 7 bytes do not decode as Pair: MessagePack data is malformed: trailing characters "
            "(byte 6).",
        ),
        (
            "9205a26162",
            "VT-1001",
            "The 5 bytes do not decode as Pair: Expected `bytes`, got `str` - at `$[1]`.",
        ),
        (
            "9305c40261620a",
            "VT-1001",
            "The 7 bytes do not decode as Pair: Expected `array` of at most length 2, got 3.",
        ),
        (
            "9205c400",
            None,
            None,
        ),
        (
            "92cc05c4026162",
            "VT-1002",
            "The bytes decode as Pair but encode differently, so their hash would be ambiguous.",
        ),
        (
            "9105",
            "VT-1002",
            "The bytes decode as Pair but encode differently, so their hash would be ambiguous.",
        ),
        (
            "9205c500026162",
            "VT-1002",
            "The bytes decode as Pair but encode differently, so their hash would be ambiguous.",
        ),
    ],
    ids=[
        "truncated",
        "trailing byte",
        "text for bytes",
        "a field too many",
        "well formed",
        "a long integer",
        "a default left out",
        "a long length",
    ],
)
def test_only_the_canonical_bytes_decode(data: str, code: str | None, why: str | None) -> None:
    raw = bytes.fromhex(data)
    if code is None:
        assert encode(decode(raw, Pair, 100)) == raw
        return
    with pytest.raises(InvalidInput) as caught:
        decode(raw, Pair, 100)
    assert (caught.value.code, caught.value.why) == (code, why)


def test_size_is_looked_at_before_the_bytes() -> None:
    with pytest.raises(InvalidInput) as caught:
        decode(b"\xc1" * 11, Pair, 10)
    assert caught.value.code == "VT-1003"
    assert caught.value.why == "Pair has 11 bytes; at most 10 are allowed."


def test_a_length_that_is_a_lie_allocates_nothing() -> None:
    for claim in ("dd7fffffff", "92dd7fffffff", "9205c67fffffff"):
        with pytest.raises(InvalidInput, match="VT-1001"):
            decode(bytes.fromhex(claim), Nest, 100)
        with pytest.raises(InvalidInput, match="VT-1001"):
            decode(bytes.fromhex(claim), Pair, 100)


def test_deep_nesting_is_refused_and_does_not_crash() -> None:
    with pytest.raises(InvalidInput, match="VT-1001"):
        decode(b"\x91" * 200_000 + b"\x90", Nest, 1 << 20)


def test_a_float_is_no_integer() -> None:
    with pytest.raises(InvalidInput, match=r"VT-100[12]"):
        decode(b"\x92" + msgspec.msgpack.encode(5.0) + b"\xc4\x00", Pair, 100)
