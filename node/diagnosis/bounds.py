"""Bounds on what a node says: nothing in an answer is so large that it breaks who reads it.

The types of an answer are checked where its JSON is decoded. A number that no node can mean, such
as a time before 1970 or a height over 2^53, is found here, before any rule computes with it.
"""

from collections.abc import Mapping
from typing import Final

from msgspec import Struct

from chain.scalars import HEIGHT_MAX

TEXT_LENGTH_MAX: Final = 8_192
ITEMS_MAX: Final = 65_536
TIME_MAX_MS: Final = 253_402_300_799_999
"""The last millisecond of the year 9999."""
_SIGNED: Final = frozenset({"clock_offset_ms"})
"""Numbers that may be below 0."""


def find_out_of_bounds(answer: object, name: str = "it") -> str | None:
    """Say what in an answer no node can mean; None when all of it is within bounds.

    Args: answer: a Struct of plain values; name: of the field that holds it.
    """
    match answer:
        case bool() | None:
            return None
        case int() | float():
            return _judge_number(answer, name)
        case str():
            is_long = len(answer) > TEXT_LENGTH_MAX
            return f"{name} has {len(answer)} characters" if is_long else None
        case list():
            if len(answer) > ITEMS_MAX:
                return f"{name} has {len(answer)} items"
            parts = [(name, one) for one in answer]
        case Mapping():
            parts = [(str(key), value) for key, value in answer.items()]
        case Struct():
            parts = [(field, getattr(answer, field)) for field in answer.__struct_fields__]
        case _:
            return f"{name} is of another kind"
    return next((bad for key, one in parts if (bad := find_out_of_bounds(one, key))), None)


def _judge_number(number: float, name: str) -> str | None:
    most = TIME_MAX_MS if name.endswith("_ms") else HEIGHT_MAX
    least = -most if name in _SIGNED else 0
    return None if least <= number <= most else f"{name} is {number}"
