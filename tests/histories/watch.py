"""Is what a watcher was told the same as what readers see, complete and in order?

A watcher follows the events of one node, through its restarts; a reader asks the same node how high
its chain is. Events have an id: a height, and a number within it from 0. The stream must be
contiguous, tell each event once, never be ahead of what can be read, and never lag behind it at the
end; and what can be read must never go back.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

FAULTS_MAX: Final = 20


@dataclass(frozen=True, slots=True, order=True)
class EventId:
    """The place of an event in the chain."""

    height: int
    number: int

    @classmethod
    def parse(cls, text: str) -> "EventId":
        """Read `height.number`."""
        height, _, number = text.partition(".")
        return cls(int(height), int(number))

    def __str__(self) -> str:
        return f"{self.height}.{self.number}"


@dataclass(frozen=True, slots=True)
class Seen:
    """An event as a watcher got it at a time; `content` must be the same for all watchers."""

    id: EventId
    at: int
    content: str


@dataclass(frozen=True, slots=True)
class Look:
    """A reader's question for the height, asked and answered at these times."""

    asked: int
    answered: int
    height: int


def check_watch(
    seen: Sequence[Seen], looks: Sequence[Look], chain: Mapping[EventId, str]
) -> list[str]:
    """Judge one watcher against the readers of the same node and the chain at the end.

    Args: seen: in the order in which they came; chain: every event, with its content.
    Returns: what is wrong, in sentences; empty when all is well.
    """
    faults = [
        *_check_order(seen, sorted(chain)),
        *_check_content(seen, chain),
        *_check_looks(seen, looks),
    ]
    return faults[:FAULTS_MAX]


def _check_order(seen: Sequence[Seen], expected: Sequence[EventId]) -> list[str]:
    faults = []
    known = set(expected)
    told: set[EventId] = set()
    last: EventId | None = None
    for one in seen:
        if one.id in told:
            faults.append(f"event {one.id} was told twice")
        elif last is not None and one.id < last:
            faults.append(f"event {one.id} was told after {last}")
        if one.id not in known:
            faults.append(f"event {one.id} is not in the chain")
        told.add(one.id)
        last = one.id if last is None else max(last, one.id)
    faults.extend(f"event {id_} was never told" for id_ in expected if id_ not in told)
    return faults


def _check_content(seen: Sequence[Seen], chain: Mapping[EventId, str]) -> list[str]:
    return [
        f"event {one.id} was told as {one.content}, the chain has {chain[one.id]}"
        for one in seen
        if one.id in chain and chain[one.id] != one.content
    ]


def _check_looks(seen: Sequence[Seen], looks: Sequence[Look]) -> list[str]:
    """Whoever asks after something was told or read must not be shown less."""
    marks = sorted(
        [(one.at, one.id.height, f"event {one.id} had been told") for one in seen]
        + [(one.answered, one.height, f"height {one.height} had been read") for one in looks],
        key=lambda mark: mark[0],
    )
    faults = []
    highest, reason, index = 0, "", 0
    for look in sorted(looks, key=lambda one: one.asked):
        while index < len(marks) and marks[index][0] < look.asked:
            if marks[index][1] > highest:
                _, highest, reason = marks[index]
            index += 1
        if look.height < highest:
            faults.append(f"height {look.height} was read at {look.asked}, after {reason}")
    return faults
