"""Building comfort and consumption: made-up days, a real office, and a whole chain."""

from __future__ import annotations

import csv
import datetime
import itertools
from collections import defaultdict
from pathlib import Path

import pytest

from tests.unit.contracts.standard.bench import (
    DAY,
    HOUR,
    MINUTE,
    Bench,
    Row,
    details_of,
    open_data,
)
from tests.unit.contracts.standard.plant import Plant

NAME = "building_comfort"
ZONE = "office-2"
BUILDING = "meter-1"
START = 16_000 * DAY


@pytest.fixture
def contract() -> Bench:
    return Bench(NAME)


def feel(contract: Bench, first: int, last: int, value: str, step: int = 10) -> None:
    """Send equal temperatures from minute `first` of the day up to `last`."""
    rows = [("temperature", value, START + at * MINUTE) for at in range(first, last, step)]
    contract.feed_once(ZONE, rows, model="building-zone")


def consume(contract: Bench, first_day: int, *energies: str) -> None:
    """Send two values for each day."""
    rows = [
        ("energy", energy, START + (first_day + at) * DAY + part)
        for at, energy in enumerate(energies)
        for part in (HOUR, 13 * HOUR)
    ]
    contract.feed_once(BUILDING, rows, model="building-meter")


@pytest.mark.parametrize("value", ["19.9", "26.1"])
def test_two_uncomfortable_hours_are_one_order(contract: Bench, value: str) -> None:
    feel(contract, 8 * 60, 10 * 60 + 1, value)
    assert contract.orders == [("comfort_order", ZONE, "caretaker")]
    [order] = contract.host.actions
    assert order.title == f"office-2: {value} degrees, 120 minutes today"
    assert order.key == "comfort_order-16000"
    feel(contract, 11 * 60, 18 * 60, value)
    assert len(contract.host.actions) == 1


@pytest.mark.parametrize("value", ["20", "23", "26"])
def test_comfort_orders_nothing(contract: Bench, value: str) -> None:
    feel(contract, 0, 1_440, value)
    assert contract.orders == []


def test_just_short_of_two_hours_orders_nothing(contract: Bench) -> None:
    feel(contract, 8 * 60, 10 * 60, "19")
    assert contract.orders == []


def test_nobody_is_there_at_night(contract: Bench) -> None:
    feel(contract, 0, 7 * 60, "15")
    feel(contract, 19 * 60, 1_440, "15")
    assert contract.orders == []


@pytest.mark.parametrize(("first", "count"), [(6, 0), (7, 1), (18, 1), (19, 0)])
def test_the_hours_of_use(first: int, count: int) -> None:
    quick = Bench(NAME, uncomfortable_minutes=30)
    feel(quick, first * 60, first * 60 + 60, "15")
    assert len(quick.orders) == count


def test_each_day_counts_anew(contract: Bench) -> None:
    feel(contract, 17 * 60, 18 * 60 + 50, "19")
    feel(contract, 1_440 + 8 * 60, 1_440 + 9 * 60, "19")
    assert contract.orders == []
    feel(contract, 1_440 + 9 * 60, 1_440 + 11 * 60, "19")
    feel(contract, 2_880 + 8 * 60, 2_880 + 11 * 60, "19")
    assert [one.key for one in contract.host.actions] == [
        "comfort_order-16001",
        "comfort_order-16002",
    ]


def test_a_gap_counts_as_an_hour(contract: Bench) -> None:
    for hour in (8, 12, 16):
        feel(contract, hour * 60, hour * 60 + 1, "19")
    assert contract.orders == [("comfort_order", ZONE, "caretaker")], "the first value adds nothing"


def test_bad_and_late_values_change_nothing(contract: Bench) -> None:
    feel(contract, 8 * 60, 9 * 60, "19")
    before = dict(contract.host.state)
    feel(contract, 9 * 60, 18 * 60, "")
    feel(contract, 0, 9 * 60, "10")
    assert contract.host.state == before


def test_a_day_far_above_the_usual_is_an_alert(contract: Bench) -> None:
    consume(contract, 0, *["50"] * 7, "66")
    assert contract.orders == [], "the day is not over"
    consume(contract, 8, "50")
    assert contract.orders == [("consumption_alert", BUILDING, "caretaker")]
    [order] = contract.host.actions
    assert order.title == "meter-1: 132 kWh in a day, usual are 100"
    assert details_of(order) == {"day_ms": START + 7 * DAY, "measured": 132}


@pytest.mark.parametrize(("energy", "count"), [("65", 0), ("65.01", 1)])
def test_thirty_percent_more_is_the_limit(contract: Bench, energy: str, count: int) -> None:
    consume(contract, 0, *["50"] * 7, energy, "50")
    assert len(contract.orders) == count


def test_nothing_is_judged_before_a_week_is_known(contract: Bench) -> None:
    consume(contract, 0, *["50"] * 6, "500", "50")
    assert contract.orders == []


def test_a_new_way_of_use_becomes_usual(contract: Bench) -> None:
    consume(contract, 0, *["50"] * 7, *["80"] * 20)
    assert [one.key for one in contract.host.actions] == [
        "consumption_alert-16007",
        "consumption_alert-16008",
        "consumption_alert-16009",
    ]


def test_values_that_are_missing_are_left_out(contract: Bench) -> None:
    consume(contract, 0, *["50"] * 7)
    before = dict(contract.host.state)
    consume(contract, 7, "")
    assert contract.host.state == before
    consume(contract, 20, "50")
    assert contract.orders == []


def test_parameters_replace_the_numbers() -> None:
    quick = Bench(NAME, first_hour=0, last_hour=24, uncomfortable_minutes=30, caretaker="certis")
    feel(quick, 0, 60, "15")
    assert quick.orders == [("comfort_order", ZONE, "certis")]


# An office of the Numenta benchmark, once in an hour for ten months.


def read_office(shared: Path) -> list[Row]:
    """Give the office's temperature, in degrees Celsius."""
    name = "ambient_temperature_system_failure.csv"
    rows = []
    with open_data(shared, "machine-temperature-nab", name).open() as stream:
        for row in csv.DictReader(stream):
            moment = datetime.datetime.fromisoformat(row["timestamp"])
            time_ms = int(moment.replace(tzinfo=datetime.UTC).timestamp() * 1000)
            rows.append(("temperature", f"{(float(row['value']) - 32) / 1.8:.3f}", time_ms))
    return rows


def expect(rows: list[Row]) -> list[int]:
    """Compute without the contract on which days an order is due."""
    hours: dict[datetime.date, int] = defaultdict(int)
    for (_, _, before), (_, value, after) in itertools.pairwise(rows):
        moment = datetime.datetime.fromtimestamp(after / 1000, datetime.UTC)
        if 7 <= moment.hour < 19 and not 20 <= float(value) <= 26 and after > before:
            hours[moment.date()] += 1
    first = datetime.date(1970, 1, 1)
    return [(day - first).days for day, count in sorted(hours.items()) if count >= 2]


def test_a_real_office(contract: Bench, shared: Path) -> None:
    rows = read_office(shared)
    for at in range(0, len(rows), 168):
        contract.feed_once(ZONE, rows[at : at + 168], model="building-zone")
    days = [details_of(one)["day_ms"] // DAY for one in contract.host.actions]
    assert days == expect(rows)
    assert len(days) == 117


def test_a_real_month_of_the_office_on_a_whole_chain(shared: Path) -> None:
    rows = read_office(shared)[3_600:4_300]
    plant = Plant("owner", "caretaker", "tenant", "supplier")
    plant.register("owner", "campus", "environment", "campus")
    plant.register("owner", "house-1", "environment", "building", "campus")
    plant.register("owner", ZONE, "environment", "building-zone", "house-1", temperature="CEL")
    plant.register("owner", BUILDING, "system", "building-meter", "house-1", energy="KWH")
    plant.deploy(NAME, "owner")
    for at in range(0, len(rows), 100):
        plant.measure("owner", ZONE, rows[at : at + 100])
    days = sorted(details_of(one)["day_ms"] // DAY for one in plant.actions(ZONE))
    assert days == expect(rows)
    assert days
    energies = [("energy", "40", START + day * DAY) for day in range(8)]
    plant.measure("owner", BUILDING, [*energies, ("energy", "60", START + 8 * DAY)])
    plant.measure("owner", BUILDING, [("energy", "40", START + 9 * DAY)])
    [alert] = plant.actions(BUILDING)
    plant.answer("caretaker", alert, "acknowledged", "a window was open")
    assert plant.twin(BUILDING).status == "action_acknowledged"
