"""Which contracts wait for what: written when a contract comes, changed when it changes."""

from msgspec.structs import replace

from contracts import state_keys
from contracts.manifest import UpdateTrigger
from contracts.native.triggers import set_triggers
from contracts.records import ContractRecord, TriggerRecord
from tests.unit.contracts.contract_support import CONTRACT, deploy_watcher
from tests.unit.contracts.support import Ledger


def waiting(ledger: Ledger, model: str) -> list[tuple[str, str]]:
    record = ledger.overlay.get_record(state_keys.trigger_key(model), TriggerRecord)
    return [] if record is None else [(one.contract, one.handler) for one in record.triggers]


def contract_of(ledger: Ledger, name: str = CONTRACT) -> ContractRecord:
    record = ledger.overlay.get_record(state_keys.contract_key(name), ContractRecord)
    assert record is not None
    return record


def test_contracts_wait_in_the_order_of_their_names():
    ledger = Ledger()
    deploy_watcher(ledger, "zulu")
    deploy_watcher(ledger, "alpha")
    assert waiting(ledger, "wind-turbine") == [("alpha", "watch"), ("zulu", "watch")]


def test_what_a_contract_no_longer_declares_wakes_it_no_more():
    ledger = Ledger()
    deploy_watcher(ledger, "other")
    deploy_watcher(ledger)
    before = contract_of(ledger)
    changed = replace(before.manifest, triggers=(UpdateTrigger("look", "pump", ("flow",)),))
    set_triggers(replace(before, manifest=changed), ledger.overlay, before.manifest)
    assert waiting(ledger, "wind-turbine") == [("other", "watch")]
    assert waiting(ledger, "pump") == [(CONTRACT, "look")]
    set_triggers(before, ledger.overlay, changed)
    assert waiting(ledger, "pump") == []
    assert ledger.overlay.get(state_keys.trigger_key("pump")) is None
