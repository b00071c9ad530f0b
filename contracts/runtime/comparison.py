"""Comparisons. Their cost grows with the operands, so both are measured before they are compared.

Only values can be compared, and only in ways whose outcome does not depend on the interpreter:
two numbers, two texts, two bytes, or containers of them; a container nested deeper than 32 levels
(or in itself) is a ValueError.
"""

from __future__ import annotations

from collections.abc import Collection
from decimal import Decimal
from typing import Any, Final

from contracts.language import NESTING_MAX
from contracts.runtime.arithmetic import NUMBERS
from contracts.runtime.meter import Meter
from contracts.runtime.objects import MapState, Record

_FLAT: Final = frozenset((int, bool, Decimal, type(None)))
_CONTAINER_GAS: Final = 8


def measure(meter: Meter, value: Any, depth: int = 0) -> int:
    """Charge for looking at all of a value once, and give that price.

    Raises: TypeError: not a value; ValueError: nested too deeply.
    """
    kind = type(value)
    if kind in _FLAT:
        meter.charge(1)
        return 1
    if kind is str or kind is bytes:
        price: int = 2 + len(value) // 16
        meter.charge(price)
        return price
    if depth >= NESTING_MAX:
        raise ValueError("nested too deeply")
    items: Collection[Any]
    if kind is list or kind is tuple:
        items = value
    elif kind is dict:
        items = [part for pair in value.items() for part in pair]
    elif kind is Record:
        items = value.values
    else:
        raise TypeError("this is not a value")
    price = _CONTAINER_GAS + 2 * len(items)
    meter.charge(price)
    for item in items:
        if type(item) not in _FLAT:
            price += measure(meter, item, depth + 1)
    return price


def equal(meter: Meter, left: Any, right: Any) -> bool:
    """`left == right`."""
    first, second = type(left), type(right)
    if (first is second and first in _FLAT) or (first in NUMBERS and second in NUMBERS):
        return bool(left == right)
    measure(meter, left)
    measure(meter, right)
    return bool(left == right)


def not_equal(meter: Meter, left: Any, right: Any) -> bool:
    """`left != right`."""
    return not equal(meter, left, right)


def _check_order(meter: Meter, left: Any, right: Any) -> None:
    first, second = type(left), type(right)
    if first in NUMBERS and second in NUMBERS:
        return
    if first is not second or first not in (str, bytes, list, tuple):
        raise TypeError("these have no order")
    measure(meter, left)
    measure(meter, right)


def less(meter: Meter, left: Any, right: Any) -> bool:
    """`left < right`."""
    _check_order(meter, left, right)
    return bool(left < right)


def less_equal(meter: Meter, left: Any, right: Any) -> bool:
    """`left <= right`."""
    _check_order(meter, left, right)
    return bool(left <= right)


def greater(meter: Meter, left: Any, right: Any) -> bool:
    """`left > right`."""
    _check_order(meter, left, right)
    return bool(left > right)


def greater_equal(meter: Meter, left: Any, right: Any) -> bool:
    """`left >= right`."""
    _check_order(meter, left, right)
    return bool(left >= right)


def is_none_same(meter: Meter, left: Any, right: Any) -> bool:
    """`left is None` inside a chain of comparisons."""
    return left is right


def is_none_other(meter: Meter, left: Any, right: Any) -> bool:
    """`left is not None` inside a chain of comparisons."""
    return left is not right


def check_key(meter: Meter, key: Any) -> Any:
    """Give a dict key back: a str.

    The hash of a str holds a secret of the process. That of an int is the int, so a contract could
    choose ints that walk through the whole table at each look-up.
    """
    if type(key) is not str:
        raise TypeError("a dict key is a str")
    meter.charge(1 + len(key) // 16)
    return key


def contains(meter: Meter, item: Any, container: Any) -> bool:
    """`item in container`."""
    kind = type(container)
    if kind is dict:
        return check_key(meter, item) in container
    if kind is MapState:
        table: MapState = container
        return table.contains(meter, item)
    if (kind is str and type(item) is str) or (kind is bytes and type(item) is bytes):
        charge_search(meter, container, item)
        return item in container
    if kind is range and type(item) is int:
        return item in container
    if kind is list or kind is tuple:
        measure(meter, container)
        meter.charge(len(container) * measure(meter, item))
        return item in container
    raise TypeError("in takes a list, tuple, dict, Map, text or range on the right")


def charge_search(meter: Meter, text: str | bytes, part: str | bytes) -> None:
    """Charge for searching a text: the worst case of CPython's search, not the usual one."""
    meter.charge(1 + len(part) // 8 + len(text) * (1 + min(len(part), 100)) // 16)


def not_contains(meter: Meter, item: Any, container: Any) -> bool:
    """`item not in container`."""
    return not contains(meter, item, container)


_BY_NAME: Final = {
    "_eq": equal,
    "_ne": not_equal,
    "_lt": less,
    "_le": less_equal,
    "_gt": greater,
    "_ge": greater_equal,
    "_in": contains,
    "_not_in": not_contains,
    "_is": is_none_same,
    "_is_not": is_none_other,
}


def chain(meter: Meter, *parts: Any) -> bool:
    """`a < b <= c`, given as a, "_lt", b, "_le", c."""
    return all(
        _BY_NAME[parts[index]](meter, parts[index - 1], parts[index + 1])
        for index in range(1, len(parts), 2)
    )


def check_sortable(meter: Meter, keys: list[Any]) -> int:
    """Charge for looking at sort keys and check that they are all of one kind.

    Sorting compares different pairs in different versions, so keys must all be comparable:
    numbers, texts, bytes, or tuples of the same shape. Returns: the price of one look at all.
    """
    price = measure(meter, keys)
    if len({_shape(key, 0) for key in keys}) > 1:
        raise TypeError("what is sorted must be of one kind")
    return price


def _shape(key: Any, depth: int) -> Any:
    kind = type(key)
    if kind in NUMBERS:
        return "number"
    if kind is str or kind is bytes:
        return kind.__name__
    if kind is tuple and len(key) <= 16 and depth < 4:
        return tuple([_shape(part, depth + 1) for part in key])
    raise TypeError("this cannot be sorted")
