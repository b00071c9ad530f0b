"""The built-in functions of the contract language."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from decimal import Decimal
from typing import Any, Final

from contracts.runtime.arithmetic import (
    CONTEXT,
    INTEGERS,
    NUMBERS,
    add,
    bounded,
    charge_size,
    decimal_operation,
    floordiv,
    mod,
)
from contracts.runtime.comparison import check_sortable, less
from contracts.runtime.containers import sized
from contracts.runtime.meter import Meter
from contracts.runtime.objects import Record, parse_number, types_of

_WHOLE: Final = re.compile(r"[+-]?[0-9]{1,78}")
_RANGE_MAX: Final = 1 << 53
_ROUND_MAX: Final = 100
_COUNTED: Final = frozenset((str, bytes, list, tuple, dict, range))


def b_abs(meter: Meter, value: Any) -> Any:
    """`abs(value)`."""
    if type(value) is Decimal:
        return decimal_operation(CONTEXT.abs, value)
    if type(value) in INTEGERS:
        return abs(value)
    raise TypeError("abs takes a number")


def b_all(meter: Meter, items: Any) -> bool:
    """`all(items)`."""
    return all(sized(meter, items))


def b_any(meter: Meter, items: Any) -> bool:
    """`any(items)`."""
    return any(sized(meter, items))


def b_bool(meter: Meter, value: Any) -> bool:
    """`bool(value)`."""
    return bool(value)


def b_dict(meter: Meter, *given: Any) -> dict[Any, Any]:
    """`dict()` and `dict(d)`."""
    if not given:
        return {}
    if len(given) > 1 or type(given[0]) is not dict:
        raise TypeError("dict copies a dict")
    charge_size(meter, list, 4 * len(given[0]))
    return dict(given[0])


def b_divmod(meter: Meter, left: Any, right: Any) -> tuple[Any, Any]:
    """`divmod(left, right)`."""
    return floordiv(meter, left, right), mod(meter, left, right)


def b_enumerate(meter: Meter, items: Any, start: Any = 0) -> list[tuple[int, Any]]:
    """`enumerate(items, start)` as a list."""
    if type(start) is not int:
        raise TypeError("start is an int")
    return list(enumerate(sized(meter, items, 8), start))


def b_int(meter: Meter, value: Any) -> int:
    """`int(value)`."""
    kind = type(value)
    if kind in INTEGERS:
        return int(value)
    if kind is Decimal:
        if value and value.adjusted() > 78:
            raise OverflowError("an int has up to 256 bits")
        return bounded(int(value))
    if kind is str:
        if _WHOLE.fullmatch(value) is None:
            raise ValueError("int takes ASCII digits")
        return bounded(int(value))
    raise TypeError("int takes a number or a text")


def b_isinstance(meter: Meter, value: Any, names: tuple[str, ...]) -> bool:
    """`isinstance(value, ...)` with the names of types and records."""
    if type(value) is Record:
        return value.kind.name in names
    plain = tuple([name for name in names if name not in meter.records])
    return isinstance(value, types_of(plain))


def b_len(meter: Meter, value: Any) -> int:
    """`len(value)`."""
    if type(value) not in _COUNTED:
        raise TypeError("this has no length")
    return len(value)


def b_list(meter: Meter, items: Any = ()) -> list[Any]:
    """`list(items)`."""
    return list(sized(meter, items, 2))


def b_tuple(meter: Meter, items: Any = ()) -> tuple[Any, ...]:
    """`tuple(items)`."""
    return tuple(sized(meter, items, 2))


def _extreme(
    meter: Meter,
    values: tuple[Any, ...],
    key: Callable[[Any], Any] | None,
    default: tuple[Any, ...],
    better: Callable[[Any, Any], bool],
) -> Any:
    items: Sequence[Any] = sized(meter, values[0]) if len(values) == 1 else values
    meter.charge(4 * len(items))
    if not items:
        if default:
            return default[0]
        raise ValueError("min and max of nothing")
    best = items[0]
    best_key = best if key is None else key(best)
    for item in items[1:]:
        item_key = item if key is None else key(item)
        if better(item_key, best_key):
            best, best_key = item, item_key
    return best


_NOTHING: Final = object()


def b_max(meter: Meter, *values: Any, key: Any = None, default: Any = _NOTHING) -> Any:
    """`max(items)` or `max(a, b, ...)`: the first of the largest."""
    fallback = () if default is _NOTHING else (default,)
    return _extreme(meter, values, key, fallback, lambda item, best: less(meter, best, item))


def b_min(meter: Meter, *values: Any, key: Any = None, default: Any = _NOTHING) -> Any:
    """`min(items)` or `min(a, b, ...)`: the first of the smallest."""
    fallback = () if default is _NOTHING else (default,)
    return _extreme(meter, values, key, fallback, lambda item, best: less(meter, item, best))


def b_range(meter: Meter, *bounds: Any) -> range:
    """`range(...)`; walking it is charged turn by turn."""
    if any([type(bound) not in INTEGERS for bound in bounds]):
        raise TypeError("range takes ints")
    if any([not -_RANGE_MAX < bound < _RANGE_MAX for bound in bounds]):
        raise OverflowError("range goes up to 53 bits")
    return range(*bounds)


def b_reversed(meter: Meter, items: Any) -> list[Any]:
    """`reversed(items)` as a list."""
    return list(reversed(sized(meter, items, 2)))


def b_round(meter: Meter, value: Any, digits: Any = None) -> Any:
    """`round(value)` to an int, `round(value, digits)` to a Decimal (or int of an int)."""
    if type(value) not in NUMBERS or (digits is not None and type(digits) is not int):
        raise TypeError("round takes a number and an int")
    if digits is not None and not -_ROUND_MAX <= digits <= _ROUND_MAX:
        raise OverflowError("round goes to 100 digits")
    if type(value) is not Decimal:
        return int(value) if digits is None or digits >= 0 else bounded(round(value, digits))
    if digits is None:
        return b_int(meter, decimal_operation(CONTEXT.to_integral_value, value))
    return decimal_operation(CONTEXT.quantize, value, Decimal(1).scaleb(-digits, CONTEXT))


def sort_items(meter: Meter, items: Sequence[Any], key: Any, reverse: Any) -> list[Any]:
    """Sort stably, charged by size and by what the keys cost to compare."""
    items = list(items)  # The key function may change the list that is sorted.
    keys = [key(item) for item in items] if key is not None else items
    price = check_sortable(meter, keys)
    meter.charge(len(keys) + price * len(keys).bit_length() // 2)
    order = sorted(range(len(keys)), key=keys.__getitem__, reverse=bool(reverse))
    return [items[place] for place in order]


def b_sorted(meter: Meter, items: Any, *, key: Any = None, reverse: Any = False) -> list[Any]:
    """`sorted(items, key=f, reverse=r)`."""
    return sort_items(meter, sized(meter, items, 4), key, reverse)


def b_sum(meter: Meter, items: Any, start: Any = 0) -> Any:
    """`sum(items, start)` of numbers, from left to right."""
    if type(start) not in NUMBERS:
        raise TypeError("sum takes numbers")
    total = start
    for item in sized(meter, items, 6):
        if type(item) not in NUMBERS:
            raise TypeError("sum takes numbers")
        total = add(meter, total, item)
    return total


def b_zip(meter: Meter, *many: Any, strict: Any = False) -> list[tuple[Any, ...]]:
    """`zip(a, b)` as a list."""
    return list(zip(*[sized(meter, items, 6) for items in many], strict=bool(strict)))


def b_decimal(meter: Meter, value: Any) -> Decimal:
    """`Decimal(value)` of a text, an int or a Decimal, rounded to 34 digits."""
    kind = type(value)
    if kind is Decimal:
        return value  # type: ignore[no-any-return]
    if kind in INTEGERS:
        return decimal_operation(CONTEXT.create_decimal, int(value))
    if kind is not str:
        raise TypeError("Decimal takes a text or an int")
    meter.charge(1 + len(value) // 8)
    number = parse_number(value)
    if number is None:
        raise ValueError("this is not a Decimal")
    return number
