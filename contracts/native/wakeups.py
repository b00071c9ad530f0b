"""Wake-ups: contracts that run because of readings, statements, answers to actions, and time.

Which contracts wait for which model and properties stands in the state, with their conditions, so
finding that none does costs one look-up per twin and starts no interpreter. A contract that fails
never refuses what woke it: what it did is undone and an event `contract_failed` is recorded.

The gas of the transaction is shared out evenly between the contracts that it wakes, so that one
that never ends cannot starve the others. A contract of another organisation than the twin's runs
only with its owner's consent (`contracts.native.consent`).
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final, assert_never

from chain.errors import ContractError, InvalidInput, Refused
from chain.scalars import TwinId
from chain.transaction import TRANSACTION_SIZE_BYTES_MAX
from chain.values import encode_value
from contracts import state_keys, wakeup_keys
from contracts.conditions import Examined
from contracts.context import TransactionContext
from contracts.executor import Kind
from contracts.happenings import ActionChanged, Attested, TimerDue, TwinUpdate
from contracts.invocations import Request, invoke
from contracts.manifest import WakeKind
from contracts.native.access import get_twin
from contracts.native.attestations import describe_attestation
from contracts.native.consent import has_consent
from contracts.native.histories import keep_histories
from contracts.records import ActionCause, ContractRecord, Trigger, TriggerRecord, TwinRecord
from contracts.state import Overlay
from contracts.text import clean

UPDATE_SIZE_MAX: Final = TRANSACTION_SIZE_BYTES_MAX
"""Readings take no more bytes as arguments than they took in their transaction."""


@dataclass(frozen=True, slots=True)
class _WakeUp:
    """A handler to run; those that one happening wakes share its arguments and its cause."""

    kind: Kind
    handler: str
    contract: ContractRecord
    arguments: bytes
    cause: ActionCause


def run_wake_ups(context: TransactionContext, overlay: Overlay) -> None:
    """Run every handler that the transaction wakes: in order, then by name of the contract.

    A run on readings gets all accepted ones of its twin, of whatever property. That there is not
    enough gas for a contract is reported once, at the first handler that cannot run.
    """
    wake_ups = list(_find_wake_ups(context, overlay)) if context.happenings else ()
    if not wake_ups:
        return
    contracts = {one.contract.name for one in wake_ups}
    gas = dict.fromkeys(contracts, context.gas_left // len(contracts))
    starved: set[str] = set()
    for wake_up in wake_ups:
        name = wake_up.contract.name
        if name in starved:
            continue
        if min(gas[name], context.gas_left) <= 0:
            starved.add(name)
            error = Refused("VT-2042", contract=name)
            _report_starved(wake_up.contract, wake_up.handler, wake_up.cause.twin, error, context)
            continue
        used_before = context.gas_used
        _run(wake_up, gas[name], context, overlay)
        gas[name] -= context.gas_used - used_before


def _find_wake_ups(context: TransactionContext, overlay: Overlay) -> Iterator[_WakeUp]:
    for happening in context.happenings:
        match happening:
            case TwinUpdate():
                yield from _wake_by_readings(happening, context, overlay)
            case Attested():
                yield from _wake_by_attestation(happening, context, overlay)
            case ActionChanged():
                yield from _wake_by_action(happening, context, overlay)
            case TimerDue():
                yield from _wake_by_timer(happening, context, overlay)
            case _:
                assert_never(happening)


def _wake_by_readings(
    update: TwinUpdate, context: TransactionContext, overlay: Overlay
) -> Iterator[_WakeUp]:
    record = overlay.get_record(state_keys.trigger_key(update.model), TriggerRecord)
    if record is None:
        return
    twin = get_twin(overlay, update.twin)
    updated = {reading.property for reading in update.readings}
    found = [one for one in record.triggers if not updated.isdisjoint(one.properties)]
    woken = _choose(update, found, twin, context, overlay)
    if not woken:
        return
    times = [reading.time_ms for reading in update.readings]
    cause = ActionCause(context.transaction.id, twin.id, min(times), max(times), "readings")
    arguments = _encode_update(twin, update)
    for contract, handler in woken:
        yield _WakeUp("update", handler, contract, arguments, cause)


def _choose(
    update: TwinUpdate,
    triggers: list[Trigger],
    twin: TwinRecord,
    context: TransactionContext,
    overlay: Overlay,
) -> list[tuple[ContractRecord, str]]:
    """Give the handlers that may run and whose conditions are met."""
    chosen = []
    tested = Examined(update.readings, update.before) if triggers else None
    awake = [
        (trigger, contract)
        for trigger in triggers
        if (contract := _get_contract(trigger.contract, overlay)).is_active
        and has_consent(contract, twin.owner, overlay)
    ]
    if not _keep_histories(update, awake, context, overlay):
        return []
    for trigger, contract in awake:
        if trigger.conditions and tested is not None:
            price = tested.price(trigger.conditions)
            if price > context.gas_left:
                error = Refused("VT-2042", contract=contract.name)
                _report_starved(contract, trigger.handler, twin.id, error, context)
                continue
            context.charge(price)
            if not tested.passes(trigger.conditions):
                continue
        chosen.append((contract, trigger.handler))
    return chosen


def _keep_histories(
    update: TwinUpdate,
    awake: list[tuple[Trigger, ContractRecord]],
    context: TransactionContext,
    overlay: Overlay,
) -> bool:
    """Keep the readings for those who ask for it; False when there is not enough gas for it."""
    try:
        keep_histories(update, [trigger for trigger, _ in awake], context, overlay)
    except Refused as error:
        for trigger, contract in awake:
            _report_starved(contract, trigger.handler, update.twin, error, context)
        return False
    return True


def _wake_by_attestation(
    happening: Attested, context: TransactionContext, overlay: Overlay
) -> Iterator[_WakeUp]:
    statement = happening.attestation
    key = wakeup_keys.attestation_trigger_key(statement.predicate_type)
    record = overlay.get_record(key, TriggerRecord)
    if record is None:
        return
    twin = get_twin(overlay, statement.twin)
    cause = ActionCause(
        context.transaction.id, twin.id, None, None, "attestation", statement.id.hex()
    )
    arguments = encode_value(describe_attestation(statement, twin))
    for trigger in record.triggers:
        contract = _get_contract(trigger.contract, overlay)
        if contract.is_active and has_consent(contract, twin.owner, overlay):
            yield _WakeUp("attestation", trigger.handler, contract, arguments, cause)


def _wake_by_action(
    happening: ActionChanged, context: TransactionContext, overlay: Overlay
) -> Iterator[_WakeUp]:
    action = happening.action
    step = None if happening.is_overdue else action.history[-1]
    arguments = {
        "id": action.id.hex(),
        "kind": action.kind,
        "key": action.key,
        "twin": action.twin,
        "change": "overdue" if step is None else step.status,
        "organisation": "" if step is None else step.organisation,
        "note": "" if step is None else step.note,
    }
    cause = ActionCause(context.transaction.id, action.twin, None, None, "action", action.id.hex())
    yield from _wake_owner(action.contract, "action", encode_value(arguments), cause, overlay)


def _wake_by_timer(
    happening: TimerDue, context: TransactionContext, overlay: Overlay
) -> Iterator[_WakeUp]:
    arguments = encode_value({"name": happening.name, "due_ms": happening.due_ms})
    cause = ActionCause(context.transaction.id, TwinId(""), None, None, "timer", happening.name)
    yield from _wake_owner(happening.contract, "timer", arguments, cause, overlay)


def _wake_owner(
    name: str, kind: WakeKind, arguments: bytes, cause: ActionCause, overlay: Overlay
) -> Iterator[_WakeUp]:
    """Wake the contract whose own action or timer this is, when it wants to know."""
    contract = _get_contract(name, overlay)
    handler = contract.manifest.wake(kind)
    if contract.is_active and handler is not None:
        yield _WakeUp(kind, handler.name, contract, arguments, cause)


def _get_contract(name: str, overlay: Overlay) -> ContractRecord:
    contract = overlay.get_record(state_keys.contract_key(name), ContractRecord)
    assert contract is not None, "only a deployed contract waits for something"
    return contract


def _run(wake_up: _WakeUp, gas_limit: int, context: TransactionContext, overlay: Overlay) -> None:
    request = Request(
        contract=wake_up.contract,
        kind=wake_up.kind,
        handler=wake_up.handler,
        arguments=wake_up.arguments,
        cause=wake_up.cause,
    )
    try:
        invoke(request, gas_limit, context, overlay)
    except (InvalidInput, Refused, ContractError) as error:
        _report(request.contract, request.handler, wake_up.cause.twin, error, context)


def _report_starved(
    contract: ContractRecord,
    handler: str,
    twin: TwinId,
    error: Refused,
    context: TransactionContext,
) -> None:
    """Report once in a transaction that gas is missing: a batch may have a thousand twins."""
    if contract.name not in context.starved:
        context.starved.add(contract.name)
        _report(contract, handler, twin, error, context)


def _report(
    contract: ContractRecord,
    handler: str,
    twin: TwinId,
    error: InvalidInput | Refused | ContractError,
    context: TransactionContext,
) -> None:
    context.report(
        "contract_failed",
        twin,
        {
            "contract": contract.name,
            "handler": handler,
            "code": error.code,
            "message": clean(error.why),
        },
    )


def _encode_update(twin: TwinRecord, update: TwinUpdate) -> bytes:
    """Encode what `contracts.executor.UPDATE_ARGUMENTS` describes."""
    readings = [
        [one.property, one.value, one.time_ms, one.unit, one.quality, one.sequence]
        for one in update.readings
    ]
    arguments = {"twin": twin.id, "model": twin.model, "readings": readings}
    return encode_value(arguments, UPDATE_SIZE_MAX)
