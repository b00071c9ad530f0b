"""The bundled week holds what the demo promises: four turbines, one of which stands still."""

from datetime import UTC, datetime
from decimal import Decimal

from chain.scalars import TwinId
from node.ingest.source import open_data
from node.ingest.wind import WIND_CSV

TURBINES = ["R80711", "R80721", "R80736", "R80790"]


def millis(*when: int) -> int:
    return int(datetime(*when, tzinfo=UTC).timestamp()) * 1000  # type: ignore[misc, arg-type]


def test_four_turbines_report_every_ten_minutes_of_the_week() -> None:
    feed = open_data("wind")
    assert feed is not None
    assert feed.errors == ()
    expected = range(millis(2015, 2, 5), millis(2015, 2, 12), 600_000)
    for turbine in TURBINES:
        assert [r.time_ms for r in feed.records if r.twin == turbine] == list(expected)
    assert [outline.twin for outline in feed.twins] == [
        twin for turbine in TURBINES for twin in (turbine, f"{turbine}-rotor")
    ]


def test_one_turbine_stood_still_for_forty_hours_in_a_good_wind() -> None:
    feed = open_data("wind")
    assert feed is not None
    start, end = millis(2015, 2, 7, 11), millis(2015, 2, 9, 3)

    def mean(twin: TwinId, name: str, after: int, before: int) -> Decimal:
        values = [
            Decimal(reading.value)
            for record in feed.records
            if record.twin == twin and after <= record.time_ms < before
            for reading in record.batches[0].readings
            if reading.property == name
        ]
        return sum(values, Decimal()) / len(values)

    assert mean(TwinId("R80790"), "active_power", start, end) < 0
    assert Decimal("7.3") < mean(TwinId("R80790"), "wind_speed", start, end) < Decimal("7.6")
    assert mean(TwinId("R80711"), "active_power", start, end) > 500
    assert mean(TwinId("R80790"), "active_power", start - 3_600_000, start - 600_000) > 700


def test_the_credit_stands_beside_the_data() -> None:
    licence = WIND_CSV.with_name("la-haute-borne-2015-02-licence.txt").read_text()
    assert "Credit    ENGIE" in licence
    assert "Open Licence, version 2.0" in licence
