"""Cold chain: excursions and escalation on made-up ways, in a real room, and on a whole chain."""

from __future__ import annotations

import collections
import csv
import datetime
from collections.abc import Sequence
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from tests.unit.contracts.standard.bench import HOUR, MINUTE, Bench, Row, details_of, open_data
from tests.unit.contracts.standard.plant import Plant

NAME = "cold_chain_excursion"
START = 1_370_000_000_000
BOX = "box-9"
TOLD = ("cold_chain_excursion", BOX, "carrier")
ESCALATED = ("cold_chain_escalation", BOX, "quality")


@pytest.fixture
def contract() -> Bench:
    return Bench(NAME)


def drive(contract: Bench, first: int, last: int, value: str, step: int = 5) -> None:
    """Send equal temperatures from minute `first` up to `last`, each in its transaction."""
    for minute in range(first, last, step):
        contract.feed_once(BOX, [("temperature", value, START + minute * MINUTE)])


def report(contract: Bench) -> dict[str, Any]:
    found = contract.by("insurer", "report", twin=BOX)
    assert isinstance(found, dict)
    return found


def test_goods_inside_their_limits_tell_nobody(contract: Bench) -> None:
    for value in ("2", "5.5", "8"):
        drive(contract, 0, 300, value)
    assert contract.orders == []
    assert report(contract)["total_ms"] == 0


def test_half_an_hour_outside_tells_the_carrier_once(contract: Bench) -> None:
    drive(contract, 0, 60, "5")
    drive(contract, 60, 85, "9")
    assert contract.orders == [], "five values stand for 25 minutes"
    drive(contract, 85, 140, "9")
    assert contract.orders == [TOLD]
    [told] = contract.host.actions
    assert told.title == "box-9: 9.0 degrees, 30 minutes outside its limits"
    details = details_of(told)
    assert details["since_ms"] == START + 55 * MINUTE
    assert details["until_ms"] == START + 85 * MINUTE
    assert told.deadline_ms == contract.time_ms + HOUR


def test_nobody_attends_so_quality_is_told_an_hour_later(contract: Bench) -> None:
    drive(contract, 0, 60, "5")
    drive(contract, 60, 145, "9")
    assert contract.orders == [TOLD]
    drive(contract, 145, 300, "9")
    assert contract.orders == [TOLD, ESCALATED]
    assert details_of(contract.host.actions[1])["minutes"] == 90


@pytest.mark.parametrize("change", ["acknowledged", "completed"])
def test_a_carrier_that_answers_is_not_escalated(contract: Bench, change: str) -> None:
    drive(contract, 0, 60, "5")
    drive(contract, 60, 120, "9")
    contract.tell(contract.host.actions[0], change, "ice")
    assert report(contract)["attended"] == "ice"
    drive(contract, 120, 600, "9")
    contract.tell(contract.host.actions[0], "overdue")
    assert contract.orders == [TOLD]


@pytest.mark.parametrize("change", ["overdue", "declined"])
def test_no_answer_in_time_or_a_refusal_escalates_without_any_value(
    contract: Bench, change: str
) -> None:
    drive(contract, 0, 90, "9")
    assert contract.orders == [TOLD]
    contract.tell(contract.host.actions[0], change)
    assert contract.orders == [TOLD, ESCALATED]
    drive(contract, 90, 300, "9")
    contract.tell(contract.host.actions[0], "overdue")
    contract.tell(contract.host.actions[1], "overdue")
    assert contract.orders == [TOLD, ESCALATED], "once is enough"


def test_a_carrier_that_gives_up_is_escalated(contract: Bench) -> None:
    drive(contract, 0, 60, "9")
    contract.tell(contract.host.actions[0], "acknowledged")
    assert report(contract)["attended"] == "acknowledged"
    contract.tell(contract.host.actions[0], "declined")
    assert contract.orders == [TOLD, ESCALATED]


def test_answers_about_an_excursion_that_is_over_change_nothing(contract: Bench) -> None:
    drive(contract, 0, 60, "9")
    drive(contract, 60, 65, "5")
    before = dict(contract.host.state)
    for change in ("overdue", "declined", "completed"):
        contract.tell(contract.host.actions[0], change)
    assert contract.host.state == before
    drive(contract, 65, 120, "9")
    contract.tell(contract.host.actions[0], "declined")
    assert contract.orders == [TOLD, TOLD]


@pytest.mark.parametrize("value", ["-0.1", "25.1"])
def test_goods_that_may_be_lost_escalate_at_once(contract: Bench, value: str) -> None:
    drive(contract, 0, 60, "5")
    drive(contract, 60, 65, value)
    assert contract.orders == [ESCALATED]
    drive(contract, 65, 600, value)
    assert contract.orders == [ESCALATED, TOLD], "and each of them only once"


@pytest.mark.parametrize("value", ["0", "25"])
def test_the_last_degrees_are_an_excursion_and_no_more(contract: Bench, value: str) -> None:
    drive(contract, 0, 60, "5")
    drive(contract, 60, 100, value)
    assert contract.orders == [TOLD]


def test_half_an_hour_between_values_is_no_gap(contract: Bench) -> None:
    drive(contract, 0, 31, "9", step=30)
    assert (contract.orders, report(contract)["unobserved_ms"]) == ([TOLD], 0)


def test_the_first_value_may_be_outside(contract: Bench) -> None:
    drive(contract, 0, 35, "9")
    assert contract.orders == [TOLD]


def test_back_inside_ends_the_excursion_and_a_later_one_is_new(contract: Bench) -> None:
    drive(contract, 0, 60, "9")
    contract.tell(contract.host.actions[0], "acknowledged", "ice")
    drive(contract, 60, 65, "5")
    drive(contract, 65, 200, "9")
    assert contract.orders == [TOLD, TOLD, ESCALATED], "an answer counts for one excursion"
    assert report(contract)["total_ms"] == (55 + 135) * MINUTE


def test_a_gap_is_unobserved_and_no_excursion(contract: Bench) -> None:
    drive(contract, 0, 20, "9")
    drive(contract, 500, 505, "9")
    assert contract.orders == []
    found = report(contract)
    assert (found["unobserved_ms"], found["total_ms"]) == (485 * MINUTE, 15 * MINUTE)


def test_bad_and_late_values_change_nothing(contract: Bench) -> None:
    drive(contract, 0, 20, "5")
    before = dict(contract.host.state)
    drive(contract, 20, 40, "")
    drive(contract, 0, 20, "30")
    assert contract.host.state == before


def test_nothing_is_kept_of_a_box_without_a_value(contract: Bench) -> None:
    drive(contract, 0, 20, "")
    assert contract.host.state == {}
    assert contract.refused("insurer", "report", twin=BOX) == "box-9 has never been seen"


def test_the_coldest_and_the_warmest_are_remembered(contract: Bench) -> None:
    for minute, value in enumerate(("5", "1.5", "9.5", "6")):
        drive(contract, minute * 5, minute * 5 + 5, value)
    found = report(contract)
    assert (found["coldest"], found["warmest"]) == (Decimal("1.5"), Decimal("9.5"))


def test_one_transaction_or_many_lead_to_the_same_state(contract: Bench) -> None:
    rows = [("temperature", "9", START + minute * MINUTE) for minute in range(0, 200, 5)]
    contract.feed_once(BOX, rows)
    other = Bench(NAME)
    drive(other, 0, 200, "9")
    assert other.host.state == contract.host.state
    assert other.orders == contract.orders


# A room of medicines that are kept at room temperature: the office of the Numenta benchmark, whose
# heating failed. 15 to 25 degrees, once in an hour.

ROOM = {
    "lowest": Decimal(15),
    "highest": Decimal(25),
    "lowest_ever": Decimal(14),
    "highest_ever": Decimal(30),
}
TIMES = {"excursion_minutes": 120, "escalate_minutes": 180, "gap_minutes": 90}


def read_room(shared: Path) -> list[Row]:
    """Give the hours of the room, in degrees Celsius."""
    path = open_data(shared, "machine-temperature-nab", "ambient_temperature_system_failure.csv")
    rows = []
    with path.open() as stream:
        for row in csv.DictReader(stream):
            moment = datetime.datetime.fromisoformat(row["timestamp"])
            celsius = (Decimal(row["value"]) - 32) * 5 / 9
            time_ms = int(moment.replace(tzinfo=datetime.UTC).timestamp() * 1000)
            rows.append(("temperature", f"{celsius:.2f}", time_ms))
    return rows


def expect(rows: Sequence[Row]) -> tuple[list[tuple[str, int]], int, int]:
    """Compute without the contract: what is told when, minutes outside, minutes unobserved."""
    told: list[tuple[str, int]] = []
    spent = outside = unobserved = 0
    said: set[str] = set()
    last = rows[0][2]
    for _, text, time_ms in rows:
        if time_ms < last:
            continue
        minutes, last, value = (time_ms - last) // MINUTE, time_ms, float(text)
        if minutes > 90:
            unobserved += minutes
            minutes = 0
        if 15 <= value <= 25:
            spent, said = 0, set()
            continue
        spent += minutes
        outside += minutes
        due = {
            "cold_chain_excursion": spent >= 120,
            "cold_chain_escalation": spent >= 300 or not 14 <= value <= 30,
        }
        for kind in due:
            if due[kind] and kind not in said:
                said.add(kind)
                told.append((kind, time_ms))
    return told, outside, unobserved


def test_a_real_room(shared: Path) -> None:
    rows = read_room(shared)
    contract = Bench(NAME, **ROOM, **TIMES)
    for at in range(0, len(rows), 168):
        contract.feed_once(BOX, rows[at : at + 168])
    told, outside, unobserved = expect(rows)
    kinds = [(one.kind, details_of(one)["until_ms"]) for one in contract.host.actions]
    assert kinds == told
    assert collections.Counter(kind for kind, _ in told) == {
        "cold_chain_excursion": 52,
        "cold_chain_escalation": 14,
    }
    found = report(contract)
    assert (found["total_ms"], found["unobserved_ms"]) == (outside * MINUTE, unobserved * MINUTE)


def test_two_weeks_of_the_room_on_a_whole_chain(shared: Path) -> None:
    rows = read_room(shared)[1700:2000]
    plant = Plant("maker", "carrier", "quality", "pharmacy")
    plant.register("maker", "store-1", "environment", "store")
    plant.register("maker", "batch-12", "process", "batch", "store-1")
    plant.register("maker", BOX, "component", "cold-box", "batch-12", temperature="CEL")
    plant.deploy(NAME, "maker", **ROOM, **TIMES)
    for at in range(0, len(rows), 100):
        plant.measure("maker", BOX, rows[at : at + 100])
    told, outside, _ = expect(rows)
    found = [(one.kind, details_of(one)["until_ms"]) for one in plant.actions()]
    assert sorted(found) == sorted(told), "those of one block come in the order of their ids"
    said = plant.call("pharmacy", NAME, "report", twin=BOX)
    assert isinstance(said, dict)
    assert said["total_ms"] == outside * MINUTE
    assert plant.twin(BOX).status == "action_open"


def test_a_silent_box_is_escalated_by_the_clock_on_a_whole_chain() -> None:
    plant = Plant("maker", "carrier", "quality", "pharmacy")
    for box in ("box-9", "box-10"):
        plant.register("maker", box, "component", "cold-box", temperature="CEL")
    plant.deploy(NAME, "maker", escalate_minutes=1)
    warm = [("temperature", "9", START + at * 5 * MINUTE) for at in range(7)]
    for box in ("box-9", "box-10"):
        plant.measure("maker", box, warm)
    plant.answer("carrier", plant.actions("box-10")[0], "acknowledged", "ice")
    plant.world.run(2 * MINUTE)
    assert [one.kind for one in plant.actions("box-9")] == [
        "cold_chain_excursion",
        "cold_chain_escalation",
    ]
    assert [one.kind for one in plant.actions("box-10")] == ["cold_chain_excursion"]
    cause = plant.actions("box-9")[1].cause
    assert (cause.kind, cause.twin) == ("action", "box-9")
