"""The checker itself: histories that must pass and histories that must not, told as stories."""

from dataclasses import replace
from itertools import permutations
from pathlib import Path
from random import Random
from typing import Any

import hypothesis.strategies as st
import pytest
from hypothesis import given

from tests.histories import generate
from tests.histories.history import UNKNOWN, Call, Operation, load, save
from tests.histories.linearizability import Undecided, check
from tests.histories.models import LIST, REGISTER, SET, Model, NoSuchCall, make_bank

BANK = make_bank(generate.ACCOUNTS, 40)
OPENING = (("p", 40), ("q", 40), ("r", 40))
READ: Call = ("read",)


def op(
    invoked: int, completed: int | None, call: Call, output: Any = None, key: str = "x"
) -> Operation:
    """One operation; without an end it has no answer."""
    return Operation(key, call, UNKNOWN if completed is None else output, invoked, completed)


GOOD: dict[str, tuple[Model, list[Operation]]] = {
    "nothing at all": (REGISTER, []),
    "one after the other": (REGISTER, [op(1, 2, ("write", 1)), op(3, 4, READ, 1)]),
    "a read beside a write may see it": (REGISTER, [op(1, 9, ("write", 1)), op(2, 3, READ, 1)]),
    "a read beside a write may not see it": (
        REGISTER,
        [op(1, 9, ("write", 1)), op(2, 3, READ, None), op(4, 5, READ, 1)],
    ),
    "answers at the same instant are side by side": (
        REGISTER,
        [op(1, 2, ("write", 1)), op(2, 3, READ, None)],
    ),
    "an unanswered write took effect late": (
        REGISTER,
        [op(1, None, ("write", 1)), op(2, 3, READ, None), op(4, 5, READ, 1)],
    ),
    "an unanswered write never took effect": (
        REGISTER,
        [op(1, None, ("write", 1)), op(2, 3, READ, None), op(4, 5, READ, None)],
    ),
    "a cas that failed had another value before it": (
        REGISTER,
        [op(1, 9, ("write", 1)), op(2, 8, ("cas", 1, 2), False), op(10, 11, READ, 1)],
    ),
    "two objects do not order each other": (
        REGISTER,
        [
            op(1, 2, ("write", 1), key="a"),
            op(3, 4, ("write", 2), key="b"),
            op(5, 6, READ, 1, key="a"),
            op(7, 8, READ, 2, key="b"),
        ],
    ),
    "appends side by side come in either order": (
        LIST,
        [
            op(1, 9, ("append", "a"), 2),
            op(1, 9, ("append", "b"), 1),
            op(10, 11, READ, ("b", "a")),
        ],
    ),
    "of two that add the same value one is first": (
        SET,
        [op(1, 9, ("add", 7), False), op(2, 8, ("add", 7), True), op(10, 11, READ, (7,))],
    ),
    "money goes round": (
        BANK,
        [
            op(1, 2, ("transfer", "p", "q", 40), True),
            op(3, 4, ("transfer", "p", "r", 1), False),
            op(5, 6, ("transfer", "q", "r", 80), True),
            op(7, 8, READ, (("p", 0), ("q", 0), ("r", 120))),
        ],
    ),
}

BAD: dict[str, tuple[Model, list[Operation]]] = {
    "lost write": (REGISTER, [op(1, 2, ("write", 1)), op(3, 4, READ, None)]),
    "stale read": (
        REGISTER,
        [op(1, 2, ("write", 1)), op(3, 4, ("write", 2)), op(5, 6, READ, 1)],
    ),
    "back in time": (
        REGISTER,
        [op(1, 20, ("write", 1)), op(2, 3, READ, 1), op(4, 5, READ, None)],
    ),
    "a value from nowhere": (REGISTER, [op(1, 2, ("write", 1)), op(3, 4, READ, 5)]),
    "read before it was written": (REGISTER, [op(1, 2, READ, 1), op(3, 4, ("write", 1))]),
    "an unanswered write seen before it was asked for": (
        REGISTER,
        [op(1, 2, READ, 1), op(3, None, ("write", 1))],
    ),
    "an unanswered write taking effect twice": (
        REGISTER,
        [
            op(1, None, ("write", 1)),
            op(2, 3, READ, 1),
            op(4, 5, ("write", 2)),
            op(6, 7, READ, 1),
        ],
    ),
    "two winners of one cas": (
        REGISTER,
        [op(1, 2, ("write", 0)), op(3, 9, ("cas", 0, 1), True), op(3, 9, ("cas", 0, 2), True)],
    ),
    "a cas that failed without a reason": (
        REGISTER,
        [op(1, 2, ("write", 0)), op(3, 4, ("cas", 0, 1), False), op(5, 6, READ, 0)],
    ),
    "an append applied twice": (LIST, [op(1, 2, ("append", "a"), 1), op(3, 4, READ, ("a", "a"))]),
    "an append lost": (
        LIST,
        [op(1, 2, ("append", "a"), 1), op(3, 4, ("append", "b"), 2), op(5, 6, READ, ("b",))],
    ),
    "two orders of one list": (
        LIST,
        [
            op(1, None, ("append", "a")),
            op(1, None, ("append", "b")),
            op(2, 9, READ, ("a", "b")),
            op(2, 9, READ, ("b", "a")),
        ],
    ),
    "two appends at one place": (
        LIST,
        [op(1, 9, ("append", "a"), 1), op(1, 9, ("append", "b"), 1)],
    ),
    "a list that shrinks": (
        LIST,
        [op(1, 9, ("append", "a"), 1), op(2, 3, READ, ("a",)), op(4, 5, READ, ())],
    ),
    "a set that loses a value": (SET, [op(1, 2, ("add", 7), True), op(3, 4, READ, ())]),
    "new twice": (SET, [op(1, 9, ("add", 7), True), op(2, 8, ("add", 7), True)]),
    "a torn transfer": (
        BANK,
        [
            op(1, 9, ("transfer", "p", "q", 10), True),
            op(2, 3, READ, (("p", 30), ("q", 40), ("r", 40))),
        ],
    ),
    "a transfer applied twice": (
        BANK,
        [
            op(1, 2, ("transfer", "p", "q", 10), True),
            op(3, 4, READ, (("p", 20), ("q", 60), ("r", 40))),
        ],
    ),
    "money spent twice": (
        BANK,
        [
            op(1, 9, ("transfer", "p", "q", 40), True),
            op(1, 9, ("transfer", "p", "r", 40), True),
        ],
    ),
    "refused though there was enough": (BANK, [op(1, 2, ("transfer", "p", "q", 1), False)]),
    "one broken object among sound ones": (
        SET,
        [op(1, 2, ("add", 7), True, key="a"), op(3, 4, READ, (), key="b"), op(5, 6, READ, (8,))],
    ),
}


@pytest.mark.parametrize("name", GOOD)
def test_passes(name: str) -> None:
    model, history = GOOD[name]
    verdict = check(model, history)
    assert verdict.is_linearizable, verdict.describe()


@pytest.mark.parametrize("name", BAD)
def test_refuses(name: str) -> None:
    model, history = BAD[name]
    assert not check(model, history).is_linearizable


def test_a_refusal_names_the_object_and_what_did_not_fit() -> None:
    history = [op(1, 2, ("write", 1)), op(3, 4, READ, 1), op(5, 6, READ, 9), op(7, 8, READ, 1)]
    assert check(REGISTER, history).describe() == (
        "x is not linearizable. 2 operations fit; the last:\n"
        "  0.000..0.000 c0 write(1) -> None\n"
        "  0.000..0.000 c0 read() -> 1\n"
        "  then the state is 1, and none of these can be next:\n"
        "  0.000..0.000 c0 read() -> 9"
    )


def test_a_search_that_is_given_up_gives_no_verdict() -> None:
    history = [op(1, 99, ("write", number)) for number in range(12)]
    with pytest.raises(Undecided, match="undecided after 1000 steps"):
        check(REGISTER, [*history, op(1, 99, READ, 77)], steps_max=1_000)


def test_a_call_that_the_object_does_not_know_is_a_mistake_of_the_test() -> None:
    for model in (REGISTER, LIST, SET, BANK):
        with pytest.raises(NoSuchCall):
            check(model, [op(1, 2, ("push", 1))])


def test_a_history_is_read_as_it_was_written(tmp_path: Path) -> None:
    for model, history in (*GOOD.values(), *BAD.values()):
        save(tmp_path / "history", history)
        assert load(tmp_path / "history") == history, model.name


# ---------------------------------------------------------------- against the definition


def is_explained(model: Model, history: list[Operation]) -> bool:
    """The definition, word for word: some choice and order of the operations gives the answers."""
    known = [one for one in history if one.is_known]
    unknown = [one for one in history if not one.is_known]
    for bits in range(1 << len(unknown)):
        chosen = known + [one for index, one in enumerate(unknown) if bits >> index & 1]
        if any(gives_answers(model, order) for order in permutations(chosen)):
            return True
    return False


def gives_answers(model: Model, order: tuple[Operation, ...]) -> bool:
    state = model.initial
    latest = -1
    for one in order:
        if one.completed is not None and one.completed < latest:
            return False  # It was over before one that stands before it began.
        latest = max(latest, one.invoked)
        output, state = model.apply(state, one.call)
        if one.is_known and output != one.output:
            return False
    return True


@st.composite
def small_histories(draw: st.DrawFn) -> list[Operation]:
    """Up to five operations on a register with any answers, true or not."""
    history = []
    for _ in range(draw(st.integers(1, 5))):
        value = draw(st.integers(0, 2))
        call, outputs = draw(
            st.sampled_from(
                [
                    (READ, [None, 0, 1, 2]),
                    (("write", value), [None]),
                    (("cas", value, draw(st.integers(0, 2))), [True, False]),
                ]
            )
        )
        invoked = draw(st.integers(0, 9))
        completed = draw(st.none() | st.integers(invoked, 12))
        history.append(op(invoked, completed, call, draw(st.sampled_from(outputs))))
    return history


@given(small_histories())
def test_the_search_finds_exactly_what_the_definition_says(history: list[Operation]) -> None:
    assert check(REGISTER, history).is_linearizable == is_explained(REGISTER, history)


# ---------------------------------------------------------------- many, made at random

DRAWS = {
    "register": (REGISTER, generate.draw_register_call),
    "list": (LIST, generate.draw_list_call),
    "set": (SET, generate.draw_set_call),
    "bank": (BANK, generate.draw_bank_call),
}
randoms = st.randoms(use_true_random=False)


@pytest.mark.parametrize("name", DRAWS)
@given(random=randoms, count=st.integers(1, 60), overlap=st.integers(1, 8))
def test_a_run_of_the_model_passes_however_its_times_are_drawn(
    name: str, random: Random, count: int, overlap: int
) -> None:
    model, draw = DRAWS[name]
    history = generate.make_legal(model, draw, random, count, overlap=overlap)
    verdict = check(model, history)
    assert verdict.is_linearizable, verdict.describe()


@pytest.mark.parametrize("name", DRAWS)
@given(random=randoms, count=st.integers(1, 60))
def test_a_value_that_nobody_wrote_is_refused(name: str, random: Random, count: int) -> None:
    model, draw = DRAWS[name]
    history = generate.make_legal(model, draw, random, count)
    alien = ("?", "?") if name in ("list", "set") else (("p", 1), ("q", 1), ("r", 1))
    assert not check(model, generate.with_last(history, READ, alien)).is_linearizable


@pytest.mark.parametrize("name", ["list", "set"])
@given(random=randoms, count=st.integers(1, 40))
def test_what_was_acknowledged_must_be_read_later(name: str, random: Random, count: int) -> None:
    model, draw = DRAWS[name]
    history = generate.make_legal(model, draw, random, count, lost_percent=0)
    kept = {one.call[1] for one in history if one.call != READ}
    if not kept:
        return
    everything = run_to_end(model, history)
    lost = random.choice(sorted(kept))
    without = tuple(value for value in everything if value != lost)
    twice = (*everything, everything[-1])
    assert check(model, generate.with_last(history, READ, everything)).is_linearizable
    assert not check(model, generate.with_last(history, READ, without)).is_linearizable
    assert not check(model, generate.with_last(history, READ, twice)).is_linearizable


def run_to_end(model: Model, history: list[Operation]) -> tuple[Any, ...]:
    """Give what a read at the end must give: the answers to appends say in which order."""
    if model is SET:
        return tuple(sorted({one.call[1] for one in history if one.call != READ}))
    appends = [one for one in history if one.call != READ]
    return tuple(one.call[1] for one in sorted(appends, key=lambda one: one.output))


@given(random=randoms, count=st.integers(2, 40), lost=st.integers(1, 20))
def test_a_bank_that_loses_money_is_refused(random: Random, count: int, lost: int) -> None:
    history = generate.make_legal(BANK, generate.draw_bank_call, random, count)
    reads = [i for i, one in enumerate(history) if one.call == READ and one.is_known]
    if not reads:
        return
    index = random.choice(reads)
    (name, balance), *others = history[index].output
    torn = ((name, balance - lost), *others)
    assert not check(BANK, generate.with_output(history, index, torn)).is_linearizable


@given(random=randoms, count=st.integers(3, 40))
def test_a_reader_never_goes_back(random: Random, count: int) -> None:
    history = generate.make_legal(LIST, generate.draw_list_call, random, count, lost_percent=0)
    everything = run_to_end(LIST, history)
    if not everything:
        return
    ahead = generate.with_last(history, READ, everything)
    behind = generate.with_last(ahead, READ, everything[: random.randrange(len(everything))])
    assert check(LIST, ahead).is_linearizable
    assert not check(LIST, behind).is_linearizable


@given(small_histories(), randoms)
def test_hints_change_no_verdict(history: list[Operation], random: Random) -> None:
    hinted = [replace(one, hint=random.randrange(9)) for one in history]
    assert check(REGISTER, hinted).is_linearizable == check(REGISTER, history).is_linearizable


def test_with_true_hints_even_very_many_at_once_are_judged_in_little_time() -> None:
    """As after a long outage: everything was asked for before anything was answered."""
    random = Random(7)
    state = SET.initial
    history = []
    for number in range(120):
        call = generate.draw_set_call(random, number)
        output, state = SET.apply(state, call)
        history.append(Operation("x", call, output, number, 10_000 - number, hint=number))
    random.shuffle(history)
    assert check(SET, history, steps_max=50_000).is_linearizable
    index = next(i for i, one in enumerate(history) if one.call == READ and len(one.output) > 3)
    wrong = generate.with_output(history, index, (*history[index].output, 777))
    with pytest.raises(Undecided):
        check(SET, wrong, steps_max=50_000)


def test_a_long_history_with_many_lost_answers_is_judged_in_little_time() -> None:
    random = Random(7)
    history = [
        one
        for number in range(5)
        for one in generate.make_legal(
            REGISTER,
            generate.draw_register_call,
            random,
            400,
            overlap=10,
            lost_percent=8,
            key=f"register-{number}",
        )
    ]
    verdict = check(REGISTER, history)
    assert verdict.is_linearizable
    assert verdict.steps < 300_000
