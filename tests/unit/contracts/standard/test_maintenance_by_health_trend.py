"""Maintenance by the trend of wear: on made-up engines, on 200 of NASA, and on a whole chain."""

from __future__ import annotations

import statistics
from fractions import Fraction
from pathlib import Path

import pytest

from tests.unit.contracts.standard.bench import (
    HOUR,
    Bench,
    Row,
    details_of,
    open_data,
)
from tests.unit.contracts.standard.plant import Plant

NAME = "maintenance_by_health_trend"
START = 1_400_000_000_000
COLUMNS = {"t50": 8, "p30": 11, "ps30": 15, "phi": 16, "bpr": 19, "w32": 25}
"""Sensors s4, s7, s11, s12, s15 and s21 among the 26 columns of FD001."""
NEW = {"t50": "1402.79", "p30": "553.97", "ps30": "47.35", "phi": "521.91", "bpr": "8.4182",
       "w32": "23.3618"}  # fmt: skip
WORN = {"t50": "1428.87", "p30": "551.48", "ps30": "48.14", "phi": "519.79", "bpr": "8.5204",
        "w32": "23.0652"}  # fmt: skip

Cycle = dict[str, str]
"""The sensors of one cycle, as they are written in the data."""


@pytest.fixture
def contract() -> Bench:
    return Bench(NAME)


def rows_of(first: int, cycles: list[Cycle]) -> list[Row]:
    """Give the readings of cycles, an hour each; `first` counts from 1."""
    return [
        (name, value, START + (first + at) * HOUR)
        for at, cycle in enumerate(cycles)
        for name, value in cycle.items()
    ]


def fly(contract: Bench, first: int, cycles: list[Cycle], engine: str = "engine-1") -> None:
    """Send cycles in one transaction."""
    contract.feed_once(engine, rows_of(first, cycles))


def at_wear(*percents: int) -> list[Cycle]:
    """Make cycles of an engine at these percentages of its wear."""
    cycles = []
    for percent in percents:
        cycle = {}
        for name, new in NEW.items():
            value = Fraction(new) + (Fraction(WORN[name]) - Fraction(new)) * percent / 100
            cycle[name] = f"{float(value):.6f}"
        cycles.append(cycle)
    return cycles


def test_steady_wear_opens_one_order_when_fifty_cycles_are_left(contract: Bench) -> None:
    fly(contract, 1, at_wear(*range(80)))
    [order] = contract.host.actions
    assert (order.kind, order.twin, order.addressee) == (
        "maintenance_order",
        "engine-1",
        "workshop",
    )
    assert order.title == "engine-1: about 48 cycles left after 53"
    details = details_of(order)
    assert (details["cycles"], str(details["remaining"])) == (53, "48")


def test_less_than_a_window_of_cycles_opens_nothing(contract: Bench) -> None:
    fly(contract, 1, at_wear(*range(50, 79)))
    assert contract.host.actions == []
    fly(contract, 30, at_wear(79, 80))
    assert contract.host.actions == [], "two short estimates are not three"
    fly(contract, 32, at_wear(81))
    assert len(contract.host.actions) == 1


def test_wear_that_does_not_grow_opens_nothing_however_high(contract: Bench) -> None:
    fly(contract, 1, at_wear(*[90] * 100))
    assert contract.host.actions == []


def test_an_engine_that_gets_better_opens_nothing(contract: Bench) -> None:
    fly(contract, 1, at_wear(*range(90, 0, -1)))
    assert contract.host.actions == []


def test_one_long_estimate_begins_the_count_anew(contract: Bench) -> None:
    fly(contract, 1, at_wear(*range(52)))
    fly(contract, 53, at_wear(0))
    fly(contract, 54, at_wear(53, 54))
    assert contract.host.actions == []


def test_wear_beyond_the_end_opens_an_order_too(contract: Bench) -> None:
    fly(contract, 1, at_wear(*range(90, 150)))
    [order] = contract.host.actions
    assert order.title == "engine-1: about -21 cycles left after 32"


def test_a_cycle_with_a_missing_or_bad_value_is_left_out(contract: Bench) -> None:
    fly(contract, 1, at_wear(*range(40)))
    before = dict(contract.host.state)
    [cycle] = at_wear(99)
    fly(contract, 41, [{**cycle, "phi": ""}])
    fly(contract, 42, [{name: value for name, value in cycle.items() if name != "bpr"}])
    assert contract.host.state == before


def test_a_cycle_that_is_not_the_newest_is_left_out(contract: Bench) -> None:
    fly(contract, 1, at_wear(*range(40)))
    before = dict(contract.host.state)
    fly(contract, 40, at_wear(99))
    fly(contract, 1, at_wear(99))
    assert contract.host.state == before


def test_one_transaction_or_many_lead_to_the_same_state(contract: Bench) -> None:
    fly(contract, 1, at_wear(*range(60)))
    other = Bench(NAME)
    for at in range(60):
        fly(other, at + 1, at_wear(at))
    assert other.host.state == contract.host.state
    assert [one.title for one in other.host.actions] == [one.title for one in contract.host.actions]


def test_the_workshop_starts_an_engine_anew(contract: Bench) -> None:
    fly(contract, 1, at_wear(*range(80)))
    assert contract.refused("borne-energie", "renewed", twin="engine-1") == (
        "only the workshop says that an engine is as new"
    )
    assert contract.refused("workshop", "renewed", twin="engine-2") == (
        "engine-2 has never been seen"
    )
    contract.host.open_keys.clear()
    contract.by("workshop", "renewed", twin="engine-1")
    fly(contract, 80, at_wear(80))
    fly(contract, 81, at_wear(*range(80)))
    assert len(contract.host.actions) == 2


def test_parameters_replace_the_numbers() -> None:
    sensors = [["t50", 0, 100]]
    early = Bench(NAME, window=10, confirm=1, order_cycles=90, workshop="certis", sensors=sensors)
    fly(early, 1, [{"t50": str(at)} for at in range(20)])
    [order] = early.host.actions
    assert (order.title, order.addressee) == (
        "engine-1: about 90 cycles left after 11",
        "certis",
    )


# Engines of NASA C-MAPSS, sub-set FD001.


def read_engines(path: Path) -> dict[int, list[Cycle]]:
    engines: dict[int, list[Cycle]] = {}
    for line in path.read_text().splitlines():
        columns = line.split()
        cycle = {name: columns[at] for name, at in COLUMNS.items()}
        engines.setdefault(int(columns[0]), []).append(cycle)
    return engines


def expect_order(cycles: list[Cycle]) -> int | None:
    """Compute without the contract, in floats, the cycle at which the order is due."""
    wear = [
        statistics.fmean(
            (float(cycle[name]) - float(NEW[name])) / (float(WORN[name]) - float(NEW[name]))
            for name in COLUMNS
        )
        for cycle in cycles
    ]
    short = 0
    times = range(30)
    for end in range(30, len(wear) + 1):
        slope, start = statistics.linear_regression(times, wear[end - 30 : end])
        now = start + slope * 29
        short = short + 1 if slope > 0.0005 and (1 - now) / slope <= 50 else 0
        if short == 3:
            return end
    return None


def ordered_at(contract: Bench, engine: str) -> int | None:
    """Give the cycle at which the contract ordered an engine's maintenance."""
    found = [details_of(one)["cycles"] for one in contract.host.actions if one.twin == engine]
    return found[0] if found else None


def play(contract: Bench, engines: dict[int, list[Cycle]]) -> None:
    for number, cycles in engines.items():
        for first in range(0, len(cycles), 50):
            fly(contract, first + 1, cycles[first : first + 50], f"engine-{number}")


def test_each_engine_that_failed_was_ordered_in_time(contract: Bench, shared: Path) -> None:
    engines = read_engines(open_data(shared, "turbofan-cmapss-fd001", "train_FD001.txt"))
    play(contract, engines)
    left = []
    for number, cycles in engines.items():
        at = ordered_at(contract, f"engine-{number}")
        assert at == expect_order(cycles)
        assert at is not None
        left.append(len(cycles) - at)
    left.sort()
    assert (left[0], left[50], left[-1]) == (13, 26, 45)


def test_of_engines_still_flying_those_near_their_end_are_ordered(
    contract: Bench, shared: Path
) -> None:
    engines = read_engines(open_data(shared, "turbofan-cmapss-fd001", "test_FD001.txt"))
    truth = open_data(shared, "turbofan-cmapss-fd001", "RUL_FD001.txt").read_text().split()
    play(contract, engines)
    ordered, missed = [], []
    for number, cycles in engines.items():
        at = ordered_at(contract, f"engine-{number}")
        assert at == expect_order(cycles)
        left = int(truth[number - 1])
        if at is not None:
            ordered.append(left + len(cycles) - at)
        elif left < 20:
            missed.append(left)
    assert (len(ordered), min(ordered), max(ordered), missed) == (18, 21, 44, [14])


def test_two_engines_on_a_whole_chain(shared: Path) -> None:
    engines = read_engines(open_data(shared, "turbofan-cmapss-fd001", "train_FD001.txt"))
    plant = Plant("airline", "workshop", "maker", "authority")
    plant.register("airline", "fleet", "environment", "fleet")
    plant.register("airline", "aircraft-7", "system", "aircraft", "fleet")
    plant.deploy(NAME, "airline")
    expected = []
    for number in (1, 2):
        engine = f"engine-{number}"
        plant.register("airline", engine, "component", "turbofan", "aircraft-7",
                       **dict.fromkeys(COLUMNS, "C62"))  # fmt: skip
        cycles = engines[number]
        for first in range(0, len(cycles), 60):
            plant.measure("airline", engine, rows_of(first + 1, cycles[first : first + 60]))
        expected.append((engine, expect_order(cycles)))
    orders = plant.actions()
    assert [(one.twin, details_of(one)["cycles"]) for one in orders] == expected
    assert plant.twin("engine-1").status == "action_open"
    plant.answer("workshop", orders[0], "acknowledged", "dock 2")
    assert plant.refuse("airline", NAME, "renewed", twin="engine-1") == (
        "only the workshop says that an engine is as new"
    )
    plant.answer("workshop", orders[0], "completed", "compressor replaced")
    plant.call("workshop", NAME, "renewed", twin="engine-1")
    assert plant.twin("engine-1").status == "normal"
