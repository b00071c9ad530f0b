"""Twins of a test: when their readings are of, and what became of them."""

import pytest

from contracts.kit.chain import Chain, Rejected
from contracts.kit.members import Clock, KitContract, propose
from contracts.kit.twins import Twins
from tests.unit.contracts.kit.stories import WATCH


@pytest.fixture
def ledger() -> Chain:
    return Chain()


def test_each_reading_is_newer_than_the_one_before_although_the_clock_stands_still(ledger):
    propose(ledger, "watch", WATCH, {})
    contract = KitContract(ledger, "watch")
    pump = Twins(ledger).add("pump-7", "pump", flow="MQH", speed="RPM")
    for value in ("1", None, "2", None):
        sent = pump.read(flow=value)
        assert (sent.accepted, sent.late, sent.duplicate) == (1, 0, 0)
    now = ledger.time_ms
    assert [one.key for one in contract.actions()] == [str(now + 1), str(now + 3)]
    pump.read(speed="5")
    (flow, speed) = [one.last for one in pump.record.properties]
    assert (flow.time_ms, speed.time_ms) == (now + 3, now + 4)
    Clock(ledger).forward(minutes=1)
    pump.read(flow="1")
    assert contract.state() == {"last/pump-7": ledger.time_ms}


def test_a_reading_of_a_time_that_is_not_new_says_so(ledger):
    pump = Twins(ledger).add("pump-7", "pump", flow="MQH")
    assert pump.read(100_000, flow="1").accepted == 1
    repeated = pump.read(100_000, flow="1")
    assert (repeated.accepted, repeated.late, repeated.duplicate) == (0, 0, 1)
    for time_ms in (100_000, 90_000):
        late = pump.read(time_ms, flow="2")
        assert (late.accepted, late.late, late.duplicate) == (0, 1, 0)
    assert late.receipt is ledger.receipts[-1]
    many = pump.read_many([(110_000, {"flow": 3}), (105_000, {"flow": 4})])
    assert (many.accepted, many.late) == (1, 1)


INSPECTED = """
from contracts.author import Attestation, Map, ctx, on_attestation

seen = Map(str)

@on_attestation(type="https://example.org/inspection/v1")
def inspected(statement: Attestation) -> None:
    files = ",".join(statement.files)
    seen[statement.id] = f"{statement.twin} {statement.model} {statement.issuer} {files}"
    ctx.emit("inspected", {"known": len(ctx.attestations(statement.twin))})
"""
INSPECTION = "https://example.org/inspection/v1"


def test_a_statement_wakes_those_who_wait_for_its_type(ledger):
    propose(ledger, "inspected", INSPECTED, {})
    contract = KitContract(ledger, "inspected")
    pump = Twins(ledger).add("pump-7", "pump", flow="MQH")
    pump.attest("https://example.org/calibration/v1", {"offset": 1})
    assert contract.state() == {}
    first = pump.attest(
        INSPECTION, {"result": "passed"}, files={"report.pdf": b"fine"}, sender="inspector"
    )
    second = pump.attest(INSPECTION)
    assert contract.state() == {
        f"seen/{first}": "pump-7 pump inspector report.pdf",
        f"seen/{second}": "pump-7 pump owner ",
    }
    assert [one.payload for one in contract.events("inspected")] == [{"known": 2}, {"known": 3}]
    assert pump.record.counts.attestations == 3


def test_the_same_statement_is_recorded_once(ledger):
    pump = Twins(ledger).add("pump-7", "pump", flow="MQH")
    pump.attest(INSPECTION)
    with pytest.raises(Rejected, match="VT-2031"):
        pump.attest(INSPECTION)
    pump.attest(INSPECTION, sender="grid")


def test_a_statement_about_a_twin_whose_owner_did_not_consent_wakes_nobody(ledger):
    propose(ledger, "inspected", INSPECTED, {})
    contract = KitContract(ledger, "inspected")
    pump = Twins(ledger).add("pump-9", "pump", owner="grid", flow="MQH")
    pump.attest(INSPECTION)
    assert contract.state() == {}
    contract.consent("grid")
    pump.attest(INSPECTION, {"again": True})
    assert len(contract.state()) == 1
