"""Which contracts wait for which twins: one record for each twin model."""

from collections import defaultdict
from typing import Final

from chain.errors import Refused
from contracts import state_keys
from contracts.manifest import Manifest
from contracts.records import ContractRecord, Trigger, TriggerRecord
from contracts.state import Overlay

TRIGGERS_PER_MODEL_MAX: Final = 64
"""Most handlers that readings of one twin model may wake."""


def set_triggers(
    contract: ContractRecord, overlay: Overlay, before: Manifest | None = None
) -> None:
    """Let a contract wait for what it declares now, and no longer for what it declared before.

    Args: before: what the version that ends declared, None for a new contract.
    Raises: Refused: VT-2044, too many handlers wait for a model.
    """
    by_model: dict[str, list[Trigger]] = defaultdict(list)
    for old in before.triggers if before is not None else ():
        by_model[old.model] = []
    for declared in contract.manifest.triggers:
        by_model[declared.model].append(Trigger(contract.name, declared.name, declared.properties))
    for model, added in by_model.items():
        key = state_keys.trigger_key(model)
        record = overlay.get_record(key, TriggerRecord)
        present = record.triggers if record is not None else ()
        triggers = [*(one for one in present if one.contract != contract.name), *added]
        if len(triggers) > TRIGGERS_PER_MODEL_MAX:
            raise Refused("VT-2044", model=model, limit=TRIGGERS_PER_MODEL_MAX)
        # Sorting is stable: handlers of one contract stay in the order of its source.
        triggers.sort(key=lambda trigger: trigger.contract)
        if triggers:
            overlay.put_record(key, TriggerRecord(tuple(triggers)))
        else:
            overlay.delete(key)
