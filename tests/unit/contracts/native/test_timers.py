"""The list of what is due: timers by name, deadlines of actions."""

import pytest

from chain.genesis import Limits
from chain.operations import Call, DeployContract, RunTimers
from chain.receipt import Receipt
from chain.values import encode_value
from contracts import wakeup_keys
from contracts.inprocess import InProcessExecutor
from contracts.native.pauses import TIMERS_SET_MAX
from contracts.native.timers import DUE_PER_TRANSACTION_MAX, find_due, set_timer
from contracts.records import DueRecord
from contracts.state import MemoryView, Overlay
from contracts.state_keys import prefix_range
from tests.unit.contracts.support import NOW, Ledger, check_refused, payload_of, result_of

RESTLESS = """
from contracts.author import Timer, call, ctx, on_timer

@call
def begin(count: int, start: int) -> None:
    for number in range(start, start + count):
        ctx.set_timer(f"t{number}", 0)

@on_timer
def again(timer: Timer) -> None:
    ctx.set_timer(timer.name, 0)
"""
PATIENT = """
from contracts.author import Timer, call, ctx, on_timer

@call
def begin(at_ms: int) -> None:
    ctx.set_timer("once", at_ms)

@on_timer
def rings(timer: Timer) -> None:
    ctx.emit("rang", {})
"""


def test_a_timer_stands_under_its_name_and_in_the_order_of_time():
    overlay = Overlay(MemoryView())
    assert find_due(overlay) is None
    set_timer("watch", "b", NOW, overlay)
    set_timer("watch", "a", NOW, overlay)
    set_timer("other", "a", NOW, overlay)
    set_timer("watch", "early", NOW - 1, overlay)
    assert find_due(overlay) == NOW - 1
    set_timer("watch", "early", NOW + 9, overlay)
    assert find_due(overlay) == NOW
    for contract, name in (("watch", "a"), ("watch", "b"), ("other", "a")):
        key = wakeup_keys.due_timer_key(NOW, contract, name)
        assert overlay.get_record(key, DueRecord) == DueRecord(NOW, contract, name, None)
        set_timer(contract, name, None, overlay)
    assert find_due(overlay) == NOW + 9
    set_timer("watch", "early", None, overlay)
    set_timer("watch", "early", None, overlay)
    assert overlay.writes() == {}


def test_timers_set_to_what_is_past_never_keep_others_from_ringing():
    ledger = Ledger(executor=InProcessExecutor())  # type: ignore[arg-type]
    for name, source in (("restless", RESTLESS), ("patient", PATIENT)):
        ledger.apply_ok(DeployContract(name, source, encode_value({})))
    for start in range(0, DUE_PER_TRANSACTION_MAX, 16):
        arguments = encode_value({"count": 16, "start": start})
        ledger.apply_ok(Call("restless", "begin", arguments))
    ledger.apply_ok(Call("patient", "begin", encode_value({"at_ms": NOW + 1})))
    rang = []
    for later in (2, 3):
        ledger.begin_block(NOW + later)
        rang += [event.name for event in ledger.apply_ok(RunTimers()).events]
    assert rang == ["rang"]


def test_a_contract_has_so_many_timers_set_at_one_time_and_no_more():
    ledger = Ledger(executor=InProcessExecutor())  # type: ignore[arg-type]
    for name in ("restless", "other"):
        ledger.apply_ok(DeployContract(name, RESTLESS, encode_value({})))

    def begin(start: int, contract: str = "restless", count: int = 1) -> Receipt:
        arguments = encode_value({"count": count, "start": start})
        return ledger.apply(Call(contract, "begin", arguments))

    for start in range(0, TIMERS_SET_MAX, 16):
        assert begin(start, count=16).is_ok
    reason = f"Contract restless was stopped: it has {TIMERS_SET_MAX} timers set already."
    check_refused(ledger, begin(TIMERS_SET_MAX), "VT-2046", reason)
    assert begin(TIMERS_SET_MAX - 1).is_ok, "it is set to another time only"
    assert begin(0, "other").is_ok
    # A timer that rings makes room; here each of them is set anew as it rings.
    ledger.begin_block(NOW + 1)
    assert [one.name for one in ledger.apply_ok(RunTimers()).events] == []
    assert begin(TIMERS_SET_MAX).code == "VT-2046"
    set_timer("restless", "t0", None, ledger.overlay)
    assert begin(TIMERS_SET_MAX).is_ok


def test_timers_that_multiply_as_they_ring_stop_at_the_limit():
    source = """
from contracts.author import Timer, call, ctx, on_timer

@call
def begin() -> None:
    ctx.set_timer("t", 0)

@on_timer
def more(timer: Timer) -> None:
    for number in range(16):
        ctx.set_timer(f"{timer.name}x{number}"[-60:], 0)
"""
    ledger = Ledger(executor=InProcessExecutor())  # type: ignore[arg-type]
    ledger.apply_ok(DeployContract("many", source, encode_value({})))
    ledger.apply_ok(Call("many", "begin", encode_value({})))
    codes = set()
    for later in range(1, 9):
        ledger.begin_block(NOW + later)
        receipt = ledger.apply_ok(RunTimers())
        codes |= {payload_of(one)["code"] for one in receipt.events}
        found = ledger.overlay.range(*prefix_range(b"timer/many/"), 2 * TIMERS_SET_MAX)
        assert 0 < len(found) <= TIMERS_SET_MAX
    assert "VT-2046" in codes


@pytest.mark.parametrize(("gas", "portion"), [(100_000, 9), (1_000_000, 64)])
def test_where_a_transaction_has_little_gas_fewer_things_ring_and_the_list_goes_on(gas, portion):
    limits = Limits(gas_per_transaction_max=gas)
    ledger = Ledger(limits=limits, executor=InProcessExecutor())  # type: ignore[arg-type]
    ledger.apply_ok(DeployContract("watch", PATIENT, encode_value({})))
    for number in range(100):
        set_timer("watch", f"t{number}", NOW, ledger.overlay)
    rang = []
    while find_due(ledger.overlay) is not None:
        ledger.begin_block(NOW + 1)
        rang.append(result_of(ledger.apply_ok(RunTimers()))["timers"])
    assert rang[0] == portion
    assert sum(rang) == 100
