"""Items, slices, loops and displays: what brackets and `for` do."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import Any, Final

from contracts.language import LIST_SIZE_MAX
from contracts.runtime.arithmetic import INTEGERS, charge_size
from contracts.runtime.comparison import check_key
from contracts.runtime.meter import Meter, OutOfGas
from contracts.runtime.objects import MapState

_INDEXED: Final = frozenset((list, tuple, str, bytes, range))
_WALKED: Final = frozenset((list, tuple, str, bytes, range))
_INDEX_BOUND: Final = 1 << 62
_SHRINK_SIZE_MIN: Final = 8


def _check_index(index: Any) -> int:
    if type(index) not in INTEGERS:
        raise TypeError("an index is an int")
    if not -_INDEX_BOUND < index < _INDEX_BOUND:
        raise IndexError("the index is out of range")
    return int(index)


def item(meter: Meter, container: Any, index: Any) -> Any:
    """`container[index]`."""
    kind = type(container)
    if kind is dict:
        return container[check_key(meter, index)]
    if kind in _INDEXED:
        return container[_check_index(index)]
    if kind is MapState:
        return container.item(meter, index)
    raise TypeError("this has no items")


def set_item(meter: Meter, value: Any, container: Any, index: Any) -> None:
    """`container[index] = value`."""
    kind = type(container)
    if kind is dict:
        meter.charge(2)
        container[check_key(meter, index)] = value
    elif kind is list:
        container[_check_index(index)] = value
    elif kind is MapState:
        container.set(meter, index, value)
    else:
        raise TypeError("items of this cannot be set")


def del_item(meter: Meter, container: Any, index: Any) -> None:
    """`del container[index]`."""
    kind = type(container)
    if kind is dict:
        del container[check_key(meter, index)]
        shrink(meter, container)
    elif kind is list:
        meter.charge(1 + len(container) // 16)
        del container[_check_index(index)]
    elif kind is MapState:
        container.delete(meter, index)
    else:
        raise TypeError("items of this cannot be deleted")


def shrink(meter: Meter, table: dict[Any, Any]) -> None:
    """Give back the room of what was deleted, each time that half of a dict is gone.

    CPython keeps a dict's table when items are deleted, and every walk passes through all of it.
    """
    size = len(table)
    if size >= _SHRINK_SIZE_MIN and size & (size - 1) == 0:
        meter.charge(4 * size)
        kept = list(table.items())
        table.clear()
        table.update(kept)


def slice_of(meter: Meter, container: Any, low: Any, high: Any, step: Any) -> Any:
    """`container[low:high:step]`, a copy that is charged by its size."""
    kind = type(container)
    if kind not in (list, tuple, str, bytes):
        raise TypeError("this cannot be sliced")
    for bound in (low, high, step):
        if bound is not None and type(bound) not in INTEGERS:
            raise TypeError("bounds of a slice are ints")
    if step == 0:
        raise ValueError("the step of a slice is not 0")
    part = slice(low, high, step)
    charge_size(meter, kind, len(range(*part.indices(len(container)))))
    return container[part]


def key(meter: Meter, value: Any) -> Any:
    """Check the key of a dict comprehension."""
    return check_key(meter, value)


def make_dict(meter: Meter, *flat: Any) -> dict[Any, Any]:
    """`{k: v, ...}`, given as k, v, k, v."""
    return {check_key(meter, flat[place]): flat[place + 1] for place in range(0, len(flat), 2)}


def grow(meter: Meter, items: list[Any], more: Any) -> list[Any]:
    """`[*items, *more]`; `items` is a new list."""
    part = sized(meter, more, 2)
    if len(items) + len(part) > LIST_SIZE_MAX:
        raise OverflowError("the text or list would be too large")
    items.extend(part)
    return items


def merge(meter: Meter, table: dict[Any, Any], more: Any) -> dict[Any, Any]:
    """`{**table, **more}`; `table` is a new dict, or the one that is updated."""
    if type(more) is not dict:
        raise TypeError("update takes a dict")
    charge_size(meter, list, 4 * len(more))
    table.update(more)
    return table


def walk(meter: Meter, items: Any) -> Iterable[Any]:
    """Give what a `for` walks over; its turns are charged in its body."""
    kind = type(items)
    if kind in _WALKED:
        return items  # type: ignore[no-any-return]
    if kind is dict:
        meter.charge(1 + len(items) // 4)
        return list(items)
    raise TypeError("for walks over a list, tuple, text, bytes, dict or range")


def each(meter: Meter, items: Any, gas: int) -> Iterator[Any]:
    """Walk for a comprehension; charges `gas` before each item."""
    for part in walk(meter, items):
        meter.left -= gas
        if meter.left < 0:
            raise OutOfGas
        yield part


def sized(meter: Meter, items: Any, gas: int = 1) -> Sequence[Any]:
    """Give a built-in's list argument as a sequence, charged by its length before it is made."""
    kind = type(items)
    if kind not in _WALKED and kind is not dict:
        raise TypeError("this takes a list, tuple, text, bytes, dict or range")
    size = len(items)
    if size * gas > meter.left:
        raise OutOfGas
    if size > LIST_SIZE_MAX:
        raise OverflowError("too many items")
    meter.left -= 1 + size * gas
    return list(items) if kind is dict else items
