"""What native work costs, and that the limits of gas hold for it."""

from chain.genesis import Limits
from chain.operations import Telemetry, TwinReadings
from chain.scalars import TwinId
from contracts.native.prices import BASE_GAS, KEY_GAS, READING_GAS
from tests.unit.contracts.support import (
    TURBINE,
    Ledger,
    check_refused,
    make_reading,
    make_telemetry,
    make_turbine,
    telemetry_gas,
)


def test_readings_properties_and_batches_have_a_price():
    ledger = Ledger()
    ledger.register_turbine()
    ledger.register_turbine("R2")
    assert ledger.apply_ok(make_telemetry()).gas_used == telemetry_gas()
    three = [make_reading(time_ms=ledger.block.time_ms + number) for number in range(1, 4)]
    assert ledger.apply_ok(make_telemetry(*three)).gas_used == telemetry_gas(readings=3)
    both = Telemetry(
        tuple(TwinReadings(TwinId(twin), (make_reading(),)) for twin in (TURBINE, "R2"))
    )
    assert ledger.apply_ok(both).gas_used == telemetry_gas(2)


def test_every_key_that_is_written_has_a_price():
    ledger = Ledger()
    alone = ledger.apply_ok(make_turbine())
    assert alone.gas_used == BASE_GAS + KEY_GAS
    part = ledger.apply_ok(make_turbine("rotor", kind="component", parent=TURBINE))
    assert part.gas_used == BASE_GAS + 2 * KEY_GAS, "the twin, and its place under its parent"


def test_a_refused_transaction_costs_what_looking_at_it_took():
    ledger = Ledger()
    receipt = ledger.apply(make_telemetry(twin="nobody"))
    assert receipt.code == "VT-2020"
    assert receipt.gas_used == telemetry_gas(properties=0) - KEY_GAS


def test_more_readings_than_a_transaction_may_cost_are_refused_before_any_work():
    ledger = Ledger(Limits(gas_per_transaction_max=BASE_GAS + 1_000))
    ledger.register_turbine()
    readings = [make_reading(time_ms=number) for number in range(10)]
    wanted = telemetry_gas(readings=10, properties=0) - KEY_GAS
    check_refused(
        ledger,
        ledger.apply(make_telemetry(*readings)),
        "VT-2047",
        f"Its next step costs {wanted} units of gas; {BASE_GAS + 1_000} are left.",
    )
    assert ledger.twin().counts.accepted == 0


def test_keys_that_cannot_be_paid_for_are_not_written():
    limit = telemetry_gas() - 1
    ledger = Ledger()
    ledger.register_turbine()
    ledger.block.gas.charge(ledger.block.gas.left - limit)
    check_refused(
        ledger,
        ledger.apply(make_telemetry()),
        "VT-2047",
        f"Its next step costs {KEY_GAS} units of gas; {KEY_GAS - 1} are left.",
    )
    assert ledger.twin().counts.accepted == 0


def test_a_block_has_room_for_thousands_of_small_batches():
    limits = Limits()
    room = limits.gas_per_block_max - limits.gas_per_transaction_max
    assert room // telemetry_gas(readings=10) > 3_000
    assert room // READING_GAS >= 150_000
