"""What a handler gets that something else than readings woke. Contracts only read their fields."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Final


@dataclass(frozen=True, slots=True)
class Attestation:
    """A signed statement about a twin; `files` are the names of the files it speaks of."""

    id: str
    twin: str
    model: str
    issuer: str
    type: str
    files: tuple[str, ...]
    height: int
    time_ms: int


@dataclass(frozen=True, slots=True)
class ActionChange:
    """What became of an action that the contract opened.

    `change` is "acknowledged", "completed", "declined" or "overdue"; `organisation` and `note` are
    those of the answer, empty when it is overdue.
    """

    id: str
    kind: str
    key: str
    twin: str
    change: str
    organisation: str
    note: str


@dataclass(frozen=True, slots=True)
class Timer:
    """A timer that the contract has set, and that is due."""

    name: str
    due_ms: int


def make_attestation(given: dict[str, Any]) -> Attestation:
    """Make a statement from its decoded fields."""
    return Attestation(**{**given, "files": tuple(given["files"])})


MAKERS: Final[dict[str, Callable[[dict[str, Any]], object]]] = {
    "attestation": make_attestation,
    "action": lambda given: ActionChange(**given),
    "timer": lambda given: Timer(**given),
}
"""Makes what a handler of each kind gets from its decoded arguments."""
