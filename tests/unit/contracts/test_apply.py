import pytest

from chain.codec import encode
from chain.errors import Busy, Corruption
from chain.receipt import Receipt
from contracts import state_keys
from tests.unit.contracts.support import (
    TURBINE,
    Ledger,
    check_refused,
    make_reading,
    make_telemetry,
    make_turbine,
    telemetry_gas,
)


def test_a_receipt_tells_what_a_transaction_did():
    ledger = Ledger()
    ledger.register_turbine()
    receipt = ledger.apply(make_telemetry())
    assert receipt == Receipt(
        transaction=receipt.transaction,
        code="ok",
        message="",
        gas_used=telemetry_gas(),
        result=receipt.result,
        events=receipt.events,
        index=1,
    )
    assert receipt.is_ok
    assert [event.name for event in receipt.events] == ["readings_recorded"]


def test_a_refused_transaction_has_a_receipt_and_changes_nothing():
    ledger = Ledger()
    ledger.register_turbine()
    before = ledger.overlay.writes()
    receipt = ledger.apply(make_telemetry(make_reading(), make_reading(unit="MTS")))
    check_refused(
        ledger,
        receipt,
        "VT-2025",
        "Reading 1 of R80711 says MTS; property active_power is measured in KWT.",
    )
    assert (receipt.is_ok, receipt.index) == (False, 1)
    assert ledger.overlay.writes() == before


def test_later_transactions_of_a_block_see_earlier_ones():
    ledger = Ledger()
    check_refused(
        ledger,
        ledger.apply(make_telemetry()),
        "VT-2020",
        "Twin R80711 is not registered on this chain.",
    )
    ledger.apply_ok(make_turbine())
    ledger.apply_ok(make_telemetry())


def test_the_same_block_gives_the_same_receipts_and_writes():
    results = []
    for _ in range(2):
        ledger = Ledger()
        receipts = [ledger.apply(make_turbine()), ledger.apply(make_telemetry())]
        results.append(([encode(receipt) for receipt in receipts], ledger.overlay.writes()))
    assert results[0] == results[1]


def test_a_message_is_cut_to_what_a_receipt_may_hold():
    ledger = Ledger()
    ledger.register_turbine()
    receipt = ledger.apply(make_telemetry(make_reading(property="p" * 600)))
    assert receipt.code == "VT-2024"
    assert len(receipt.message) == 512


def test_damaged_state_stops_the_node_instead_of_becoming_a_result():
    ledger = Ledger()
    ledger.overlay.put(state_keys.twin_key(TURBINE), b"\x93")
    with pytest.raises(Corruption, match="VT-2090: 1 bytes of committed state"):
        ledger.apply(make_telemetry())
    assert ledger.overlay.depth == 0


def test_what_is_no_result_passes_through(monkeypatch):
    ledger = Ledger()

    def overload(*arguments: object) -> bytes:
        raise Busy("VT-2042", contract="x")

    monkeypatch.setattr("contracts.apply.record_telemetry", overload)
    with pytest.raises(Busy):
        ledger.apply(make_telemetry())
    assert ledger.overlay.depth == 0
