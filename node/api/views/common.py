"""What all views share: values of contracts as JSON, and bytes as text."""

import base64
from decimal import Decimal
from typing import Any, Final

from msgspec import Struct

from chain.errors import ChainError
from chain.values import Value, decode_value

_EXACT: Final = 2**53
Json = Any
"""Anything that JSON can hold."""


class View(Struct, frozen=True, kw_only=True):
    """Base of all answers; a client ignores fields it does not know."""


def to_base64(data: bytes) -> str:
    """Write bytes as standard base64."""
    return base64.b64encode(data).decode("ascii")


def value_to_json(value: Value) -> Json:
    """Write a contract's value as JSON.

    Decimals, and integers that a browser's number cannot hold, become texts; bytes base64.
    """
    if isinstance(value, dict):
        return {key: value_to_json(item) for key, item in value.items()}
    if isinstance(value, list):
        return [value_to_json(item) for item in value]
    if isinstance(value, bytes):
        return to_base64(value)
    if isinstance(value, Decimal):
        return format(value, "f") if -40 < value.adjusted() < 40 else str(value)
    if isinstance(value, int) and not isinstance(value, bool) and not -_EXACT < value < _EXACT:
        return str(value)
    return value


def encoded_to_json(data: bytes) -> Json:
    """Write an encoded value as JSON; no bytes are None, foreign bytes stay base64."""
    if not data:
        return None
    try:
        return value_to_json(decode_value(data))
    except ChainError:
        return to_base64(data)
