"""Energy claimed against energy metered: made-up days, two real months, and a whole chain."""

from __future__ import annotations

import csv
import datetime
from collections import defaultdict
from decimal import Decimal
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

NAME = "energy_settlement"
FOLDER = "wind-la-haute-borne"
NUMBER = 16_071
START = NUMBER * DAY
TURBINES = ("R80711", "R80721", "R80736", "R80790")


@pytest.fixture
def contract() -> Bench:
    bench = Bench(NAME)
    bench.time_ms = START + 40 * DAY
    return bench


def claim(contract: Bench, power: str, count: int = 144, twins: tuple[str, ...] = TURBINES) -> None:
    """Let turbines claim a power all day long; `count` values of each."""
    for twin in twins:
        rows = [("active_power", power, START + at * 10 * MINUTE) for at in range(count)]
        contract.feed_once(twin, rows, model="wind-turbine")


def meter(contract: Bench, energy: str, count: int = 144, twin: str = "farm-meter") -> None:
    """Let the meter count an energy in each ten minutes."""
    rows = [("net_energy", energy, START + at * 10 * MINUTE) for at in range(count)]
    contract.feed_once(twin, rows, model="energy-meter")


def test_a_day_that_agrees_is_settled(contract: Bench) -> None:
    claim(contract, "900")
    assert contract.orders == []
    meter(contract, "588")
    assert contract.orders == [("settlement", "farm-meter", "gridlink")]
    [order] = contract.host.actions
    assert order.title == "Pay for 84672 kWh"
    assert order.key == "day-016071"
    assert details_of(order) == {
        "day_ms": START,
        "claimed_kwh": Decimal(86_400),
        "metered_kwh": Decimal(84_672),
        "values": 720,
        "amount": Decimal("6943.10"),
    }


def test_the_meter_may_come_first(contract: Bench) -> None:
    meter(contract, "588")
    claim(contract, "900")
    assert contract.orders == [("settlement", "farm-meter", "gridlink")]


@pytest.mark.parametrize(
    ("metered", "kind"),
    [
        ("582.18", "settlement"),
        ("582.17", "energy_dispute"),
        ("593.93", "settlement"),
        ("593.94", "energy_dispute"),
    ],
)
def test_one_percent_apart_is_the_limit(contract: Bench, metered: str, kind: str) -> None:
    claim(contract, "900")
    meter(contract, metered)
    assert [one.kind for one in contract.host.actions] == [kind]


def test_a_dispute_goes_to_the_auditor_with_both_sums(contract: Bench) -> None:
    claim(contract, "900")
    meter(contract, "500")
    [order] = contract.host.actions
    assert (order.addressee, order.title) == ("certis", "84672 kWh expected and 72000 metered")


def test_a_calm_day_is_settled_though_the_farm_draws_energy(contract: Bench) -> None:
    claim(contract, "-1.4")
    meter(contract, "-0.95")
    [order] = contract.host.actions
    assert (order.kind, details_of(order)["amount"]) == ("settlement", Decimal("-11.22"))


def test_a_day_with_a_missing_value_is_closed_by_a_party(contract: Bench) -> None:
    claim(contract, "900", twins=TURBINES[:3])
    claim(contract, "900", count=143, twins=TURBINES[3:])
    meter(contract, "588")
    contract.feed_once(TURBINES[3], [("active_power", "", START + DAY - 1)], model="wind-turbine")
    assert contract.orders == [], "a value that is bad is none"
    contract.by("gridlink", "close", number=NUMBER)
    [order] = contract.host.actions
    assert (order.kind, order.addressee) == ("energy_dispute", "certis")
    assert order.title == "Only 719 of 720 values"


def test_a_value_that_comes_after_the_day_was_closed_changes_nothing(contract: Bench) -> None:
    claim(contract, "900", count=143)
    meter(contract, "588")
    contract.by("borne-energie", "close", number=NUMBER)
    for twin in TURBINES:
        rows = [("active_power", "900", START + DAY - 10 * MINUTE)]
        contract.feed_once(twin, rows, model="wind-turbine")
    assert len(contract.host.actions) == 1


def test_closing_is_for_parties_after_two_days_and_once(contract: Bench) -> None:
    no_day = "there is no such day, or it is closed already"
    assert contract.refused("windcare", "close", number=NUMBER) == (
        "windcare is no party to this settlement"
    )
    for number in (NUMBER, -1, 10**9):
        assert contract.refused("certis", "close", number=number) == no_day
    claim(contract, "900", count=1)
    contract.time_ms = START + 3 * DAY - 1
    assert contract.refused("certis", "close", number=NUMBER) == "values may still come"
    contract.time_ms = START + 3 * DAY
    contract.by("certis", "close", number=NUMBER)
    assert contract.refused("certis", "close", number=NUMBER) == no_day


def test_strange_turbines_and_meters_count_for_nothing(contract: Bench) -> None:
    claim(contract, "900", twins=("R99999",))
    meter(contract, "588", twin="another-meter")
    assert contract.host.state == {}


def test_a_turbine_that_says_more_often_pays_nobody(contract: Bench) -> None:
    """The count is full, but with one turbine's values twice: the sums do not agree."""
    claim(contract, "900", twins=TURBINES[:3])
    rows = [("active_power", "1800", START + at * 10 * MINUTE) for at in range(144)]
    contract.feed_once(TURBINES[0], rows, model="wind-turbine")
    meter(contract, "441")
    assert [one.kind for one in contract.host.actions] == ["energy_dispute"]


def test_values_around_midnight_belong_to_their_days(contract: Bench) -> None:
    rows = [("active_power", "900", START + at * 10 * MINUTE) for at in (143, 144)]
    contract.feed_once(TURBINES[0], rows, model="wind-turbine")
    assert sorted(contract.host.state) == ["days/016071", "days/016072"]


def test_exactly_as_far_apart_as_allowed_is_settled() -> None:
    wide = Bench(NAME, turbines=["T1"], meter="M1", loss=Decimal(0), tolerance=Decimal("0.5"))
    claim(wide, "900", twins=("T1",))
    meter(wide, "100", twin="M1")
    assert [one.kind for one in wide.host.actions] == ["settlement"]


def test_parameters_replace_names_and_numbers() -> None:
    small = Bench(
        NAME,
        turbines=["T1"],
        meter="M1",
        buyer="certis",
        price=Decimal("0.1"),
        step_minutes=60,
        loss=Decimal(0),
    )
    rows = [("active_power", "100", START + hour * HOUR) for hour in range(24)]
    small.feed_once("T1", rows, model="wind-turbine")
    rows = [("net_energy", "100", START + hour * HOUR) for hour in range(24)]
    small.feed_once("M1", rows, model="energy-meter")
    assert small.orders == [("settlement", "M1", "certis")]
    assert details_of(small.host.actions[0])["amount"] == 240


# Two months at La Haute Borne.


def to_ms(text: str) -> int:
    return int(datetime.datetime.fromisoformat(text).timestamp() * 1000)


def read_power(shared: Path) -> dict[str, list[Row]]:
    """Give the turbines' readings."""
    found: dict[str, list[Row]] = defaultdict(list)
    with open_data(shared, FOLDER, "scada-2014-01-02.csv").open() as stream:
        for row in csv.DictReader(stream):
            reading = "active_power", row["P_avg"], to_ms(row["Date_time"])
            found[row["Wind_turbine_name"]].append(reading)
    return found


def read_energy(shared: Path) -> list[Row]:
    """Give the meter's readings."""
    with open_data(shared, FOLDER, "plant-meter-2014-01-02.csv").open() as stream:
        return [
            ("net_energy", row["net_energy_kwh"], to_ms(row["time_utc"]))
            for row in csv.DictReader(stream)
        ]


def expect(power: dict[str, list[Row]], energy: list[Row]) -> dict[int, Decimal | None]:
    """Compute without the contract what is paid for each day; None: values are missing."""
    days: dict[int, list[Decimal]] = defaultdict(lambda: [Decimal(0)] * 3)
    for rows in power.values():
        for _, value, time_ms in rows:
            if value:
                day = days[time_ms // DAY]
                day[0] += Decimal(value) / 6
                day[2] += 1
    for _, value, time_ms in energy:
        day = days[time_ms // DAY]
        day[1] += Decimal(value)
        day[2] += 1
    paid: dict[int, Decimal | None] = {}
    for number, (claimed, metered, count) in days.items():
        agrees = abs(claimed * Decimal("0.98") - metered) <= metered / 100
        assert agrees or count < 720, "on each whole day of the record both agree"
        paid[number] = round(metered * Decimal("0.082"), 2) if count == 720 else None
    return paid


def test_two_real_months(contract: Bench, shared: Path) -> None:
    power, energy = read_power(shared), read_energy(shared)
    for twin, rows in power.items():
        contract.feed(twin, rows, model="wind-turbine")
    contract.feed("farm-meter", energy, model="energy-meter")
    expected = expect(power, energy)
    paid = {
        details_of(one)["day_ms"] // DAY: details_of(one)["amount"] for one in contract.host.actions
    }
    assert {one.kind for one in contract.host.actions} == {"settlement"}
    assert paid == {number: amount for number, amount in expected.items() if amount is not None}
    missing = sorted(number for number, amount in expected.items() if amount is None)
    assert [number - NUMBER for number in missing] == [37, 58], "7 and 28 February"
    contract.time_ms = START + 90 * DAY
    for number in missing:
        contract.by("gridlink", "close", number=number)
    assert [one.title for one in contract.host.actions[-2:]] == [
        "Only 716 of 720 values",
        "Only 696 of 720 values",
    ]


def test_three_real_days_on_a_whole_chain(shared: Path) -> None:
    power, energy = read_power(shared), read_energy(shared)
    days = range(NUMBER + 36, NUMBER + 39)
    plant = Plant("borne-energie", "gridlink", "windcare", "certis")
    plant.register("borne-energie", "haute-borne", "environment", "wind-farm")
    plant.register("borne-energie", "farm-meter", "component", "energy-meter", "haute-borne",
                   net_energy="KWH")  # fmt: skip
    for twin in TURBINES:
        plant.register("borne-energie", twin, "system", "wind-turbine", "haute-borne",
                       active_power="KWT")  # fmt: skip
    plant.deploy(NAME, "borne-energie")
    for day in days:
        for twin in TURBINES:
            rows = [row for row in power[twin] if row[2] // DAY == day]
            plant.measure("borne-energie", twin, rows)
        rows = [row for row in energy if row[2] // DAY == day]
        plant.measure("borne-energie", "farm-meter", rows)
    missing = NUMBER + 37
    assert plant.refuse("windcare", NAME, "close", number=missing) == (
        "windcare is no party to this settlement"
    )
    plant.call("gridlink", NAME, "close", number=missing)
    expected = expect(power, energy)
    orders = plant.actions("farm-meter")
    assert [one.kind for one in orders] == ["settlement", "settlement", "energy_dispute"]
    for order in orders[:2]:
        details = details_of(order)
        assert details["amount"] == expected[details["day_ms"] // DAY]
        plant.answer("gridlink", order, "acknowledged", "paid")
    assert plant.twin("farm-meter").open_actions == (orders[2].id,)
