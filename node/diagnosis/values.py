"""Two values of one state key, told so that people see where they part."""

from typing import Final

import msgspec

_TEXT_MAX: Final = 120


def describe_values(own: bytes | None, other: bytes | None) -> tuple[str, str, str]:
    """Say where two values part, and what stands there in each.

    Returns: the place, "" when it is the whole value or none is known, and both parts as text.
    """
    if own is None or other is None:
        return "", _show_bytes(own), _show_bytes(other)
    try:
        mine, theirs = msgspec.msgpack.decode(own), msgspec.msgpack.decode(other)
    except (msgspec.MsgspecError, RecursionError):
        return "", _show_bytes(own), _show_bytes(other)
    place, mine, theirs = _find(mine, theirs, "")
    return place, _show(mine), _show(theirs)


def _find(own: object, other: object, place: str) -> tuple[str, object, object]:
    """Go down to the first part that differs, while both are made of the same parts."""
    if isinstance(own, list) and isinstance(other, list) and len(own) == len(other):
        for number, (mine, theirs) in enumerate(zip(own, other, strict=True)):
            if mine != theirs:
                return _find(mine, theirs, f"{place}[{number}]")
    if isinstance(own, dict) and isinstance(other, dict) and own.keys() == other.keys():
        for name, mine in own.items():
            if mine != other[name]:
                return _find(mine, other[name], f"{place}.{name}")
    return place, own, other


def _show(value: object) -> str:
    if isinstance(value, bytes):
        return _show_bytes(value)
    return _cut(ascii(value))


def _show_bytes(value: bytes | None) -> str:
    return "nothing" if value is None else _cut(value.hex() or "no bytes")


def _cut(text: str) -> str:
    return text if len(text) <= _TEXT_MAX else f"{text[:_TEXT_MAX]}.."
