"""Time: timers that contracts set, and deadlines of actions, by the time of blocks.

Everything that is due some time stands in one list, in order of time. The operation `run_timers`
takes the first of it that are due by the block's time: it wakes the contracts whose timers those
are, and marks actions as overdue. A member of the committee sends it when something is due at the
next block's time, so nothing happens between transactions and each effect has its receipt.

What belongs to a contract that is paused waits outside of that list (`contracts.native.pauses`).
"""

from typing import Final

from msgspec.structs import replace

from chain.errors import InvalidInput, Refused
from chain.operations import RunTimers
from chain.scalars import Hash, UnixMillis, to_bytes
from chain.values import encode_value
from contracts import state_keys, wakeup_keys
from contracts.context import TransactionContext
from contracts.happenings import ActionChanged, TimerDue
from contracts.native.pauses import TIMERS_SET_MAX, is_paused, tell_late
from contracts.native.prices import KEY_GAS
from contracts.records import ActionRecord, DueRecord
from contracts.state import Overlay, StateView, decode_record

DUE_PER_TRANSACTION_MAX: Final = 64
_GAS_FOR_ONE: Final = 10 * KEY_GAS
"""Set aside for each thing: twice the keys that it may write, as contracts work after it."""


def run_timers(operation: RunTimers, context: TransactionContext, overlay: Overlay) -> bytes:
    """Let what is due happen, in order of time, at most 64 things and once in a block.

    On chains where a transaction has little gas there are fewer: the list must go on.

    Anybody may send it. A second one in a block would look at what the first one took away, a third
    one at more, and so on; the rest has time until the next block.

    Returns: {"timers", "overdue"}: how many, encoded; what is told late is in neither.
    Raises: Refused: VT-2081, nothing is due by the block's time, or something rang in this block.
    """
    height = to_bytes(context.block.height)
    if overlay.get(wakeup_keys.RANG) == height:
        raise Refused("VT-2081", time_ms=context.block.time_ms)
    start = wakeup_keys.due_prefix()
    stop = wakeup_keys.due_from(UnixMillis(context.block.time_ms + 1))
    most = max(1, min(DUE_PER_TRANSACTION_MAX, context.gas_left // _GAS_FOR_ONE))
    due = overlay.range(start, stop, most)
    if not due:
        raise Refused("VT-2081", time_ms=context.block.time_ms)
    overlay.put(wakeup_keys.RANG, height)
    timers = overdue = 0
    room = most - len(due)
    for key, data in due:
        record = decode_record(data, DueRecord)
        overlay.delete(key)
        if record.action is not None:
            overdue += 1
            _let_be_overdue(record.action, context, overlay)
        elif record.timer:
            timers += 1
            set_timer(record.contract, record.timer, None, overlay)
            happening = TimerDue(record.contract, record.timer, record.due_ms)
            context.happenings.append(happening)
        else:
            room += 1 - tell_late(record.contract, room + 1, context, overlay)
    return encode_value({"timers": timers, "overdue": overdue})


def _let_be_overdue(id_: Hash, context: TransactionContext, overlay: Overlay) -> None:
    key = state_keys.action_key(id_)
    action = overlay.get_record(key, ActionRecord)
    assert action is not None, "actions stay on record"
    late = replace(action, overdue_height=context.block.height)
    overlay.put_record(key, late)
    context.emit(
        "action_overdue",
        action.id.hex(),
        {
            "kind": action.kind,
            "twin": action.twin,
            "addressee": action.addressee,
            "status": action.status,
            "deadline_ms": action.deadline_ms,
            "escalated_to": action.escalate_to,
        },
    )
    if is_paused(action.contract, overlay):
        overlay.put(wakeup_keys.untold_key(action.contract, id_), id_)
    else:
        context.happenings.append(ActionChanged(late, is_overdue=True))


def set_timer(contract: str, name: str, due_ms: UnixMillis | None, overlay: Overlay) -> None:
    """Set a contract's timer to another time, or cancel it when `due_ms` is None.

    Raises: InvalidInput: VT-2046, so many are set already that this would be one too many.
    """
    key = wakeup_keys.timer_key(contract, name)
    before = overlay.get(key)
    if before is not None:
        set_before = UnixMillis(int.from_bytes(before, "big"))
        overlay.delete(wakeup_keys.due_timer_key(set_before, contract, name))
        overlay.delete(key)
    if due_ms is None:
        if before is not None:
            _count(contract, -1, overlay)
    else:
        if before is None:
            _count(contract, 1, overlay)
        overlay.put(key, to_bytes(due_ms))
        if not is_paused(contract, overlay):
            overlay.put_record(
                wakeup_keys.due_timer_key(due_ms, contract, name),
                DueRecord(due_ms, contract, name, None),
            )


def _count(contract: str, change: int, overlay: Overlay) -> None:
    """Keep the number of a contract's timers that are set; without any it has no record of it."""
    key = wakeup_keys.timer_count_key(contract)
    count = int.from_bytes(overlay.get(key) or b"", "big") + change
    if count > TIMERS_SET_MAX:
        reason = f"it has {TIMERS_SET_MAX} timers set already"
        raise InvalidInput("VT-2046", contract=contract, reason=reason)
    if count:
        overlay.put(key, to_bytes(count))
    else:
        overlay.delete(key)


def watch_deadline(action: ActionRecord, overlay: Overlay) -> None:
    """Have an action become overdue at its deadline, unless it is finished before."""
    if action.deadline_ms is not None:
        overlay.put_record(
            wakeup_keys.due_action_key(action.deadline_ms, action.id),
            DueRecord(action.deadline_ms, action.contract, "", action.id),
        )


def forget_deadline(action: ActionRecord, overlay: Overlay) -> None:
    """An action is finished, so it cannot become overdue any more, and nobody is told it was."""
    if action.deadline_ms is not None and action.overdue_height is None:
        overlay.delete(wakeup_keys.due_action_key(action.deadline_ms, action.id))
    elif action.overdue_height is not None:
        untold = wakeup_keys.untold_key(action.contract, action.id)
        if overlay.get(untold) is not None:
            overlay.delete(untold)


def find_due(view: StateView) -> UnixMillis | None:
    """Give when the first thing is due; None when nothing ever is."""
    start = wakeup_keys.due_prefix()
    pairs = view.range(start, start[:-1] + bytes((start[-1] + 1,)), 1)
    return decode_record(pairs[0][1], DueRecord).due_ms if pairs else None
