"""Histories: the last readings of properties, kept in the state for the contracts that ask for it.

They begin with the deployment. Late and repeated readings are not in them, as they are in no last
value either.
"""

from collections import defaultdict
from collections.abc import Iterable
from typing import Final

from chain.operations import Reading
from chain.scalars import TwinId
from contracts import wakeup_keys
from contracts.context import TransactionContext
from contracts.happenings import TwinUpdate
from contracts.native.prices import KEY_GAS
from contracts.records import HistoryRecord, Trigger
from contracts.state import Overlay

KEPT_GAS: Final = 25
"""For each reading that a history holds: it is read and written whole."""


def keep_histories(
    update: TwinUpdate,
    triggers: Iterable[Trigger],
    context: TransactionContext,
    overlay: Overlay,
) -> None:
    """Add readings to the histories that handlers ask for.

    Raises: Refused: VT-2047, that is more than the transaction may use; nothing was kept.
    """
    sizes: dict[str, int] = {}
    for trigger in triggers:
        for name in trigger.properties if trigger.history else ():
            sizes[name] = max(sizes.get(name, 0), trigger.history)
    fresh: dict[str, list[Reading]] = defaultdict(list)
    for reading in update.readings:
        if reading.property in sizes:
            fresh[reading.property].append(reading)
    price = sum(KEY_GAS + KEPT_GAS * sizes[name] for name in fresh)
    context.charge_native(price)
    for name, readings in fresh.items():
        key = wakeup_keys.history_key(update.twin, name)
        kept = (*get_history(update.twin, name, overlay), *readings)
        overlay.put_record(key, HistoryRecord(kept[-sizes[name] :]))


def get_history(twin: TwinId, name: str, overlay: Overlay) -> tuple[Reading, ...]:
    """Give the readings that are kept of a property, oldest first."""
    record = overlay.get_record(wakeup_keys.history_key(twin, name), HistoryRecord)
    return () if record is None else record.readings
