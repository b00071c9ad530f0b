"""Is a history linearizable: can each operation be placed at one instant between its call and its
answer so that one copy of the object, asked in that order, gives the very answers that were given?

The search places one operation after another. Which may be next is decided by time alone: one that
was asked for before any unplaced one was answered. A pair (operations placed, state of the object)
that led nowhere is remembered and not tried again. What fits and changes nothing is placed at once.
Objects are independent, so each is searched for itself.

An operation without an answer may be placed at any time after its call, or not at all. Of several
that ask for the same, the oldest goes first; and who came to the same point with fewer of them
spent has every choice that one with more has.

Source: Wing and Gong, Testing and verifying concurrent objects, 1993, with the memory of Lowe,
Testing for linearizability, 2017, and the parts of Herlihy and Wing's locality, 1990.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from operator import attrgetter
from typing import Any, Final

from tests.histories.history import Call, Operation, by_key
from tests.histories.models import Model

STEPS_MAX: Final = 2_000_000
"""Placements tried for one object before the search gives up."""
STEPS_FIRST: Final = 50_000
SHOWN_MAX: Final = 12


class Undecided(Exception):
    """The search was given up: it says nothing about the history."""


@dataclass(frozen=True, slots=True)
class Violation:
    """An object whose answers no order explains, and how far the best attempt came."""

    key: str
    placed: tuple[Operation, ...]
    state: Any
    stuck: tuple[Operation, ...]

    def describe(self) -> str:
        """Say it for people: the last operations that fit, the state, what could not be next."""
        fitted = [one.describe() for one in self.placed[-SHOWN_MAX:]]
        stuck = [one.describe() for one in self.stuck[:SHOWN_MAX]]
        return "\n  ".join(
            [
                f"{self.key} is not linearizable. {len(self.placed)} operations fit; the last:",
                *fitted,
                f"then the state is {self.state!r}, and none of these can be next:",
                *stuck,
            ]
        )


@dataclass(frozen=True, slots=True)
class Verdict:
    """What was found: `violations` is empty when every object is linearizable."""

    operations: int
    steps: int
    violations: tuple[Violation, ...]

    @property
    def is_linearizable(self) -> bool:
        """Whether all of it is."""
        return not self.violations

    def describe(self) -> str:
        """Say it for people."""
        if self.is_linearizable:
            return f"{self.operations} operations are linearizable ({self.steps} steps)"
        return "\n".join(violation.describe() for violation in self.violations)


def check(model: Model, operations: Sequence[Operation], steps_max: int = STEPS_MAX) -> Verdict:
    """Judge a history of objects of one kind.

    Raises: Undecided: an object needed more than `steps_max` steps, and no other was at fault.
    """
    steps = 0
    violations: list[Violation] = []
    left = by_key(operations)
    # A little for each object first: one that is plainly wrong makes the long searches needless.
    for budget in (min(STEPS_FIRST, steps_max), steps_max):
        for key, part in sorted(left.items()):
            search = _Search(model, key, part, budget)
            try:
                violation = search.run()
            except Undecided:
                if budget == steps_max and not violations:
                    raise
                continue
            finally:
                steps += search.steps
            del left[key]
            if violation is not None:
                violations.append(violation)
        if violations:
            break
    return Verdict(len(operations), steps, tuple(violations))


@dataclass(slots=True)
class _Place:
    """A point of the search: what was placed last, what is placed by now, and what may be next."""

    operations: tuple[Operation, ...]
    mask: int
    first: int
    state: Any
    candidates: tuple[int, ...]
    tried: int = 0


class _Search:
    """The search of one object.

    Bit i of a mask stands for operation i of those sorted by call; the answered ones come first,
    then those without an answer.
    """

    def __init__(self, model: Model, key: str, part: Sequence[Operation], steps_max: int) -> None:
        self.steps = 0
        self._model = model
        self._key = key
        self._steps_max = steps_max
        ordered = sorted(part, key=attrgetter("invoked"))
        self._known = [one for one in ordered if one.is_known]
        # Who read and heard no answer has neither changed nor learnt anything.
        lost = [one for one in ordered if not one.is_known and not self._is_idle(one)]
        self._all = [*self._known, *lost]
        self._goal = (1 << len(self._known)) - 1
        self._alike: dict[Call, list[int]] = {}
        for index, one in enumerate(lost, len(self._known)):
            self._alike.setdefault(one.call, []).append(index)
        self._seen: dict[tuple[int, Any], list[int]] = {}

    def run(self) -> Violation | None:
        """Search; None when an order was found."""
        path = [self._settle((), 0, 0, self._model.initial)]
        best: tuple[int, list[_Place]] = (-1, [])
        while path:
            here = path[-1]
            if here.mask & self._goal == self._goal:
                return None
            if (placed := here.mask.bit_count()) > best[0]:
                best = (placed, path.copy())
            found = self._next(here)
            if found is None:
                path.pop()
            else:
                path.append(found)
        order = tuple(one for place in best[1] for one in place.operations)
        last = best[1][-1]
        stuck = tuple(self._all[index] for index in last.candidates)
        return Violation(self._key, order, last.state, stuck)

    def _next(self, here: _Place) -> _Place | None:
        """Place the next operation that fits at `here` and leads to something new."""
        while here.tried < len(here.candidates):
            index = here.candidates[here.tried]
            here.tried += 1
            operation = self._all[index]
            output, state = self._apply(here.state, operation)
            if operation.is_known and output != operation.output:
                continue
            found = self._settle((operation,), here.mask | 1 << index, here.first, state)
            if self._is_new(found):
                return found
        return None

    def _is_new(self, place: _Place) -> bool:
        """Whether no search has been at this point before with as few unanswered ones spent."""
        spent = place.mask & ~self._goal
        before = self._seen.setdefault((place.mask & self._goal, place.state), [])
        if any(less & spent == less for less in before):
            return False
        before.append(spent)
        return True

    def _apply(self, state: Any, operation: Operation) -> tuple[Any, Any]:
        self.steps += 1
        if self.steps > self._steps_max:
            raise Undecided(f"{self._key}: undecided after {self._steps_max} steps")
        return self._model.apply(state, operation.call)

    def _is_idle(self, operation: Operation) -> bool:
        return self._model.is_idle(operation.call, operation.output)

    def _settle(self, placed: tuple[Operation, ...], mask: int, first: int, state: Any) -> _Place:
        """Place at once whatever fits and changes nothing wherever it is placed."""
        while True:
            while first < len(self._known) and mask >> first & 1:
                first += 1
            candidates = self._candidates(mask, first)
            free = [
                index
                for index in candidates
                if self._is_idle(self._all[index])
                and self._apply(state, self._all[index]) == (self._all[index].output, state)
            ]
            if not free:
                return _Place(placed, mask, first, state, candidates)
            placed += tuple(self._all[index] for index in free)
            for index in free:
                mask |= 1 << index

    def _candidates(self, mask: int, first: int) -> tuple[int, ...]:
        """Give the operations that may be next, the likely ones first.

        Args: first: the first answered operation that is not placed.
        """
        deadline = math.inf
        answered = []
        for index in range(first, len(self._known)):
            operation = self._known[index]
            if operation.invoked > deadline:
                break
            if mask >> index & 1:
                continue
            assert operation.completed is not None
            answered.append((operation.hint, operation.completed, index))
            deadline = min(deadline, operation.completed)
        unanswered = []
        for alike in self._alike.values():
            oldest = next((index for index in alike if not mask >> index & 1), None)
            if oldest is not None and self._all[oldest].invoked <= deadline:
                unanswered.append(oldest)
        return (*(index for _, _, index in sorted(answered)), *unanswered)
