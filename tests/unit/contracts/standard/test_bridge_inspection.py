"""Bridge inspection: warnings, alarms and findings; warmth of a real year; a whole chain."""

from __future__ import annotations

import csv
import datetime
from pathlib import Path

import pytest

from tests.unit.contracts.standard.bench import (
    HOUR,
    MINUTE,
    Bench,
    Row,
    details_of,
    open_data,
)
from tests.unit.contracts.standard.plant import Plant

NAME = "bridge_inspection"
GIRDER = "girder-3"
START = 1_390_000_000_000
CLOSE = ("command", GIRDER, "road-operator")
INSPECT = ("inspection", GIRDER, "inspector")


@pytest.fixture
def contract() -> Bench:
    return Bench(NAME)


def rows_of(minute: int, strain: str, temperature: str) -> list[Row]:
    time_ms = START + minute * MINUTE
    return [("strain", strain, time_ms), ("temperature", temperature, time_ms)]


def load(contract: Bench, *loads: str, minute: int = 0, step: int = 1) -> None:
    """Let traffic strain the girder at ten degrees, once in `step` minutes."""
    rows = [row for at, one in enumerate(loads) for row in rows_of(minute + at * step, one, "10")]
    contract.feed_once(GIRDER, rows)


def test_an_alarm_closes_a_lane_and_sends_the_inspector(contract: Bench) -> None:
    load(contract, "300", "300.1", "400")
    assert contract.orders == [CLOSE, INSPECT]
    command, inspection = contract.host.actions
    assert (command.title, command.deadline_ms) == (
        "Close the lane over girder-3",
        contract.time_ms,
    )
    assert inspection.title == "girder-3: alarm, 300 millionths of strain by traffic"
    assert inspection.deadline_ms == contract.time_ms + 4 * HOUR


def test_five_warnings_in_a_day_send_the_inspector_within_a_week(contract: Bench) -> None:
    load(contract, *["250"] * 4)
    assert contract.orders == []
    load(contract, "200.1", *["250"] * 9, minute=4)
    assert contract.orders == [INSPECT]
    [inspection] = contract.host.actions
    assert inspection.title == "girder-3: warning, 200 millionths of strain by traffic"
    assert inspection.deadline_ms == contract.time_ms + 168 * HOUR
    assert details_of(inspection)["warnings"] == 5


def test_the_limits_themselves_are_allowed(contract: Bench) -> None:
    load(contract, *["200"] * 20)
    assert contract.orders == []


def test_warnings_of_more_than_a_day_do_not_add_up(contract: Bench) -> None:
    load(contract, *["250"] * 20, step=6 * 60)
    assert contract.orders == [], "five of them take a day: the first is out of the window"
    load(contract, "250", minute=19 * 6 * 60 + 1)
    assert contract.orders == [INSPECT]


def test_an_alarm_after_warnings_is_ordered_and_warnings_after_an_alarm_are_not(
    contract: Bench,
) -> None:
    load(contract, *["250"] * 5, "310", *["250"] * 9, "320")
    assert contract.orders == [INSPECT, CLOSE, INSPECT]
    assert [one.key for one in contract.host.actions] == ["warning-0", "close-lane-0", "alarm-0"]


@pytest.mark.parametrize(
    ("strain", "temperature", "is_alarm"),
    [("480", "25", False), ("480.1", "25", True), ("60", "-10", False), ("60.1", "-10", True)],
)
def test_warmth_is_no_load(contract: Bench, strain: str, temperature: str, is_alarm: bool) -> None:
    contract.feed_once(GIRDER, rows_of(0, strain, temperature))
    assert contract.orders == ([CLOSE, INSPECT] if is_alarm else [])


def test_half_a_pair_and_late_readings_are_left_out(contract: Bench) -> None:
    load(contract, "10")
    before = dict(contract.host.state)
    contract.feed_once(GIRDER, rows_of(1, "999", ""))
    contract.feed_once(GIRDER, rows_of(2, "", "10"))
    contract.feed_once(GIRDER, rows_of(3, "999", "10")[:1])
    load(contract, "999", minute=0)
    assert contract.host.state == before


def test_the_inspector_and_nobody_else_ends_it(contract: Bench) -> None:
    finding = {"twin": GIRDER, "is_safe": True, "finding": "a bolt was loose"}
    nothing = "a finding is about a girder that was measured, and says something"
    assert contract.refused("inspector", "inspected", **finding) == nothing
    load(contract, "310")
    assert contract.refused("road-operator", "inspected", **finding) == (
        "only the inspector says how a girder was found"
    )
    assert contract.refused("inspector", "inspected", **(finding | {"finding": ""})) == nothing
    contract.by("inspector", "inspected", **(finding | {"is_safe": False}))
    load(contract, "310", minute=1)
    assert len(contract.orders) == 2, "it is ordered still"
    contract.by("inspector", "inspected", **finding)
    load(contract, "310", minute=2)
    assert contract.orders == [CLOSE, INSPECT] * 2
    assert [one.key for one in contract.host.actions[2:]] == ["close-lane-1", "alarm-1"]
    assert [name for name, _ in contract.host.events] == ["girder_inspected"] * 2


def test_parameters_replace_names_and_numbers(contract: Bench) -> None:
    busy = Bench(NAME, warnings=2, warning_hours=24, inspector="certis")
    load(busy, "250", "250")
    [inspection] = busy.host.actions
    assert inspection.addressee == "certis"
    assert inspection.deadline_ms == contract.time_ms + 24 * HOUR


# The warmth of ten real months (the Numenta benchmark), and made-up traffic on a steel girder.


def read_girder(shared: Path) -> list[Row]:
    """Give an hour's highest strain: warmth, a wave of traffic, and rare heavy loads."""
    name = "ambient_temperature_system_failure.csv"
    rows: list[Row] = []
    with open_data(shared, "machine-temperature-nab", name).open() as stream:
        for at, row in enumerate(csv.DictReader(stream)):
            moment = datetime.datetime.fromisoformat(row["timestamp"])
            time_ms = int(moment.replace(tzinfo=datetime.UTC).timestamp() * 1000)
            celsius = (float(row["value"]) - 32) / 1.8
            traffic = (
                80 + 60 * (at % 24 in range(6, 19)) + 75 * (at % 101 < 3) + 280 * (at == 6_000)
            )
            rows.append(("strain", f"{12 * (celsius - 10) + traffic:.2f}", time_ms))
            rows.append(("temperature", f"{celsius:.4f}", time_ms))
    return rows


def expect(rows: list[Row], count: int = 5) -> list[tuple[str, int]]:
    """Compute without the contract what is ordered: the cause, and the hour of its reading."""
    orders: list[tuple[str, int]] = []
    warnings: list[int] = []
    last = 0
    for (_, strain, time_ms), (_, temperature, _) in zip(rows[::2], rows[1::2], strict=True):
        traffic = float(strain) - 12 * (float(temperature) - 10)
        if traffic <= 200 or time_ms <= last:
            continue
        last = time_ms
        warnings.append(time_ms)
        recent = [at for at in warnings if at > time_ms - 24 * HOUR]
        causes = {cause for cause, _ in orders}
        if traffic > 300 and "alarm" not in causes:
            orders.append(("alarm", time_ms))
        elif len(recent) >= count and not causes:
            orders.append(("warning", time_ms))
    return orders


def test_ten_months_of_warmth_are_no_load(contract: Bench, shared: Path) -> None:
    rows = read_girder(shared)
    assert max(float(value) for name, value, _ in rows if name == "strain") > 350
    contract.feed(GIRDER, rows)
    expected = expect(rows)
    assert [cause for cause, _ in expected] == ["alarm"]
    assert [one.key for one in contract.host.actions] == ["close-lane-0", "alarm-0"]


def test_a_bridge_on_a_whole_chain(shared: Path) -> None:
    rows = read_girder(shared)[11_700:12_200]
    plant = Plant("city", "road-operator", "inspector", "police")
    plant.register("city", "valley", "environment", "valley")
    plant.register("city", "road-7", "process", "road", "valley")
    plant.register("city", "bridge-7", "system", "bridge", "road-7")
    plant.register("city", GIRDER, "component", "bridge-girder", "bridge-7",
                   strain="C62", temperature="CEL")  # fmt: skip
    plant.deploy(NAME, "city", warnings=3)
    for at in range(0, len(rows), 48):
        plant.measure("city", GIRDER, rows[at : at + 48])
    orders = {one.key: one for one in plant.actions()}
    assert set(orders) == {"warning-0", "close-lane-0", "alarm-0"}
    for above in ("bridge-7", "road-7", "valley"):
        assert plant.busy_parts(above) == [GIRDER], "system, process and environment show it"
    expected = expect(rows, count=3)
    assert [cause for cause, _ in expected] == ["warning", "alarm"]
    for name, time_ms in expected:
        cause = orders[f"{name}-0"].cause
        assert cause.first_time_ms is not None
        assert cause.last_time_ms is not None
        assert cause.first_time_ms <= time_ms <= cause.last_time_ms
    plant.answer("road-operator", orders["close-lane-0"], "acknowledged", "closed")
    plant.answer("inspector", orders["alarm-0"], "acknowledged", "on my way")
    said = {"twin": GIRDER, "is_safe": True, "finding": "an overloaded lorry, no crack"}
    assert plant.refuse("police", NAME, "inspected", **said) == (
        "only the inspector says how a girder was found"
    )
    plant.call("inspector", NAME, "inspected", **said)
    plant.answer("inspector", orders["alarm-0"], "completed", "no crack")
    assert [one["finding"] for one in plant.events("girder_inspected")] == [said["finding"]]
    assert plant.twin(GIRDER).open_actions == (orders["warning-0"].id,)
