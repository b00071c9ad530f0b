"""Times and operations in words."""

from hashlib import sha256

import pytest

from chain.operations import Reading, Telemetry, TwinReadings, name_of
from chain.scalars import TwinId, UnixMillis
from chain.wording import describe_operation, format_time
from tests.vectors.sample import make_key, make_operations


@pytest.mark.parametrize(
    ("time_ms", "text"),
    [
        (0, "1970-01-01T00:00:00.000Z"),
        (1_423_306_802_007, "2015-02-07T11:00:02.007Z"),
        (253_402_300_799_999, "9999-12-31T23:59:59.999Z"),
        (253_402_300_800_000, "253402300800000 ms after 1970"),
        (2**53 - 1, "9007199254740991 ms after 1970"),
    ],
)
def test_times(time_ms: int, text: str) -> None:
    assert format_time(UnixMillis(time_ms)) == text


def test_operations_in_words() -> None:
    words = {name_of(o): describe_operation(o) for _, o in make_operations()}
    assert words == {
        "register_twin": "register twin R80790, a system of model wind-turbine",
        "register_key": "register key gateway-R80790 as gateway",
        "telemetry": "7 readings of R80790, R80790-rotor",
        "update_twin": "update twin R80790",
        "attest": "attestation about twin R80790",
        "deploy_contract": "deploy contract maintenance",
        "call": "call check of contract maintenance",
        "acknowledge": f"action {sha256(b'action').hexdigest()} acknowledged",
        "revoke_key": f"revoke key {make_key('gateway').public_key.hex()}",
    }


def test_many_twins_are_counted_not_listed() -> None:
    reading = Reading("p", "1", UnixMillis(0), "")
    batches = tuple(TwinReadings(TwinId(f"T{number}"), (reading,)) for number in range(6))
    assert describe_operation(Telemetry(batches)) == "6 readings of T0, T1, T2, T3 and 2 more"
    assert describe_operation(Telemetry(batches[:1])) == "1 reading of T0"
