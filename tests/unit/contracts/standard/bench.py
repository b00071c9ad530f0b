"""A standard contract in memory, without a chain, and what all tests of such contracts share."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any, Final

import pytest

from chain.values import Value, decode_value
from contracts.executor import ActionRequest
from contracts.inprocess import InProcessExecutor
from contracts.records import ActionRecord
from tests.unit.contracts.memory_host import Deployed

BAD: Final = 0x80000000
MINUTE: Final = 60_000
HOUR: Final = 60 * MINUTE
DAY: Final = 24 * HOUR
READINGS_MAX: Final = 900
"""Most readings that a bench sends in one transaction."""

_FOLDER: Final = Path(__file__).parents[4] / "contracts" / "standard"

Row = tuple[str, str, int]
"""A property, its value ("" when it is missing) and when it was measured."""


def read_standard(name: str) -> str:
    """Give the source of a standard contract."""
    return (_FOLDER / f"{name}.py").read_text()


def open_data(shared: Path, folder: str, name: str) -> Path:
    """Give a file of the public data sets; the test is skipped where it is missing."""
    path = shared / "data" / folder / name
    if not path.is_file():
        pytest.skip(f"needs {name} of the public data set {folder}")
    return path


def details_of(action: ActionRecord | ActionRequest) -> dict[str, Any]:
    """Give what a contract wrote down with an action."""
    details = decode_value(action.details)
    assert isinstance(details, dict)
    return details


class Bench(Deployed):
    """A standard contract on a `MemoryHost`; `gas` is what the newest invocation used."""

    def __init__(self, name: str, **parameters: Any) -> None:
        super().__init__(read_standard(name), InProcessExecutor(), parameters)
        self.gas = 0

    @property
    def orders(self) -> list[tuple[str, str, str]]:
        """Kind, twin and addressee of all actions, the oldest first."""
        return [(one.kind, one.twin, one.addressee) for one in self.host.actions]

    def feed(self, twin: str, rows: Sequence[Row], model: str = "") -> None:
        """Send readings of a twin, in transactions of at most `READINGS_MAX`."""
        for at in range(0, len(rows), READINGS_MAX):
            self.feed_once(twin, rows[at : at + READINGS_MAX], model)

    def feed_once(self, twin: str, rows: Iterable[Row], model: str = "") -> None:
        """Send readings of a twin in one transaction; those without a value are bad."""
        readings = [(name, value, at, 0 if value else BAD) for name, value, at in rows]
        execution = self.update(twin, *readings, model=model)
        assert execution.status == "ok", execution
        self.gas = execution.gas_used

    def by(self, sender: str, method: str, /, **arguments: Any) -> Value:
        """Call a method for an organisation; it must end well."""
        self.sender = sender
        execution = self.call(method, **arguments)
        assert execution.status == "ok", execution
        self.gas = execution.gas_used
        return decode_value(execution.value)

    def refused(self, sender: str, method: str, /, **arguments: Any) -> str:
        """Call a method for an organisation; it must be refused, and changes nothing."""
        self.sender = sender
        before = dict(self.host.state), len(self.host.actions), len(self.host.events)
        execution = self.call(method, **arguments)
        assert execution.status == "contract_error", execution
        assert before == (dict(self.host.state), len(self.host.actions), len(self.host.events))
        return execution.error

    def tell(self, action: ActionRequest, change: str, note: str = "") -> None:
        """Tell the contract what became of an action that it opened."""
        handler = self.manifest.wake("action")
        assert handler is not None
        given = {
            "id": "00" * 32,
            "kind": action.kind,
            "key": action.key,
            "twin": action.twin,
            "change": change,
            "organisation": "" if change == "overdue" else action.addressee,
            "note": note,
        }
        execution = self.executor.execute(
            self._invocation("action", handler.name, given), self.host
        )
        assert execution.status == "ok", execution
        self.gas = execution.gas_used

    def register(self, twin: str, model: str, owner: str) -> None:
        """Let a twin exist, without readings."""
        self.host.twins[twin] = {"id": twin, "model": model, "owner": owner, "properties": {}}
