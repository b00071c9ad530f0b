"""Values of contracts as a person reads them, each in one short line."""

from __future__ import annotations

from collections.abc import Iterable
from decimal import Decimal
from typing import Final

from contracts.runtime.objects import Reading, Record, Sample, Twin, Update

SHOWN_MAX: Final = 200
"""Characters of a value that are shown."""
_FIELDS: Final[dict[type, tuple[str, ...]]] = {
    Update: ("twin", "model", "readings"),
    Sample: ("time_ms", "readings"),
    Twin: ("id", "model", "owner"),
}


def show(value: object) -> str:
    """Give a value for a person's eyes, in one short line."""
    text = _show(value)
    return text if len(text) <= SHOWN_MAX else text[: SHOWN_MAX - 3] + "..."


def _show(value: object) -> str:
    match value:
        case Record():
            names = [one.name for one in value.kind.fields]
            return _show_fields(value.kind.name, zip(names, value.values, strict=True))
        case Reading():
            shown = "no value" if value.value is None else f"{value.value} {value.unit}".rstrip()
            return f"Reading({value.property} {shown} at {value.time_ms})"
        case Update() | Sample() | Twin():
            fields = ((name, getattr(value, name)) for name in _FIELDS[type(value)])
            return _show_fields(type(value).__name__, fields)
        case list():
            return f"[{', '.join(map(_show, value))}]"
        case tuple():
            return f"({', '.join(map(_show, value))}{',' * (len(value) == 1)})"
        case dict():
            return f"{{{', '.join(f'{key!a}: {_show(one)}' for key, one in value.items())}}}"
        case Decimal() if -40 < value.adjusted() < 40:
            return f"Decimal('{value:f}')"
        case _:
            return ascii(value)


def _show_fields(name: str, fields: Iterable[tuple[str, object]]) -> str:
    return f"{name}({', '.join(f'{field}={_show(value)}' for field, value in fields)})"
