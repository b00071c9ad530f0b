"""Warranty and service level: claims and penalties, two real months, and a whole chain."""

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

NAME = "warranty_and_service_level"
TWIN = "gearbox-1"
METER = "service-meter-1"
WEEK = 7 * DAY
START = 2_300 * WEEK


@pytest.fixture
def contract() -> Bench:
    bench = Bench(NAME)
    bench.register(TWIN, "gearbox", "operator")
    return bench


@pytest.fixture
def covered(contract: Bench) -> Bench:
    contract.by("maker", "give", twin=TWIN, until_ms=contract.time_ms + DAY)
    return contract


def claim(contract: Bench) -> None:
    contract.by("operator", "claim", twin=TWIN, fault="a tooth is broken")


def test_a_claim_orders_a_repair_in_time(covered: Bench) -> None:
    claim(covered)
    [order] = covered.host.actions
    assert (order.kind, order.addressee) == ("warranty_repair", "maker")
    assert order.title == "gearbox-1: a tooth is broken"
    assert order.deadline_ms == covered.time_ms + 72 * HOUR


@pytest.mark.parametrize(
    ("late_ms", "days", "amount"),
    [
        (-1, 0, None),
        (0, 0, None),
        (1, 1, 500),
        (DAY, 1, 500),
        (DAY + 1, 2, 1_000),
        (10 * DAY, 10, 5_000),
        (400 * DAY, 400, 5_000),
    ],
)
def test_each_day_begun_too_late_costs(
    covered: Bench, late_ms: int, days: int, amount: int | None
) -> None:
    claim(covered)
    covered.time_ms += 72 * HOUR + late_ms
    assert covered.by("operator", "repaired", twin=TWIN) == days
    paid = [details_of(one)["amount"] for one in covered.host.actions if one.kind == "settlement"]
    assert paid == ([] if amount is None else [amount])


def test_a_warranty_ends(covered: Bench) -> None:
    covered.time_ms += DAY
    claim(covered)
    covered.time_ms += 1
    covered.by("operator", "repaired", twin=TWIN)
    assert covered.refused("operator", "claim", twin=TWIN, fault="again") == (
        "the warranty of gearbox-1 has ended"
    )


def test_a_warranty_is_prolonged_and_never_shortened(covered: Bench) -> None:
    end = covered.time_ms + DAY
    reason = "a warranty is for a twin that exists, and is never shortened"
    assert covered.refused("maker", "give", twin=TWIN, until_ms=end - 1) == reason
    assert covered.refused("maker", "give", twin="nothing", until_ms=end) == reason
    covered.by("maker", "give", twin=TWIN, until_ms=end + DAY)
    covered.time_ms = end + 1
    claim(covered)


def test_a_prolonged_warranty_keeps_the_claim(covered: Bench) -> None:
    claim(covered)
    covered.by("maker", "give", twin=TWIN, until_ms=covered.time_ms + 9 * DAY)
    assert covered.refused("operator", "claim", twin=TWIN, fault="again") == (
        "the repair of gearbox-1 is claimed already"
    )


def test_who_may_do_what(covered: Bench) -> None:
    assert covered.refused("operator", "give", twin=TWIN, until_ms=2**60) == (
        "only the maker gives a warranty"
    )
    for method, arguments in (("claim", {"fault": "x"}), ("repaired", {})):
        assert covered.refused("maker", method, twin=TWIN, **arguments) == (
            "gearbox-1 does not belong to maker"
        )
        assert covered.refused("maker", method, twin="nothing", **arguments) == (
            "nothing does not belong to maker"
        )
    assert covered.refused("operator", "repaired", twin=TWIN) == (
        "no repair of gearbox-1 is claimed"
    )


def test_what_is_not_covered_is_not_claimed(contract: Bench) -> None:
    assert contract.refused("operator", "claim", twin=TWIN, fault="x") == (
        "gearbox-1 has no warranty"
    )


def test_a_second_claim_is_another_action(covered: Bench) -> None:
    for _ in range(2):
        claim(covered)
        covered.by("operator", "repaired", twin=TWIN)
    assert [one.key for one in covered.host.actions] == ["claim-1", "claim-2"]


# The service level.


def meter(contract: Bench, first_day: int, days: int, made: str, lost: str) -> None:
    """Send one value of both energies for each day."""
    rows = [
        row
        for day in range(first_day, first_day + days)
        for row in (
            ("made_energy", made, START + day * DAY),
            ("lost_energy", lost, START + day * DAY),
        )
    ]
    contract.feed(METER, rows)


def test_a_week_below_the_level_costs_what_is_missing(contract: Bench) -> None:
    meter(contract, 0, 7, "900", "100")
    assert contract.orders == [], "the week is not over"
    meter(contract, 7, 1, "900", "0")
    [order] = contract.host.actions
    assert (order.kind, order.twin, order.addressee) == ("settlement", METER, "maker")
    assert order.title == "service-meter-1: 90.00 % of the energy was made"
    assert order.key == "period-2300"
    assert details_of(order) == {"amount": Decimal("40.18")}, "490 kWh at 8.2 cents"


@pytest.mark.parametrize(("lost", "count"), [("0", 0), ("30", 0), ("30.01", 1), ("1000", 1)])
def test_the_level_itself_costs_nothing(contract: Bench, lost: str, count: int) -> None:
    meter(contract, 0, 7, "970", lost)
    meter(contract, 7, 1, "970", "0")
    assert len(contract.host.actions) == count


def test_a_week_without_wind_costs_nothing(contract: Bench) -> None:
    meter(contract, 0, 7, "0", "0")
    meter(contract, 7, 7, "-3", "0")
    meter(contract, 14, 1, "900", "0")
    assert contract.orders == []


def test_each_week_is_judged_by_itself(contract: Bench) -> None:
    meter(contract, 0, 7, "900", "100")
    meter(contract, 7, 7, "900", "0")
    meter(contract, 14, 7, "800", "200")
    meter(contract, 35, 1, "900", "0")
    assert [one.key for one in contract.host.actions] == ["period-2300", "period-2302"]


def test_half_a_pair_counts_for_neither(contract: Bench) -> None:
    meter(contract, 0, 6, "970", "0")
    contract.feed_once(METER, [("lost_energy", "9999", START + 6 * DAY)])
    meter(contract, 6, 1, "", "9999")
    meter(contract, 7, 1, "970", "0")
    assert contract.orders == []


def test_an_earlier_period_is_over(contract: Bench) -> None:
    meter(contract, 7, 1, "970", "0")
    before = dict(contract.host.state)
    meter(contract, 0, 7, "0", "9999")
    assert contract.host.state == before


def test_parameters_replace_names_and_numbers() -> None:
    strict = Bench(
        NAME, maker="windcare", level=Decimal("0.99"), period_days=1, energy_penalty=Decimal(1)
    )
    meter(strict, 0, 2, "98", "2")
    [order] = strict.host.actions
    assert (order.addressee, details_of(order)["amount"]) == ("windcare", 1)


# Two months at La Haute Borne.


def read_service(shared: Path) -> list[Row]:
    """Give the farm's energy and what it lost to machines that stood still."""
    rows = []
    path = open_data(shared, "wind-la-haute-borne", "plant-meter-2014-01-02.csv")
    with path.open() as stream:
        for row in csv.DictReader(stream):
            time_ms = int(datetime.datetime.fromisoformat(row["time_utc"]).timestamp() * 1000)
            rows.append(("made_energy", row["net_energy_kwh"], time_ms))
            rows.append(("lost_energy", row["availability_kwh"], time_ms))
    return rows


def expect(rows: list[Row]) -> dict[str, Decimal]:
    """Compute without the contract what is paid for each whole week below 99 %."""
    weeks: dict[int, dict[str, Decimal]] = defaultdict(lambda: defaultdict(Decimal))
    for name, value, time_ms in rows:
        weeks[time_ms // WEEK][name] += Decimal(value)
    weeks.pop(max(weeks))
    paid = {}
    for number, sums in weeks.items():
        made, lost = sums["made_energy"], sums["lost_energy"]
        if made / (made + lost) < Decimal("0.99"):
            missing = (made + lost) * Decimal("0.99") - made
            paid[f"period-{number}"] = round(missing * Decimal("0.082"), 2)
    return paid


def test_two_real_months(shared: Path) -> None:
    rows = read_service(shared)
    contract = Bench(NAME, level=Decimal("0.99"))
    contract.feed(METER, rows)
    paid = {one.key: details_of(one)["amount"] for one in contract.host.actions}
    assert paid == expect(rows)
    assert [one.title for one in contract.host.actions] == [
        "service-meter-1: 97.38 % of the energy was made",
        "service-meter-1: 98.76 % of the energy was made",
    ]


def test_a_real_month_and_a_late_repair_on_a_whole_chain(shared: Path) -> None:
    rows = [row for row in read_service(shared) if row[2] < 16_071 * DAY + 35 * DAY]
    plant = Plant("operator", "maker", "insurer", "auditor")
    plant.register("operator", "farm", "environment", "wind-farm")
    plant.register("operator", "R80790", "system", "wind-turbine", "farm")
    plant.register("operator", TWIN, "component", "gearbox", "R80790")
    plant.register("operator", METER, "component", "service-meter", "farm",
                   made_energy="KWH", lost_energy="KWH")  # fmt: skip
    plant.deploy(NAME, "operator", repair_hours=0, level=Decimal("0.99"))
    for at in range(0, len(rows), 2_000):
        plant.measure("operator", METER, rows[at : at + 2_000])
    found = {one.key: details_of(one)["amount"] for one in plant.actions(METER)}
    assert found == expect(rows)
    assert len(found) == 1
    plant.call("maker", NAME, "give", twin=TWIN, until_ms=plant.now_ms + DAY)
    plant.call("operator", NAME, "claim", twin=TWIN, fault="no power since 28 January")
    [repair] = plant.actions(TWIN)
    plant.answer("maker", repair, "acknowledged", "a crane is ordered")
    plant.answer("maker", repair, "completed", "a new gearbox")
    plant.world.run(MINUTE)
    assert plant.call("operator", NAME, "repaired", twin=TWIN) == 1
    assert [one.kind for one in plant.actions(TWIN)] == ["warranty_repair", "settlement"]
    assert plant.refuse("maker", NAME, "claim", twin=TWIN, fault="x") == (
        "gearbox-1 does not belong to maker"
    )
