"""What tests hold in their hands."""

from decimal import Decimal

import pytest

from chain.errors import InvalidInput
from contracts import state_keys
from contracts.kit.chain import Chain, Rejected
from contracts.kit.members import Clock, KitContract, Organisations, propose
from contracts.kit.twins import Twins
from contracts.records import ContractRecord
from tests.unit.contracts.kit.stories import WATCH
from tests.unit.contracts.native.lifecycle import FIRST, NAME, SECOND


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


ASKING = '''"""Ask for a look at once, with a deadline."""

from contracts.author import ActionChange, Decimal, Update, ctx, on_action, on_update, Map

LIMIT = Decimal("8.0")

told = Map(str)


@on_update(model="room", properties=["temperature"])
def watch(update: Update) -> None:
    """Ask when it is warm."""
    for reading in update.readings:
        if reading.value is not None and reading.value > ctx.parameter("limit", LIMIT):
            ctx.open_action(
                kind="look",
                twin=update.twin,
                key="warm",
                title="warm",
                addressee=ctx.parameter("quality", "inspector"),
                details={"value": reading.value},
                deadline_ms=ctx.time_ms + 4 * 3_600_000,
                escalate_to="owner",
            )
            ctx.emit("warm", {"value": reading.value, "who": ctx.parameter("quality", "inspector")})


@on_action
def answered(change: ActionChange) -> None:
    """Note what became of it."""
    told[change.change] = change.organisation
'''


@pytest.fixture
def asking(ledger):
    propose(ledger, "asking", ASKING, {"limit": 9, "quality": "grid"})
    return KitContract(ledger, "asking")


@pytest.fixture
def room(ledger, asking):
    return Twins(ledger).add("room-1", "room", temperature="CEL")


def test_a_deadline_passes_and_who_it_escalates_to_answers(ledger, asking, room):
    room.read(temperature="9.5")
    (action,) = asking.actions()
    assert (action.addressee, action.details, action.escalate_to) == (
        "grid",
        {"value": Decimal("9.5")},
        "owner",
    )
    assert action.deadline_ms == action.opened_time_ms + 4 * 3_600_000
    assert not action.is_overdue
    with pytest.raises(Rejected, match="VT-2051"):
        asking.answer(action, sender="owner")
    Clock(ledger).forward(hours=4)
    (action,) = asking.actions("open")
    assert action.is_overdue
    asking.answer(action, sender="owner")
    asking.answer(action, "completed", "moved", sender="owner")
    assert asking.state() == {
        "told/overdue": "",
        "told/acknowledged": "owner",
        "told/completed": "owner",
    }
    assert [one.status for one in asking.actions()] == ["completed"]


def test_events_can_be_read(asking, room):
    room.read(temperature="9.5")
    (event,) = asking.events("warm")
    assert (event.source, event.name) == ("asking", "warm")
    assert event.payload == {"value": Decimal("9.5"), "who": "grid"}


def test_parameters_fit_the_source_as_they_do_on_a_network(ledger, asking, room):
    room.read(temperature="8.5")
    assert asking.actions() == []
    with pytest.raises(InvalidInput, match="the source reads no limt; it reads limit, quality"):
        propose(ledger, "other", ASKING, {"limt": 9})


def test_an_upgrade_keeps_the_parameters_that_are_not_given(asking, room):
    asking.upgrade(ASKING.replace("at once", "soon"), limit=7)
    room.read(temperature="7.5")
    assert [one.addressee for one in asking.actions()] == ["grid"]


def test_a_source_is_taken_from_its_file(ledger, tmp_path):
    (tmp_path / "second.py").write_text(SECOND, encoding="utf-8")
    propose(ledger, NAME, FIRST, {})
    contract = KitContract(ledger, NAME, tmp_path)
    contract.upgrade("second.py")
    assert contract.call("add", amount=1) == 1001
    assert ledger.executor.files[bytes(contract.record.source_hash)] == str(tmp_path / "second.py")


def read_of(ledger, contract, owner):
    """Let a twin of an organisation send a reading; tell whether the contract heard of it."""
    name = f"{owner}-{ledger.height}"
    Twins(ledger).add(name, "pump", owner=owner, flow="MQH").read(flow="1")
    return f"last/{name}" in contract.state()


def test_a_contract_hears_of_those_who_approved_it_and_of_those_who_consented(ledger):
    propose(ledger, "watch", WATCH, {})
    contract = KitContract(ledger, "watch")
    heard = [one for one in ledger.organisations if read_of(ledger, contract, one)]
    assert heard == ["owner", "workshop", "inspector"], "three of four are enough"
    contract.consent("grid")
    assert read_of(ledger, contract, "grid")
    contract.consent("grid", is_given=False)
    assert not read_of(ledger, contract, "grid")


def test_a_foreign_contract_needs_the_owners_consent(ledger):
    approvers = ["workshop", "inspector"]
    propose(ledger, "watch", WATCH, {}, sender="grid", approvers=approvers)
    contract = KitContract(ledger, "watch")
    assert contract.record.owner == "grid"
    assert not read_of(ledger, contract, "owner")
    contract.consent("owner")
    assert read_of(ledger, contract, "owner")


def test_an_upgrade_needs_consent_anew(ledger):
    propose(ledger, "watch", WATCH, {})
    contract = KitContract(ledger, "watch")
    contract.consent("grid")
    contract.upgrade(WATCH + "\n# second\n")
    assert not read_of(ledger, contract, "grid")
    others = ["workshop", "inspector"]
    contract.upgrade(WATCH + "\n# third\n", sender="grid", approvers=others)
    assert not read_of(ledger, contract, "owner"), "it is its own contract, but not its own source"
    assert read_of(ledger, contract, "grid")


def test_too_few_approvals_put_nothing_in_force(ledger):
    with pytest.raises(ValueError, match="watch needs more approvals"):
        propose(ledger, "watch", WATCH, {}, approvers=["grid"])
    assert ledger.record(state_keys.contract_key("watch"), ContractRecord) is None
