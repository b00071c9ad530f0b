"""Pauses: a paused contract's timers wait, and so does the word that its actions are overdue.

Its timers leave the list of what is due, so that they are in nobody's way, and keep their times
under their names. When it is resumed they come back, those that are past as due now: behind all
that was due before. Both are at most 256 writes, as a contract has no more timers.

An action is overdue and escalated at its deadline, pause or not, as that is between organisations.
Only the contract is told later. There may be any number of such words, so one record in the list
of what is due stands for all of them. A transaction takes as many as it has room for, and puts the
record behind all that is due by then, while any are left.
"""

from typing import Final

from msgspec.structs import replace

from chain.errors import Refused
from chain.scalars import Hash, UnixMillis, to_bytes
from contracts import lifecycle_keys, state_keys, wakeup_keys
from contracts.context import TransactionContext
from contracts.happenings import ActionChanged
from contracts.lifecycle_records import PauseRecord
from contracts.records import ActionRecord, ContractRecord, DueRecord
from contracts.state import Overlay
from contracts.state_keys import prefix_range

TIMERS_SET_MAX: Final = 256
"""Timers of one contract that are set at one time: the list must not grow faster than it rings."""
_NOBODY: Final = ""
"""The name, which no timer has, of the record that stands for what a contract was not told."""


def pause(
    contract: ContractRecord, cause: PauseRecord, context: TransactionContext, overlay: Overlay
) -> None:
    """Stop a contract from being called and woken.

    Raises: Refused: VT-2077, it is paused already.
    """
    if not contract.is_active:
        raise Refused("VT-2077", contract=contract.name, reason="it is paused already")
    _hold_timers(contract.name, overlay)
    overlay.put_record(state_keys.contract_key(contract.name), replace(contract, is_active=False))
    overlay.put_record(lifecycle_keys.contract_pause_key(contract.name), cause)
    context.emit("contract_paused", contract.name, {"version": contract.version})


def resume(contract: ContractRecord, context: TransactionContext, overlay: Overlay) -> None:
    """Let a paused contract go on; what is due by now rings in the next block.

    Raises: Refused: VT-2077, it is not paused.
    """
    if contract.is_active:
        raise Refused("VT-2077", contract=contract.name, reason="it is not paused")
    overlay.put_record(state_keys.contract_key(contract.name), replace(contract, is_active=True))
    overlay.delete(lifecycle_keys.contract_pause_key(contract.name))
    now = context.block.time_ms
    _release_timers(contract.name, now, overlay)
    if overlay.range(*prefix_range(wakeup_keys.untold_prefix(contract.name)), 1):
        _tell_from(contract.name, now, overlay)
    context.emit("contract_resumed", contract.name, {"version": contract.version})


def is_paused(contract: str, overlay: Overlay) -> bool:
    """Say whether a contract is paused."""
    record = overlay.get_record(state_keys.contract_key(contract), ContractRecord)
    return record is not None and not record.is_active


def tell_late(contract: str, limit: int, context: TransactionContext, overlay: Overlay) -> int:
    """Tell a contract that is not paused any more which actions are overdue, at most `limit`.

    Returns: of how many it was told.
    """
    if is_paused(contract, overlay):
        return 0
    untold = overlay.range(*prefix_range(wakeup_keys.untold_prefix(contract)), limit + 1)
    for key, action in untold[:limit]:
        overlay.delete(key)
        record = overlay.get_record(state_keys.action_key(Hash(action)), ActionRecord)
        assert record is not None, "actions stay on record"
        context.happenings.append(ActionChanged(record, is_overdue=True))
    if len(untold) > limit:
        _tell_from(contract, context.block.time_ms, overlay)
    return min(len(untold), limit)


def _tell_from(contract: str, time_ms: UnixMillis, overlay: Overlay) -> None:
    key = wakeup_keys.due_timer_key(time_ms, contract, _NOBODY)
    overlay.put_record(key, DueRecord(time_ms, contract, _NOBODY, None))


def _hold_timers(contract: str, overlay: Overlay) -> None:
    prefix = wakeup_keys.timers_prefix(contract)
    for key, time in overlay.range(*prefix_range(prefix), TIMERS_SET_MAX):
        name = key[len(prefix) :].decode()
        due_key = wakeup_keys.due_timer_key(_to_time(time), contract, name)
        due = overlay.get_record(due_key, DueRecord)
        assert due is not None, "a timer that is set stands in the list"
        overlay.delete(due_key)
        if due.due_ms != _to_time(time):  # Seldom; each key that is written costs.
            overlay.put(key, to_bytes(due.due_ms))


def _release_timers(contract: str, now: UnixMillis, overlay: Overlay) -> None:
    prefix = wakeup_keys.timers_prefix(contract)
    for key, time in overlay.range(*prefix_range(prefix), TIMERS_SET_MAX):
        name, due_ms = key[len(prefix) :].decode(), _to_time(time)
        at_ms = max(due_ms, now)
        overlay.put(key, to_bytes(at_ms))
        due_key = wakeup_keys.due_timer_key(at_ms, contract, name)
        overlay.put_record(due_key, DueRecord(due_ms, contract, name, None))


def _to_time(data: bytes) -> UnixMillis:
    return UnixMillis(int.from_bytes(data, "big"))
