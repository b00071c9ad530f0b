"""Contracts that call contracts: all or nothing, one after the other, on one meter."""

import os
import signal
from collections.abc import Iterator

import pytest

from chain.operations import Call, DeployContract
from chain.receipt import Receipt
from chain.values import Value, decode_value, encode_value
from contracts.call_stack import CALLS_DEEP_MAX
from contracts.executor import Executor
from contracts.inprocess import InProcessExecutor
from contracts.sandbox import SandboxExecutor
from tests.unit.contracts.support import (
    TURBINE,
    Ledger,
    check_refused,
    make_telemetry,
    payload_of,
    result_of,
)

BANK = """
from contracts.author import Map, call, ctx, fail

balances = Map(int)

def deeper(n: int) -> int:
    return deeper(n + 1)

@call
def pay(to: str, amount: int) -> dict[str, int]:
    if amount > 100:
        fail("too much")
    balances[to] = balances.get(to, 0) + amount
    ctx.emit("paid", {"to": to, "by": ctx.sender, "contract": ctx.contract})
    return {"balance": balances[to]}

@call
def breaks(how: str) -> int:
    balances["broken"] = 1
    if how == "deep":
        return deeper(0)
    while how == "gas":
        pass
    return balances["nobody"]

@call
def order(twin: str) -> str | None:
    return ctx.open_action(kind="inspection", twin=twin, key="k", title="t", addressee="windcare")
"""

SHOP = """
from contracts.author import Update, Var, call, ctx, on_update

sold = Var(int, 0)

@call
def sell(amount: int) -> list[int]:
    sold.set(sold.get() + 1)
    ctx.emit("selling", {})
    found = ctx.call("bank", "pay", to="shop", amount=amount)
    again = ctx.call("bank", "pay", to="shop", amount=1)
    return [found["balance"], again["balance"], sold.get()]

@call
def swallow(how: str) -> str:
    sold.set(99)
    try:
        ctx.call("bank", "breaks", how=how)
    except Exception:
        return "caught"
    return "well"

@call
def forward(contract: str, method: str) -> object:
    return ctx.call(contract, method)

@call
def order(twin: str) -> object:
    return ctx.call("bank", "order", twin=twin)

@on_update(model="wind-turbine", properties=["active_power"])
def watch(update: Update) -> None:
    ctx.call("bank", "order", twin=update.twin)
"""

CHAIN = """
from contracts.author import call, ctx

@call
def go() -> int:
    name = ctx.parameter("next", "")
    if not name:
        return 1
    return 1 + ctx.call(name, "go")
"""


@pytest.fixture(params=["here", "in a worker"])
def executor(request: pytest.FixtureRequest) -> Iterator[Executor]:
    made: Executor = InProcessExecutor() if request.param == "here" else SandboxExecutor()
    yield made
    made.close()


def make_ledger(executor: Executor) -> Ledger:
    ledger = Ledger()
    ledger.executor = executor  # type: ignore[assignment]
    ledger.register_turbine()
    for name, source in (("bank", BANK), ("shop", SHOP)):
        ledger.apply_ok(DeployContract(name, source, encode_value({})))
    ledger.begin_block()
    return ledger


def call(ledger: Ledger, method: str, contract: str = "shop", /, **arguments: Value) -> Receipt:
    return ledger.apply(Call(contract, method, encode_value(dict(arguments))), "gridlink")


def stored(ledger: Ledger, key: str) -> Value:
    data = ledger.overlay.get(f"contract-state/{key}".encode())
    return None if data is None else decode_value(data)


def test_both_keep_their_state_and_the_caller_is_the_sender(executor):
    ledger = make_ledger(executor)
    receipt = call(ledger, "sell", amount=7)
    assert result_of(receipt) == [7, 8, 1]
    assert (stored(ledger, "bank/balances/shop"), stored(ledger, "shop/sold")) == (8, 1)
    paid = {"to": "shop", "by": "contract:shop", "contract": "bank"}
    assert [(one.source, one.name, payload_of(one)) for one in receipt.events] == [
        ("bank", "paid", paid), ("bank", "paid", paid), ("shop", "selling", {})
    ]  # fmt: skip


def test_gas_is_one_and_equal_wherever_it_runs():
    used = set()
    for executor in (InProcessExecutor(), SandboxExecutor()):
        ledger = make_ledger(executor)
        used.add(tuple(call(ledger, "sell", amount=number).gas_used for number in (1, 2, 200)))
        executor.close()
    (gas,) = used
    assert 5_000 < gas[2] < gas[0]


@pytest.mark.parametrize(
    ("how", "code", "message"),
    [
        ("key", "VT-4101", "shop.swallow ended with: bank.breaks: KeyError"),
        ("gas", "VT-4103", "shop.swallow was stopped after 4998000 units of gas."),
        ("deep", "VT-4104", "shop.swallow called functions in functions without end."),
    ],
)
def test_what_stops_the_called_one_stops_the_caller_and_cannot_be_caught(
    executor, how, code, message
):
    ledger = make_ledger(executor)
    check_refused(ledger, call(ledger, "swallow", how=how), code, message)
    assert (stored(ledger, "bank/balances/broken"), stored(ledger, "shop/sold")) == (None, None)


def test_a_refusal_of_the_called_one_tells_who_refused(executor):
    ledger = make_ledger(executor)
    check_refused(
        ledger,
        call(ledger, "sell", amount=101),
        "VT-4101",
        "shop.sell ended with: bank.pay: too much",
    )
    assert stored(ledger, "shop/sold") is None


@pytest.mark.parametrize(
    ("contract", "method", "code", "message"),
    [
        ("nobody", "pay", "VT-2040", "No contract nobody is deployed on this chain."),
        ("a b", "pay", "VT-2040", "No contract a b is deployed on this chain."),
        ("shop", "sell", "VT-2082", "Contract shop called shop, which is waiting for it."),
        ("bank", "nothing", "VT-4101", "shop.forward ended with: bank has no method nothing"),
        ("bank", "deeper", "VT-4101", "shop.forward ended with: bank has no method deeper"),
        ("bank", "pay", "VT-4101", "shop.forward ended with: bank.pay: TypeError"),
    ],
)
def test_who_cannot_be_called_so(executor, contract, method, code, message):
    ledger = make_ledger(executor)
    receipt = call(ledger, "forward", contract=contract, method=method)
    check_refused(ledger, receipt, code, message)


def test_one_that_waits_is_not_entered_again(executor):
    ledger = make_ledger(executor)
    for name, successor in (("ping", "pong"), ("pong", "ping")):
        ledger.apply_ok(DeployContract(name, CHAIN, encode_value({"next": successor})))
    check_refused(
        ledger,
        call(ledger, "go", "ping"),
        "VT-2082",
        "Contract pong called ping, which is waiting for it.",
    )


def test_one_source_under_several_names_may_call_itself_up_to_a_limit(executor):
    ledger = make_ledger(executor)
    for number in range(CALLS_DEEP_MAX + 1):
        parameters = {"next": f"c{number + 1}"} if number < CALLS_DEEP_MAX else {}
        ledger.apply_ok(DeployContract(f"c{number}", CHAIN, encode_value(parameters)))
    assert result_of(call(ledger, "go", "c1")) == CALLS_DEEP_MAX
    receipt = call(ledger, "go", "c0")
    assert receipt.code == "VT-2084"
    assert result_of(call(ledger, "go", "c1")) == CALLS_DEEP_MAX


def test_an_action_belongs_to_the_contract_that_opened_it(executor):
    ledger = make_ledger(executor)
    assert result_of(call(ledger, "order", twin=TURBINE)) == ledger.only_action().id.hex()
    assert (ledger.only_action().contract, ledger.only_action().handler) == ("bank", "order")
    assert call(ledger, "order", twin="nobody").code == "VT-2020"


def test_what_woke_the_caller_is_the_cause(executor):
    ledger = make_ledger(executor)
    ledger.apply_ok(make_telemetry())
    assert ledger.only_action().cause.kind == "readings"
    assert ledger.only_action().contract == "bank"


def test_a_worker_that_dies_after_a_call_begins_again_and_nothing_is_done_twice():
    executor = SandboxExecutor()
    ledger = make_ledger(executor)
    put, killed = ledger.overlay.put, []

    def put_then_kill(key: bytes, value: bytes) -> None:
        put(key, value)
        if key.startswith(b"contract-state/bank") and not killed:
            assert executor.process_id is not None
            killed.append(executor.process_id)
            os.kill(executor.process_id, signal.SIGKILL)

    ledger.overlay.put = put_then_kill  # type: ignore[method-assign]
    receipt = call(ledger, "sell", amount=7)
    assert result_of(receipt) == [7, 8, 1]
    assert len(receipt.events) == 3
    assert executor.restarts == 1
    executor.close()
