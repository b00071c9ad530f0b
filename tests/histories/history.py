"""What clients did and what they were told, and how it is kept in a file.

A history is a list of operations. Times are nanoseconds of one clock that never jumps. An operation
whose answer never came may have taken effect at any time after it was asked for, or never.
"""

import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Final

Call = tuple[Any, ...]
"""What was asked: the name of the operation, then its arguments; all of it hashable."""


@dataclass(frozen=True, slots=True)
class Unknown:
    """The answer of an operation that was never answered."""

    def __repr__(self) -> str:
        return "?"


UNKNOWN: Final = Unknown()


@dataclass(frozen=True, slots=True)
class Operation:
    """One operation of one client on one object.

    `key` names the object; objects are independent. `completed` is None, and `output` is UNKNOWN,
    when no answer ever came. `note` says where to find it, such as a transaction id. `hint` is
    where the system itself says that it stands among the others: that is tried first, not believed.
    """

    key: str
    call: Call
    output: Any
    invoked: int
    completed: int | None
    client: int = 0
    note: str = ""
    hint: int = 0

    def __post_init__(self) -> None:
        assert (self.completed is None) == (self.output is UNKNOWN), self
        assert self.completed is None or self.invoked <= self.completed, self

    @property
    def is_known(self) -> bool:
        """Whether its answer came."""
        return self.completed is not None

    def forgotten(self) -> "Operation":
        """Give the same operation as if its answer had never come."""
        return replace(self, output=UNKNOWN, completed=None)

    def describe(self) -> str:
        """Say in a line what was asked, what was answered and when, in milliseconds."""
        name, *arguments = self.call
        asked = f"{name}({', '.join(map(str, arguments))})"
        ends = "open" if self.completed is None else f"{self.completed / 1e6:.3f}"
        note = f"  [{self.note}]" if self.note else ""
        return f"{self.invoked / 1e6:.3f}..{ends} c{self.client} {asked} -> {self.output}{note}"


def freeze(value: Any) -> Any:
    """Make tuples of lists, all the way down, so that the value can be hashed and compared."""
    return tuple(map(freeze, value)) if isinstance(value, list | tuple) else value


def save(path: Path, operations: Iterable[Operation]) -> None:
    """Write a history, one line of JSON for each operation."""
    with path.open("w", encoding="utf-8") as file:
        for one in operations:
            line: dict[str, Any] = {"key": one.key, "call": one.call, "invoked": one.invoked}
            if one.is_known:
                line |= {"output": one.output, "completed": one.completed}
            line |= {"client": one.client, "note": one.note, "hint": one.hint}
            file.write(json.dumps(line) + "\n")


def load(path: Path) -> list[Operation]:
    """Read a history that `save` wrote."""
    return [_read(json.loads(line)) for line in path.read_text(encoding="utf-8").splitlines()]


def _read(line: dict[str, Any]) -> Operation:
    return Operation(
        line["key"],
        freeze(line["call"]),
        freeze(line["output"]) if "output" in line else UNKNOWN,
        line["invoked"],
        line.get("completed"),
        line["client"],
        line["note"],
        line["hint"],
    )


def by_key(operations: Sequence[Operation]) -> dict[str, list[Operation]]:
    """Part a history by object."""
    parts: dict[str, list[Operation]] = {}
    for one in operations:
        parts.setdefault(one.key, []).append(one)
    return parts
