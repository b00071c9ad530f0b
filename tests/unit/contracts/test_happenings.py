"""Contracts that run because of readings that pass a test, statements, answers, and time."""

import pytest

from chain.operations import (
    Acknowledge,
    Call,
    DeployContract,
    RunTimers,
    Telemetry,
    TwinReadings,
)
from chain.receipt import Receipt
from chain.scalars import TwinId, UnixMillis
from chain.values import encode_value
from contracts import wakeup_keys
from contracts.compiler import check_contract
from contracts.inprocess import InProcessExecutor
from contracts.native.histories import KEPT_GAS
from contracts.native.prices import KEY_GAS
from contracts.native.timers import DUE_PER_TRANSACTION_MAX, find_due, set_timer
from contracts.records import ActionCause
from tests.unit.contracts.native.test_attestations import make_attest, make_payload
from tests.unit.contracts.support import (
    NOW,
    TURBINE,
    Ledger,
    check_refused,
    make_reading,
    make_telemetry,
    payload_of,
    result_of,
    telemetry_gas,
)

SOURCE = '''
"""Orders an inspection of what stands still, and sees to it that it is made."""
from contracts.author import (
    ActionChange, Attestation, Timer, Update, call, ctx, on_action, on_attestation, on_timer,
    on_update,
)

@on_update(model="wind-turbine", properties=["active_power", "wind_speed"],
           when="active_power < parameter('least', 5) or is_bad(wind_speed)")
def stands(update: Update) -> None:
    ctx.emit("stands", {"readings": len(update.readings)})
    ctx.open_action(
        kind="maintenance_order", twin=update.twin, key="stands", title="It stands",
        addressee="windcare", deadline_ms=ctx.time_ms + 1000, escalate_to="gridlink",
    )

@on_attestation(type="https://example.org/inspection/v1")
def inspected(statement: Attestation) -> None:
    ctx.emit("inspected", {
        "twin": statement.twin, "by": statement.issuer, "files": list(statement.files),
        "model": statement.model, "height": statement.height,
    })
    ctx.open_action(kind="inspection", twin=statement.twin, key="again", title="Again",
                    addressee="windcare")

@on_action
def changed(change: ActionChange) -> None:
    ctx.emit("changed", {"key": change.key, "change": change.change, "by": change.organisation,
                         "note": change.note, "twin": change.twin})
    if change.change == "overdue":
        ctx.set_timer("remind", ctx.time_ms + 50)

@on_timer
def remind(timer: Timer) -> None:
    ctx.emit("reminded", {"name": timer.name, "due_ms": timer.due_ms})
    if timer.name == "order":
        ctx.open_action(kind="inspection", twin="R80711", key="timed", title="Timed",
                        addressee="windcare")

@call
def plan(name: str, at_ms: int) -> None:
    ctx.set_timer(name, at_ms)

@call
def forget(name: str) -> None:
    ctx.cancel_timer(name)
'''


@pytest.fixture
def ledger() -> Ledger:
    ledger = Ledger()
    ledger.executor = InProcessExecutor()  # type: ignore[assignment]
    ledger.register_turbine()
    ledger.register_key("inspector", "certis", "partner")
    ledger.apply_ok(DeployContract("watch", SOURCE, encode_value({})))
    ledger.begin_block(NOW)
    return ledger


def send(ledger: Ledger, value: str, offset: int = 0, name: str = "active_power") -> Receipt:
    unit = {"active_power": "KWT", "wind_speed": "MTS"}[name]
    quality = 0 if value else 0x809B0000
    reading = make_reading(
        property=name, value=value, unit=unit, quality=quality, time_ms=NOW + offset
    )
    return ledger.apply_ok(make_telemetry(reading))


def told(receipt: Receipt, source: str = "watch") -> list[tuple[str, object]]:
    return [(one.name, payload_of(one)) for one in receipt.events if one.source == source]


def plan(ledger: Ledger, name: str, at_ms: int) -> None:
    ledger.apply_ok(Call("watch", "plan", encode_value({"name": name, "at_ms": at_ms})))


def run(ledger: Ledger, time_ms: int, sender: str = "vote node-1") -> Receipt:
    ledger.begin_block(time_ms)
    return ledger.apply(RunTimers(), sender)


def test_a_quiet_reading_starts_no_interpreter(ledger, monkeypatch):
    monkeypatch.setattr(ledger.executor, "execute", lambda *_: pytest.fail("it runs"))
    assert told(send(ledger, "5")) == []
    assert told(send(ledger, "7", 1, "wind_speed")) == []
    assert send(ledger, "6", 2).gas_used == telemetry_gas() + 5


def test_a_reading_that_passes_a_test_wakes_the_handler(ledger):
    assert told(send(ledger, "4.9")) == [("stands", {"readings": 1})]
    assert told(send(ledger, "", 1, "wind_speed")) == [("stands", {"readings": 1})]


def test_the_deployment_may_give_another_limit(ledger):
    ledger.apply_ok(DeployContract("other", SOURCE, encode_value({"least": 100})))
    receipt = send(ledger, "50")
    assert told(receipt) == []
    assert told(receipt, "other") == [("stands", {"readings": 1})]
    receipt = ledger.apply(DeployContract("third", SOURCE, encode_value({"least": "100"})))
    assert receipt.code == "VT-2083"


def test_a_condition_that_cannot_be_paid_for_is_reported_and_refuses_nothing(ledger):
    ledger.block.gas.charge(ledger.block.gas.left - telemetry_gas() - 4)
    receipt = send(ledger, "1")
    (event,) = [one for one in receipt.events if one.name == "contract_failed"]
    assert payload_of(event)["code"] == "VT-2042"
    assert receipt.gas_used == telemetry_gas()


def test_a_statement_of_the_type_wakes_the_handler_and_is_the_cause(ledger):
    receipt = ledger.apply_ok(make_attest(make_payload()), "inspector")
    assert told(receipt) == [
        (
            "inspected",
            {
                "twin": TURBINE, "by": "certis", "files": ["report.pdf"],
                "model": "wind-turbine", "height": 2,
            },
        )
    ]  # fmt: skip
    statement = result_of(receipt)["attestation"]
    action = ledger.only_action()
    assert action.cause == ActionCause(
        receipt.transaction, TURBINE, None, None, "attestation", statement
    )
    assert action.handler == "inspected"


def test_a_contract_is_told_what_became_of_its_action(ledger):
    send(ledger, "1")
    for outcome in ("acknowledged", "completed"):
        receipt = ledger.apply_ok(Acknowledge(ledger.only_action().id, outcome, "note"), "windcare")
        expected = {
            "key": "stands", "change": outcome, "by": "windcare", "note": "note", "twin": TURBINE
        }  # fmt: skip
        assert told(receipt) == [("changed", expected)]


def test_an_overdue_action_is_told_escalated_and_remembered(ledger):
    send(ledger, "1")
    action = ledger.only_action()
    answer = Acknowledge(action.id, "acknowledged", "")
    assert ledger.apply(answer, "gridlink").code == "VT-2051"
    receipt = run(ledger, NOW + 1000)
    assert result_of(receipt) == {"timers": 0, "overdue": 1}
    (event,) = [one for one in receipt.events if one.name == "action_overdue"]
    assert payload_of(event) == {
        "kind": "maintenance_order", "twin": TURBINE, "addressee": "windcare", "status": "open",
        "deadline_ms": NOW + 1000, "escalated_to": "gridlink",
    }  # fmt: skip
    assert told(receipt)[0][1]["change"] == "overdue"
    assert ledger.only_action().overdue_height == ledger.height
    ledger.apply_ok(answer, "gridlink")
    assert ledger.only_action().acknowledged_by == "gridlink"
    receipt = run(ledger, NOW + 1050)
    assert told(receipt) == [("reminded", {"name": "remind", "due_ms": NOW + 1050})]


def test_an_action_that_is_finished_in_time_is_never_overdue(ledger):
    send(ledger, "1")
    ledger.apply_ok(Acknowledge(ledger.only_action().id, "declined", ""), "windcare")
    ledger.begin_block(NOW)
    assert find_due(ledger.view) is None
    assert run(ledger, NOW + 5000).code == "VT-2081"


def test_one_that_is_taken_on_but_not_completed_is_overdue(ledger):
    send(ledger, "1")
    ledger.apply_ok(Acknowledge(ledger.only_action().id, "acknowledged", ""), "windcare")
    receipt = run(ledger, NOW + 1000)
    assert result_of(receipt) == {"timers": 0, "overdue": 1}
    ledger.apply_ok(Acknowledge(ledger.only_action().id, "completed", ""), "windcare")


def test_a_timer_runs_once_by_the_time_of_the_block(ledger):
    plan(ledger, "order", NOW + 100)
    check_refused(
        ledger,
        run(ledger, NOW + 99),
        "VT-2081",
        f"No timer and no deadline is due by the block's time, {NOW + 99} ms, or some rang in this "
        "block already and the others ring in the next one.",
    )
    receipt = run(ledger, NOW + 100)
    assert told(receipt) == [("reminded", {"name": "order", "due_ms": NOW + 100})]
    action = ledger.only_action()
    assert action.cause == ActionCause(receipt.transaction, TURBINE, None, None, "timer", "order")
    assert run(ledger, NOW + 200).code == "VT-2081"


def test_a_timer_is_moved_and_cancelled_by_its_name(ledger):
    plan(ledger, "a", NOW + 100)
    plan(ledger, "a", NOW + 300)
    plan(ledger, "b", NOW + 200)
    ledger.begin_block(NOW)
    assert find_due(ledger.view) == NOW + 200
    ledger.apply_ok(Call("watch", "forget", encode_value({"name": "b"})))
    ledger.apply_ok(Call("watch", "forget", encode_value({"name": "never"})))
    ledger.begin_block(NOW)
    assert find_due(ledger.view) == NOW + 300
    assert run(ledger, NOW + 250).code == "VT-2081"
    assert result_of(run(ledger, NOW + 300)) == {"timers": 1, "overdue": 0}
    assert ledger.overlay.get(wakeup_keys.timer_key("watch", "a")) is None


def test_what_is_due_comes_in_order_of_time_and_in_portions(ledger):
    for number in range(DUE_PER_TRANSACTION_MAX + 2):
        time_ms = UnixMillis(NOW + 1000 - number)
        set_timer("watch", f"t{number}", time_ms, ledger.overlay)
    receipt = run(ledger, NOW + 2000)
    times = [payload["due_ms"] for _, payload in told(receipt)]
    assert times == list(range(NOW + 935, NOW + 999))
    assert ledger.apply(RunTimers()).code == "VT-2081", "once in a block"
    assert result_of(run(ledger, NOW + 2000)) == {"timers": 2, "overdue": 0}


def test_members_vote_keys_and_registered_keys_may_ring_and_nobody_else(ledger):
    plan(ledger, "a", NOW + 1)
    assert run(ledger, NOW + 1, "stranger").code == "VT-2010"
    assert run(ledger, NOW + 2, "inspector").is_ok


def test_a_failing_timer_is_over_and_reported(ledger):
    source = SOURCE.replace('    ctx.emit("reminded"', '    gone = [1][3]\n    ctx.emit("r"')
    ledger.apply_ok(DeployContract("broken", source, encode_value({})))
    ledger.apply_ok(Call("broken", "plan", encode_value({"name": "a", "at_ms": NOW})))
    plan(ledger, "a", NOW)
    receipt = run(ledger, NOW + 1)
    assert [name for name, _ in told(receipt)] == ["reminded"]
    (event,) = [one for one in receipt.events if one.name == "contract_failed"]
    assert (payload_of(event)["contract"], payload_of(event)["code"]) == ("broken", "VT-4102")
    assert run(ledger, NOW + 2).code == "VT-2081"


HISTORY = '''
"""Emits a mean of what was read."""
from contracts.author import Decimal, Update, ctx, on_update

@on_update(model="wind-turbine", properties=["active_power"], history=3, when="active_power > 9")
def mean(update: Update) -> None:
    last = ctx.history(update.twin, "active_power")
    values = [one.value for one in last if one.value is not None]
    ctx.emit("mean", {"mean": sum(values, Decimal(0)) / len(values), "of": len(last),
                      "newest": ctx.history(update.twin, "active_power", 1)[0].time_ms,
                      "other": len(ctx.history(update.twin, "wind_speed"))})
'''


def test_a_history_holds_the_last_readings_quiet_ones_too(ledger):
    ledger.apply_ok(DeployContract("means", HISTORY, encode_value({})))
    for number, value in enumerate(("5", "6", "")):
        assert told(send(ledger, value, number), "means") == []
    send(ledger, "6", 0)
    ((_, payload),) = told(send(ledger, "10", 3), "means")
    assert payload == {"mean": 8, "of": 3, "newest": NOW + 3, "other": 0}


def test_what_a_history_costs_is_paid_and_never_refuses_readings(ledger):
    ledger.apply_ok(DeployContract("means", HISTORY, encode_value({})))
    quiet = telemetry_gas() + KEY_GAS + 3 * KEPT_GAS + 2 * 5
    assert send(ledger, "8").gas_used == quiet
    ledger.block.gas.charge(ledger.block.gas.left - telemetry_gas() - 10)
    receipt = send(ledger, "10", 1)
    failed = [payload_of(one)["code"] for one in receipt.events if one.name == "contract_failed"]
    assert failed == ["VT-2047", "VT-2047"]
    assert ledger.twin().properties[0].last.value == "10"


def test_missing_gas_is_reported_once_for_a_contract_and_not_for_every_twin(ledger):
    names = [f"T{number}" for number in range(20)]
    for name in names:
        ledger.register_turbine(name)
    batches = Telemetry(tuple(TwinReadings(TwinId(one), (make_reading(),)) for one in names))

    def send_with_gas(left: int) -> list[tuple[object, object]]:
        ledger.begin_block(NOW)
        ledger.block.gas.charge(ledger.block.gas.left - telemetry_gas(len(names)) - left)
        failed = [one for one in ledger.apply_ok(batches).events if one.name == "contract_failed"]
        return [(payload_of(one)["contract"], payload_of(one)["code"]) for one in failed]

    assert send_with_gas(4) == [("watch", "VT-2042")]
    ledger.begin_block(NOW)
    ledger.apply_ok(DeployContract("means", HISTORY, encode_value({})))
    batches = Telemetry(
        tuple(TwinReadings(TwinId(one), (make_reading(time_ms=NOW + 1),)) for one in names)
    )
    assert send_with_gas(4) == [("means", "VT-2047"), ("watch", "VT-2047")]


def test_a_history_has_a_size():
    for history in ("0", "257", "True", "'3'", "N"):
        source = HISTORY.replace("history=3", f"history={history}")
        assert [one.rule for one in check_contract(source).findings] == ["history"]
