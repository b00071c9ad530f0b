"""The ledger with the real executor: contracts in the contract language, from deploy to answer."""

import pytest

from chain.operations import Acknowledge, Call, DeployContract
from chain.values import encode_value
from contracts.inprocess import InProcessExecutor
from tests.unit.contracts.support import (
    NOW,
    TURBINE,
    Ledger,
    check_refused,
    make_reading,
    make_telemetry,
    payload_of,
    result_of,
)

SOURCE = '''
"""Opens an order when the power of a turbine falls below a limit."""
from contracts.author import Decimal, Map, Var, call, ctx, fail, initial, on_update

LIMIT = Decimal("100")
started = Var(int, 0)
lows = Map(int)

@initial
def start():
    started.set(ctx.height)

@on_update(model="wind-turbine", properties=["active_power"])
def watch(update):
    for reading in update.readings:
        if reading.property != "active_power" or not reading.is_good:
            continue
        if reading.value < LIMIT:
            lows[update.twin] = lows.get(update.twin, 0) + 1
            ctx.emit("power_low", {"value": reading.value})
            if lows[update.twin] >= 2:
                ctx.open_action(
                    kind="maintenance_order", twin=update.twin, key="power-low",
                    title="Power is low", details={"lows": lows[update.twin]},
                    addressee=ctx.parameter("workshop", ""), deadline_ms=None,
                )
        if reading.value > Decimal("9000"):
            fail("no turbine is that strong")

@call
def count(twin: str):
    return lows.get(twin, 0)

@call
def loop():
    while True:
        lows["x"] = 1
'''


@pytest.fixture
def ledger() -> Ledger:
    ledger = Ledger()
    ledger.executor = InProcessExecutor()
    ledger.register_turbine()
    parameters = encode_value({"workshop": "windcare"})
    ledger.apply_ok(DeployContract("low-power", SOURCE, parameters))
    ledger.begin_block(NOW)
    return ledger


def send(ledger: Ledger, value: str, offset: int):
    return ledger.apply_ok(make_telemetry(make_reading(value=value, time_ms=NOW + offset)))


def test_the_initial_handler_has_run(ledger):
    assert ledger.overlay.get(b"contract-state/low-power/started") == encode_value(1)


def test_from_readings_to_an_answered_order(ledger):
    assert [event.name for event in send(ledger, "1500", 0).events] == ["readings_recorded"]
    first = send(ledger, "12.5", 1)
    assert [event.name for event in first.events] == ["readings_recorded", "power_low"]
    second = send(ledger, "8", 2)
    assert [(event.source, event.name) for event in second.events] == [
        ("native", "readings_recorded"),
        ("native", "action_opened"),
        ("low-power", "power_low"),
    ]
    action = ledger.only_action()
    assert action.cause.transaction == second.transaction
    assert (action.cause.first_time_ms, action.cause.last_time_ms) == (NOW + 2, NOW + 2)
    assert ledger.twin().status == "action_open"
    assert "action_opened" not in [event.name for event in send(ledger, "3", 3).events]
    call = Call("low-power", "count", encode_value({"twin": TURBINE}))
    receipt = ledger.apply(call, "certis")
    assert result_of(receipt) == 3
    assert receipt.gas_used > 1_000
    ledger.apply_ok(Acknowledge(action.id, "acknowledged", "on our way"), "windcare")
    assert ledger.twin().status == "action_acknowledged"


def test_a_handler_that_fails_keeps_the_readings_and_nothing_of_its_own(ledger):
    readings = (make_reading(value="5"), make_reading(value="9001", time_ms=NOW + 1))
    receipt = ledger.apply_ok(make_telemetry(*readings))
    assert result_of(receipt) == {"accepted": 2, "late": 0, "duplicate": 0}
    assert payload_of(receipt.events[1]) == {
        "contract": "low-power",
        "handler": "watch",
        "code": "VT-4101",
        "message": "low-power.watch ended with: no turbine is that strong",
    }
    assert ledger.overlay.get(f"contract-state/low-power/lows/{TURBINE}".encode()) is None


def test_a_loop_without_end_is_stopped_by_gas(ledger):
    receipt = ledger.apply(Call("low-power", "loop", encode_value({})))
    check_refused(
        ledger,
        receipt,
        "VT-4103",
        "low-power.loop was stopped after 4998000 units of gas.",
    )
    assert receipt.gas_used == 5_000_000


@pytest.mark.parametrize(
    ("method", "arguments", "code", "message"),
    [
        ("missing", {}, "VT-4105", "low-power cannot run missing with the arguments given."),
        ("watch", {}, "VT-4105", "low-power cannot run watch with the arguments given."),
        ("count", {}, "VT-4102", "low-power.count raised TypeError."),
        ("count", {"twin": 7}, "VT-4102", "low-power.count raised TypeError."),
    ],
)
def test_a_call_must_fit_the_method(ledger, method, arguments, code, message):
    receipt = ledger.apply(Call("low-power", method, encode_value(arguments)))
    check_refused(ledger, receipt, code, message)


def test_an_unknown_addressee_undoes_the_handler(ledger):
    parameters = encode_value({"workshop": "nobody"})
    ledger.apply_ok(DeployContract("misled", SOURCE, parameters))
    send(ledger, "5", 0)
    receipt = send(ledger, "5", 1)
    failures = [payload_of(event) for event in receipt.events if event.name == "contract_failed"]
    assert failures == [
        {
            "contract": "misled",
            "handler": "watch",
            "code": "VT-2055",
            "message": "No organisation 'nobody' is a member of this chain.",
        },
    ]
    assert ledger.overlay.get(f"contract-state/misled/lows/{TURBINE}".encode()) == (encode_value(1))
