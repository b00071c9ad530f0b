"""Which contracts wait for what: a record for each twin model, and for each type of statements."""

from collections import defaultdict
from collections.abc import Iterator
from typing import Final

from chain.errors import Refused
from chain.values import decode_value
from contracts import state_keys, wakeup_keys
from contracts.conditions import resolve_parameters
from contracts.manifest import Manifest
from contracts.records import ContractRecord, Trigger, TriggerRecord
from contracts.state import Overlay

TRIGGERS_PER_MODEL_MAX: Final = 64
"""Most handlers that readings of one twin model, or statements of one type, may wake."""


def set_triggers(
    contract: ContractRecord, overlay: Overlay, before: Manifest | None = None
) -> None:
    """Let a contract wait for what it declares now, and no longer for what it declared before.

    Args: before: what the version that ends declared, None for a new contract.
    Raises: Refused: VT-2044, too many handlers wait for a model; InvalidInput: VT-2083, a parameter
    cannot be the limit of a condition.
    """
    waiting: dict[tuple[bytes, str], list[Trigger]] = defaultdict(list)
    for place in _places(before) if before is not None else ():
        waiting[place] = []
    for place, trigger in _triggers(contract):
        waiting[place].append(trigger)
    for (key, what), added in waiting.items():
        record = overlay.get_record(key, TriggerRecord)
        present = record.triggers if record is not None else ()
        triggers = [*(one for one in present if one.contract != contract.name), *added]
        if len(triggers) > TRIGGERS_PER_MODEL_MAX:
            raise Refused("VT-2044", model=what, limit=TRIGGERS_PER_MODEL_MAX)
        # Sorting is stable: handlers of one contract stay in the order of its source.
        triggers.sort(key=lambda trigger: trigger.contract)
        if triggers:
            overlay.put_record(key, TriggerRecord(tuple(triggers)))
        else:
            overlay.delete(key)


def _triggers(contract: ContractRecord) -> Iterator[tuple[tuple[bytes, str], Trigger]]:
    """Give what a contract waits for, and where that stands."""
    parameters = decode_value(contract.parameters)
    assert isinstance(parameters, dict), "that was checked before"
    for one in contract.manifest.triggers:
        conditions = resolve_parameters(one.conditions, parameters)
        trigger = Trigger(contract.name, one.name, one.properties, conditions, one.history)
        yield (state_keys.trigger_key(one.model), one.model), trigger
    for wake in contract.manifest.wakes:
        if wake.kind == "attestation":
            key = wakeup_keys.attestation_trigger_key(wake.about)
            yield (key, wake.about), Trigger(contract.name, wake.name, ())


def _places(manifest: Manifest) -> Iterator[tuple[bytes, str]]:
    for one in manifest.triggers:
        yield state_keys.trigger_key(one.model), one.model
    for wake in manifest.wakes:
        if wake.kind == "attestation":
            yield wakeup_keys.attestation_trigger_key(wake.about), wake.about
