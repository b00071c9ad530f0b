import pytest

from chain.genesis import Limits
from chain.operations import (
    BAD_QUALITY_NO_DATA,
    PropertyDefinition,
    Telemetry,
    TwinReadings,
)
from chain.scalars import TwinId
from contracts.records import LastValue, TwinCounts
from tests.unit.contracts.support import (
    NOW,
    TURBINE,
    Ledger,
    check_refused,
    make_reading,
    make_telemetry,
    payload_of,
    result_of,
)

UNCERTAIN = 0x40000000


@pytest.fixture
def ledger() -> Ledger:
    ledger = Ledger()
    ledger.register_key("gateway-1", "borne-energie", "gateway")
    ledger.register_turbine()
    return ledger


def last_power(ledger: Ledger) -> LastValue:
    found = ledger.twin().get_property("active_power")
    assert found is not None
    assert found.last is not None
    return found.last


def test_a_reading_becomes_the_last_value_and_says_where_it_stands(ledger):
    ledger.begin_block(NOW + 5)
    wind = make_reading(property="wind_speed", unit="MTS", value="7.5")
    receipt = ledger.apply(make_telemetry(wind, make_reading(sequence=9)), "gateway-1")
    assert result_of(receipt) == {"accepted": 2, "late": 0, "duplicate": 0}
    assert last_power(ledger) == LastValue(
        "1500.5", NOW, 0, 9, receipt.transaction, leaf=1, height=2
    )
    assert ledger.twin().counts == TwinCounts(accepted=2)
    assert ledger.twin().updated_height == 2


def test_each_twin_of_a_batch_reports_once(ledger):
    ledger.register_turbine("R2")
    batches = tuple(
        TwinReadings(TwinId(twin), (make_reading(time_ms=NOW + offset),))
        for offset, twin in enumerate((TURBINE, "R2", TURBINE))
    )
    receipt = ledger.apply(Telemetry(batches), "gateway-1")
    assert [(event.name, event.subject, payload_of(event)) for event in receipt.events] == [
        ("readings_recorded", TURBINE, {"accepted": 2, "late": 0, "duplicate": 0}),
        ("readings_recorded", "R2", {"accepted": 1, "late": 0, "duplicate": 0}),
    ]
    assert last_power(ledger).leaf == 2


def test_many_readings_of_one_property_are_taken_in_order(ledger):
    readings = [make_reading(time_ms=NOW + offset, value=str(offset)) for offset in (1, 2, 3)]
    receipt = ledger.apply(make_telemetry(*readings), "gateway-1")
    assert result_of(receipt) == {"accepted": 3, "late": 0, "duplicate": 0}
    assert last_power(ledger).value == "3"


def test_an_older_reading_is_late_and_keeps_the_last_value(ledger):
    ledger.apply_ok(make_telemetry(), "gateway-1")
    before = last_power(ledger)
    receipt = ledger.apply(make_telemetry(make_reading(time_ms=NOW - 1)), "gateway-1")
    assert result_of(receipt) == {"accepted": 0, "late": 1, "duplicate": 0}
    assert last_power(ledger) == before
    assert ledger.twin().counts == TwinCounts(accepted=1, late=1)


def test_the_same_reading_again_is_a_duplicate(ledger):
    ledger.apply_ok(make_telemetry(), "gateway-1")
    before = last_power(ledger)
    receipt = ledger.apply(make_telemetry(make_reading(sequence=2)), "gateway-1")
    assert result_of(receipt) == {"accepted": 0, "late": 0, "duplicate": 1}
    assert last_power(ledger) == before
    assert ledger.twin().counts == TwinCounts(accepted=1, duplicate=1)


@pytest.mark.parametrize("change", [{"value": "1500.6"}, {"quality": UNCERTAIN}])
def test_of_two_readings_of_one_time_that_conflict_the_first_holds(ledger, change):
    receipt = ledger.apply(make_telemetry(make_reading(), make_reading(**change)), "gateway-1")
    assert result_of(receipt) == {"accepted": 1, "late": 1, "duplicate": 0}
    assert (last_power(ledger).value, last_power(ledger).quality) == ("1500.5", 0)


def test_readings_out_of_order_inside_a_batch(ledger):
    times = (NOW, NOW + 2, NOW + 1, NOW + 2)
    batch = make_telemetry(*[make_reading(time_ms=time_ms) for time_ms in times])
    assert result_of(ledger.apply(batch, "gateway-1")) == {
        "accepted": 2,
        "late": 1,
        "duplicate": 1,
    }


def test_a_missing_value_of_bad_quality_replaces_the_last_value(ledger):
    ledger.apply_ok(make_telemetry(), "gateway-1")
    missing = make_reading(value="", quality=BAD_QUALITY_NO_DATA, time_ms=NOW + 1)
    assert result_of(ledger.apply(make_telemetry(missing), "gateway-1")) == {
        "accepted": 1,
        "late": 0,
        "duplicate": 0,
    }
    assert (last_power(ledger).value, last_power(ledger).quality) == ("", BAD_QUALITY_NO_DATA)


def test_a_doubtful_value_is_taken_with_its_quality(ledger):
    for offset, quality in enumerate((UNCERTAIN, 0x80000000)):
        reading = make_reading(quality=quality, time_ms=NOW + offset)
        ledger.apply_ok(make_telemetry(reading), "gateway-1")
        assert (last_power(ledger).value, last_power(ledger).quality) == ("1500.5", quality)


@pytest.mark.parametrize("value", ["0", "-0.5", "12", "0.000", "1" * 40, "-" + "1" * 40])
def test_plain_decimal_numbers_are_values(ledger, value):
    ledger.apply_ok(make_telemetry(make_reading(value=value)), "gateway-1")
    assert last_power(ledger).value == value


@pytest.mark.parametrize(
    "value",
    ["", "1e3", "+1", "01", ".5", "1.", "1,5", " 1", "1\n", "NaN", "٣", "\U0001fae8", "1" * 41],
)
def test_anything_else_is_no_value(ledger, value):
    batch = make_telemetry(make_reading(time_ms=NOW - 1), make_reading(value=value))
    check_refused(
        ledger,
        ledger.apply(batch, "gateway-1"),
        "VT-2028",
        f"Reading 1 of property active_power has value {value!a}, which is not a plain decimal "
        "number of at most 40 digits.",
    )


def test_only_bad_quality_may_have_no_value(ledger):
    batch = make_telemetry(make_reading(value="", quality=UNCERTAIN))
    check_refused(
        ledger,
        ledger.apply(batch, "gateway-1"),
        "VT-2028",
        "Reading 0 of property active_power has value '', which is not a plain decimal number of "
        "at most 40 digits.",
    )


def test_the_reserved_severity_is_no_quality(ledger):
    batch = make_telemetry(make_reading(quality=0xC0000001))
    check_refused(
        ledger,
        ledger.apply(batch, "gateway-1"),
        "VT-2032",
        "Reading 0 of property active_power has quality 0xC0000001, which is neither good, "
        "uncertain nor bad.",
    )


def test_the_unit_is_that_of_the_property(ledger):
    batch = make_telemetry(make_reading(unit="MAW"))
    check_refused(
        ledger,
        ledger.apply(batch, "gateway-1"),
        "VT-2025",
        "Reading 0 of R80711 says MAW; property active_power is measured in KWT.",
    )
    batch = make_telemetry(make_reading(unit=""))
    check_refused(
        ledger,
        ledger.apply(batch, "gateway-1"),
        "VT-2025",
        "Reading 0 of R80711 says no unit; property active_power is measured in KWT.",
    )


def test_a_plain_number_has_no_unit(ledger):
    ledger.register_turbine("R2", properties=(PropertyDefinition("starts", ""),))
    reading = make_reading(property="starts", unit="", value="3")
    ledger.apply_ok(make_telemetry(reading, twin="R2"), "gateway-1")
    batch = make_telemetry(make_reading(property="starts", unit="C62"), twin="R2")
    check_refused(
        ledger,
        ledger.apply(batch, "gateway-1"),
        "VT-2025",
        "Reading 0 of R2 says C62; property starts is measured in no unit.",
    )


def test_an_unknown_property_is_refused_by_its_position_in_the_transaction(ledger):
    batches = (
        TwinReadings(TURBINE, (make_reading(), make_reading())),
        TwinReadings(TURBINE, (make_reading(), make_reading(property="torque"))),
    )
    check_refused(
        ledger,
        ledger.apply(Telemetry(batches), "gateway-1"),
        "VT-2024",
        "Reading 3 is of property torque, which twin R80711 does not define.",
    )


def test_the_future_begins_after_the_tolerance_of_genesis():
    ledger = Ledger(Limits(reading_future_ms_max=1_000))
    ledger.register_turbine()
    ledger.apply_ok(make_telemetry(make_reading(time_ms=NOW + 1_000)))
    check_refused(
        ledger,
        ledger.apply(make_telemetry(make_reading(time_ms=NOW + 1_001))),
        "VT-2026",
        f"Time {NOW + 1_001} of reading 0 is over 1000 ms after block time {NOW}.",
    )


def test_an_unknown_twin_and_a_stranger_are_refused(ledger):
    check_refused(
        ledger,
        ledger.apply(make_telemetry(twin="R9"), "gateway-1"),
        "VT-2020",
        "Twin R9 is not registered on this chain.",
    )
    ledger.register_key("gateway-2", "gridlink", "gateway")
    check_refused(
        ledger,
        ledger.apply(make_telemetry(), "gateway-2"),
        "VT-2021",
        "Twin R80711 belongs to borne-energie; the sender belongs to gridlink.",
    )


@pytest.mark.parametrize("operation", [Telemetry(()), Telemetry((TwinReadings(TURBINE, ()),))])
def test_an_empty_batch_is_refused(ledger, operation):
    check_refused(
        ledger,
        ledger.apply(operation, "gateway-1"),
        "VT-2027",
        "A telemetry transaction needs at least one reading for each twin it names.",
    )


def test_one_wrong_reading_undoes_the_whole_batch(ledger):
    before = ledger.twin()
    wrong = make_reading(property="wind_speed", unit="KWT")
    receipt = ledger.apply(make_telemetry(make_reading(), wrong), "gateway-1")
    check_refused(
        ledger,
        receipt,
        "VT-2025",
        "Reading 1 of R80711 says KWT; property wind_speed is measured in MTS.",
    )
    assert ledger.twin() == before
