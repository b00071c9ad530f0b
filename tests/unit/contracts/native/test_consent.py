"""Whose contracts run because of whose twins."""

from chain.changes import RollBackContract
from chain.operations import Call, Consent, ProposeChange
from chain.scalars import Hash
from chain.values import encode_value
from contracts import wakeup_keys
from contracts.executor import ActionRequest, Execution, Host, Invocation
from contracts.manifest import compute_source_hash
from contracts.records import ConsentRecord
from tests.unit.contracts.contract_support import CONTRACT, SOURCE, make_deploy
from tests.unit.contracts.native.lifecycle import contract_of, make_proposal
from tests.unit.contracts.support import (
    TURBINE,
    Ledger,
    check_refused,
    make_reading,
    make_telemetry,
    payload_of,
    result_of,
    telemetry_gas,
)

HASH = Hash(compute_source_hash(SOURCE))


def open_an_action(invocation: Invocation, host: Host) -> Execution:
    request = ActionRequest(
        kind="maintenance_order", twin=TURBINE, key="k", title="t", details=b"\x80",
        addressee="windcare", deadline_ms=None,
    )  # fmt: skip
    host.open_action(request)
    return Execution(status="ok", value=b"\xc0", gas_used=10)


def make_ledger() -> Ledger:
    """A turbine of borne-energie, and a contract of windcare that wants to watch it."""
    ledger = Ledger()
    ledger.register_turbine()
    ledger.apply_ok(make_deploy(), "windcare")
    ledger.executor.invocations.clear()
    ledger.executor.run = open_an_action
    return ledger


def test_a_foreign_contract_runs_on_nobodys_readings_without_consent():
    ledger = make_ledger()
    receipt = ledger.apply_ok(make_telemetry())
    assert receipt.gas_used == telemetry_gas()
    assert [event.name for event in receipt.events] == ["readings_recorded"]
    assert ledger.executor.invocations == []


def test_with_consent_it_runs_until_the_consent_is_taken_back():
    ledger = make_ledger()
    receipt = ledger.apply_ok(Consent(CONTRACT, HASH))
    assert result_of(receipt) == {"contract": CONTRACT, "is_given": True}
    assert payload_of(receipt.events[0]) == {
        "organisation": "borne-energie", "source_hash": HASH.hex()
    }  # fmt: skip
    ledger.apply_ok(make_telemetry())
    assert len(ledger.executor.invocations) == 1
    assert ledger.only_action().twin == TURBINE
    receipt = ledger.apply_ok(Consent(CONTRACT, HASH, is_given=False))
    assert receipt.events[0].name == "consent_withdrawn"
    ledger.apply_ok(make_telemetry(make_reading(time_ms=ledger.block.time_ms + 1)))
    assert len(ledger.executor.invocations) == 1
    key = wakeup_keys.consent_key(ledger.twin().owner, CONTRACT, HASH)
    record = ledger.overlay.get_record(key, ConsentRecord)
    assert record is not None
    assert (record.is_given, record.transaction) == (False, receipt.transaction)


def test_consent_is_to_one_source_and_one_name_by_the_twins_own_organisation():
    ledger = make_ledger()
    ledger.apply_ok(Consent(CONTRACT, Hash(compute_source_hash(SOURCE + "\n"))))
    ledger.apply_ok(Consent("another", HASH))
    ledger.apply_ok(Consent(CONTRACT, HASH), "gridlink")
    ledger.apply_ok(make_telemetry())
    assert ledger.executor.invocations == []


def test_only_an_administrator_consents():
    ledger = make_ledger()
    ledger.register_key("clerk", "borne-energie", "operator")
    assert ledger.apply(Consent(CONTRACT, HASH), "clerk").code == "VT-2012"


def test_a_foreign_contract_takes_no_place_for_actions_without_consent():
    ledger = make_ledger()
    call = Call(CONTRACT, "check", encode_value({}))
    check_refused(
        ledger,
        ledger.apply(call, "windcare"),
        "VT-2080",
        f"Contract {CONTRACT} cannot open an action at {TURBINE}: borne-energie has not consented "
        "to it.",
    )
    ledger.apply_ok(Consent(CONTRACT, HASH))
    ledger.apply_ok(call, "windcare")
    assert ledger.twin().open_actions == (ledger.only_action().id,)


def test_consent_may_be_given_before_the_contract_is_there():
    ledger = Ledger()
    ledger.register_turbine()
    ledger.apply_ok(Consent(CONTRACT, HASH))
    ledger.apply_ok(make_deploy(), "windcare")
    ledger.executor.invocations.clear()
    ledger.apply_ok(make_telemetry())
    assert len(ledger.executor.invocations) == 1


def woken(ledger: Ledger) -> int:
    """How many handlers run because of the next readings of the turbine."""
    ledger.executor.invocations.clear()
    ledger.begin_block(ledger.block.time_ms + 1)
    ledger.apply_ok(make_telemetry(make_reading(time_ms=ledger.block.time_ms)))
    return len(ledger.executor.invocations)


def test_another_organisations_upgrade_of_the_own_contract_needs_consent():
    ledger = Ledger()
    ledger.register_turbine()
    ledger.apply_ok(make_deploy())
    second = SOURCE + "\n# second\n"
    ledger.apply_ok(make_proposal(SOURCE.replace("twins", "own"), 1, name=CONTRACT))
    assert woken(ledger) == 1, "who upgrades the own contract has said yes"
    ledger.apply_ok(make_proposal(second, 2, name=CONTRACT), "windcare")
    assert contract_of(ledger, CONTRACT).owner == ledger.twin().owner
    assert woken(ledger) == 0
    ledger.apply_ok(Consent(CONTRACT, Hash(compute_source_hash(second))))
    assert woken(ledger) == 1


def test_a_rollback_asks_for_consent_to_whose_content_it_brings_back():
    ledger = Ledger()
    ledger.register_turbine()
    ledger.apply_ok(make_deploy())
    for replaces, sender in ((1, "windcare"), (2, "borne-energie")):
        source = f"{SOURCE}\n# after {replaces}\n"
        ledger.apply_ok(make_proposal(source, replaces, name=CONTRACT), sender)
    ledger.apply_ok(ProposeChange(RollBackContract(CONTRACT, 2, 3)))
    assert woken(ledger) == 0, "to roll back is not to read what was another's"
    ledger.apply_ok(ProposeChange(RollBackContract(CONTRACT, 1, 4)), "windcare")
    assert woken(ledger) == 1, "what the owner deployed is the owner's, whoever brings it back"
