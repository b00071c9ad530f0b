"""While a contract is paused its time stands still, and nobody else's does."""

import pytest

from chain.changes import PauseContract, ResumeContract
from chain.operations import Acknowledge, Call, DeployContract, ProposeChange, RunTimers
from chain.receipt import Receipt
from chain.scalars import UnixMillis
from chain.values import encode_value
from contracts import lifecycle_keys, wakeup_keys
from contracts.inprocess import InProcessExecutor
from contracts.lifecycle_records import PauseRecord
from contracts.native.pauses import TIMERS_SET_MAX
from contracts.native.prices import KEY_GAS
from contracts.native.timers import DUE_PER_TRANSACTION_MAX, find_due
from contracts.state_keys import prefix_range
from tests.unit.contracts.native.lifecycle import NAME, make_proposal
from tests.unit.contracts.support import (
    NOW,
    ORGANISATIONS,
    Ledger,
    payload_of,
    result_of,
)

EVERY_MS = 1000
WATCH = '''
"""Looks every second, and asks for an inspection."""
from contracts.author import ActionChange, Timer, call, ctx, on_action, on_timer

@call
def begin(count: int, at_ms: int, first: int = 0) -> None:
    for number in range(first, first + count):
        ctx.set_timer(f"t{number}", at_ms)

@call
def ask(first: int, count: int, deadline_ms: int) -> None:
    for number in range(first, first + count):
        ctx.open_action(
            kind="inspection", twin=f"twin-{number}", key="look", title="Look",
            addressee="windcare", escalate_to="gridlink", deadline_ms=deadline_ms,
        )

@on_timer
def look(timer: Timer) -> None:
    ctx.emit("looked", {"name": timer.name, "due_ms": timer.due_ms})
    ctx.set_timer(timer.name, ctx.time_ms + 1000)

@on_action
def told(change: ActionChange) -> None:
    ctx.emit("told", {"twin": change.twin, "change": change.change})
'''
UPGRADE = """
@upgrade(from_version=1)
def take_over() -> None:
    ctx.cancel_timer("t0")
    ctx.set_timer("new", ctx.time_ms)
"""


@pytest.fixture
def ledger() -> Ledger:
    ledger = Ledger(executor=InProcessExecutor())  # type: ignore[arg-type]
    for name in ("watch", "other"):
        ledger.apply_ok(DeployContract(name, WATCH, encode_value({})))
    return ledger


def call(ledger: Ledger, contract: str, method: str, **arguments: int) -> None:
    ledger.apply_ok(Call(contract, method, encode_value(arguments)))


def ask(ledger: Ledger, count: int, *contracts: str) -> None:
    """Ask for an inspection of so many twins, all of them due a second from now."""
    for number in range(count):
        ledger.register_turbine(f"twin-{number}")
    for contract in contracts or ("watch",):
        for first in range(0, count, 16):
            many = min(16, count - first)
            call(ledger, contract, "ask", first=first, count=many, deadline_ms=NOW + EVERY_MS)


def ring(ledger: Ledger, time_ms: int) -> Receipt:
    ledger.begin_block(time_ms)
    return ledger.apply(RunTimers())


def told(receipt: Receipt, source: str = "watch") -> list[object]:
    return [payload_of(one) for one in receipt.events if one.source == source]


def test_a_timer_waits_for_the_end_of_the_pause_and_then_goes_on_by_itself(ledger):
    call(ledger, "watch", "begin", count=1, at_ms=NOW + EVERY_MS)
    ledger.apply_ok(ProposeChange(PauseContract("watch")))
    receipt = ring(ledger, NOW + 5 * EVERY_MS)
    assert receipt.code == "VT-2081"
    assert find_due(ledger.view) is None
    ledger.apply_ok(ProposeChange(ResumeContract("watch")))
    receipt = ring(ledger, NOW + 5 * EVERY_MS)
    assert told(receipt) == [{"name": "t0", "due_ms": NOW + EVERY_MS}]
    receipt = ring(ledger, NOW + 6 * EVERY_MS)
    assert told(receipt) == [{"name": "t0", "due_ms": NOW + 6 * EVERY_MS}]


def test_a_timer_that_is_not_due_yet_keeps_its_time(ledger):
    call(ledger, "watch", "begin", count=1, at_ms=NOW + 9 * EVERY_MS)
    ledger.apply_ok(ProposeChange(PauseContract("watch")))
    ledger.begin_block(NOW + EVERY_MS)
    ledger.apply_ok(ProposeChange(ResumeContract("watch")))
    ledger.begin_block(NOW + EVERY_MS)
    assert find_due(ledger.view) == NOW + 9 * EVERY_MS


def test_a_second_pause_before_it_rang_loses_nothing(ledger):
    call(ledger, "watch", "begin", count=1, at_ms=NOW + EVERY_MS)
    for later in (2, 3):
        ledger.apply_ok(ProposeChange(PauseContract("watch")))
        ledger.begin_block(NOW + later * EVERY_MS)
        ledger.apply_ok(ProposeChange(ResumeContract("watch")))
    receipt = ring(ledger, NOW + 3 * EVERY_MS)
    assert told(receipt) == [{"name": "t0", "due_ms": NOW + EVERY_MS}]
    assert ring(ledger, NOW + 3 * EVERY_MS).code == "VT-2081"


def test_timers_of_a_paused_contract_keep_nobody_else_s_waiting(ledger):
    count = 2 * DUE_PER_TRANSACTION_MAX
    for first in range(0, count, 16):
        call(ledger, "watch", "begin", count=16, at_ms=NOW + 1, first=first)
    call(ledger, "other", "begin", count=1, at_ms=NOW + EVERY_MS)
    ledger.apply_ok(ProposeChange(PauseContract("watch")))
    receipt = ring(ledger, NOW + EVERY_MS)
    assert result_of(receipt) == {"timers": 1, "overdue": 0}
    assert told(receipt, "other") == [{"name": "t0", "due_ms": NOW + EVERY_MS}]
    # What waited comes behind what was due before the contract was resumed.
    ledger.begin_block(NOW + 2 * EVERY_MS + 1)
    ledger.apply_ok(ProposeChange(ResumeContract("watch")))
    receipt = ring(ledger, NOW + 3 * EVERY_MS)
    assert result_of(receipt) == {"timers": DUE_PER_TRANSACTION_MAX, "overdue": 0}
    assert len(told(receipt, "other")) == 1
    assert len(told(receipt)) == DUE_PER_TRANSACTION_MAX - 1


def test_a_version_that_starts_during_the_pause_sets_timers_for_later(ledger):
    ledger.apply_ok(make_proposal(WATCH))
    call(ledger, NAME, "begin", count=2, at_ms=NOW + EVERY_MS)
    ledger.apply_ok(ProposeChange(PauseContract(NAME)))
    ledger.begin_block(NOW + 2 * EVERY_MS)
    head = WATCH.replace("on_timer\n", "on_timer, upgrade\n", 1)
    ledger.apply_ok(make_proposal(head + UPGRADE, 1))
    assert ring(ledger, NOW + 3 * EVERY_MS).code == "VT-2081"
    ledger.apply_ok(ProposeChange(ResumeContract(NAME)))
    receipt = ring(ledger, NOW + 3 * EVERY_MS)
    names = {payload["name"] for payload in told(receipt, NAME)}  # type: ignore[index]
    assert names == {"t1", "new"}


def test_an_overdue_action_is_escalated_at_once_and_told_after_the_pause(ledger):
    ask(ledger, 1)
    ledger.apply_ok(ProposeChange(PauseContract("watch")))
    receipt = ring(ledger, NOW + EVERY_MS)
    assert [one.name for one in receipt.events] == ["action_overdue"]
    assert ledger.only_action().overdue_height == ledger.height
    ledger.apply_ok(Acknowledge(ledger.only_action().id, "acknowledged", ""), "gridlink")
    assert ring(ledger, NOW + 2 * EVERY_MS).code == "VT-2081"
    ledger.apply_ok(ProposeChange(ResumeContract("watch")))
    receipt = ring(ledger, NOW + 2 * EVERY_MS)
    assert told(receipt) == [{"twin": "twin-0", "change": "overdue"}]
    assert ring(ledger, NOW + 3 * EVERY_MS).code == "VT-2081"


def test_nobody_is_told_that_what_is_finished_was_overdue(ledger):
    ask(ledger, 1)
    ledger.apply_ok(ProposeChange(PauseContract("watch")))
    assert ring(ledger, NOW + EVERY_MS).is_ok
    ledger.apply_ok(Acknowledge(ledger.only_action().id, "declined", ""), "gridlink")
    ledger.apply_ok(ProposeChange(ResumeContract("watch")))
    assert ring(ledger, NOW + 2 * EVERY_MS).code == "VT-2081"


def test_what_was_overdue_is_told_in_portions_and_others_ring_between(ledger):
    count = DUE_PER_TRANSACTION_MAX + 10
    ask(ledger, count)
    ledger.apply_ok(ProposeChange(PauseContract("watch")))
    for overdue in (DUE_PER_TRANSACTION_MAX, 10):
        receipt = ring(ledger, NOW + EVERY_MS)
        assert result_of(receipt) == {"timers": 0, "overdue": overdue}
    ledger.apply_ok(ProposeChange(ResumeContract("watch")))
    call(ledger, "other", "begin", count=1, at_ms=NOW + 2 * EVERY_MS)
    receipt = ring(ledger, NOW + 2 * EVERY_MS)
    assert len(told(receipt, "other")) == 1
    assert len(told(receipt)) == DUE_PER_TRANSACTION_MAX - 1
    receipt = ring(ledger, NOW + 2 * EVERY_MS)
    assert len(told(receipt)) == count - DUE_PER_TRANSACTION_MAX + 1
    assert ledger.overlay.range(*prefix_range(wakeup_keys.untold_prefix("watch")), 1) == []


def test_several_contracts_that_are_told_late_share_the_room_of_one_transaction(ledger):
    both = ("watch", "other")
    ask(ledger, 40, *both)
    for name in both:
        ledger.apply_ok(ProposeChange(PauseContract(name)))
    for overdue in (DUE_PER_TRANSACTION_MAX, 80 - DUE_PER_TRANSACTION_MAX):
        assert result_of(ring(ledger, NOW + EVERY_MS)) == {"timers": 0, "overdue": overdue}
    for name in both:
        ledger.apply_ok(ProposeChange(ResumeContract(name)))
    heard = []
    for _ in range(2):
        receipt = ring(ledger, NOW + 2 * EVERY_MS)
        heard.append(sum(len(told(receipt, name)) for name in both))
    assert heard == [DUE_PER_TRANSACTION_MAX, 80 - DUE_PER_TRANSACTION_MAX]
    assert ring(ledger, NOW + 2 * EVERY_MS).code == "VT-2081"


def test_a_pause_costs_no_more_for_timers_that_keep_their_times(ledger):
    for first in range(0, TIMERS_SET_MAX, 16):
        call(ledger, "watch", "begin", count=16, at_ms=NOW + EVERY_MS, first=first)
    held = ledger.apply_ok(ProposeChange(PauseContract("watch"))).gas_used
    assert held < (TIMERS_SET_MAX + 16) * KEY_GAS, "one key for each, not two"


def test_a_pause_before_all_was_told_keeps_the_rest(ledger):
    ask(ledger, 2)
    for later in (1, 2):
        ledger.apply_ok(ProposeChange(PauseContract("watch")))
        receipt = ring(ledger, NOW + later * EVERY_MS)
        assert receipt.is_ok
        assert told(receipt) == []
        ledger.apply_ok(ProposeChange(ResumeContract("watch")))
    assert len(told(ring(ledger, NOW + 3 * EVERY_MS))) == 2


def test_who_paused_it_stays_on_record_while_it_is_paused(ledger):
    key = lifecycle_keys.contract_pause_key("watch")
    ledger.begin_block(NOW + 1)
    receipt = ledger.apply_ok(ProposeChange(PauseContract("watch")), "gridlink")
    assert ledger.overlay.get_record(key, PauseRecord) == PauseRecord(
        contract="watch",
        organisation=ORGANISATIONS[1],
        proposal=receipt.transaction,
        transaction=receipt.transaction,
        height=ledger.height,
        time_ms=UnixMillis(NOW + 1),
    )
    ledger.apply_ok(ProposeChange(ResumeContract("watch")))
    assert ledger.overlay.get(key) is None
