"""Wake-ups: contracts that run because readings of a twin came in.

Which contracts wait for which model and properties stands in the state, so finding that none does
costs one look-up per twin and starts no interpreter. A contract that fails never refuses the
readings that woke it: what it did is undone and an event `contract_failed` is recorded.

The gas of the transaction is shared out evenly between the contracts that it wakes, so that one
that never ends cannot starve the others.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Final

from chain.errors import ContractError, InvalidInput, Refused
from chain.operations import Reading
from chain.scalars import TwinId
from chain.transaction import TRANSACTION_SIZE_BYTES_MAX
from chain.values import encode_value
from contracts import state_keys
from contracts.context import TransactionContext
from contracts.invocations import Request, invoke
from contracts.native.access import get_twin
from contracts.records import ActionCause, ContractRecord, Trigger, TriggerRecord, TwinRecord
from contracts.state import Overlay
from contracts.text import clean

UPDATE_SIZE_MAX: Final = TRANSACTION_SIZE_BYTES_MAX
"""Readings take no more bytes as arguments than they took in their transaction."""


@dataclass(frozen=True, slots=True)
class TwinUpdate:
    """The accepted readings of one twin in one transaction, in order."""

    twin: TwinId
    readings: tuple[Reading, ...]


@dataclass(frozen=True, slots=True)
class _WakeUp:
    trigger: Trigger
    contract: ContractRecord
    twin: TwinRecord
    readings: tuple[Reading, ...]


def run_triggers(
    updates: Sequence[TwinUpdate], context: TransactionContext, overlay: Overlay
) -> None:
    """Run every handler that the readings wake: twin by twin, then by name of the contract.

    Each run gets all accepted readings of its twin, of whatever property.
    """
    wake_ups = [one for update in updates for one in _find_wake_ups(update, overlay)]
    if not wake_ups:
        return
    contracts = {one.contract.name for one in wake_ups}
    gas = dict.fromkeys(contracts, context.gas_left // len(contracts))
    for wake_up in wake_ups:
        used_before = context.gas_used
        _run(wake_up, gas[wake_up.contract.name], context, overlay)
        gas[wake_up.contract.name] -= context.gas_used - used_before


def _find_wake_ups(update: TwinUpdate, overlay: Overlay) -> Iterator[_WakeUp]:
    twin = get_twin(overlay, update.twin)
    record = overlay.get_record(state_keys.trigger_key(twin.model), TriggerRecord)
    if record is None:
        return
    updated = {reading.property for reading in update.readings}
    for trigger in record.triggers:
        if updated.isdisjoint(trigger.properties):
            continue
        contract = overlay.get_record(state_keys.contract_key(trigger.contract), ContractRecord)
        assert contract is not None, "a trigger belongs to a deployed contract"
        if contract.is_active:
            yield _WakeUp(trigger, contract, twin, update.readings)


def _run(wake_up: _WakeUp, gas_limit: int, context: TransactionContext, overlay: Overlay) -> None:
    twin = wake_up.twin
    times = [reading.time_ms for reading in wake_up.readings]
    request = Request(
        contract=wake_up.contract,
        kind="update",
        handler=wake_up.trigger.handler,
        arguments=_encode_arguments(wake_up),
        cause=ActionCause(context.transaction.id, twin.id, min(times), max(times)),
    )
    try:
        invoke(request, gas_limit, context, overlay)
    except (InvalidInput, Refused, ContractError) as error:
        context.emit(
            "contract_failed",
            twin.id,
            {
                "contract": request.contract.name,
                "handler": request.handler,
                "code": error.code,
                "message": clean(error.why),
            },
        )


def _encode_arguments(wake_up: _WakeUp) -> bytes:
    """Encode what `contracts.executor.UPDATE_ARGUMENTS` describes."""
    readings = [
        [one.property, one.value, one.time_ms, one.unit, one.quality, one.sequence]
        for one in wake_up.readings
    ]
    arguments = {"twin": wake_up.twin.id, "model": wake_up.twin.model, "readings": readings}
    return encode_value(arguments, UPDATE_SIZE_MAX)
