"""Anomaly of one signal: on made-up days, on a real machine that failed, and on a whole chain."""

from __future__ import annotations

import csv
import datetime
import json
from collections.abc import Sequence
from pathlib import Path

import pytest

from tests.unit.contracts.standard.bench import (
    DAY,
    HOUR,
    MINUTE,
    Bench,
    details_of,
    open_data,
)
from tests.unit.contracts.standard.plant import Plant

NAME = "anomaly_of_one_signal"
START = 1_380_000_000_000
FOLDER = "machine-temperature-nab"
SERIES = "machine_temperature_system_failure.csv"

Point = tuple[int, str]
"""A time in milliseconds and a temperature, "" when it is missing."""


@pytest.fixture
def contract() -> Bench:
    return Bench(NAME)


def feed(contract: Bench, points: Sequence[Point]) -> None:
    """Send points of one machine."""
    contract.feed("press-4", [("temperature", value, at) for at, value in points])


def points_of(first: int, last: int, *values: str, step: int = 5) -> list[Point]:
    """Make points from minute `first` up to `last`, which take the values in turn."""
    return [
        (START + minute * MINUTE, values[at % len(values)])
        for at, minute in enumerate(range(first, last, step))
    ]


EIGHT_DAYS = 8 * 1440
USUAL = points_of(0, EIGHT_DAYS, "78", "82")


def test_an_hour_far_from_usual_opens_one_order(contract: Bench) -> None:
    feed(contract, USUAL)
    feed(contract, points_of(EIGHT_DAYS, EIGHT_DAYS + 600, "95"))
    [order] = contract.host.actions
    assert (order.kind, order.twin, order.addressee) == ("inspection", "press-4", "workshop")
    details = details_of(order)
    since, until = details["since_ms"], details["until_ms"]
    assert until - since == 55 * MINUTE, "twelve steps of five minutes, the first ends at since"
    assert order.key == f"since-{since}"


def test_a_spike_opens_nothing(contract: Bench) -> None:
    feed(contract, USUAL)
    feed(contract, points_of(EIGHT_DAYS, EIGHT_DAYS + 5, "200"))
    feed(contract, points_of(EIGHT_DAYS + 5, EIGHT_DAYS + 600, "80"))
    assert contract.host.actions == []


def test_too_cold_is_unusual_as_well(contract: Bench) -> None:
    feed(contract, USUAL)
    feed(contract, points_of(EIGHT_DAYS, EIGHT_DAYS + 300, "60"))
    [order] = contract.host.actions
    assert " is -" in order.title


def test_nothing_is_judged_while_it_learns(contract: Bench) -> None:
    feed(contract, points_of(0, 7 * 1440 - 600, "78", "82"))
    feed(contract, points_of(7 * 1440 - 600, 7 * 1440, "150"))
    assert contract.host.actions == []


def test_a_signal_that_hardly_moves_has_the_smallest_deviation(contract: Bench) -> None:
    feed(contract, points_of(0, EIGHT_DAYS, "80"))
    feed(contract, points_of(EIGHT_DAYS, EIGHT_DAYS + 600, "82.9"))
    assert contract.host.actions == [], "less than three times one degree"
    feed(contract, points_of(EIGHT_DAYS + 600, EIGHT_DAYS + 900, "84"))
    assert len(contract.host.actions) == 1


def test_usual_again_for_three_hours_ends_the_event(contract: Bench) -> None:
    feed(contract, USUAL)
    now = EIGHT_DAYS
    for value, minutes in (("95", 120), ("80", 600), ("95", 240)):
        feed(contract, points_of(now, now + minutes, value))
        now += minutes
    assert len({order.key for order in contract.host.actions}) == 2


def test_a_short_calm_does_not_end_the_event(contract: Bench) -> None:
    feed(contract, USUAL)
    now = EIGHT_DAYS
    for value, minutes in (("95", 120), ("80", 180), ("95", 240)):
        feed(contract, points_of(now, now + minutes, value))
        now += minutes
    assert len(contract.host.actions) == 1


def test_exactly_as_far_as_allowed_is_usual() -> None:
    contract = Bench(NAME, sigmas=0)
    feed(contract, points_of(0, EIGHT_DAYS + 600, "80"))
    assert contract.host.actions == []


def test_exactly_three_hours_of_calm_end_the_event() -> None:
    contract = Bench(NAME, smooth_minutes=5)
    feed(contract, USUAL)
    now = EIGHT_DAYS
    for value, minutes in (("95", 60), ("80", 180), ("95", 60)):
        feed(contract, points_of(now, now + minutes, value))
        now += minutes
    assert len({order.key for order in contract.host.actions}) == 2


def test_the_end_of_learning_belongs_to_it() -> None:
    contract = Bench(NAME, smooth_minutes=5, unusual_minutes=5)
    feed(contract, points_of(0, 7 * 1440, "80"))
    feed(contract, points_of(7 * 1440, 7 * 1440 + 5, "95"))
    assert contract.host.actions == []
    feed(contract, points_of(7 * 1440 + 5, 7 * 1440 + 10, "95"))
    assert len(contract.host.actions) == 1


def test_a_missing_or_bad_value_changes_nothing(contract: Bench) -> None:
    feed(contract, USUAL)
    before = dict(contract.host.state)
    feed(contract, points_of(EIGHT_DAYS, EIGHT_DAYS + 600, ""))
    feed(contract, [(START, "300"), (USUAL[-1][0], "300")])
    assert contract.host.state == before


def test_a_first_reading_without_value_is_forgotten(contract: Bench) -> None:
    feed(contract, [(START, "")])
    assert contract.host.state == {}


def test_a_long_gap_counts_as_an_hour(contract: Bench) -> None:
    feed(contract, USUAL)
    feed(contract, [(START + 20 * DAY, "95")])
    [order] = contract.host.actions
    details = details_of(order)
    assert str(details["recent"]) == "95", "an hour is longer than what is smoothed over"
    assert 78.8 < details["usual"] < 79, "and hardly anything of fourteen days"


def test_one_transaction_or_many_lead_to_the_same_state(contract: Bench) -> None:
    points = [*USUAL, *points_of(EIGHT_DAYS, EIGHT_DAYS + 300, "95")]
    feed(contract, points)
    other = Bench(NAME)
    for at in range(0, len(points), 97):
        feed(other, points[at : at + 97])
    assert other.host.state == contract.host.state


def test_parameters_replace_the_numbers() -> None:
    quick = Bench(NAME, learn_days=1, unusual_minutes=10, sigmas=2, workshop="windcare")
    feed(quick, points_of(0, 1500, "78", "82"))
    feed(quick, points_of(1500, 1560, "95"))
    assert [order.addressee for order in quick.host.actions] == ["windcare"]


# A machine of the Numenta Anomaly Benchmark, its four failures marked by an engineer.


def read_points(path: Path) -> list[Point]:
    with path.open() as stream:
        return [(to_ms(row["timestamp"]), row["value"]) for row in csv.DictReader(stream)]


def to_ms(text: str) -> int:
    moment = datetime.datetime.fromisoformat(text).replace(tzinfo=datetime.UTC)
    return int(moment.timestamp() * 1000)


def expect_orders(points: Sequence[Point]) -> list[int]:
    """Compute without the contract, in floats, when orders are due."""
    first = last = points[0][0]
    mean = recent = float(points[0][1])
    variance = 0.0
    unusual = well = 0
    is_ordered = False
    due = []
    for time_ms, text in points[1:]:
        if time_ms <= last:
            continue
        step, last = min(time_ms - last, HOUR), time_ms
        recent += min(1, step / (50 * MINUTE)) * (float(text) - recent)
        share, difference = step / (14 * DAY), float(text) - mean
        variance = (1 - share) * (variance + share * difference**2)
        mean += share * difference
        if time_ms - first <= 7 * DAY:
            continue
        if abs(recent - mean) > 3 * max(variance**0.5, 1):
            unusual, well = unusual + step, 0
            if unusual >= HOUR and not is_ordered:
                is_ordered = True
                due.append(time_ms)
        else:
            well += step
            if not is_ordered or well >= 3 * HOUR:
                unusual, is_ordered = 0, False
    return due


def test_the_orders_of_a_machine_that_failed(contract: Bench, shared: Path) -> None:
    points = read_points(open_data(shared, FOLDER, SERIES))
    marked = json.loads(open_data(shared, FOLDER, "windows.json").read_text())
    windows = [(to_ms(begin), to_ms(end)) for begin, end in marked[f"realKnownCause/{SERIES}"]]
    for at in range(0, len(points), 288):
        feed(contract, points[at : at + 288])
    due = [details_of(order)["until_ms"] for order in contract.host.actions]
    assert due == expect_orders(points)
    found = [any(begin <= at <= end for at in due) for begin, end in windows]
    outside = [at for at in due if not any(begin <= at <= end for begin, end in windows)]
    assert (found, len(outside)) == ([True, True, True, True], 2)


def test_a_failing_part_is_seen_on_its_machine_on_a_whole_chain(shared: Path) -> None:
    points = [
        point
        for point in read_points(open_data(shared, FOLDER, SERIES))
        if point[0] < to_ms("2013-12-18")
    ]
    plant = Plant("factory", "workshop", "maker", "insurer")
    plant.register("factory", "line-2", "process", "packing-line")
    plant.register("factory", "press-4", "system", "press", "line-2")
    plant.register("factory", "bearing-4", "component", "machine", "press-4", temperature="FAH")
    plant.deploy(NAME, "factory", workshop="maker")
    for at in range(0, len(points), 576):
        rows = [("temperature", value, time_ms) for time_ms, value in points[at : at + 576]]
        plant.measure("factory", "bearing-4", rows)
    assert [details_of(one)["until_ms"] for one in plant.actions()] == expect_orders(points)
    assert set(plant.orders()) == {("inspection", "bearing-4", "maker")}
    plant.answer("maker", plant.actions()[0], "declined", "a planned stop")
    assert plant.twin("bearing-4").last_acknowledged is not None
