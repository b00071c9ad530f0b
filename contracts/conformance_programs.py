"""Small contracts that touch every part of the language: what an engine must do with each is known.

Each program is deployed alone, with an empty state, and its handlers run one after the other. What
they come to stands in `contracts.conformance_results`; together they are part of the engine's id.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Final

from chain.values import Value
from contracts import conformance_sources as sources
from contracts.executor import Kind

NORMAL_GAS: Final = 200_000


@dataclass(frozen=True, slots=True)
class Run:
    """One handler to run; see `contracts.executor.Invocation` for what its arguments are."""

    handler: str
    arguments: Mapping[str, Value] = field(default_factory=dict)
    kind: Kind = "call"
    gas_limit: int = NORMAL_GAS


@dataclass(frozen=True, slots=True)
class Program:
    """A contract and what is done with it."""

    name: str
    source: str
    runs: tuple[Run, ...]


_READINGS: Final[list[Value]] = [
    ["temperature", "79.5", 1_000, "CEL", 0, 1],
    ["temperature", "81.25", 3_000, "CEL", 0, 3],
    ["temperature", "90", 2_000, "CEL", 0x80000000, 2],
    ["flow", "3", 2_000, "", 0, 9],
    ["temperature", "", 4_000, "CEL", 0x809B0000, 4],
]

_STATEMENT: Final[dict[str, Value]] = {
    "id": "ab" * 32,
    "twin": "P-1",
    "model": "pump",
    "issuer": "certis",
    "type": "https://example.org/inspection/v1",
    "files": ["report.pdf"],
    "height": 5,
    "time_ms": 1_000,
}
_CHANGE: Final[dict[str, Value]] = {
    "id": "cd" * 32,
    "kind": "inspection",
    "key": "k",
    "twin": "P-1",
    "change": "declined",
    "organisation": "windcare",
    "note": "not ours",
}

_LISTS: Final[list[Value]] = [
    [],
    [[1, 2], 3],
    ["pair", 4, [5]],
    ["first", "end"],
    ["first", 6, "pump", "end"],
]
_TABLES: Final[list[Value]] = [
    {"kind": "order", "amount": 1},
    {"kind": "order", "amount": 5, "place": "dock", "time_ms": 7},
    {"kind": [1, 2, 3], "open": False},
    {"again": {"again": ["pair", "deep", None]}},
]

PROGRAMS: Final = (
    Program(
        "numbers",
        sources.HEAD + sources.NUMBERS,
        (
            Run("ints", {"a": 37, "b": 5}),
            Run("ints", {"a": -37, "b": 5}),
            Run("decimals", {"a": Decimal("-7.125"), "b": Decimal("3.30")}),
            Run("decimals", {"a": Decimal("1e30"), "b": Decimal("0.0000007")}),
            Run("decimals", {"a": Decimal(1), "b": Decimal(0)}),
            Run("chains", {"a": 5}),
            Run("too_large", {"a": 3}),
            Run("by_zero", {"a": 3}),
            Run("by_zero", {"a": "three"}),
            Run("by_zero", {}),
            Run("unknown", {}),
        ),
    ),
    Program(
        "texts",
        sources.HEAD + sources.TEXTS,
        (
            Run("texts", {"word": "banana, split"}),
            Run("texts", {"word": " \u00e9\u00df\u4e2d "}),
            Run("kinds", {"word": "anna"}),
            Run("kinds", {"word": "\u0661\u0662"}),
            Run("no_number", {"word": "12"}),
            Run("no_number", {"word": "\u0661"}),
            Run("signs", {"number": Decimal("1.50"), "count": 1_234}),
            Run("signs", {"number": Decimal("-0.001"), "count": -7}),
        ),
    ),
    Program(
        "containers",
        sources.HEAD + sources.CONTAINERS,
        (
            Run("lists", {"size": 6}),
            Run("lists", {"size": 6}),
            Run("loops", {"limit": 40}),
            Run("missing"),
            Run("spread", {"size": 3}),
            Run("spread", {"size": "3"}),
        ),
    ),
    Program(
        "ends",
        sources.HEAD + sources.ENDS,
        (
            Run("without_end"),
            Run("for_ever", gas_limit=20_000),
            Run("for_ever", gas_limit=999),
            Run("refuses", {"reason": "no"}),
            Run("caught", {"word": "raise"}),
            Run("caught", {"word": "x"}),
            Run("caught", {"word": "7"}),
            Run("raises"),
        ),
    ),
    Program(
        "state",
        sources.HEAD + sources.STATE,
        (
            Run("begin", kind="initial"),
            Run("write", {"names": ["b", "a", "b"]}),
            Run("write", {"names": ["c" * 201]}),
            Run("read", {"start": "b"}),
            Run("clear", {"name": "a"}),
            Run("surroundings"),
        ),
    ),
    Program(
        "updates",
        sources.HEAD + sources.UPDATES,
        (
            Run("watch", {"twin": "P-1", "model": "pump", "readings": _READINGS}, "update"),
            Run("watch", {"twin": "P-1", "model": "pump", "readings": _READINGS[:1]}, "update"),
            Run("watch", {"twin": "P-2", "model": "pump", "readings": []}, "update", 3_000),
        ),
    ),
    Program(
        "happenings",
        sources.HEAD + sources.HAPPENINGS,
        (
            Run("inspected", _STATEMENT, "attestation"),
            Run("changed", _CHANGE, "action"),
            Run("ring", {"name": "bell", "due_ms": 5}, "timer"),
            Run("statements", {"twin": "P-1"}),
            Run("statements", {"twin": ""}),
            Run("ask", {"contract": "bank"}),
            Run("late", {"at_ms": -1}),
        ),
    ),
    Program(
        "matching",
        sources.HEAD + sources.MATCHING,
        (
            Run("match_all", {"values": [None, True, 0, -1, 256, 1_000, False, Decimal("-0.50")]}),
            Run("match_all", {"values": ["", "pump", b"pump", "pumps", b"pumps", 1_002]}),
            Run("match_all", {"values": _LISTS}),
            Run("match_all", {"values": _TABLES}),
            Run("match_all", {"values": _TABLES}, gas_limit=1_800),
            Run("match_one", {"value": 1_001}),
            Run("match_one", {"value": "abc"}),
            Run("match_one", {"value": [*range(3_000), "end"]}),
        ),
    ),
)
"""All programs; a new part of the language gets one here, and the results are written anew."""
