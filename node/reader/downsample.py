"""Thinning out a time series for a chart, so that no peak, trough or gap disappears.

Time is cut into equal parts; of each part the least and the greatest value stay, and one gap when
there was one. What is drawn from the result touches the same extremes as the whole series.
"""

from collections.abc import Sequence
from typing import Final, NamedTuple

from chain.scalars import Hash, UnixMillis

POINTS_MIN: Final = 10
_KEPT_OF_PART: Final = 3


class Point(NamedTuple):
    """A reading in a chart; `value` is a plain decimal, empty where there was none."""

    time_ms: UnixMillis
    value: str
    transaction: Hash


def thin_out(points: Sequence[Point], count_max: int) -> Sequence[Point]:
    """Give at most `count_max` of the points, in order of time.

    Args: points: in order of time; count_max: at least `POINTS_MIN`.
    """
    if len(points) <= count_max:
        return points
    parts = (count_max - 2) // _KEPT_OF_PART
    first, last = points[0], points[-1]
    width = max(1, -(-(last.time_ms - first.time_ms + 1) // parts))
    kept: list[Point] = []
    part: list[Point] = []
    number = 0
    for point in points:
        at = (point.time_ms - first.time_ms) // width
        if at != number:
            kept.extend(_extremes(part))
            part, number = [], at
        part.append(point)
    kept.extend(_extremes(part))
    if kept[0] != first:
        kept.insert(0, first)
    if kept[-1] != last:
        kept.append(last)
    return kept


def _extremes(part: Sequence[Point]) -> list[Point]:
    """Give the least, the greatest and one missing value of a part, in order of time."""
    least = greatest = gap = None
    low = high = 0.0
    for place, point in enumerate(part):
        if not point.value:
            gap = place if gap is None else gap
            continue
        value = float(point.value)
        if least is None or value < low:
            least, low = place, value
        if greatest is None or value > high:
            greatest, high = place, value
    return [part[place] for place in sorted({p for p in (least, greatest, gap) if p is not None})]
