import pytest
from msgspec.structs import replace

from chain.genesis import Limits
from chain.operations import Call, DeployContract
from chain.scalars import OrganisationId
from chain.values import encode_value
from contracts import state_keys
from contracts.compiler import Verdict, check_contract
from contracts.executor import Execution, Invocation
from contracts.manifest import compute_source_hash
from contracts.native import deployments
from contracts.native.deployments import SOURCE_GAS
from contracts.native.prices import BASE_GAS
from contracts.native.triggers import TRIGGERS_PER_MODEL_MAX
from contracts.records import ContractRecord, Trigger, TriggerRecord
from tests.unit.contracts.contract_support import (
    CONTRACT,
    SOURCE,
    deactivate,
    deploy_watcher,
    make_deploy,
)
from tests.unit.contracts.support import (
    FakeExecutor,
    Ledger,
    check_refused,
    payload_of,
    result_of,
)

SOURCE_HASH = compute_source_hash(SOURCE)


def triggers_of(ledger: Ledger, model: str) -> tuple[Trigger, ...]:
    record = ledger.overlay.get_record(state_keys.trigger_key(model), TriggerRecord)
    return () if record is None else record.triggers


def test_a_contract_is_kept_with_what_it_declares():
    ledger = Ledger()
    receipt = ledger.apply(make_deploy(limit=7))
    assert result_of(receipt) == {"contract": CONTRACT, "source_hash": SOURCE_HASH.hex()}
    record = ledger.overlay.get_record(state_keys.contract_key(CONTRACT), ContractRecord)
    assert record is not None
    assert (record.name, record.owner) == (CONTRACT, OrganisationId("borne-energie"))
    assert (record.source_hash, record.parameters) == (SOURCE_HASH, encode_value({"limit": 7}))
    assert (record.deployed_height, record.transaction) == (1, receipt.transaction)
    assert record.is_active
    assert record.manifest.summary == "Watches turbines."
    assert record.manifest.call("check") is not None
    source = ledger.overlay.get(state_keys.contract_source_key(SOURCE_HASH))
    assert source == SOURCE.encode()
    assert triggers_of(ledger, "wind-turbine") == (Trigger(CONTRACT, "watch", ("active_power",)),)
    (event,) = receipt.events
    assert (event.name, event.subject) == ("contract_deployed", CONTRACT)
    assert payload_of(event) == {
        "owner": "borne-energie",
        "source_hash": SOURCE_HASH.hex(),
        "engine": record.manifest.engine,
        "version": 1,
    }


def test_the_initial_handler_runs_once_with_the_parameters():
    ledger = Ledger()
    receipt = ledger.apply_ok(make_deploy(limit=7))
    (invocation,) = ledger.executor.invocations
    assert invocation == Invocation(
        contract=CONTRACT,
        source_hash=SOURCE_HASH,
        kind="initial",
        handler="start",
        arguments=encode_value({}),
        sender="borne-energie",
        transaction=receipt.transaction.hex(),
        height=1,
        time_ms=ledger.block.time_ms,
        gas_limit=5_000_000 - BASE_GAS - SOURCE_GAS * len(SOURCE),
        parameters=encode_value({"limit": 7}),
    )


def test_a_contract_without_initial_handler_starts_no_interpreter():
    ledger = Ledger()
    ledger.apply_ok(make_deploy(source="LIMIT = 7\n"))
    assert ledger.executor.invocations == []


def test_an_initial_handler_that_stops_refuses_the_deployment():
    failed = Execution(status="contract_error", error="no turbine is known", gas_used=70)
    ledger = Ledger(executor=FakeExecutor(lambda invocation, host: failed))
    receipt = ledger.apply(make_deploy())
    check_refused(ledger, receipt, "VT-4101", "watcher.start ended with: no turbine is known")
    assert receipt.gas_used == BASE_GAS + SOURCE_GAS * len(SOURCE) + 70
    assert ledger.overlay.get(state_keys.contract_key(CONTRACT)) is None
    assert triggers_of(ledger, "wind-turbine") == ()


def test_a_name_is_taken_once():
    ledger = Ledger()
    deploy_watcher(ledger)
    check_refused(
        ledger,
        ledger.apply(make_deploy(), "gridlink"),
        "VT-2041",
        "Contract watcher is deployed by borne-energie.",
    )
    check_refused(
        ledger,
        ledger.apply(make_deploy("native")),
        "VT-2041",
        "Contract native is deployed by the ledger itself.",
    )


@pytest.mark.parametrize("source", ["import os\n", "x = (\n", "x = 0.5\n", "x = 1 / 0\n"])
def test_a_source_outside_the_language_is_refused_in_one_sentence(source):
    ledger = Ledger()
    check_refused(
        ledger,
        ledger.apply(make_deploy(source=source)),
        "VT-2045",
        "The source of contract watcher has findings, so it was not deployed.",
    )


def test_parameters_are_an_encoded_dict():
    ledger = Ledger()
    check_refused(
        ledger,
        ledger.apply(DeployContract(CONTRACT, SOURCE, encode_value([7]))),
        "VT-2043",
        "Decoded, the parameters must be a dict from names to values.",
    )
    check_refused(
        ledger,
        ledger.apply(DeployContract(CONTRACT, SOURCE, b"\xc1")),
        "VT-1205",
        "The 1 bytes do not decode as a value.",
    )


def test_triggers_of_one_model_are_sorted_by_contract():
    ledger = Ledger()
    deploy_watcher(ledger, "zulu")
    deploy_watcher(ledger, "alpha")
    assert [trigger.contract for trigger in triggers_of(ledger, "wind-turbine")] == [
        "alpha",
        "zulu",
    ]


def test_triggers_of_one_model_are_bounded():
    ledger = Ledger()
    handler = '\n@on_update(model="rotor", properties=["p"])\ndef watch{}(update):\n    pass\n'
    head = "from contracts.author import on_update\n"
    many = head + "".join(handler.format(number) for number in range(TRIGGERS_PER_MODEL_MAX))
    ledger.apply_ok(make_deploy("many", many))
    check_refused(
        ledger,
        ledger.apply(make_deploy("more", head + handler.format(""))),
        "VT-2044",
        "Model rotor would wake more than 64 handlers.",
    )


@pytest.mark.parametrize("field", ["summary", "handler", "model", "property"])
def test_what_has_no_encoding_is_refused_even_if_the_checker_lets_it_through(field, monkeypatch):
    ledger = Ledger()
    manifest = check_contract(SOURCE).manifest
    assert manifest is not None
    (trigger,), (call,) = manifest.triggers, manifest.calls
    half = "\ud800"
    changed = {
        "summary": replace(manifest, summary=half),
        "handler": replace(manifest, calls=(replace(call, summary=half),)),
        "model": replace(manifest, triggers=(replace(trigger, model=half),)),
        "property": replace(manifest, triggers=(replace(trigger, properties=(half,)),)),
    }
    verdict = Verdict((), changed[field])
    monkeypatch.setattr(deployments, "check_contract", lambda source: verdict)
    check_refused(
        ledger,
        ledger.apply(make_deploy()),
        "VT-2045",
        "The source of contract watcher has findings, so it was not deployed.",
    )


def test_a_source_is_paid_for_before_it_is_looked_at(monkeypatch):
    ledger = Ledger(Limits(gas_per_transaction_max=BASE_GAS + 1_000))
    monkeypatch.setattr(deployments, "check_contract", lambda source: pytest.fail("looked at"))
    ledger.executor.run = lambda invocation, host: pytest.fail("run")
    check_refused(
        ledger,
        ledger.apply(make_deploy(source="x" * 51)),
        "VT-2042",
        "Contract watcher cannot run: the transaction or the block has used up its gas.",
    )


def test_a_refused_source_costs_its_gas_too():
    ledger = Ledger()
    receipt = ledger.apply(make_deploy(source="x" * 100))
    assert (receipt.code, receipt.gas_used) == ("VT-2045", BASE_GAS + 100 * SOURCE_GAS)


def test_a_call_gives_what_the_method_returned():
    ledger = Ledger()
    deploy_watcher(ledger)
    ledger.register_key("clerk", "windcare", "operator")
    ledger.executor.run = lambda invocation, host: Execution(
        status="ok", value=encode_value(42), gas_used=5
    )
    receipt = ledger.apply(Call(CONTRACT, "check", encode_value({"a": 1})), "clerk")
    assert (result_of(receipt), receipt.gas_used) == (42, BASE_GAS + 5)
    invocation = ledger.executor.invocations[-1]
    assert (invocation.kind, invocation.handler, invocation.sender) == (
        "call",
        "check",
        "windcare",
    )
    assert invocation.arguments == encode_value({"a": 1})


def test_an_unknown_contract_is_refused():
    ledger = Ledger()
    check_refused(
        ledger,
        ledger.apply(Call("nothing", "check", b"\x80")),
        "VT-2040",
        "No contract nothing is deployed on this chain.",
    )


def test_a_contract_that_is_paused_is_not_called():
    ledger = Ledger()
    deploy_watcher(ledger)
    deactivate(ledger)
    check_refused(
        ledger,
        ledger.apply(Call(CONTRACT, "check", encode_value({}))),
        "VT-2079",
        "Contract watcher is paused: nothing calls it and nothing wakes it.",
    )


def test_arguments_are_an_encoded_dict():
    ledger = Ledger()
    deploy_watcher(ledger)
    check_refused(
        ledger,
        ledger.apply(Call(CONTRACT, "check", encode_value("a"))),
        "VT-2043",
        "Decoded, the arguments must be a dict from names to values.",
    )
