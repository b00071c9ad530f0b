"""`match`: try a pattern on a value.

A pattern comes from `contracts.metered_patterns` as a literal: a tuple that begins with the name of
its form. Its parts are paid before they are tried, each once at most; what is charged besides grows
with the value. Meanings are those of Python, for the values that contracts have.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, Final

from contracts.runtime.arithmetic import NUMBERS, charge_size
from contracts.runtime.comparison import check_key, equal
from contracts.runtime.dispatch import field
from contracts.runtime.meter import Meter
from contracts.runtime.objects import Record, types_of

_SEQUENCES: Final = frozenset((list, tuple, range))

Pattern = tuple[Any, ...]
Found = list[Any]
"""What the names of a case have been given so far."""


def match(
    meter: Meter, subject: Any, gas: int, case: tuple[int, Pattern]
) -> tuple[Any, ...] | None:
    """Try a case, which costs `gas`: give what its names are assigned, None if it does not fit."""
    meter.charge(gas)
    count, pattern = case
    found: Found = [None] * count
    return tuple(found) if _fits(meter, pattern, subject, found) else None


def _fits(meter: Meter, pattern: Pattern, subject: Any, found: Found) -> bool:
    return _FORMS[pattern[0]](meter, pattern, subject, found)


def _any(meter: Meter, pattern: Pattern, subject: Any, found: Found) -> bool:
    return True


def _name(meter: Meter, pattern: Pattern, subject: Any, found: Found) -> bool:
    found[pattern[1]] = subject
    return True


def _value(meter: Meter, pattern: Pattern, subject: Any, found: Found) -> bool:
    literal, kind = pattern[1], type(subject)
    comparable = kind in NUMBERS if type(literal) is int else kind is type(literal)
    return comparable and equal(meter, subject, literal)


def _is(meter: Meter, pattern: Pattern, subject: Any, found: Found) -> bool:
    return subject is pattern[1]


def _as(meter: Meter, pattern: Pattern, subject: Any, found: Found) -> bool:
    _, inner, place = pattern
    if not _fits(meter, inner, subject, found):
        return False
    found[place] = subject
    return True


def _or(meter: Meter, pattern: Pattern, subject: Any, found: Found) -> bool:
    for part in pattern[1]:  # noqa: SIM110 (a generator takes twice as long)
        if _fits(meter, part, subject, found):
            return True
    return False


def _sequence(meter: Meter, pattern: Pattern, subject: Any, found: Found) -> bool:
    parts = pattern[1]
    if type(subject) not in _SEQUENCES or len(subject) != len(parts):
        return False
    return _fit_all(meter, parts, subject, found)


def _starred(meter: Meter, pattern: Pattern, subject: Any, found: Found) -> bool:
    _, before, place, after = pattern
    if type(subject) not in _SEQUENCES or len(subject) < len(before) + len(after):
        return False
    first, last = len(before), len(subject) - len(after)
    ends = [subject[at] for at in range(last, len(subject))]
    if not _fit_all(meter, before, subject, found) or not _fit_all(meter, after, ends, found):
        return False
    if place is not None:
        charge_size(meter, list, last - first)
        found[place] = list(subject[first:last])
    return True


def _fit_all(meter: Meter, parts: Sequence[Pattern], values: Sequence[Any], found: Found) -> bool:
    """Try patterns on the first values, one on each."""
    for at, part in enumerate(parts):  # noqa: SIM110 (as above)
        if not _fits(meter, part, values[at], found):
            return False
    return True


def _mapping(meter: Meter, pattern: Pattern, subject: Any, found: Found) -> bool:
    _, keys, parts, rest = pattern
    if type(subject) is not dict:
        return False
    for key, part in zip(keys, parts, strict=True):
        if check_key(meter, key) not in subject or not _fits(meter, part, subject[key], found):
            return False
    if rest is not None:
        charge_size(meter, list, 4 * len(subject))
        found[rest] = dict(subject)
        for key in keys:
            del found[rest][key]
    return True


def _type(meter: Meter, pattern: Pattern, subject: Any, found: Found) -> bool:
    _, name, parts = pattern
    if not isinstance(subject, types_of((name,))):
        return False
    return _fit_all(meter, parts, (subject,), found)


def _record(meter: Meter, pattern: Pattern, subject: Any, found: Found) -> bool:
    _, name, fields, parts = pattern
    if type(subject) is not Record or subject.kind.name != name:
        return False
    values = [field(meter, subject, attribute) for attribute in fields]
    return _fit_all(meter, parts, values, found)


_FORMS: Final[dict[str, Callable[[Meter, Pattern, Any, Found], bool]]] = {
    "any": _any,
    "name": _name,
    "value": _value,
    "is": _is,
    "as": _as,
    "or": _or,
    "sequence": _sequence,
    "starred": _starred,
    "mapping": _mapping,
    "type": _type,
    "record": _record,
}
