"""Wake-ups: contracts that run because readings of a twin came in.

Which contracts wait for which model and properties stands in the state, so finding that none does
costs one look-up per twin and starts no interpreter. A contract that fails never refuses the
readings that woke it: what it did is undone and an event `contract_failed` is recorded.

The gas of the transaction is shared out evenly between the contracts that it wakes, so that one
that never ends cannot starve the others. A contract of another organisation than the twin's runs
only with its owner's consent (`contracts.native.consent`).
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from chain.errors import ContractError, InvalidInput, Refused
from chain.transaction import TRANSACTION_SIZE_BYTES_MAX
from chain.values import encode_value
from contracts import state_keys
from contracts.context import TransactionContext, TwinUpdate
from contracts.invocations import Request, invoke
from contracts.native.access import get_twin
from contracts.native.consent import has_consent
from contracts.records import ActionCause, ContractRecord, TriggerRecord, TwinRecord
from contracts.state import Overlay
from contracts.text import clean

UPDATE_SIZE_MAX: Final = TRANSACTION_SIZE_BYTES_MAX
"""Readings take no more bytes as arguments than they took in their transaction."""


@dataclass(frozen=True, slots=True)
class _WakeUp:
    """A handler to run; those that one update wakes share its arguments and its cause."""

    handler: str
    contract: ContractRecord
    arguments: bytes
    cause: ActionCause


def run_wake_ups(context: TransactionContext, overlay: Overlay) -> None:
    """Run every handler that the transaction wakes: twin by twin, then by name of the contract.

    Each run gets all accepted readings of its twin, of whatever property. When a contract has used
    up its gas this is reported once, at the first handler that cannot run.
    """
    wake_ups = [
        one for update in context.wake_ups for one in _find_wake_ups(update, context, overlay)
    ]
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
        used_before = context.gas_used
        _run(wake_up, gas[name], context, overlay)
        gas[name] -= context.gas_used - used_before


def _find_wake_ups(
    update: TwinUpdate, context: TransactionContext, overlay: Overlay
) -> Iterator[_WakeUp]:
    twin = get_twin(overlay, update.twin)
    record = overlay.get_record(state_keys.trigger_key(twin.model), TriggerRecord)
    if record is None:
        return
    updated = {reading.property for reading in update.readings}
    triggers = [one for one in record.triggers if not updated.isdisjoint(one.properties)]
    if not triggers:
        return
    times = [reading.time_ms for reading in update.readings]
    cause = ActionCause(context.transaction.id, twin.id, min(times), max(times))
    arguments = _encode_arguments(twin, update)
    for trigger in triggers:
        contract = overlay.get_record(state_keys.contract_key(trigger.contract), ContractRecord)
        assert contract is not None, "a trigger belongs to a deployed contract"
        if contract.is_active and has_consent(contract, twin.owner, overlay):
            yield _WakeUp(trigger.handler, contract, arguments, cause)


def _run(wake_up: _WakeUp, gas_limit: int, context: TransactionContext, overlay: Overlay) -> None:
    request = Request(
        contract=wake_up.contract,
        kind="update",
        handler=wake_up.handler,
        arguments=wake_up.arguments,
        cause=wake_up.cause,
    )
    try:
        invoke(request, gas_limit, context, overlay)
    except (InvalidInput, Refused, ContractError) as error:
        context.emit(
            "contract_failed",
            wake_up.cause.twin,
            {
                "contract": request.contract.name,
                "handler": request.handler,
                "code": error.code,
                "message": clean(error.why),
            },
        )


def _encode_arguments(twin: TwinRecord, update: TwinUpdate) -> bytes:
    """Encode what `contracts.executor.UPDATE_ARGUMENTS` describes."""
    readings = [
        [one.property, one.value, one.time_ms, one.unit, one.quality, one.sequence]
        for one in update.readings
    ]
    arguments = {"twin": twin.id, "model": twin.model, "readings": readings}
    return encode_value(arguments, UPDATE_SIZE_MAX)
