"""What figures of two trees say: which parts became slower, and which cannot be compared."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

RATIO_MAX: Final = 1.15
"""A part that takes more than this many times what it took before is a regression."""

Figures = Mapping[str, Sequence[float]]
"""For each part what it took, in seconds of CPU time, once for each process that measured it."""


@dataclass(frozen=True, slots=True)
class Row:
    """One part in both trees: the least it ever took, in seconds."""

    part: str
    before: float
    after: float

    @property
    def ratio(self) -> float:
        """How many times the former figure the new one is."""
        return self.after / self.before

    @property
    def is_doubtful(self) -> bool:
        """Whether the trees are far apart either way: one may have had no quiet moment."""
        return not 1 / RATIO_MAX <= self.ratio <= RATIO_MAX

    @property
    def is_slower(self) -> bool:
        """Whether this is a regression."""
        return self.ratio > RATIO_MAX


@dataclass(frozen=True, slots=True)
class Comparison:
    """Parts that ran in both trees, those that run only in the new one, and those that broke."""

    rows: tuple[Row, ...]
    skipped: tuple[str, ...]
    broken: tuple[str, ...]

    @property
    def slower(self) -> tuple[str, ...]:
        """Name the parts that became slower."""
        return tuple(row.part for row in self.rows if row.is_slower)

    @property
    def doubtful(self) -> tuple[str, ...]:
        """Name the parts in which the trees are far apart."""
        return tuple(row.part for row in self.rows if row.is_doubtful)

    @property
    def is_good(self) -> bool:
        """Whether no part became slower or broke."""
        return not self.slower and not self.broken


def compare(before: Figures, after: Figures, wanted: Sequence[str]) -> Comparison:
    """Compare the least figures: noise adds to what a part takes, and never takes away from it.

    Args: wanted: all parts of the new tree. One without figures there is broken; one without
    figures in the former tree is new, or its interface is, and is skipped.
    """
    able = [part for part in wanted if after.get(part)]
    return Comparison(
        tuple(Row(part, min(before[part]), min(after[part])) for part in able if before.get(part)),
        tuple(part for part in able if not before.get(part)),
        tuple(part for part in wanted if not after.get(part)),
    )


def describe(comparison: Comparison) -> list[str]:
    """Give the table of both trees, in microseconds, and what is missing from it."""
    names = [row.part for row in comparison.rows]
    width = max(map(len, [*names, "part"]))
    lines = [f"{'part':{width}} {'before us':>11} {'after us':>11} {'ratio':>6}"]
    for row in comparison.rows:
        mark = "  slower" if row.is_slower else ""
        figures = f"{row.before * 1e6:11.1f} {row.after * 1e6:11.1f} {row.ratio:6.2f}"
        lines.append(f"{row.part:{width}} {figures}{mark}")
    lines += [f"skipped, the other commit cannot run it: {part}" for part in comparison.skipped]
    lines += [f"broken, make bench-parts tells why: {part}" for part in comparison.broken]
    return lines
