"""Telemetry: take in a signed batch of readings.

A batch is all or nothing: one reading that can never be right (unknown property, wrong unit, no
decimal number, a future time) refuses the whole transaction and is named by its position. A
reading that is right but not new refuses nothing. Each reading ends as one of:

    accepted   it is newer than the last reading of its property and becomes the last value
    duplicate  it repeats the last reading: same time, value and quality; no effect
    late       it is older than the last reading, or has the time of the last one and says
               something else; the last value stays (the first of two that conflict holds)

Every reading, late or not, is part of the chain's history and has its Merkle leaf. The order
inside a batch is the device's, so a batch may hold many readings of one property.

A reading of bad quality is accepted like any other: the last value then shows no value, or a
doubtful one, with that quality. Clients of OPC UA expect this: a DataValue's status belongs to its
value, and a stale good value must not stand in for a sensor that has failed. Only a reading of
bad quality may have an empty value.
"""

import re
from functools import lru_cache
from typing import Final

from msgspec import Struct
from msgspec.structs import replace

from chain.errors import ChainError, InvalidInput, Refused
from chain.operations import Reading, Telemetry, TwinReadings
from chain.scalars import DECIMAL_PATTERN, TwinId
from chain.values import encode_value
from contracts.context import TransactionContext
from contracts.happenings import TwinUpdate
from contracts.native.access import get_own_twin, put_twin
from contracts.native.prices import PROPERTY_GAS
from contracts.records import LastValue, TwinCounts, TwinProperty, TwinRecord
from contracts.state import Overlay

VALUE_DIGITS_MAX: Final = 40

_is_decimal: Final = re.compile(DECIMAL_PATTERN).fullmatch
_SEVERITY_SHIFT: Final = 30
_SEVERITY_BAD: Final = 2
_SEVERITY_RESERVED: Final = 3


class _Tally(Struct):
    """What became of the readings of one twin of a model."""

    model: str
    accepted: list[Reading] = []
    before: dict[str, str] = {}
    """Values of the properties before this transaction."""
    late: int = 0
    duplicate: int = 0

    def encode(self) -> bytes:
        """Encode the counts, as events tell them."""
        return _encode_counts(len(self.accepted), self.late, self.duplicate)


def record_telemetry(operation: Telemetry, context: TransactionContext, overlay: Overlay) -> bytes:
    """Take in the readings; the contracts that wait for them run when all is paid for.

    A contract that fails does not refuse the readings; see `contracts.native.wakeups`.

    Returns: {"accepted", "late", "duplicate"}: counts over the whole transaction, encoded.
    Raises: Refused: VT-2020 unknown twin, VT-2021 another owner's twin, VT-2024 unknown property,
        VT-2026 future time, VT-2047 too much work; InvalidInput: VT-2025 wrong unit, VT-2027
        empty, VT-2028 bad value, VT-2032 bad quality.
    """
    if not operation.batches:
        raise InvalidInput("VT-2027")
    for batch in operation.batches:
        if not batch.readings:
            raise InvalidInput("VT-2027")
    tallies: dict[TwinId, _Tally] = {}
    organisation = context.sender.organisation
    first_leaf = 0
    for batch in operation.batches:
        twin = get_own_twin(overlay, batch.twin, organisation)
        context.charge_native(PROPERTY_GAS * len(twin.properties))
        tally = tallies.get(twin.id)
        if tally is None:
            tally = tallies[twin.id] = _Tally(twin.model)
        put_twin(overlay, _record_batch(twin, batch, first_leaf, context, tally))
        first_leaf += len(batch.readings)
    accepted = late = duplicate = 0
    for twin_id, tally in tallies.items():
        context.emit_encoded("readings_recorded", twin_id, tally.encode())
        if tally.accepted:
            readings = tuple(tally.accepted)
            context.happenings.append(TwinUpdate(twin_id, tally.model, readings, tally.before))
        accepted += len(tally.accepted)
        late += tally.late
        duplicate += tally.duplicate
    return _encode_counts(accepted, late, duplicate)


def _record_batch(
    twin: TwinRecord,
    batch: TwinReadings,
    first_leaf: int,
    context: TransactionContext,
    tally: _Tally,
) -> TwinRecord:
    """Give the twin after its readings; adds what became of each to `tally`."""
    block = context.block
    height = block.height
    transaction = context.transaction.id
    latest_ms = block.time_ms + block.limits.reading_future_ms_max
    properties = list(twin.properties)
    places = {one.definition.name: place for place, one in enumerate(properties)}
    accepted = late = duplicate = 0
    for leaf, reading in enumerate(batch.readings, first_leaf):
        name, time_ms = reading.property, reading.time_ms
        place = places.get(name)
        if place is None:
            raise _explain(twin, reading, leaf, None, context)
        one = properties[place]
        if one.definition.unit != reading.unit or time_ms > latest_ms:
            raise _explain(twin, reading, leaf, one, context)
        _check_value(reading, leaf)
        before = one.last
        if before is None or time_ms > before.time_ms:
            last = LastValue(
                reading.value,
                time_ms,
                reading.quality,
                reading.sequence,
                transaction,
                leaf,
                height,
            )
            properties[place] = TwinProperty(one.definition, last)
            tally.accepted.append(reading)
            if before is not None and before.transaction != transaction:
                tally.before[name] = "" if before.quality >> 31 else before.value
            accepted += 1
        elif _repeats(reading, before):
            duplicate += 1
        else:
            late += 1
    tally.late += late
    tally.duplicate += duplicate
    counts = twin.counts
    return replace(
        twin,
        properties=tuple(properties),
        counts=TwinCounts(
            counts.accepted + accepted,
            counts.late + late,
            counts.duplicate + duplicate,
            counts.attestations,
            counts.actions,
        ),
        updated_height=height,
    )


def _repeats(reading: Reading, last: LastValue) -> bool:
    return (
        reading.time_ms == last.time_ms
        and reading.value == last.value
        and reading.quality == last.quality
    )


def _explain(
    twin: TwinRecord,
    reading: Reading,
    index: int,
    known: TwinProperty | None,
    context: TransactionContext,
) -> ChainError:
    """Give the error for a reading whose property, unit or time does not fit."""
    name = reading.property
    if known is None:
        return Refused("VT-2024", index=index, twin=twin.id, property=name)
    if reading.unit != known.definition.unit:
        return InvalidInput(
            "VT-2025",
            index=index,
            twin=twin.id,
            property=name,
            expected=known.definition.unit or "no unit",
            given=reading.unit or "no unit",
        )
    return Refused(
        "VT-2026",
        index=index,
        time_ms=reading.time_ms,
        now_ms=context.block.time_ms,
        tolerance_ms=context.block.limits.reading_future_ms_max,
    )


def _check_value(reading: Reading, index: int) -> None:
    """Check that value and quality are what they must be, and fit each other.

    Source: OPC UA part 4, StatusCode: the two highest bits of a StatusCode are its severity.
    """
    severity = reading.quality >> _SEVERITY_SHIFT
    if severity >= _SEVERITY_RESERVED:
        raise InvalidInput(
            "VT-2032", index=index, quality=f"0x{reading.quality:08X}", property=reading.property
        )
    value = reading.value
    if not value and severity == _SEVERITY_BAD:
        return
    # The sign and the point are no digits; only a long value has to be looked at so closely.
    size = len(value)
    if size > VALUE_DIGITS_MAX:
        size -= value.count("-") + value.count(".")
    if size > VALUE_DIGITS_MAX or _is_decimal(value) is None:
        raise InvalidInput("VT-2028", index=index, value=value, property=reading.property)


@lru_cache(maxsize=4096)
def _encode_counts(accepted: int, late: int, duplicate: int) -> bytes:
    return encode_value({"accepted": accepted, "late": late, "duplicate": duplicate})
