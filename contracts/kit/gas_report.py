"""What handlers cost, and what that has become since the last time."""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Iterable
from statistics import median_low

from contracts.kit.executor import Run

Prices = dict[str, dict[str, int]]
"""For each `contract.handler`: how often it ran, and its middle and highest gas."""


def gather(runs: Iterable[Run]) -> Prices:
    """Sum up runs by handler, in the order of their names."""
    by_handler: dict[str, list[int]] = defaultdict(list)
    for run in runs:
        by_handler[f"{run.contract}.{run.handler}"].append(run.gas)
    return {
        name: {"runs": len(gas), "median": median_low(gas), "most": max(gas)}
        for name, gas in sorted(by_handler.items())
    }


def render(prices: Prices, before: Prices | None = None) -> str:
    """Write a table; with `before`, how the middle changed since."""
    rows = [("handler", "runs", "median", "most", "" if before is None else "change")]
    for name, price in prices.items():
        known = None if before is None else before.get(name)
        rows.append(
            (
                name,
                str(price["runs"]),
                f"{price['median']:,}",
                f"{price['most']:,}",
                _change(price, known) if before is not None else "",
            )
        )
    rows += [(name, "-", "-", "-", "gone") for name in before or () if name not in prices]
    widths = [max(len(row[column]) for row in rows) for column in range(5)]
    lines = [
        "  ".join(
            cell.ljust(width) if column == 0 else cell.rjust(width)
            for column, (cell, width) in enumerate(zip(row, widths, strict=True))
        ).rstrip()
        for row in rows
    ]
    return "\n".join(lines)


def dump(prices: Prices) -> str:
    """Write prices for the next comparison."""
    return json.dumps(prices, indent=2, sort_keys=True) + "\n"


def load(text: str) -> Prices:
    """Read what `dump` wrote.

    Raises: ValueError: it is something else.
    """
    found = json.loads(text)
    if not isinstance(found, dict):
        raise ValueError("it is no gas report")
    return {
        str(name): {field: int(price[field]) for field in ("runs", "median", "most")}
        for name, price in found.items()
    }


def _change(price: dict[str, int], known: dict[str, int] | None) -> str:
    if known is None:
        return "new"
    difference = price["median"] - known["median"]
    return "same" if difference == 0 else f"{difference:+,}"
