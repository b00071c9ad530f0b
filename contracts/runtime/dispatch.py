"""Fields and methods: one table from (type, name) to a checked function. What is not here is not.

The tables of `contracts.language` name the same methods; a test keeps the two in step.
"""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal
from typing import Any, Final

from contracts.language import FIELDS
from contracts.runtime import text
from contracts.runtime.arithmetic import CONTEXT, charge_size, decimal_operation
from contracts.runtime.builtins import sort_items
from contracts.runtime.comparison import check_key, equal
from contracts.runtime.containers import merge, shrink, sized
from contracts.runtime.context import Context
from contracts.runtime.happenings import ActionChange, Attestation, Timer
from contracts.runtime.meter import Meter
from contracts.runtime.objects import (
    MapState,
    Reading,
    Record,
    Sample,
    Twin,
    Update,
    VarState,
)

_TYPES: Final[dict[str, type]] = {
    "list": list,
    "dict": dict,
    "str": str,
    "bytes": bytes,
    "tuple": tuple,
    "int": int,
    "Decimal": Decimal,
    "Var": VarState,
    "Map": MapState,
    "Update": Update,
    "Reading": Reading,
    "Sample": Sample,
    "Twin": Twin,
    "ctx": Context,
    "Attestation": Attestation,
    "ActionChange": ActionChange,
    "Timer": Timer,
}
_FIELDS: Final = {
    (_TYPES[owner], name)
    for owner, names in FIELDS.items()
    for name in names
    if (owner, name) != ("Sample", "readings")
}


def field(meter: Meter, owner: Any, name: str) -> Any:
    """`owner.name`."""
    kind = type(owner)
    if kind is Record:
        position = owner.kind.index.get(name)
        if position is None:
            raise TypeError("the record has no such field")
        return owner.values[position]
    if (kind, name) in _FIELDS:
        return getattr(owner, name)
    if kind is Sample and name == "readings":
        meter.charge(len(owner.by_property))
        return owner.readings
    raise TypeError("there is no such field")


def set_field(meter: Meter, value: Any, owner: Any, name: str) -> None:
    """`owner.name = value`, of records only."""
    if type(owner) is not Record:
        raise TypeError("only fields of records are set")
    owner.set(name, value)


def new_record(meter: Meter, name: str, /, *positional: Any, **named: Any) -> Record:
    """Make a record of one of the contract's types."""
    meter.charge(5 + 2 * len(meter.records[name].fields))
    return meter.records[name].make(positional, named)


def method(meter: Meter, owner: Any, name: str, /, *positional: Any, **named: Any) -> Any:
    """`owner.name(...)`."""
    found = METHODS.get((type(owner), name))
    if found is None:
        raise TypeError("there is no such method")
    return found(meter, owner, *positional, **named)


def _position(value: Any) -> int:
    if type(value) is not int:
        raise TypeError("a position is an int")
    if not -(1 << 62) < value < 1 << 62:
        raise IndexError("the position is out of range")
    return value


def _append(meter: Meter, items: list[Any], value: Any) -> None:
    meter.left -= 1
    items.append(value)


def _extend(meter: Meter, items: list[Any], more: Any) -> None:
    items.extend(sized(meter, more, 2))


def _clear(meter: Meter, items: Any) -> None:
    meter.charge(1 + len(items) // 8)
    items.clear()


def _copy(meter: Meter, items: Any) -> Any:
    charge_size(meter, list, 4 * len(items) if type(items) is dict else len(items))
    return items.copy()


def _count(meter: Meter, items: Any, value: Any) -> int:
    return sum([equal(meter, item, value) for item in sized(meter, items, 4)])


def _index(meter: Meter, items: Any, value: Any) -> int:
    for place, item in enumerate(sized(meter, items, 4)):
        if equal(meter, item, value):
            return place
    raise ValueError("it is not in the list")


def _insert(meter: Meter, items: list[Any], place: Any, value: Any) -> None:
    meter.charge(1 + len(items) // 8)
    items.insert(_position(place), value)


def _pop(meter: Meter, items: list[Any], place: Any = -1) -> Any:
    if place != -1:
        meter.charge(1 + len(items) // 8)
    return items.pop(_position(place))


def _remove(meter: Meter, items: list[Any], value: Any) -> None:
    del items[_index(meter, items, value)]


def _reverse(meter: Meter, items: list[Any]) -> None:
    meter.charge(1 + len(items) // 4)
    items.reverse()


def _sort(meter: Meter, items: list[Any], *, key: Any = None, reverse: Any = False) -> None:
    items[:] = sort_items(meter, sized(meter, items, 4), key, reverse)


def _dict_get(meter: Meter, table: dict[Any, Any], key: Any, default: Any = None) -> Any:
    return table.get(check_key(meter, key), default)


def _dict_items(meter: Meter, table: dict[Any, Any]) -> list[tuple[Any, Any]]:
    charge_size(meter, list, 6 * len(table))
    return list(table.items())


def _dict_values(meter: Meter, table: dict[Any, Any]) -> list[Any]:
    charge_size(meter, list, len(table))
    return list(table.values())


_NOTHING: Final = object()


def _dict_pop(meter: Meter, table: dict[Any, Any], key: Any, default: Any = _NOTHING) -> Any:
    if check_key(meter, key) not in table:
        if default is _NOTHING:
            raise KeyError
        return default
    value = table.pop(key)
    shrink(meter, table)
    return value


def _dict_setdefault(meter: Meter, table: dict[Any, Any], key: Any, default: Any = None) -> Any:
    return table.setdefault(check_key(meter, key), default)


def _dict_update(meter: Meter, table: dict[Any, Any], more: Any) -> None:
    merge(meter, table, more)


def _ends(meter: Meter, value: Any, part: Any, at_end: bool) -> bool:
    if type(part) is not type(value):
        raise TypeError("this takes a text")
    meter.charge(1 + len(part) // 16)
    return bool(value.endswith(part) if at_end else value.startswith(part))


def _is_kind(check: Callable[[str], bool]) -> Callable[[Meter, str], bool]:
    def is_kind(meter: Meter, value: str) -> bool:
        meter.charge(1 + len(value) // 16)
        return value.isascii() and check(value)

    return is_kind


def _pad(pad: Callable[[str, int], str]) -> Callable[[Meter, str, Any], str]:
    def padded(meter: Meter, value: str, width: Any) -> str:
        charge_size(meter, str, max(len(value), text.check_width(width)))
        return pad(value, width)

    return padded


def _without(cut: Callable[[str, str], str]) -> Callable[[Meter, str, Any], str]:
    def shortened(meter: Meter, value: str, part: Any) -> str:
        charge_size(meter, str, len(value))
        return cut(value, text.check_text(part))

    return shortened


def _encode(meter: Meter, value: str) -> bytes:
    charge_size(meter, bytes, 4 * len(value))
    return value.encode()


def _decode(meter: Meter, value: bytes) -> str:
    charge_size(meter, str, len(value))
    return value.decode()


def _hex(meter: Meter, value: bytes) -> str:
    charge_size(meter, str, 2 * len(value))
    return value.hex()


def _sqrt(meter: Meter, value: Decimal) -> Decimal:
    meter.charge(20)
    return decimal_operation(CONTEXT.sqrt, value)


def _by_time(meter: Meter, update: Update) -> list[Sample]:
    meter.charge(10 + 8 * len(update.readings))
    return update.by_time()


def _value(meter: Meter, owner: Sample | Twin, name: Any) -> Decimal | None:
    return owner.value(text.check_text(name))


def _reading(meter: Meter, owner: Sample | Twin, name: Any) -> Reading | None:
    return owner.reading(text.check_text(name))


def _map_keys(meter: Meter, table: MapState, start: Any = "", limit: Any = 100) -> list[str]:
    return [key for key, _ in table.pairs(meter, start, limit)]


METHODS: Final[dict[tuple[type, str], Callable[..., Any]]] = {
    (list, "append"): _append,
    (list, "clear"): _clear,
    (list, "copy"): _copy,
    (list, "count"): _count,
    (list, "extend"): _extend,
    (list, "index"): _index,
    (list, "insert"): _insert,
    (list, "pop"): _pop,
    (list, "remove"): _remove,
    (list, "reverse"): _reverse,
    (list, "sort"): _sort,
    (tuple, "count"): _count,
    (tuple, "index"): _index,
    (dict, "clear"): _clear,
    (dict, "copy"): _copy,
    (dict, "get"): _dict_get,
    (dict, "items"): _dict_items,
    (dict, "keys"): lambda meter, table: list(sized(meter, table)),
    (dict, "pop"): _dict_pop,
    (dict, "setdefault"): _dict_setdefault,
    (dict, "update"): _dict_update,
    (dict, "values"): _dict_values,
    (str, "count"): text.count,
    (str, "encode"): _encode,
    (str, "find"): text.find,
    (str, "endswith"): lambda meter, value, part: _ends(meter, value, part, True),
    (str, "startswith"): lambda meter, value, part: _ends(meter, value, part, False),
    (str, "isalnum"): _is_kind(str.isalnum),
    (str, "isalpha"): _is_kind(str.isalpha),
    (str, "isdigit"): _is_kind(str.isdigit),
    (str, "join"): text.join,
    (str, "ljust"): _pad(str.ljust),
    (str, "rjust"): _pad(str.rjust),
    (str, "zfill"): _pad(str.zfill),
    (str, "lower"): text.lower,
    (str, "upper"): text.upper,
    (str, "strip"): text.strip,
    (str, "lstrip"): text.lstrip,
    (str, "rstrip"): text.rstrip,
    (str, "removeprefix"): _without(str.removeprefix),
    (str, "removesuffix"): _without(str.removesuffix),
    (str, "replace"): text.replace,
    (str, "split"): text.split,
    (bytes, "decode"): _decode,
    (bytes, "hex"): _hex,
    (bytes, "endswith"): lambda meter, value, part: _ends(meter, value, part, True),
    (bytes, "startswith"): lambda meter, value, part: _ends(meter, value, part, False),
    (int, "bit_length"): lambda meter, value: value.bit_length(),
    (Decimal, "sqrt"): _sqrt,
    (VarState, "get"): lambda meter, state: state.get(meter),
    (VarState, "set"): lambda meter, state, value: state.set(meter, value),
    (MapState, "get"): lambda meter, state, key, default=None: state.get(meter, key, default),
    (MapState, "items"): lambda meter, state, start="", limit=100: state.pairs(meter, start, limit),
    (MapState, "keys"): _map_keys,
    (MapState, "pop"): lambda meter, state, key, default=None: state.pop(meter, key, default),
    (Update, "by_time"): _by_time,
    (Sample, "value"): _value,
    (Twin, "value"): _value,
    (Twin, "reading"): _reading,
    (Sample, "reading"): _reading,
    (Context, "emit"): lambda meter, context, name, payload: context.emit(meter, name, payload),
    (Context, "open_action"): lambda meter, context, **given: context.open_action(meter, given),
    (Context, "parameter"): lambda meter, context, name, default: context.parameter(
        meter, name, default
    ),
    (Context, "attestations"): lambda meter, context, *given: context.attestations(meter, *given),
    (Context, "history"): lambda meter, context, *given: context.history(meter, *given),
    (Context, "call"): lambda meter, context, contract, method, /, **given: context.call(
        meter, contract, method, given
    ),
    (Context, "set_timer"): lambda meter, context, name, at_ms: context.set_timer(
        meter, name, at_ms
    ),
    (Context, "cancel_timer"): lambda meter, context, name: context.cancel_timer(meter, name),
    (Context, "twin"): lambda meter, context, twin: context.twin(meter, twin),
}
