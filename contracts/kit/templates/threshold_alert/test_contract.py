"""Tests of the contract: `veritwin contract test`, or pytest."""


def test_three_hot_readings_in_a_row_open_one_order(deploy, twins, clock):
    """Three hot readings in a row open one order."""
    contract = deploy("CONTRACT.py")
    pump = twins.add("pump-7", model="pump", temperature="CEL")
    for temperature in ("79", "81", "82", "83", "84"):
        clock.forward(minutes=10)
        pump.read(temperature=temperature)
    (order,) = contract.actions()
    assert order.title == "pump-7 runs at 83.0 degrees"
    assert order.addressee == "workshop"


def test_a_cool_reading_begins_the_count_anew(deploy, twins, clock):
    """A cool reading begins the count anew."""
    contract = deploy("CONTRACT.py", in_a_row=2)
    pump = twins.add("pump-7", model="pump", temperature="CEL")
    for temperature in ("81", "79", "81"):
        clock.forward(minutes=10)
        pump.read(temperature=temperature)
    assert contract.actions() == []


def test_only_a_pump_that_was_seen_can_be_forgotten(deploy, expect_reject):
    """Only a pump that was seen can be forgotten."""
    contract = deploy("CONTRACT.py")
    with expect_reject("VT-4101", "has never been seen"):
        contract.call("forget", twin="pump-7")
