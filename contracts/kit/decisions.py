"""What a contract decided, and how the decisions of two sources on the same data differ."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

Change = Literal["opened", "not_opened", "earlier", "later"]


@dataclass(frozen=True, slots=True)
class Decision:
    """An action that a contract opened; `key` is its own name for it."""

    contract: str
    kind: str
    twin: str
    key: str
    title: str
    height: int
    time_ms: int

    @property
    def identity(self) -> tuple[str, str, str, str]:
        """What makes it the same order, whenever it is opened."""
        return self.contract, self.kind, self.twin, self.key


@dataclass(frozen=True, slots=True)
class Difference:
    """A decision that is another one; `before` or `after` is None where there was or is none."""

    change: Change
    before: Decision | None
    after: Decision | None

    @property
    def decision(self) -> Decision:
        """The new decision, or the one that is no longer made."""
        found = self.after or self.before
        assert found is not None, "a difference has a side"
        return found

    def describe(self) -> str:
        """Say in a line what differs."""
        one = self.decision
        place = f"{one.twin}: {one.title}"
        if self.before is None or self.after is None:
            word = "opened" if self.before is None else "not opened"
            return f"{word:<10}  height {one.height:>6}  {place}"
        return f"{self.change:<10}  height {self.before.height} -> {self.after.height}  {place}"


def compare(before: Sequence[Decision], after: Sequence[Decision]) -> list[Difference]:
    """Give every decision that differs, in the order of time.

    An order is the same when contract, kind, twin and the contract's own key for it are. A key may
    come again once its action is finished: then the first is compared with the first.
    """
    waiting: dict[tuple[tuple[str, str, str, str], int], Decision] = _number(before)
    found: list[Difference] = []
    for name, new in _number(after).items():
        old = waiting.pop(name, None)
        if old is None:
            found.append(Difference("opened", None, new))
        elif new.height != old.height:
            change: Change = "earlier" if new.height < old.height else "later"
            found.append(Difference(change, old, new))
    found.extend(Difference("not_opened", old, None) for old in waiting.values())
    return sorted(found, key=lambda one: (one.decision.height, one.decision.identity))


def _number(
    decisions: Sequence[Decision],
) -> dict[tuple[tuple[str, str, str, str], int], Decision]:
    counted: dict[tuple[str, str, str, str], int] = {}
    numbered = {}
    for one in decisions:
        counted[one.identity] = counted.get(one.identity, 0) + 1
        numbered[one.identity, counted[one.identity]] = one
    return numbered
