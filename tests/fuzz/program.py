"""What both sides run and what they come to: a program, and the outcome of its calls."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final

HEAD: Final = "from contracts.author import Decimal, Map, Var, call, ctx, fail, record\n"
PARAMETERS: Final[dict[str, Any]] = {"limit": 7, "word": "pump"}
SENDER: Final = "borne-energie"
HEIGHT: Final = 7
TIME_MS: Final = 1_700_000_000_000


@dataclass(frozen=True, slots=True)
class Program:
    """A contract and the calls that are made of it, in order; state is kept between them."""

    source: str
    calls: tuple[tuple[str, dict[str, Any]], ...]


@dataclass(frozen=True, slots=True)
class Ending:
    """How one call ended.

    `status` is that of an execution; `detail` is the encoded value in hex, the class of the
    exception, or the contract's own text.
    """

    status: str
    detail: str


@dataclass(frozen=True, slots=True)
class Outcome:
    """What a program came to: its endings, its state and its events."""

    endings: tuple[Ending, ...]
    state: dict[str, bytes]
    events: tuple[tuple[str, bytes], ...]
