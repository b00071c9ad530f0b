"""Histories made on purpose: legal ones, and ones that cannot be.

A legal history is a model run one call after another, each at an instant of its own; the times of
asking and answering are then drawn apart from it. So the order of the instants explains it.
"""

from collections.abc import Callable
from dataclasses import replace
from random import Random
from typing import Any

from tests.histories.history import UNKNOWN, Call, Operation
from tests.histories.models import Model

GAP = 1_000
"""Nanoseconds between two instants."""
ACCOUNTS = ("p", "q", "r")


def draw_register_call(random: Random, number: int) -> Call:
    """Draw a call of a register; few values, so that some cas succeed."""
    kind = random.choice(("read", "write", "cas"))
    if kind == "cas":
        return (kind, random.randrange(4), random.randrange(4))
    return (kind, random.randrange(4)) if kind == "write" else (kind,)


def draw_list_call(random: Random, number: int) -> Call:
    """Draw a call of a list; every value is appended once."""
    return random.choice((("read",), ("append", number)))


def draw_set_call(random: Random, number: int) -> Call:
    """Draw a call of a set; some values are added twice."""
    return random.choice((("read",), ("add", number), ("add", random.randrange(number + 1))))


def draw_bank_call(random: Random, number: int) -> Call:
    """Draw a call of a bank; some transfers cannot be paid."""
    payer, payee = random.choice(ACCOUNTS), random.choice(ACCOUNTS)
    return random.choice((("read",), ("transfer", payer, payee, random.randrange(1, 30))))


def make_legal(
    model: Model,
    draw: Callable[[Random, int], Call],
    random: Random,
    count: int,
    *,
    overlap: int = 4,
    lost_percent: int = 10,
    key: str = "x",
) -> list[Operation]:
    """Make a history that is linearizable.

    Args: overlap: how many instants an operation may stretch over to each side; lost_percent: of
    operations whose answer got lost; half of these never took effect.
    """
    state = model.initial
    history = []
    for number in range(count):
        instant = (number + overlap + 1) * GAP
        call = draw(random, number)
        invoked = instant - random.randrange(1, overlap * GAP)
        if random.randrange(100) < lost_percent:
            if random.randrange(2):
                _, state = model.apply(state, call)
            history.append(Operation(key, call, UNKNOWN, invoked, None, number))
            continue
        output, state = model.apply(state, call)
        completed = instant + random.randrange(1, overlap * GAP)
        history.append(Operation(key, call, output, invoked, completed, number))
    random.shuffle(history)
    return history


def ends_at(history: list[Operation]) -> int:
    """Give a time after everything that was asked or answered."""
    return max(max(one.invoked, one.completed or 0) for one in history) + GAP


def with_last(history: list[Operation], call: Call, output: Any) -> list[Operation]:
    """Add an operation that was asked for after all others were over."""
    after = ends_at(history)
    return [*history, Operation(history[0].key, call, output, after, after + GAP)]


def with_output(history: list[Operation], index: int, output: Any) -> list[Operation]:
    """Change the answer of one operation."""
    changed = history.copy()
    changed[index] = replace(changed[index], output=output)
    return changed
