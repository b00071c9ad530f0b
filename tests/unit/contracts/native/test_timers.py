"""The list of what is due: timers by name, deadlines of actions."""

from chain.operations import Call, DeployContract, RunTimers
from chain.values import encode_value
from contracts import wakeup_keys
from contracts.inprocess import InProcessExecutor
from contracts.native.timers import DUE_PER_TRANSACTION_MAX, find_due, set_timer
from contracts.records import DueRecord
from contracts.state import MemoryView, Overlay
from tests.unit.contracts.support import NOW, Ledger

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
