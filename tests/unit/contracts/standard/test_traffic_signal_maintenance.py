"""Traffic signals: faults by their danger, lamps by their age, and a junction on a whole chain."""

from __future__ import annotations

from collections.abc import Iterable

import pytest

from tests.unit.contracts.standard.bench import HOUR, MINUTE, Bench, Row, details_of
from tests.unit.contracts.standard.plant import Plant

NAME = "traffic_signal_maintenance"
HEAD = "head-12a"
START = 1_600_000_000_000
FLASH = ("command", HEAD, "city")
ORDER = ("maintenance_order", HEAD, "workshop")

Report = tuple[int, str, str, str]
"""Which lamp is wanted, and the watts of red, amber and green."""
RED: Report = (1, "12", "0.4", "0.4")
AMBER: Report = (2, "0.4", "12", "0.4")
GREEN: Report = (3, "0.4", "0.4", "12")
NONE: Report = (0, "0.4", "0.4", "0.4")


@pytest.fixture
def contract() -> Bench:
    return Bench(NAME)


def rows_of(reports: Iterable[Report], minute: int = 0) -> list[Row]:
    """Give the readings of reports, one in a minute."""
    rows = []
    for at, (aspect, *powers) in enumerate(reports):
        time_ms = START + (minute + at) * MINUTE
        rows.append(("aspect", str(aspect), time_ms))
        for lamp, power in zip(("red", "amber", "green"), powers, strict=True):
            rows.append((lamp, power, time_ms))
    return rows


def run(contract: Bench, *reports: Report, minute: int = 0) -> None:
    contract.feed(HEAD, rows_of(reports, minute))


def test_a_signal_that_works_orders_nothing(contract: Bench) -> None:
    run(contract, *[RED, AMBER, GREEN, AMBER, NONE] * 50)
    assert contract.orders == []


def test_a_dark_red_makes_the_junction_safe_first(contract: Bench) -> None:
    run(contract, GREEN, (1, "0.4", "0.4", "0.4"))
    assert contract.orders == []
    run(contract, *[(1, "0.4", "0.4", "0.4")] * 5, minute=2)
    assert contract.orders == [FLASH, ORDER]
    command, order = contract.host.actions
    assert command.title == "Let the junction of head-12a flash amber: red is dark"
    assert command.deadline_ms == contract.time_ms
    assert order.title == "head-12a: red is dark"
    assert order.deadline_ms == contract.time_ms + 4 * HOUR
    assert details_of(order) == {"fault": "red is dark", "seen_ms": START + 2 * MINUTE}


def test_a_green_that_nobody_wants_is_dangerous_too(contract: Bench) -> None:
    run(contract, (1, "12", "0.4", "12"), (2, "0.4", "12", "9"))
    assert contract.orders == [FLASH, ORDER]
    assert contract.host.actions[1].title == "head-12a: green is wrong"


@pytest.mark.parametrize(
    ("report", "fault"),
    [((2, "0.4", "2.9", "0.4"), "amber is dark"), ((3, "0.4", "0.4", "0"), "green is dark")],
)
def test_amber_and_green_have_two_days(contract: Bench, report: Report, fault: str) -> None:
    run(contract, report, report)
    [order] = contract.host.actions
    assert order.title == f"head-12a: {fault}"
    assert order.deadline_ms == contract.time_ms + 48 * HOUR


def test_a_fault_between_good_reports_does_not_add_up(contract: Bench) -> None:
    run(contract, *[(1, "0.4", "0.4", "0.4"), RED] * 20)
    run(contract, *[(1, "12", "0.4", "12"), RED] * 20, minute=100)
    assert contract.orders == []


def test_reports_of_other_lamps_do_not_interrupt(contract: Bench) -> None:
    run(contract, (1, "0.4", "0.4", "0.4"), GREEN, AMBER, NONE, (1, "0.4", "0.4", "0.4"))
    assert contract.orders == [FLASH, ORDER]


@pytest.mark.parametrize("power", ["3", "6"])
def test_between_dark_and_lit_is_neither(contract: Bench, power: str) -> None:
    run(contract, *[(1, power, "0.4", power)] * 5)
    assert contract.orders == []


def test_two_faults_are_two_orders(contract: Bench) -> None:
    run(contract, *[(1, "0.4", "0.4", "12")] * 3)
    assert contract.orders == [FLASH, ORDER, FLASH, ORDER]
    assert len({one.key for one in contract.host.actions}) == 4


def test_missing_and_late_values_are_left_out(contract: Bench) -> None:
    run(contract, RED)
    before = dict(contract.host.state)
    contract.feed_once(HEAD, rows_of([(1, "0.4", "0.4", "0.4")], minute=1)[1:])
    run(contract, (1, "0.4", "0.4", "0.4"))
    assert contract.host.state == before
    run(contract, *[(1, "", "0.4", "0.4")] * 5, minute=2)
    assert contract.orders == []


def test_a_lamp_is_changed_before_it_fails() -> None:
    contract = Bench(NAME, life_hours=1)
    run(contract, *[RED] * 60)
    assert contract.orders == [], "the first report adds no time"
    run(contract, RED, RED, minute=60)
    [order] = contract.host.actions
    assert order.title == "head-12a: red is old"
    assert order.deadline_ms == contract.time_ms + 720 * HOUR


def test_a_long_silence_counts_as_five_minutes() -> None:
    contract = Bench(NAME, life_hours=1)
    for day in range(12):
        run(contract, RED, minute=day * 1_440)
    assert contract.orders == []
    run(contract, RED, minute=12 * 1_440)
    assert contract.orders == [ORDER]


def test_the_workshop_says_what_it_did() -> None:
    contract = Bench(NAME, life_hours=1)
    run(contract, *[RED] * 61)
    run(contract, *[(1, "0.4", "0.4", "0.4")] * 2, minute=61)
    said = {"twin": HEAD, "lamp": "red", "work": "repaired"}
    assert contract.refused("city", "repaired", **said) == "only the workshop repairs signals"
    reason = "name a signal head, a lamp of it, and repaired or replaced"
    for change in ({"twin": "head-9"}, {"lamp": "blue"}, {"work": "cleaned"}):
        assert contract.refused("workshop", "repaired", **(said | change)) == reason
    contract.by("workshop", "repaired", **said)
    run(contract, RED, minute=63)
    titles = [one.title for one in contract.host.actions]
    assert titles.count("head-12a: red is old") == 2, "repaired is not new"
    contract.by("workshop", "repaired", **(said | {"work": "replaced"}))
    run(contract, RED, *[(1, "0.4", "0.4", "0.4")] * 2, minute=64)
    titles = [one.title for one in contract.host.actions]
    assert titles.count("head-12a: red is old") == 2
    assert titles.count("head-12a: red is dark") == 2


def test_a_repair_is_about_one_lamp(contract: Bench) -> None:
    both: Report = (1, "0.4", "0.4", "12")
    run(contract, both)
    contract.by("workshop", "repaired", twin=HEAD, lamp="red", work="repaired")
    run(contract, both, minute=1)
    assert [one.title for one in contract.host.actions][1:] == ["head-12a: green is wrong"]
    assert all("red" not in one.title for one in contract.host.actions), "it counts from the repair"
    run(contract, both, minute=2)
    contract.by("workshop", "repaired", twin=HEAD, lamp="red", work="repaired")
    run(contract, both, both, minute=3)
    assert [one.key for one in contract.host.actions if one.kind == "maintenance_order"] == [
        "green is wrong-1",
        "red is dark-1",
        "red is dark-2",
    ]


def test_one_transaction_or_many_lead_to_the_same_state(contract: Bench) -> None:
    reports = [RED, AMBER, GREEN, (1, "0.4", "0.4", "7"), (1, "0.4", "0.4", "7"), RED]
    run(contract, *reports)
    other = Bench(NAME)
    for at, report in enumerate(reports):
        run(other, report, minute=at)
    assert other.host.state == contract.host.state
    assert other.orders == contract.orders


def test_a_junction_on_a_whole_chain() -> None:
    plant = Plant("city", "workshop", "maker", "police")
    plant.register("city", "district-1", "environment", "district")
    plant.register("city", "main-street", "process", "corridor", "district-1")
    plant.register("city", "junction-12", "system", "junction", "main-street")
    plant.register("city", HEAD, "component", "signal-head", "junction-12",
                   aspect="C62", red="WTT", amber="WTT", green="WTT")  # fmt: skip
    plant.deploy(NAME, "city", life_hours=2)
    dark: Report = (1, "0.2", "0.4", "0.4")
    reports = [*[RED, RED, AMBER, GREEN, GREEN, AMBER] * 60, dark, GREEN, dark, dark]
    for at in range(0, len(reports), 60):
        plant.measure("city", HEAD, rows_of(reports[at : at + 60], minute=at))
    lit = {
        lamp: sum(float(report[at]) > 6 for report in reports[1:])
        for at, lamp in enumerate(("red", "amber", "green"), start=1)
    }
    old = {f"head-12a: {lamp} is old" for lamp, minutes in lit.items() if minutes >= 120}
    assert old == {"head-12a: amber is old", "head-12a: green is old"}
    orders = {one.title: one for one in plant.actions(HEAD)}
    dangers = (
        "Let the junction of head-12a flash amber: red is dark",
        "head-12a: red is dark",
    )
    assert set(orders) == {*dangers, *old}
    for title, organisation in zip(dangers, ("city", "workshop"), strict=True):
        plant.answer(organisation, orders[title], "acknowledged")
    said = {"twin": HEAD, "lamp": "red", "work": "replaced"}
    assert plant.refuse("maker", NAME, "repaired", **said) == "only the workshop repairs signals"
    plant.call("workshop", NAME, "repaired", **said)
    plant.measure("city", HEAD, rows_of([RED, RED], minute=400))
    assert len(plant.actions(HEAD)) == 4
    assert plant.events("signal_repaired") == [said]
