"""Calibration with consent: what drifts, who may touch it, and a pump on a whole chain."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal
from typing import Any

import pytest

from tests.unit.contracts.standard.bench import DAY, HOUR, Bench, Row, details_of
from tests.unit.contracts.standard.plant import Plant

NAME = "calibration_with_consent"
PUMP = "pump-301"
START = 1_690_000_000_000
REQUEST = ("consent_request", PUMP, "patient-office")
ORDER = ("calibration_order", PUMP, "workshop")
CALIBRATION: dict[str, Any] = {
    "device": PUMP,
    "before": Decimal("6.2"),
    "after": Decimal("0.3"),
    "certificate": "C-1",
}


@pytest.fixture
def contract() -> Bench:
    bench = Bench(NAME)
    bench.register(PUMP, "infusion-pump", "hospital")
    return bench


def rows_of(first: int, errors: Sequence[str]) -> list[Row]:
    return [("flow_error", error, START + (first + at) * HOUR) for at, error in enumerate(errors)]


def run(contract: Bench, first: int, *errors: str) -> None:
    """Let the pump test itself once in an hour, from hour `first` on."""
    contract.feed_once(PUMP, rows_of(first, errors))


def consent(contract: Bench, duration_ms: int = DAY) -> None:
    contract.by("patient-office", "consent", device=PUMP, until_ms=contract.time_ms + duration_ms)


def test_drift_asks_for_consent_first(contract: Bench) -> None:
    run(contract, 0, "5.1", "-5.1")
    assert contract.orders == []
    run(contract, 2, "6.2")
    assert contract.orders == [REQUEST]
    [request] = contract.host.actions
    assert request.title == "pump-301 drifts: do not use it before it is calibrated"
    assert details_of(request) == {"drift": 1}, "nothing about the patient"
    consent(contract)
    assert contract.orders == [REQUEST, ORDER]


def test_with_a_consent_the_order_comes_at_once(contract: Bench) -> None:
    consent(contract)
    assert contract.orders == []
    run(contract, 0, "6", "6", "6")
    assert contract.orders == [ORDER]


@pytest.mark.parametrize(
    "errors",
    [
        ("5", "5", "5", "-5"),
        ("6", "6", "0", "6", "6"),
        ("6", "6", "", "0"),
    ],
)
def test_what_is_within_the_limit_or_short_asks_nobody(
    contract: Bench, errors: tuple[str, ...]
) -> None:
    run(contract, 0, *errors)
    assert contract.orders == []


def test_a_missing_test_neither_counts_nor_resets(contract: Bench) -> None:
    run(contract, 0, "6", "", "6", "", "6")
    assert contract.orders == [REQUEST]


def test_a_test_that_is_not_the_newest_does_not_count(contract: Bench) -> None:
    run(contract, 5, "6", "6")
    run(contract, 0, "6", "6", "6")
    run(contract, 6, "6")
    assert contract.orders == []


def test_one_open_request_is_enough(contract: Bench) -> None:
    run(contract, 0, *["6"] * 20)
    assert contract.orders == [REQUEST]


def test_who_closed_its_part_while_it_drifts_is_asked_again(contract: Bench) -> None:
    run(contract, 0, "6", "6", "6")
    contract.host.open_keys.clear()
    run(contract, 3, "6")
    assert contract.orders == [REQUEST, REQUEST]
    contract.host.open_keys.clear()
    run(contract, 4, "1")
    assert contract.orders == [REQUEST, REQUEST], "it does not drift at the moment"


def test_a_calibration_is_taken_on_record(contract: Bench) -> None:
    assert contract.by("ward", "usable", device=PUMP) is False, "never calibrated"
    run(contract, 0, "6", "6", "6")
    consent(contract)
    contract.by("workshop", "calibrated", **CALIBRATION)
    assert contract.host.events[-1] == (
        "calibrated",
        {"twin": PUMP, "before": Decimal("6.2"), "after": Decimal("0.3"), "certificate": "C-1"},
    )
    assert contract.by("ward", "usable", device=PUMP) is True
    contract.time_ms += 365 * DAY
    assert contract.by("ward", "usable", device=PUMP) is False, "it is due again"


def test_a_device_that_drifts_is_not_usable(contract: Bench) -> None:
    consent(contract)
    contract.by("workshop", "calibrated", **CALIBRATION)
    run(contract, 0, "6", "6", "6")
    assert contract.by("ward", "usable", device=PUMP) is False


def test_without_consent_nothing_is_taken_on_record(contract: Bench) -> None:
    reason = "there is no consent to touch pump-301"
    assert contract.refused("workshop", "calibrated", **CALIBRATION) == reason
    consent(contract)
    contract.by("patient-office", "withdraw", device=PUMP)
    assert contract.refused("workshop", "calibrated", **CALIBRATION) == reason
    consent(contract, duration_ms=1_000)
    contract.time_ms += 1_000
    assert contract.refused("workshop", "calibrated", **CALIBRATION) == reason


def test_a_consent_is_for_one_calibration(contract: Bench) -> None:
    consent(contract)
    contract.by("workshop", "calibrated", **CALIBRATION)
    assert contract.refused("workshop", "calibrated", **CALIBRATION) == (
        "there is no consent to touch pump-301"
    )


def test_a_second_drift_asks_anew(contract: Bench) -> None:
    for first in (0, 10):
        run(contract, first, "6", "6", "6")
        consent(contract)
        contract.by("workshop", "calibrated", **CALIBRATION)
    assert contract.orders == [REQUEST, ORDER, REQUEST, ORDER]


@pytest.mark.parametrize(
    "change", [{"after": Decimal("5.1")}, {"after": Decimal("-5.1")}, {"certificate": ""}]
)
def test_what_is_no_calibration_is_refused(contract: Bench, change: dict[str, Any]) -> None:
    consent(contract)
    assert contract.refused("workshop", "calibrated", **(CALIBRATION | change)) == (
        "calibrated is what is within its limit and has a certificate"
    )


@pytest.mark.parametrize("after", ["5", "-5"])
def test_the_limit_itself_is_a_calibration(contract: Bench, after: str) -> None:
    consent(contract)
    contract.by("workshop", "calibrated", **(CALIBRATION | {"after": Decimal(after)}))
    assert contract.by("ward", "usable", device=PUMP) is True


def test_who_may_do_what(contract: Bench) -> None:
    later = contract.time_ms + DAY
    assert contract.refused("workshop", "consent", device=PUMP, until_ms=later) == (
        "only patient-office may consent"
    )
    assert contract.refused("hospital", "withdraw", device=PUMP) == (
        "only patient-office may withdraw a consent"
    )
    consent(contract)
    assert contract.refused("patient-office", "calibrated", **CALIBRATION) == (
        "only workshop may calibrate"
    )
    assert contract.refused("patient-office", "consent", device="nothing", until_ms=later) == (
        "there is no device nothing"
    )
    assert contract.refused(
        "patient-office", "consent", device=PUMP, until_ms=contract.time_ms
    ) == ("consent is for a time to come")


def test_parameters_replace_names_and_numbers() -> None:
    strict = Bench(NAME, limit=Decimal(1), confirm=1, office="ombudsman")
    strict.register(PUMP, "infusion-pump", "hospital")
    run(strict, 0, "1.1")
    assert strict.orders == [("consent_request", PUMP, "ombudsman")]


def test_a_pump_on_a_whole_chain() -> None:
    plant = Plant("hospital", "patient-office", "workshop", "authority")
    plant.register("hospital", "clinic", "environment", "hospital")
    plant.register("hospital", "care-path", "process", "care", "clinic")
    plant.register("hospital", "bed-12", "system", "bed", "care-path")
    plant.register("hospital", PUMP, "component", "infusion-pump", "bed-12", flow_error="P1")
    plant.deploy(NAME, "hospital")
    plant.measure("hospital", PUMP, rows_of(0, ["0.2", "5.4", "5.6", "6.2"]))
    assert plant.orders() == [REQUEST]
    assert plant.refuse("workshop", NAME, "calibrated", **CALIBRATION) == (
        "there is no consent to touch pump-301"
    )
    plant.answer("patient-office", plant.actions()[0], "acknowledged")
    plant.call("patient-office", NAME, "consent", device=PUMP, until_ms=plant.now_ms + DAY)
    assert plant.orders() == [REQUEST, ORDER]
    plant.answer("workshop", plant.actions()[1], "acknowledged", "tomorrow")
    plant.call("workshop", NAME, "calibrated", **CALIBRATION)
    plant.answer("workshop", plant.actions()[1], "completed", "C-1")
    assert plant.call("authority", NAME, "usable", device=PUMP) is True
    assert [one["certificate"] for one in plant.events("calibrated")] == ["C-1"]
