"""The standard contract on synthetic hours and on two real winters."""

from __future__ import annotations

import csv
import datetime
import gzip
from collections.abc import Iterator
from pathlib import Path
from typing import TextIO

import pytest

from chain.values import decode_value
from contracts.inprocess import InProcessExecutor
from tests.unit.contracts.memory_host import Deployed

SOURCE = Path("contracts/standard/maintenance_by_power_curve.py")
BAD = 0x80000000
MINUTE = 60_000
START = 1_400_000_000_000

Row = tuple[str, int, str, str]
"""Turbine, time in milliseconds, active power, wind speed; "" is missing."""


@pytest.fixture
def contract(repository: Path) -> Deployed:
    return Deployed((repository / SOURCE).read_text(), InProcessExecutor())


def feed(contract: Deployed, *samples: tuple[int, str, str], twin: str = "R80790") -> None:
    """Send samples (minute, power, wind) in one transaction."""
    readings = []
    for minute, power, wind in samples:
        for name, value in (("active_power", power), ("wind_speed", wind)):
            quality = 0 if value else BAD
            readings.append((name, value, START + minute * MINUTE, quality))
    execution = contract.update(twin, *readings)
    assert execution.status == "ok", execution


def run(contract: Deployed, begin: int, end: int, power: str, wind: str, step: int = 10) -> None:
    """Send equal samples from minute `begin` up to `end`, one transaction each."""
    for minute in range(begin, end, step):
        feed(contract, (minute, power, wind))


def test_standing_still_in_wind_opens_one_order(contract: Deployed) -> None:
    run(contract, 0, 60, "700", "7.5")
    run(contract, 60, 600, "-1.4", "7.5")
    [order] = contract.host.actions
    assert order.kind == "maintenance_order"
    assert order.twin == "R80790"
    assert order.addressee == "windcare"
    assert order.title == "R80790: below 50 % of its power curve for 3.0 h of wind"
    details = decode_value(order.details)
    assert isinstance(details, dict)
    assert details["poor_minutes"] == 180
    assert details["since_ms"] == START + 50 * MINUTE
    assert details["until_ms"] == START + 230 * MINUTE


def test_just_short_of_the_time_opens_nothing(contract: Deployed) -> None:
    run(contract, 0, 60, "700", "7.5")
    run(contract, 60, 230, "0", "7.5")
    assert contract.host.actions == []
    run(contract, 230, 240, "0", "7.5")
    assert len(contract.host.actions) == 1


def test_running_on_the_curve_opens_nothing(contract: Deployed) -> None:
    for hour, (power, wind) in enumerate(
        [("130", "5"), ("720", "7.5"), ("1370", "10"), ("2030", "17"), ("80", "5.2")]
    ):
        run(contract, hour * 60, hour * 60 + 60, power, wind)
    assert contract.host.actions == []


def test_calm_opens_nothing(contract: Deployed) -> None:
    run(contract, 0, 3_000, "-1.3", "3.9")
    assert contract.host.actions == []


def test_a_storm_above_cut_out_opens_nothing(contract: Deployed) -> None:
    run(contract, 0, 3_000, "0", "26")
    assert contract.host.actions == []


def test_missing_values_open_nothing(contract: Deployed) -> None:
    run(contract, 0, 3_000, "", "8")
    run(contract, 3_000, 6_000, "0", "")
    assert contract.host.actions == []


def test_a_missing_value_neither_counts_nor_resets(contract: Deployed) -> None:
    run(contract, 0, 100, "0", "8")
    run(contract, 100, 1_000, "", "8")
    run(contract, 1_000, 1_080, "0", "8")
    assert contract.host.actions == []  # 90 + 80 minutes; the first sample adds no time
    run(contract, 1_080, 1_090, "0", "8")
    assert len(contract.host.actions) == 1


def test_a_calm_neither_counts_nor_resets(contract: Deployed) -> None:
    run(contract, 0, 100, "0", "8")
    run(contract, 100, 1_000, "0", "2")
    run(contract, 1_000, 1_080, "0", "8")
    assert contract.host.actions == []
    run(contract, 1_080, 1_090, "0", "8")
    assert len(contract.host.actions) == 1


def test_a_long_gap_counts_nothing(contract: Deployed) -> None:
    for day in range(10):
        run(contract, day * 1440, day * 1440 + 10, "0", "8")
    assert contract.host.actions == []


def test_working_again_ends_the_event_and_a_later_one_is_new(contract: Deployed) -> None:
    run(contract, 0, 400, "0", "8")
    run(contract, 400, 500, "850", "8")
    assert [name for name, _ in contract.host.events] == ["performs_again"]
    run(contract, 500, 900, "0", "8")
    assert len(contract.host.actions) == 2
    assert len({order.key for order in contract.host.actions}) == 2


def test_one_good_sample_does_not_end_an_event(contract: Deployed) -> None:
    run(contract, 0, 100, "0", "8")
    feed(contract, (100, "850", "8"))
    run(contract, 110, 220, "0", "8")
    assert len(contract.host.actions) == 1


def test_half_power_for_hours_is_poor_too(contract: Deployed) -> None:
    run(contract, 0, 400, "300", "8")
    assert len(contract.host.actions) == 1


def test_one_minute_values_lead_to_the_same_order(contract: Deployed) -> None:
    run(contract, 0, 60, "700", "7.5", step=1)
    run(contract, 60, 600, "0", "7.5", step=1)
    [order] = contract.host.actions
    details = decode_value(order.details)
    assert isinstance(details, dict)
    assert details["since_ms"] == START + 59 * MINUTE
    assert details["until_ms"] == START + 239 * MINUTE


def test_one_batch_or_many_lead_to_the_same_order(contract: Deployed, repository: Path) -> None:
    samples = [(minute, "0", "8") for minute in range(0, 600, 10)]
    for sample in samples:
        feed(contract, sample)
    other = Deployed((repository / SOURCE).read_text(), InProcessExecutor())
    feed(other, *samples)
    assert [order.key for order in other.host.actions] == [
        order.key for order in contract.host.actions
    ]
    assert other.host.state == contract.host.state


def test_a_late_reading_changes_nothing(contract: Deployed) -> None:
    run(contract, 0, 100, "0", "8")
    before = dict(contract.host.state)
    feed(contract, (50, "850", "8"))
    feed(contract, (90, "850", "8"))
    assert contract.host.state == before


def test_readings_out_of_order_inside_a_batch_are_sorted(contract: Deployed) -> None:
    minutes = list(range(0, 300, 10))
    feed(contract, *[(minute, "0", "8") for minute in reversed(minutes)])
    assert len(contract.host.actions) == 1


def test_power_and_wind_may_come_in_two_transactions(contract: Deployed) -> None:
    for minute in range(0, 300, 10):
        time_ms = START + minute * MINUTE
        contract.host.twins["R80790"] = {
            "id": "R80790",
            "model": "wind-turbine",
            "owner": "borne-energie",
            "properties": {
                "active_power": {
                    "value": "0",
                    "time_ms": time_ms,
                    "unit": "KWT",
                    "quality": 0,
                    "sequence": 0,
                }
            },
        }
        contract.update("R80790", ("active_power", "0", time_ms))
        contract.update("R80790", ("wind_speed", "8", time_ms))
    assert len(contract.host.actions) == 1


def test_turbines_do_not_share_anything(contract: Deployed) -> None:
    for minute in range(0, 400, 10):
        feed(contract, (minute, "0", "8"), twin="R80711")
        feed(contract, (minute, "850", "8"), twin="R80721")
    assert [order.twin for order in contract.host.actions] == ["R80711"]


def test_parameters_replace_the_numbers(repository: Path) -> None:
    source = (repository / SOURCE).read_text()
    strict = Deployed(
        source,
        InProcessExecutor(),
        {
            "poor_minutes": 30,
            "addressee": "certis",
            "curve": [[3, 0], [10, 1000]],
        },
    )
    run(strict, 0, 60, "300", "8")
    [order] = strict.host.actions
    assert order.addressee == "certis"


def test_a_wake_reads_one_record_and_writes_one(contract: Deployed) -> None:
    run(contract, 0, 20, "0", "8")
    contract.host.asked.clear()
    run(contract, 20, 30, "0", "8")
    assert contract.host.asked == {"get": 1, "put": 1}


# Real records.


def read_rows(stream: TextIO) -> Iterator[Row]:
    for row in csv.DictReader(stream):
        time_ms = int(datetime.datetime.fromisoformat(row["Date_time"]).timestamp() * 1000)
        yield row["Wind_turbine_name"], time_ms, row["P_avg"], row["Ws_avg"]


def play(contract: Deployed, rows: list[Row]) -> None:
    """Send each turbine's rows in transactions of one hour."""
    batches: dict[tuple[str, int], list[Row]] = {}
    for row in rows:
        batches.setdefault((row[0], row[1] // 3_600_000), []).append(row)
    for (twin, _), batch in sorted(batches.items(), key=lambda item: item[0][1]):
        readings = []
        for _, time_ms, power, wind in batch:
            readings.append(("active_power", power, time_ms, 0 if power else BAD))
            readings.append(("wind_speed", wind, time_ms, 0 if wind else BAD))
        execution = contract.update(twin, *readings)
        assert execution.status == "ok", execution


def find_stoppages(rows: list[Row]) -> list[tuple[str, int]]:
    """Find long stoppages without the contract: (turbine, first time).

    A run of rows at 5 m/s and more with at most 5 kW, three hours of them; rows with less wind or
    without values neither belong to a run nor end it.
    """
    found = []
    for twin in sorted({row[0] for row in rows}):
        still: list[int] = []
        for _, time_ms, power, wind in sorted(row for row in rows if row[0] == twin):
            if not power or not wind or not 5 <= float(wind) <= 20:
                continue
            if float(power) <= 5:
                still.append(time_ms)
                if len(still) == 18:
                    found.append((twin, still[0]))
            else:
                still = []
    return found


def ordered(contract: Deployed) -> list[tuple[str, int]]:
    """Give the orders as (turbine, begin of the event)."""
    return [(order.twin, int(order.key.removeprefix("since-"))) for order in contract.host.actions]


def time_of(text: str) -> int:
    return int(datetime.datetime.fromisoformat(text).timestamp() * 1000)


def test_real_records_of_early_2014(contract: Deployed, shared: Path) -> None:
    path = shared / "data" / "wind-la-haute-borne" / "scada-2014-01-02.csv"
    with path.open() as stream:
        rows = list(read_rows(stream))
    play(contract, rows)
    orders = ordered(contract)
    assert find_stoppages(rows) == [("R80790", time_of("2014-01-28T15:20+00:00"))]
    assert orders == [("R80790", time_of("2014-01-28T15:10+00:00"))]


def test_real_records_of_february_2015(contract: Deployed, repository: Path) -> None:
    path = repository / "node" / "ingest" / "data" / "la-haute-borne-2015-02.csv.gz"
    if not path.is_file():
        pytest.skip("needs the extract of February 2015 that comes with node/ingest")
    with gzip.open(path, "rt") as stream:
        rows = list(read_rows(stream))
    play(contract, rows)
    orders = ordered(contract)
    assert find_stoppages(rows) == [("R80790", time_of("2015-02-07T11:00+00:00"))]
    assert orders == [("R80790", time_of("2015-02-07T10:50+00:00"))]
