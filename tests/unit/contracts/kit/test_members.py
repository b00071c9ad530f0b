"""What tests hold in their hands."""

import pytest

from contracts.kit.chain import Chain, Rejected
from contracts.kit.members import Clock, KitContract, Organisations, Twins, propose
from tests.unit.contracts.native.lifecycle import FIRST, NAME, SECOND

WATCH = """
from contracts.author import Update, ctx, on_update, Map

last = Map(int)

@on_update(model="pump", properties=["flow"])
def watch(update: Update) -> None:
    for reading in update.readings:
        if reading.value is None:
            ctx.open_action(kind="look", twin=update.twin, key=str(reading.time_ms),
                title="no value", addressee="workshop")
        else:
            last[update.twin] = reading.time_ms
"""


@pytest.fixture
def ledger() -> Chain:
    return Chain()


def test_a_contract_lives_through_versions(ledger):
    propose(ledger, NAME, FIRST, {})
    contract = KitContract(ledger, NAME)
    assert contract.call("add", amount=5) == 5
    contract.upgrade(SECOND)
    assert contract.call("add", sender="grid", amount=1) == 11001
    assert contract.state() == {"total": 11, "times": 1}
    contract.pause()
    with pytest.raises(Rejected, match="VT-2079"):
        contract.call("add", amount=1)
    contract.resume()
    contract.roll_back(1)
    assert contract.call("add", amount=1) == 12
    assert contract.record.version == 3


def test_twins_send_readings_and_actions_are_answered(ledger):
    propose(ledger, "watch", WATCH, {})
    contract, clock = KitContract(ledger, "watch"), Clock(ledger)
    pump = Twins(ledger).add("pump-7", "pump", flow="MQH")
    clock.forward(minutes=1)
    pump.read(flow="1.5")
    clock.forward(hours=1)
    pump.read(flow=None)
    (action,) = contract.actions("open")
    contract.answer(action)
    contract.answer(action, "completed", "cleaned")
    assert contract.actions("open") == []
    assert [one.name for one in ledger.events()][-1].startswith("action")
    assert pump.record.counts.accepted == 2
    assert contract.state() == {"last/pump-7": clock.time_ms - 3_600_000}


def test_organisations_are_named(ledger):
    members = Organisations(ledger.organisations)
    assert (members.workshop, members[0], len(members)) == ("workshop", "owner", 4)
    with pytest.raises(AttributeError, match="nobody is no member"):
        _ = members.nobody
