"""The standard power-curve contract as plain Python, with a table in a dict behind its state.

CPython runs the same source as it stands: no metering, no checks, no worker. What the contract
costs more than this is the engine's price.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from importlib.resources import files
from types import SimpleNamespace
from typing import Any, Final

from chain.values import Value, decode_value, encode_value
from contracts.runtime.objects import Reading, Update

CONTRACT: Final = "maintenance_by_power_curve"


def load_source() -> str:
    """Give the source of the contract."""
    return files("contracts.standard").joinpath(f"{CONTRACT}.py").read_text(encoding="utf-8")


class _Map:
    """A table whose values are kept encoded, as in the ledger."""

    def __init__(self, kind: Any) -> None:
        self._kind = kind
        self._rows: dict[str, bytes] = {}

    def get(self, key: str, default: Any = None) -> Any:
        data = self._rows.get(key)
        if data is None:
            return default
        fields: Any = decode_value(data)
        return self._kind(**fields)

    def __setitem__(self, key: str, value: Any) -> None:
        self._rows[key] = encode_value(dataclasses.asdict(value))


def load_plain(actions: list[dict[str, Value]]) -> Callable[[Update], None]:
    """Give the contract's handler as a plain function; it remembers between calls.

    Args: actions: takes what it opens.
    """
    names: dict[str, Any] = {"__name__": CONTRACT}
    code = compile(load_source(), CONTRACT, "exec", dont_inherit=True)
    exec(code, names)
    names["watches"] = _Map(names["Watch"])
    names["ctx"] = SimpleNamespace(
        time_ms=1_700_000_000_000,
        parameter=lambda name, default: default,
        twin=lambda twin: None,
        emit=lambda name, payload: None,
        open_action=lambda **given: actions.append(given),
    )
    handler: Callable[[Update], None] = names["check"]
    return handler


def make_update(twin: str, rows: list[tuple[str, str, int]]) -> Update:
    """Give what the handler gets, from (property, value, time)."""
    readings = [Reading(name, value, time_ms, "C62", 0, 0) for name, value, time_ms in rows]
    return Update(twin, "wind-turbine", tuple(readings))
