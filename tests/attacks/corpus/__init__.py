"""All attacks: a hostile contract each, by kind and name, with how it has to end.

Nothing here needs more than the engine, so that other interpreters can load it too. An ending is
`refused:RULE`, the status of an execution, or `error:CLASS`; "" where any end will do that lets
nothing out.
"""

from __future__ import annotations

import runpy
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from tests.attacks.corpus import bombs, escapes, finds, halts, keeping, matching, sources, stops

GAS_LIMIT: Final = 1_000_000
GAS_LIMITS: Final = dict.fromkeys(
    (
        "bombs/list_extended_by_itself",
        "bombs/list_of_a_million",
        "bombs/tuple_of_a_million",
        "finds/doubling_a_list",
        "finds/doubling_through_extend",
        "finds/doubling_through_repetition",
        "finds/doubling_through_slices",
        "halts/nested_lists_that_are_dropped",
        "halts/records_in_records",
    ),
    10_000_000,
)
"""Attacks that need more gas to come to their point."""
SHARED: Final = Path(__file__).resolve().parents[4] / "shared" / "attacks" / "attacks.py"
"""Attacks on contract sandboxes in general, which lie beside the repository."""

_KINDS: Final = {
    "escapes": escapes.ATTACKS,
    "sources": sources.ATTACKS,
    "bombs": bombs.ATTACKS,
    "stops": stops.ATTACKS,
    "keeping": keeping.ATTACKS,
    "finds": finds.ATTACKS,
    "halts": halts.ATTACKS,
    "matching": matching.ATTACKS,
}


@dataclass(frozen=True, slots=True)
class Attack:
    """A contract whose `attack` is called, and how that has to end."""

    source: str
    ends: str
    gas_limit: int = GAS_LIMIT


def load_own() -> dict[str, Attack]:
    """Give the attacks of this repository, under "kind/name"."""
    return {
        f"{kind}/{name}": Attack(source, ends, GAS_LIMITS.get(f"{kind}/{name}", GAS_LIMIT))
        for kind, attacks in _KINDS.items()
        for name, (source, ends) in attacks.items()
    }


def load_shared() -> dict[str, Attack]:
    """Give the attacks beside the repository; none where the folder is missing."""
    if not SHARED.is_file():
        return {}
    corpus: dict[str, tuple[str, str]] = runpy.run_path(str(SHARED))["A"]
    return {f"shared/{name}": Attack(source, "") for name, (_, source) in corpus.items()}
