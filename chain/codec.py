"""Canonical MessagePack: one value, one encoding.

Structs are arrays, unions carry an integer tag. Decoding is typed, so depth and shape are limited
by the type; size is limited before the decoder sees a byte; and bytes that do not encode to
themselves again are refused, so that nobody can write the same value in two ways.
"""

from collections.abc import Hashable
from functools import cache
from typing import Any, Final, TypeVar

import msgspec

from chain.errors import InvalidInput

T = TypeVar("T")

_ENCODER: Final = msgspec.msgpack.Encoder()


def encode(value: object) -> bytes:
    """Encode a Struct or scalar canonically."""
    return _ENCODER.encode(value)


@cache
def _decoder(kind: Hashable) -> msgspec.msgpack.Decoder[Any]:
    return msgspec.msgpack.Decoder(kind, strict=True)


def _name_of(kind: object) -> str:
    return getattr(kind, "__name__", str(kind))


def decode(data: bytes, kind: type[T], limit: int) -> T:
    """Decode `data` as `kind`, strictly.

    Args: data: the bytes; kind: a Struct or union of Structs; limit: most bytes allowed.
    Raises: InvalidInput: VT-1003 too large, VT-1001 malformed, VT-1002 not canonical.
    """
    if len(data) > limit:
        raise InvalidInput("VT-1003", type=_name_of(kind), size=len(data), limit=limit)
    try:
        value: T = _decoder(kind).decode(data)  # type: ignore[arg-type]
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise InvalidInput(
            "VT-1001", type=_name_of(kind), size=len(data), reason=str(error)
        ) from error
    if _ENCODER.encode(value) != data:
        raise InvalidInput("VT-1002", type=_name_of(kind))
    return value
