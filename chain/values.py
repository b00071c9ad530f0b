"""Values: the data that contracts take, keep and give, with one encoding each.

A value is None, bool, int, Decimal, str, bytes, a list of values, or a dict from str to values.
There are no floats: the same sum must give the same bytes on every machine.

Encoding: MessagePack with dict keys in the order of their code points, integers in their shortest
form, and two extension types. Type 1 is an int outside MessagePack's 64 bits: big-endian two's
complement in (bit_length + 8) // 8 bytes. Type 2 is a Decimal: its exponent in 2 bytes (signed,
big-endian), then its coefficient like type 1.

A Decimal is its number, not its spelling: trailing zeros of the coefficient are dropped and zero
has exponent 0 and no sign, so 1.50 and 1.5 encode alike. Bytes that do not encode to themselves
again are refused.
"""

from __future__ import annotations

from decimal import Decimal
from typing import Final, TypeAlias, cast

import msgspec

from chain.errors import InvalidInput

Value: TypeAlias = bool | int | Decimal | str | bytes | list["Value"] | dict[str, "Value"] | None

VALUE_DEPTH_MAX: Final = 16
VALUE_SIZE_MAX: Final = 65_536
INT_BITS_MAX: Final = 256
INT_BOUND: Final = 1 << INT_BITS_MAX
DECIMAL_DIGITS_MAX: Final = 34
DECIMAL_ADJUSTED_MAX: Final = 384
DECIMAL_EXPONENT_MIN: Final = -416

_BIG_INT: Final = 1
_DECIMAL: Final = 2
_INT64_MIN: Final = -(1 << 63)
_UINT64_BOUND: Final = 1 << 64
_PLAIN: Final = frozenset({type(None), bool})
_ENCODER: Final = msgspec.msgpack.Encoder()


def encode_value(value: object, limit: int = VALUE_SIZE_MAX) -> bytes:
    """Encode a value canonically.

    Args: limit: most bytes allowed; counted while walking, before the encoder allocates.
    Raises: InvalidInput: VT-1201 not a value, VT-1202 too deep, VT-1203 too large,
        VT-1204 number out of range.
    """
    prepared, _ = _prepare(value, 0, 0, limit)
    data = _ENCODER.encode(prepared)
    if len(data) > limit:
        raise InvalidInput("VT-1203", size=len(data), limit=limit)
    return data


def decode_value(data: bytes, limit: int = VALUE_SIZE_MAX) -> Value:
    """Decode bytes that `encode_value` made.

    Raises: InvalidInput: VT-1203 too large, VT-1205 malformed or no value (a float, nested too
        deeply), VT-1206 not canonical.
    """
    if len(data) > limit:
        raise InvalidInput("VT-1203", size=len(data), limit=limit)
    try:
        value: object = _DECODER.decode(data)
        again = encode_value(value, limit)
    except (
        InvalidInput,
        msgspec.DecodeError,
        ValueError,
        TypeError,
        OverflowError,
        RecursionError,
    ):
        # One refusal for all: which of several faults is met first depends on how much stack
        # the decoder has, and a receipt must be the same on every node.
        raise InvalidInput("VT-1205", size=len(data)) from None
    if again != data:
        raise InvalidInput("VT-1206", size=len(data))
    return cast(Value, value)


def normalise_decimal(number: Decimal) -> tuple[int, int]:
    """Give (coefficient, exponent) of a Decimal in its one normal form.

    Raises: InvalidInput: VT-1204 when not finite, over 34 digits, or the exponent is out of range.
    """
    sign, digits, exponent = number.as_tuple()
    if not isinstance(exponent, int) or len(digits) > 4 * DECIMAL_DIGITS_MAX:
        raise InvalidInput("VT-1204", kind="Decimal")
    text = "".join(map(str, digits)).lstrip("0")
    significant = text.rstrip("0")
    if not significant:
        return 0, 0
    exponent += len(text) - len(significant)
    adjusted = exponent + len(significant) - 1
    if len(significant) > DECIMAL_DIGITS_MAX:
        raise InvalidInput("VT-1204", kind="Decimal")
    if exponent < DECIMAL_EXPONENT_MIN or adjusted > DECIMAL_ADJUSTED_MAX:
        raise InvalidInput("VT-1204", kind="Decimal")
    return (-int(significant) if sign else int(significant)), exponent


def _prepare(value: object, depth: int, size: int, limit: int) -> tuple[object, int]:
    """Check one value and give what the encoder takes, and the bytes counted so far."""
    kind = type(value)
    size += 1
    if kind in _PLAIN:
        return value, size
    if kind is int:
        return _prepare_int(cast(int, value)), size
    if kind is Decimal:
        return _prepare_decimal(cast(Decimal, value)), size
    if kind is str or kind is bytes:
        size += len(cast("str | bytes", value))
        if size > limit:
            raise InvalidInput("VT-1203", size=size, limit=limit)
        return (_check_text(cast(str, value)) if kind is str else value), size
    if kind is list or kind is dict:
        return _prepare_container(
            cast("list[object] | dict[object, object]", value), depth + 1, size, limit
        )
    raise InvalidInput("VT-1201", type=kind.__name__)


def _prepare_container(
    value: list[object] | dict[object, object], depth: int, size: int, limit: int
) -> tuple[object, int]:
    if depth > VALUE_DEPTH_MAX:
        raise InvalidInput("VT-1202", limit=VALUE_DEPTH_MAX)
    if size + len(value) > limit:
        raise InvalidInput("VT-1203", size=size + len(value), limit=limit)
    if isinstance(value, list):
        items: list[object] = []
        for item in value:
            prepared, size = _prepare(item, depth, size, limit)
            items.append(prepared)
        return items, size
    for key in value:
        if type(key) is not str:
            raise InvalidInput("VT-1201", type=f"dict key {type(key).__name__}")
    pairs: dict[str, object] = {}
    for key in sorted(cast("dict[str, object]", value)):
        size += len(key)
        pairs[_check_text(key)], size = _prepare(value[key], depth, size, limit)
    return pairs, size


def _check_text(text: str) -> str:
    if not text.isascii():
        try:
            text.encode()
        except UnicodeEncodeError:
            raise InvalidInput("VT-1201", type="str with a lone surrogate") from None
    return text


def _prepare_int(number: int) -> object:
    if _INT64_MIN <= number < _UINT64_BOUND:
        return number
    if not -INT_BOUND < number < INT_BOUND:
        raise InvalidInput("VT-1204", kind="int")
    return msgspec.msgpack.Ext(_BIG_INT, _int_to_bytes(number))


def _prepare_decimal(number: Decimal) -> object:
    coefficient, exponent = normalise_decimal(number)
    payload = exponent.to_bytes(2, "big", signed=True) + _int_to_bytes(coefficient)
    return msgspec.msgpack.Ext(_DECIMAL, payload)


def _int_to_bytes(number: int) -> bytes:
    return number.to_bytes((number.bit_length() + 8) // 8, "big", signed=True)


def _decode_extension(code: int, data: memoryview) -> object:
    if code == _BIG_INT and 1 <= len(data) <= 33:
        return int.from_bytes(data, "big", signed=True)
    if code == _DECIMAL and 3 <= len(data) <= 18:
        exponent = int.from_bytes(data[:2], "big", signed=True)
        coefficient = int.from_bytes(data[2:], "big", signed=True)
        digits = tuple(map(int, str(abs(coefficient))))
        return Decimal((1 if coefficient < 0 else 0, digits, exponent))
    raise InvalidInput("VT-1205", size=len(data))


_DECODER: Final = msgspec.msgpack.Decoder(ext_hook=_decode_extension)
