import pytest

from chain.genesis import Limits
from chain.operations import BAD_QUALITY_NO_DATA, Telemetry, TwinReadings
from chain.scalars import TwinId
from chain.transaction import TRANSACTION_SIZE_BYTES_MAX
from chain.values import decode_value
from contracts.executor import ActionRequest, Execution, HostFault
from contracts.native.wakeups import UPDATE_SIZE_MAX
from contracts.records import ActionCause
from contracts.runtime.run import ARGUMENTS_SIZE_MAX
from tests.unit.contracts.contract_support import CONTRACT, deactivate, deploy_watcher, make_deploy
from tests.unit.contracts.support import (
    NOW,
    TURBINE,
    FakeExecutor,
    Ledger,
    make_reading,
    make_telemetry,
    payload_of,
    result_of,
    telemetry_gas,
)

DONE = Execution(status="ok", value=b"", gas_used=10)


def make_ledger(*contracts: str, limits: Limits | None = None) -> Ledger:
    ledger = Ledger()
    ledger.register_turbine()
    ledger.register_turbine("R2")
    ledger.register_turbine("rotor", kind="component", model="rotor")
    for contract in contracts or (CONTRACT,):
        deploy_watcher(ledger, contract)
    ledger.executor = FakeExecutor(lambda invocation, host: DONE)
    ledger.limits = limits or Limits()
    ledger.begin_block(NOW)
    return ledger


def make_batches(*twins: str) -> Telemetry:
    return Telemetry(tuple(TwinReadings(TwinId(twin), (make_reading(),)) for twin in twins))


def woken(ledger: Ledger) -> list[tuple[str, object]]:
    return [
        (invocation.contract, decode_value(invocation.arguments)["twin"])
        for invocation in ledger.executor.invocations
    ]


def test_a_handler_gets_all_accepted_readings_of_the_twin():
    ledger = make_ledger()
    readings = (
        make_reading(),
        make_reading(time_ms=NOW - 1),
        make_reading(
            property="wind_speed",
            unit="MTS",
            value="",
            quality=BAD_QUALITY_NO_DATA,
            time_ms=NOW - 7,
            sequence=2,
        ),
    )
    receipt = ledger.apply_ok(make_telemetry(*readings))
    (invocation,) = ledger.executor.invocations
    assert (invocation.kind, invocation.handler, invocation.sender) == (
        "update",
        "watch",
        "borne-energie",
    )
    assert decode_value(invocation.arguments) == {
        "twin": TURBINE,
        "model": "wind-turbine",
        "readings": [
            ["active_power", "1500.5", NOW, "KWT", 0, 1],
            ["wind_speed", "", NOW - 7, "MTS", BAD_QUALITY_NO_DATA, 2],
        ],
    }
    assert receipt.gas_used == telemetry_gas(readings=len(readings)) + 10


@pytest.mark.parametrize(
    "operation",
    [
        make_telemetry(make_reading(), twin="rotor"),
        make_telemetry(make_reading(property="wind_speed", unit="MTS")),
    ],
)
def test_other_models_and_properties_start_no_interpreter(operation):
    ledger = make_ledger()
    ledger.apply_ok(operation)
    assert ledger.executor.invocations == []


def test_late_and_repeated_readings_start_no_interpreter():
    ledger = make_ledger()
    ledger.apply_ok(make_telemetry())
    ledger.executor.invocations.clear()
    ledger.apply_ok(make_telemetry(make_reading(), make_reading(time_ms=NOW - 1)))
    assert ledger.executor.invocations == []


def test_handlers_run_twin_by_twin_and_by_name_of_the_contract():
    ledger = make_ledger("zulu", "alpha")
    ledger.apply_ok(make_batches("R2", TURBINE, "R2"))
    assert woken(ledger) == [
        ("alpha", "R2"),
        ("zulu", "R2"),
        ("alpha", TURBINE),
        ("zulu", TURBINE),
    ]


def test_a_contract_that_is_not_active_is_not_woken():
    ledger = make_ledger("alpha", "zulu")
    deactivate(ledger, "alpha")
    ledger.apply_ok(make_telemetry())
    assert woken(ledger) == [("zulu", TURBINE)]


def test_a_handler_sees_the_twin_after_the_whole_batch():
    ledger = make_ledger()
    seen = []

    def run(invocation, host):
        seen.append(decode_value(host.twin("R2"))["properties"]["active_power"]["value"])
        return DONE

    ledger.executor.run = run
    ledger.apply_ok(make_batches(TURBINE, "R2"))
    assert seen == ["1500.5", "1500.5"]


def test_a_handler_that_stops_is_undone_and_reported_and_refuses_nothing():
    ledger = make_ledger("alpha", "zulu")

    def run(invocation, host):
        host.put("count", b"\x01")
        host.emit("counted", b"\xc0")
        if invocation.contract == "alpha":
            return Execution(status="error", error="KeyError", gas_used=30)
        return DONE

    ledger.executor.run = run
    receipt = ledger.apply(make_telemetry())
    assert result_of(receipt) == {"accepted": 1, "late": 0, "duplicate": 0}
    assert [(event.source, event.name, event.subject) for event in receipt.events] == [
        ("native", "readings_recorded", TURBINE),
        ("native", "contract_failed", TURBINE),
        ("zulu", "counted", TURBINE),
    ]
    assert payload_of(receipt.events[1]) == {
        "contract": "alpha",
        "handler": "watch",
        "code": "VT-4102",
        "message": "alpha.watch raised KeyError.",
    }
    assert ledger.overlay.get(b"contract-state/alpha/count") is None
    assert ledger.overlay.get(b"contract-state/zulu/count") == b"\x01"
    assert receipt.gas_used == telemetry_gas() + 40


def test_half_characters_in_a_contracts_text_harm_nobody():
    ledger = make_ledger()
    ledger.executor.run = lambda invocation, host: Execution(
        status="contract_error", error="\ud800!", gas_used=1
    )
    receipt = ledger.apply_ok(make_telemetry())
    payload = payload_of(receipt.events[1])
    assert isinstance(payload, dict)
    assert payload["message"] == "watcher.watch ended with: ?!"


def test_a_wrong_request_stops_the_handler_and_not_the_readings():
    ledger = make_ledger()

    def run(invocation, host):
        request = ActionRequest(
            kind="maintenance_order",
            twin=TURBINE,
            key="k",
            title="t",
            details=b"\x80",
            addressee="nobody",
            deadline_ms=None,
        )
        assert host.open_action(request) is None
        host.put("count", b"\x01")
        return DONE

    ledger.executor.run = run
    receipt = ledger.apply_ok(make_telemetry())
    assert payload_of(receipt.events[1]) == {
        "contract": CONTRACT,
        "handler": "watch",
        "code": "VT-2055",
        "message": "No organisation 'nobody' is a member of this chain.",
    }
    assert ledger.overlay.get(b"contract-state/watcher/count") is None


def limits_with(transaction: int, block: int = 20_000_000) -> Limits:
    return Limits(gas_per_transaction_max=transaction, gas_per_block_max=block)


def test_gas_is_shared_out_between_contracts_and_kept_between_their_runs():
    ledger = make_ledger("alpha", "zulu", limits=limits_with(telemetry_gas(2) + 1_001))
    ledger.executor.run = lambda invocation, host: Execution(
        status="out_of_gas" if invocation.contract == "alpha" else "ok",
        gas_used=invocation.gas_limit if invocation.contract == "alpha" else 40,
    )
    receipt = ledger.apply_ok(make_batches(TURBINE, "R2"))
    given = [(one.contract, one.gas_limit) for one in ledger.executor.invocations]
    assert given == [("alpha", 500), ("zulu", 500), ("zulu", 460)]
    failures = [payload_of(one) for one in receipt.events if one.name == "contract_failed"]
    assert [(one["code"], one["message"]) for one in failures] == [
        ("VT-4103", "alpha.watch was stopped after 500 units of gas."),
        ("VT-2042", "Contract alpha cannot run: the transaction or the block has used up its gas."),
    ]
    assert receipt.gas_used == telemetry_gas(2) + 580


def test_the_gas_of_the_block_is_shared_by_its_transactions():
    native = telemetry_gas()
    ledger = make_ledger(limits=limits_with(native + 1_000, 2 * native + 1_500))
    ledger.executor.run = lambda invocation, host: Execution(
        status="ok", gas_used=invocation.gas_limit
    )
    receipts = [
        ledger.apply_ok(make_telemetry(make_reading(time_ms=NOW + offset))) for offset in range(2)
    ]
    assert [receipt.gas_used for receipt in receipts] == [native + 1_000, native + 500]
    ledger.begin_block(NOW)
    assert ledger.apply_ok(make_telemetry(make_reading(time_ms=NOW + 9))).gas_used == native + 1_000


def test_an_action_is_put_down_to_the_readings_that_woke_the_contract():
    ledger = make_ledger()

    def run(invocation, host):
        request = ActionRequest(
            kind="maintenance_order",
            twin="rotor",
            key="k",
            title="t",
            details=b"\x80",
            addressee="windcare",
            deadline_ms=None,
        )
        assert host.open_action(request) is not None
        return DONE

    ledger.executor.run = run
    times = (NOW - 20, NOW - 10, NOW)
    receipt = ledger.apply_ok(make_telemetry(*[make_reading(time_ms=time) for time in times]))
    action = ledger.only_action()
    assert action.twin == "rotor"
    assert action.cause == ActionCause(receipt.transaction, TURBINE, NOW - 20, NOW, "readings")
    assert ledger.twin("rotor").open_actions == (action.id,)
    assert ledger.twin().open_actions == ()


def test_a_fault_of_this_machine_is_no_result():
    ledger = make_ledger()

    def run(invocation, host):
        host.put("count", b"\x01")
        raise HostFault("worker died")

    ledger.executor.run = run
    with pytest.raises(HostFault, match="worker died"):
        ledger.apply(make_telemetry())
    assert ledger.overlay.depth == 0
    assert ledger.overlay.writes() == {}


def test_hints_name_the_state_that_the_handler_will_read():
    ledger = Ledger()
    ledger.register_turbine()
    source = (
        "from contracts.author import Map, Var, on_update\n"
        "COUNT = Var(int, 0)\nSEEN = Map(int)\n\n"
        '@on_update(model="wind-turbine", properties=["active_power"])\n'
        "def watch(update):\n    pass\n"
    )
    ledger.apply_ok(make_deploy(source=source))
    ledger.apply_ok(make_telemetry())
    assert ledger.executor.invocations[-1].hints == ("COUNT", f"SEEN/{TURBINE}")


def test_a_whole_transaction_of_readings_fits_into_one_run():
    assert UPDATE_SIZE_MAX == TRANSACTION_SIZE_BYTES_MAX <= ARGUMENTS_SIZE_MAX
    ledger = make_ledger()
    readings = [
        make_reading(time_ms=NOW - 10_000 + offset, value="-" + "1" * 40, sequence=2**53 - 1)
        for offset in range(4_096)
    ]
    ledger.apply_ok(make_telemetry(*readings))
    (invocation,) = ledger.executor.invocations
    assert len(decode_value(invocation.arguments, UPDATE_SIZE_MAX)["readings"]) == 4_096


def test_a_contract_without_gas_is_reported_once_and_not_for_every_twin():
    ledger = make_ledger("alpha", "zulu", limits=limits_with(telemetry_gas(50) + 1_000))
    names = [f"T{number}" for number in range(50)]
    for name in names:
        ledger.register_turbine(name)
    ledger.executor.run = lambda invocation, host: Execution(
        status="out_of_gas", gas_used=invocation.gas_limit
    )
    receipt = ledger.apply_ok(make_batches(*names))
    failures = [one for one in receipt.events if one.name == "contract_failed"]
    shown = [
        (one.subject, payload_of(one)["contract"], payload_of(one)["code"]) for one in failures
    ]
    assert shown == [
        ("T0", "alpha", "VT-4103"),
        ("T0", "zulu", "VT-4103"),
        ("T1", "alpha", "VT-2042"),
        ("T1", "zulu", "VT-2042"),
    ]
    assert len(ledger.executor.invocations) == 2


def test_readings_are_encoded_once_for_all_that_they_wake():
    ledger = make_ledger("alpha", "zulu")
    ledger.apply_ok(make_telemetry())
    first, second = ledger.executor.invocations
    assert first.arguments is second.arguments
