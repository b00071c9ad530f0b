"""Actions: what contracts ask organisations to do, and how those answer.

    open ---> acknowledged ---> completed
      \\             \\
       `--> declined   `--> declined

One that is not finished at its deadline is overdue: the contract is told, and the organisation that
it is escalated to may answer as well.

A contract names an action by a key. While the action is unfinished (open or acknowledged), the
contract cannot open another with the same key at the same twin: asking again does nothing, so a
contract may simply ask whenever its condition holds. `twin.open_actions` are those that wait for
an answer; the first answer takes the action off that list and closes the loop on the twin.
"""

from typing import Final

from msgspec.structs import replace

from chain.errors import Refused
from chain.hashing import hash_tagged
from chain.operations import Acknowledge, Outcome
from chain.receipt import Event
from chain.scalars import Hash, OrganisationId, UnixMillis
from chain.values import encode_value
from contracts import state_keys
from contracts.context import NATIVE_SOURCE, TransactionContext
from contracts.executor import ActionRequest
from contracts.happenings import ActionChanged
from contracts.native.access import get_twin, put_twin
from contracts.native.timers import forget_deadline, watch_deadline
from contracts.records import (
    ActionCause,
    ActionRecord,
    ActionStatus,
    ActionStep,
    ContractRecord,
    TwinAnswer,
    TwinRecord,
)
from contracts.state import Overlay

UNFINISHED_ACTIONS_MAX: Final = 64
"""Most unfinished actions of one twin."""

_NEXT: Final[dict[ActionStatus, tuple[Outcome, ...]]] = {
    "open": ("acknowledged", "declined"),
    "acknowledged": ("completed", "declined"),
    "completed": (),
    "declined": (),
}


def open_action(
    request: ActionRequest,
    twin: TwinRecord,
    contract: ContractRecord,
    handler: str,
    cause: ActionCause,
    context: TransactionContext,
    overlay: Overlay,
) -> tuple[ActionRecord, Event] | None:
    """Open an action at a twin; nothing happens while one with the same key is unfinished.

    Args: request: its names and texts have been checked.
    Returns: the action and the event to record, or None when there is one already.
    Raises: Refused: VT-2053, the twin has too many unfinished actions.
    """
    name = state_keys.action_idempotency_key(contract.name, twin.id, request.key)
    if overlay.get(name) is not None:
        return None
    unfinished = len(twin.open_actions) + len(twin.acknowledged_actions)
    if unfinished >= UNFINISHED_ACTIONS_MAX:
        raise Refused("VT-2053", twin=twin.id, limit=UNFINISHED_ACTIONS_MAX)
    action = ActionRecord(
        id=_compute_action_id(context.transaction.id, contract.name, twin.id, request.key),
        kind=request.kind,
        twin=twin.id,
        contract=contract.name,
        key=request.key,
        title=request.title,
        details=request.details,
        addressee=OrganisationId(request.addressee),
        status="open",
        opened_height=context.block.height,
        opened_time_ms=context.block.time_ms,
        deadline_ms=None if request.deadline_ms is None else UnixMillis(request.deadline_ms),
        cause=cause,
        handler=handler,
        source_hash=contract.source_hash,
        escalate_to=None if request.escalate_to is None else OrganisationId(request.escalate_to),
    )
    watch_deadline(action, overlay)
    overlay.put(name, action.id)
    overlay.put_record(state_keys.action_key(action.id), action)
    height = context.block.height
    overlay.put(state_keys.action_in_order_key(height, action.id), action.id)
    overlay.put(state_keys.twin_action_key(twin.id, height, action.id), action.id)
    put_twin(
        overlay,
        replace(
            twin,
            open_actions=(*twin.open_actions, action.id),
            counts=replace(twin.counts, actions=twin.counts.actions + 1),
            updated_height=height,
        ),
    )
    return action, _to_opened_event(action)


def acknowledge(operation: Acknowledge, context: TransactionContext, overlay: Overlay) -> bytes:
    """Answer an action: take it on, complete it or decline it.

    Returns: {"action": its id in hex, "status"}, encoded.
    Raises: Refused: VT-2050 no such action, VT-2051 it is for another organisation, VT-2052 it
        cannot go from where it is to `outcome`.
    """
    organisation = context.sender.organisation
    action = overlay.get_record(state_keys.action_key(operation.action), ActionRecord)
    if action is None:
        raise Refused("VT-2050", action=operation.action)
    if organisation not in _addressees(action):
        raise Refused(
            "VT-2051", action=action.id, addressee=action.addressee, organisation=organisation
        )
    if operation.outcome not in _NEXT[action.status]:
        raise Refused("VT-2052", action=action.id, status=action.status, wanted=operation.outcome)
    answered = _answer(action, operation, context)
    overlay.put_record(state_keys.action_key(action.id), answered)
    if not _NEXT[answered.status]:
        overlay.delete(state_keys.action_idempotency_key(action.contract, action.twin, action.key))
        forget_deadline(answered, overlay)
    put_twin(overlay, _close_loop(get_twin(overlay, action.twin), answered, context))
    context.happenings.append(ActionChanged(answered))
    context.emit(
        "action_" + operation.outcome,
        action.id.hex(),
        {
            "kind": action.kind,
            "twin": action.twin,
            "organisation": organisation,
            "note": operation.note,
        },
    )
    return encode_value({"action": action.id.hex(), "status": answered.status})


def _addressees(action: ActionRecord) -> tuple[OrganisationId, ...]:
    """Give who may answer: the addressee, and when it is overdue whom that was escalated to."""
    if action.overdue_height is None or action.escalate_to is None:
        return (action.addressee,)
    return action.addressee, action.escalate_to


def _compute_action_id(transaction: Hash, contract: str, twin: str, key: str) -> Hash:
    """Name an action: a transaction opens at most one with these names."""
    return hash_tagged("action", transaction, contract.encode(), twin.encode(), key.encode())


def _to_opened_event(action: ActionRecord) -> Event:
    cause = action.cause
    payload = {
        "id": action.id.hex(),
        "kind": action.kind,
        "twin": action.twin,
        "contract": action.contract,
        "title": action.title,
        "addressee": action.addressee,
        "deadline_ms": action.deadline_ms,
        "cause": {
            "transaction": cause.transaction.hex(),
            "twin": cause.twin,
            "first_time_ms": cause.first_time_ms,
            "last_time_ms": cause.last_time_ms,
            "kind": cause.kind,
            "about": cause.about,
        },
        "rule": {
            "handler": action.handler,
            "source_hash": None if action.source_hash is None else action.source_hash.hex(),
        },
    }
    return Event(NATIVE_SOURCE, "action_opened", action.id.hex(), encode_value(payload))


def _answer(
    action: ActionRecord, operation: Acknowledge, context: TransactionContext
) -> ActionRecord:
    step = ActionStep(
        status=operation.outcome,
        organisation=context.sender.organisation,
        key=context.sender.key,
        note=operation.note,
        transaction=context.transaction.id,
        height=context.block.height,
        time_ms=context.block.time_ms,
    )
    return replace(action, status=operation.outcome, history=(*action.history, step))


def _close_loop(twin: TwinRecord, action: ActionRecord, context: TransactionContext) -> TwinRecord:
    """Give the twin after an answer: off the open list, and on the acknowledged one if taken on."""
    others = tuple(one for one in twin.acknowledged_actions if one != action.id)
    step = action.history[-1]
    return replace(
        twin,
        open_actions=tuple(one for one in twin.open_actions if one != action.id),
        acknowledged_actions=((*others, action.id) if action.status == "acknowledged" else others),
        last_acknowledged=TwinAnswer(
            action.id, _to_outcome(step), step.organisation, step.height, step.time_ms
        ),
        updated_height=context.block.height,
    )


def _to_outcome(step: ActionStep) -> Outcome:
    assert step.status != "open", "an answer never opens an action"
    return step.status
