"""What a contract decided, and how the decisions of two sources on the same data differ."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Final, Literal

from chain.values import Value, encode_value
from contracts.kit.display import show

Change = Literal["opened", "not_opened", "earlier", "later", "changed"]
CHANGES: Final[tuple[Change, ...]] = ("opened", "not_opened", "earlier", "later", "changed")


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
    addressee: str = ""
    escalate_to: str | None = None
    deadline_ms: int | None = None
    details: Value = None

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

    def describe(self, contract: str | None = None) -> str:
        """Say in a line what differs.

        Args: contract: the one that this is about; another one is named.
        """
        one = self.decision
        place = f"{one.twin}: {one.title}"
        if contract not in (None, one.contract):
            place = f"{one.contract} at {place}"
        if self.before is None or self.after is None:
            word = "opened" if self.before is None else "not opened"
            return f"{word:<10}  height {one.height:>6}  {place}"
        if self.change == "changed":
            changes = ", ".join(
                f"{name} {was} -> {now}" for name, was, now in _find_changes(self.before, one)
            )
            return f"{self.change:<10}  height {one.height:>6}  {place}: {changes}"
        return f"{self.change:<10}  height {self.before.height} -> {self.after.height}  {place}"


def compare(before: Sequence[Decision], after: Sequence[Decision]) -> list[Difference]:
    """Give every decision that differs, in the order of time.

    An order is the same when contract, kind, twin and the contract's own key for it are. A key may
    come again once its action is finished: then the first is compared with the first. One that
    comes at another height and says something else differs twice.
    """
    waiting: dict[tuple[tuple[str, str, str, str], int], Decision] = _number(before)
    found: list[Difference] = []
    for name, new in _number(after).items():
        old = waiting.pop(name, None)
        if old is None:
            found.append(Difference("opened", None, new))
            continue
        if new.height != old.height:
            change: Change = "earlier" if new.height < old.height else "later"
            found.append(Difference(change, old, new))
        if any(_find_changes(old, new)):
            found.append(Difference("changed", old, new))
    found.extend(Difference("not_opened", old, None) for old in waiting.values())
    return sorted(found, key=lambda one: (one.decision.height, one.decision.identity))


def _find_changes(old: Decision, new: Decision) -> Iterator[tuple[str, str, str]]:
    """Give what an order says otherwise: the name of it, what it was and what it is."""
    pairs: list[tuple[str, Value, Value]] = [
        ("title", old.title, new.title),
        ("addressee", old.addressee, new.addressee),
        ("escalate_to", old.escalate_to, new.escalate_to),
        *_pair_details(old.details, new.details),
    ]
    for name, was, now in pairs:
        if encode_value(was) != encode_value(now):
            yield name, show(was), show(now)
    # A deadline is most often so long after the order, and sometimes a time of its own.
    if old.deadline_ms != new.deadline_ms and _time_left(old) != _time_left(new):
        yield "deadline", _describe_deadline(old), _describe_deadline(new)


def _pair_details(old: Value, new: Value) -> Iterator[tuple[str, Value, Value]]:
    if not isinstance(old, dict) or not isinstance(new, dict):
        yield "details", old, new
        return
    for key in sorted({*old, *new}):
        yield f"details.{key}", old.get(key), new.get(key)


def _time_left(one: Decision) -> int | None:
    return None if one.deadline_ms is None else one.deadline_ms - one.time_ms


def _describe_deadline(one: Decision) -> str:
    left = _time_left(one)
    if left is None:
        return "none"
    return f"{left:,} ms later" if left % 1000 else f"{left // 1000:,} s later"


def _number(
    decisions: Sequence[Decision],
) -> dict[tuple[tuple[str, str, str, str], int], Decision]:
    counted: dict[tuple[str, str, str, str], int] = {}
    numbered = {}
    for one in decisions:
        counted[one.identity] = counted.get(one.identity, 0) + 1
        numbered[one.identity, counted[one.identity]] = one
    return numbered
