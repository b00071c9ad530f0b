"""The objects that a contract can hold besides plain values.

None of them has operators of its own; contracts reach their fields and methods only through the
tables of `contracts.language`, and compiled code only through `contracts.runtime.dispatch`.
"""

from __future__ import annotations

import decimal
import re
from dataclasses import dataclass
from decimal import Decimal
from typing import Any, Final

from chain.errors import InvalidInput
from chain.values import Value, decode_value, encode_value
from contracts.runtime.arithmetic import CONTEXT
from contracts.runtime.meter import Meter
from contracts.runtime.session import KEY_SIZE_MAX, RANGE_LIMIT_MAX, STATE_VALUE_SIZE_MAX

_NUMBER: Final = re.compile(r"[+-]?(?:[0-9]+(?:\.[0-9]*)?|\.[0-9]+)(?:[eE][+-]?[0-9]{1,4})?")
_NUMBER_SIZE_MAX: Final = 128
_PLAIN_GAS: Final = 15
_DECIMAL_GAS: Final = 30
_SEVERITY_BAD: Final = 0x80000000
_TYPE_BY_NAME: Final[dict[str, type]] = {
    "int": int,
    "str": str,
    "bool": bool,
    "bytes": bytes,
    "Decimal": Decimal,
    "list": list,
    "dict": dict,
    "None": type(None),
}


class Reading:
    """One accepted reading. `value` is None when it is missing or its quality is bad."""

    __slots__ = ("property", "quality", "sequence", "time_ms", "unit", "value")

    def __init__(
        self, property: str, value: str, time_ms: int, unit: str, quality: int, sequence: int
    ) -> None:
        self.property = property
        self.value: Decimal | None = None if quality & _SEVERITY_BAD else parse_number(value)
        self.time_ms = time_ms
        self.unit = unit
        self.quality = quality
        self.sequence = sequence

    @property
    def is_good(self) -> bool:
        """Say whether there is a value and its quality is neither bad nor uncertain."""
        return self.value is not None and self.quality >> 30 == 0


class Sample:
    """The readings of one twin that share one time."""

    __slots__ = ("by_property", "time_ms")

    def __init__(self, time_ms: int) -> None:
        self.time_ms = time_ms
        self.by_property: dict[str, Reading] = {}

    @property
    def readings(self) -> tuple[Reading, ...]:
        """The readings, in the order in which their properties first came."""
        return tuple(self.by_property.values())

    def reading(self, name: str) -> Reading | None:
        """Give the reading of a property at this time; None when there is none."""
        return self.by_property.get(name)

    def value(self, name: str) -> Decimal | None:
        """Give the value of a property at this time; None when missing or bad."""
        reading = self.by_property.get(name)
        return None if reading is None else reading.value


class Update:
    """The accepted readings of one transaction and twin, in order."""

    __slots__ = ("model", "readings", "twin")

    def __init__(self, twin: str, model: str, readings: tuple[Reading, ...]) -> None:
        self.twin = twin
        self.model = model
        self.readings = readings

    def by_time(self) -> list[Sample]:
        """Group the readings by their time, earliest first; of two for one property the later."""
        samples: dict[int, Sample] = {}
        for reading in self.readings:
            sample = samples.get(reading.time_ms)
            if sample is None:
                sample = samples[reading.time_ms] = Sample(reading.time_ms)
            sample.by_property[reading.property] = reading
        return [samples[time_ms] for time_ms in sorted(samples)]


class Twin:
    """A twin as the ledger has it before this transaction's writes."""

    __slots__ = ("id", "model", "owner", "properties", "readings")

    def __init__(
        self, identity: str, model: str, owner: str, readings: tuple[Reading, ...]
    ) -> None:
        self.id = identity
        self.model = model
        self.owner = owner
        self.readings = {reading.property: reading for reading in readings}
        self.properties = tuple(sorted(self.readings))

    def reading(self, name: str) -> Reading | None:
        """Give the last reading of a property; None when there is none."""
        return self.readings.get(name)

    def value(self, name: str) -> Decimal | None:
        """Give the last value of a property; None when missing or bad."""
        reading = self.readings.get(name)
        return None if reading is None else reading.value


def parse_number(text: str) -> Decimal | None:
    """Read a decimal number, rounded to 34 digits; None when the text is none or out of range."""
    if len(text) > _NUMBER_SIZE_MAX or _NUMBER.fullmatch(text) is None:
        return None
    try:
        return CONTEXT.create_decimal(text)
    except decimal.DecimalException:
        return None


@dataclass(frozen=True, slots=True)
class RecordField:
    """A field of a record; `default` is None for a required one, else a 1-tuple."""

    name: str
    kinds: tuple[type, ...]
    default: tuple[Any] | None


class RecordType:
    """A `@record` of a contract."""

    __slots__ = ("fields", "index", "name")

    def __init__(self, name: str, fields: tuple[RecordField, ...]) -> None:
        self.name = name
        self.fields = fields
        self.index = {entry.name: position for position, entry in enumerate(fields)}

    def make(self, positional: tuple[Any, ...], named: dict[str, Any]) -> Record:
        """Make a record from arguments, as a dataclass would."""
        if len(positional) > len(self.fields):
            raise TypeError("too many values for the record")
        values: list[Any] = list(positional)
        for entry in self.fields[: len(positional)]:
            if entry.name in named:
                raise TypeError("a field of the record is given twice")
        for entry in self.fields[len(positional) :]:
            if entry.name in named:
                values.append(named[entry.name])
            elif entry.default is not None:
                values.append(entry.default[0])
            else:
                raise TypeError("a field of the record is missing")
        if any(name not in self.index for name in named):
            raise TypeError("the record has no such field")
        for entry, value in zip(self.fields, values, strict=True):
            if type(value) not in entry.kinds:
                raise TypeError("a field of the record has another type")
        return Record(self, values)


class Record:
    """A value of a record type."""

    __slots__ = ("kind", "values")
    __hash__ = None  # type: ignore[assignment]

    def __init__(self, kind: RecordType, values: list[Any]) -> None:
        self.kind = kind
        self.values = values

    def __eq__(self, other: object) -> bool:
        return type(other) is Record and other.kind is self.kind and other.values == self.values

    def set(self, name: str, value: Any) -> None:
        """Change one field."""
        position = self.kind.index.get(name)
        if position is None:
            raise TypeError("the record has no such field")
        if type(value) not in self.kind.fields[position].kinds:
            raise TypeError("the field has another type")
        self.values[position] = value


def types_of(names: tuple[str, ...]) -> tuple[type, ...]:
    """Give the types that names of `contracts.language.TYPES` stand for."""
    return tuple(_TYPE_BY_NAME[name] for name in names)


def to_plain(meter: Meter, value: Any, depth: int = 0) -> Value:
    """Charge for and copy a contract's value into a plain one: tuples to lists, records to dicts.

    Raises: TypeError: not a value; ValueError: nested too deeply.
    """
    kind = type(value)
    meter.charge(_PLAIN_GAS)
    if kind is str or kind is bytes:
        meter.charge(len(value) // 16)
        return value  # type: ignore[no-any-return]
    if kind is Decimal:
        meter.charge(_DECIMAL_GAS)
        return value  # type: ignore[no-any-return]
    if value is None or kind is int or kind is bool:
        return value  # type: ignore[no-any-return]
    if depth >= 32:
        raise ValueError("nested too deeply")
    if kind is list or kind is tuple:
        return [to_plain(meter, item, depth + 1) for item in value]
    if kind is dict:
        return {key: to_plain(meter, item, depth + 1) for key, item in value.items()}
    if kind is Record:
        return {
            entry.name: to_plain(meter, item, depth + 1)
            for entry, item in zip(value.kind.fields, value.values, strict=True)
        }
    raise TypeError("this is not a value that can be kept or sent")


def encode_plain(meter: Meter, value: Any, limit: int) -> bytes:
    """Encode what a contract keeps, sends or returns.

    Raises: TypeError: not a value; ValueError: too deep; OverflowError: too large.
    """
    try:
        return encode_value(to_plain(meter, value), limit)
    except InvalidInput as error:
        if error.code == "VT-1201":
            raise TypeError("this is not a value that can be kept or sent") from None
        if error.code == "VT-1202":
            raise ValueError("nested too deeply") from None
        raise OverflowError("the value is too large") from None


class VarState:
    """One value in state, with its type and default."""

    __slots__ = ("default", "key", "kind")

    def __init__(self, key: str, kind: type, default: bytes) -> None:
        self.key = key
        self.kind = kind
        self.default = default

    def get(self, meter: Meter) -> Any:
        """Read the value, or the default before the first `set`."""
        data = meter.session.get(self.key, self.default)
        return decode_value(data, STATE_VALUE_SIZE_MAX)

    def set(self, meter: Meter, value: Any) -> None:
        """Write the value."""
        if type(value) is not self.kind:
            raise TypeError("the value has another type than its Var")
        meter.session.put(self.key, encode_plain(meter, value, STATE_VALUE_SIZE_MAX))


class MapState:
    """A table in state from text keys to values of one type."""

    __slots__ = ("kind", "prefix")

    def __init__(self, name: str, kind: type | RecordType) -> None:
        self.prefix = name + "/"
        self.kind = kind

    def _key(self, key: Any) -> str:
        if type(key) is not str:
            raise TypeError("a key of a Map is a text")
        if not key or len(key) > KEY_SIZE_MAX or len(key.encode()) > KEY_SIZE_MAX:
            raise ValueError("a key of a Map has 1 to 200 bytes")
        return self.prefix + key

    def _decode(self, data: bytes) -> Any:
        value = decode_value(data, STATE_VALUE_SIZE_MAX)
        if not isinstance(self.kind, RecordType):
            return value
        assert isinstance(value, dict), "records are kept as dicts"
        known = {name: item for name, item in value.items() if name in self.kind.index}
        return self.kind.make((), known)

    def get(self, meter: Meter, key: Any, default: Any = None) -> Any:
        """Read the value of a key, or `default`."""
        data = meter.session.get(self._key(key))
        return default if data is None else self._decode(data)

    def item(self, meter: Meter, key: Any) -> Any:
        """Read the value of a key; KeyError when there is none."""
        data = meter.session.get(self._key(key))
        if data is None:
            raise KeyError
        return self._decode(data)

    def contains(self, meter: Meter, key: Any) -> bool:
        """Say whether there is a value."""
        return meter.session.get(self._key(key)) is not None

    def set(self, meter: Meter, key: Any, value: Any) -> None:
        """Write the value of a key."""
        fits = (
            type(value) is Record and value.kind is self.kind
            if isinstance(self.kind, RecordType)
            else type(value) is self.kind
        )
        if not fits:
            raise TypeError("the value has another type than its Map")
        meter.session.put(self._key(key), encode_plain(meter, value, STATE_VALUE_SIZE_MAX))

    def delete(self, meter: Meter, key: Any) -> None:
        """Delete a key; KeyError when there is none."""
        if not self.contains(meter, key):
            raise KeyError
        meter.session.put(self._key(key), None)

    def pop(self, meter: Meter, key: Any, default: Any = None) -> Any:
        """Read and delete a key; `default` when there is none."""
        data = meter.session.get(self._key(key))
        if data is None:
            return default
        meter.session.put(self._key(key), None)
        return self._decode(data)

    def pairs(self, meter: Meter, start: Any = "", limit: Any = 100) -> list[tuple[str, Any]]:
        """Read up to `limit` (1000 at most) pairs from key `start` on, in key order."""
        if type(start) is not str or type(limit) is not int:
            raise TypeError("items takes a text and an int")
        if not 1 <= limit <= RANGE_LIMIT_MAX:
            raise ValueError("a limit is 1 to 1000")
        if len(start) > KEY_SIZE_MAX:
            raise ValueError("a key of a Map has up to 200 bytes")
        found = meter.session.range(self.prefix, start, limit)
        return [(key[len(self.prefix) :], self._decode(data)) for key, data in found]
