"""Views of twins: their present or past state, history, series and proofs."""

from typing import Literal

from chain.codec import encode
from chain.json_view import to_plain
from chain.operations import TwinKind
from chain.reading_proof import ReadingProof
from chain.scalars import Hash, UnixMillis
from chain.wording import describe_operation, format_time
from contracts.context import NATIVE_SOURCE
from contracts.records import ActionRecord, TwinProperty, TwinRecord
from node.api.views.common import Json, View, to_base64
from node.reader.blocks import BlockReader, StoredTransaction
from node.reader.proofs import ProvenState
from node.reader.series import Series
from node.reader.twins import TwinAt

TwinStatus = Literal["normal", "action_open", "action_acknowledged"]


class TwinSummary(View, frozen=True, kw_only=True):
    """A twin in a list; `updates` counts accepted readings."""

    id: str
    kind: TwinKind
    model: str
    owner: str
    parent: str | None
    description: str
    status: TwinStatus
    open_actions: int
    updated_height: int
    updated_time_ms: int
    updates: int


class TwinList(View, frozen=True, kw_only=True):
    """Twins in order of their ids."""

    items: list[TwinSummary]
    next: str | None


class PropertyView(View, frozen=True, kw_only=True):
    """A property with its newest reading; all null before the first one.

    `quality` is an OPC UA StatusCode, 0 is Good; `unit` a UN/CEFACT Recommendation 20 code.
    """

    value: str | None
    time: str | None
    time_ms: int | None
    unit: str
    quality: int | None
    transaction: str | None
    semantic: str


class BusyPart(View, frozen=True, kw_only=True):
    """A part of a twin, or of a part of it, with its unfinished actions."""

    id: str
    kind: TwinKind
    status: TwinStatus
    actions: list[str]


class TwinView(View, frozen=True, kw_only=True):
    """A twin as it was after the block at `height`.

    `busy_parts` are those at whatever depth; `parts_complete` is false when there are too many
    parts to look at all of them.
    """

    id: str
    model: str
    kind: TwinKind
    owner: str
    parent: str | None
    children: list[str]
    description: str
    attributes: dict[str, str]
    properties: dict[str, PropertyView]
    open_actions: list[str]
    status: TwinStatus
    busy_parts: list[BusyPart]
    parts_complete: bool
    updates: int
    registered_height: int
    updated_height: int
    height: int
    state_root: str


class StateProofView(View, frozen=True, kw_only=True):
    """What proves a value, or that there is none, under the header's state root.

    `validator_changes` lead from genesis to the validators that decided the header.
    """

    height: int
    key: str
    value: str | None
    proof: dict[str, Json]
    header: str
    certificate: str
    validator_changes: list[str]


class ReadingProofView(View, frozen=True, kw_only=True):
    """What proves one reading of a telemetry transaction without showing the others."""

    transaction: str
    proof: dict[str, Json]


class HistoryItem(View, frozen=True, kw_only=True):
    """A transaction that touched a twin."""

    height: int
    position: int
    transaction: str
    time_ms: int
    operation: str
    organisation: str | None
    summary: str
    code: str


class HistoryList(View, frozen=True, kw_only=True):
    """A twin's history, newest first."""

    items: list[HistoryItem]
    next: str | None


class SeriesAction(View, frozen=True, kw_only=True):
    """An action to draw into a chart, at the readings that caused it."""

    id: str
    kind: str
    opened_time_ms: int
    cause_from_ms: int | None
    cause_to_ms: int | None
    status: str


class SeriesView(View, frozen=True, kw_only=True):
    """Readings of a property: [time, value or null, transaction] in order of time.

    `complete` is false while older readings were not looked at yet: ask again.
    """

    property: str
    unit: str
    points: list[tuple[int, str | None, str]]
    actions: list[SeriesAction]
    from_ms: int
    to_ms: int
    downsampled: bool
    complete: bool


def summarize_twin(twin: TwinRecord, updated_time_ms: UnixMillis) -> TwinSummary:
    """Make the view of a twin in a list."""
    return TwinSummary(
        id=twin.id,
        kind=twin.kind,
        model=twin.model,
        owner=twin.owner,
        parent=twin.parent,
        description=twin.description,
        status=twin.status,
        open_actions=len(twin.open_actions),
        updated_height=twin.updated_height,
        updated_time_ms=updated_time_ms,
        updates=twin.counts.accepted,
    )


def view_twin(found: TwinAt, state_root: Hash) -> TwinView:
    """Make the view of a twin at a height."""
    twin = found.record
    return TwinView(
        id=twin.id,
        model=twin.model,
        kind=twin.kind,
        owner=twin.owner,
        parent=twin.parent,
        children=list(found.children),
        description=twin.description,
        attributes=dict(twin.attributes),
        properties={one.definition.name: _view_property(one) for one in twin.properties},
        open_actions=[action.hex() for action in twin.open_actions],
        status=twin.status,
        busy_parts=[_view_busy_part(part) for part in found.busy_parts],
        parts_complete=found.is_complete,
        updates=twin.counts.accepted,
        registered_height=twin.registered_height,
        updated_height=twin.updated_height,
        height=found.height,
        state_root=state_root.hex(),
    )


def view_state_proof(found: ProvenState) -> StateProofView:
    """Make the view of a proven state value."""
    return StateProofView(
        height=found.header.height,
        key=to_base64(found.key),
        value=None if found.value is None else to_base64(found.value),
        proof=to_plain(found.proof),
        header=to_base64(encode(found.header)),
        certificate=to_base64(encode(found.certificate)),
        validator_changes=[to_base64(step) for step in found.changes],
    )


def view_reading_proof(transaction: Hash, proof: ReadingProof) -> ReadingProofView:
    """Make the view of a proven reading."""
    return ReadingProofView(transaction=transaction.hex(), proof=to_plain(proof))


def view_history(found: StoredTransaction, blocks: BlockReader) -> HistoryItem:
    """Make the view of a transaction in a twin's history."""
    return HistoryItem(
        height=found.height,
        position=found.position,
        transaction=found.id.hex(),
        time_ms=found.time_ms,
        operation=found.operation_name,
        organisation=blocks.organisation_of(found.transaction.body.sender),
        summary=describe_history(found, blocks),
        code=found.receipt.code,
    )


def describe_history(found: StoredTransaction, blocks: BlockReader) -> str:
    """Say in one sentence what a transaction did to a twin, or why it did nothing."""
    sender = blocks.organisation_of(found.transaction.body.sender) or "an unknown key"
    said = f"{sender}: {describe_operation(found.operation)}"
    if not found.receipt.is_ok:
        return f"{said}, refused with {found.receipt.code}."
    opened = sum(
        event.source == NATIVE_SOURCE and event.name == "action_opened"
        for event in found.receipt.events
    )
    follow_up = f", which opened {opened} action{'' if opened == 1 else 's'}" if opened else ""
    return f"{said}{follow_up}."


def view_series(name: str, unit: str, found: Series, actions: list[ActionRecord]) -> SeriesView:
    """Make the view of a series with the actions that fall into it."""
    return SeriesView(
        property=name,
        unit=unit,
        points=[(one.time_ms, one.value or None, one.transaction.hex()) for one in found.points],
        actions=[
            SeriesAction(
                id=action.id.hex(),
                kind=action.kind,
                opened_time_ms=action.opened_time_ms,
                cause_from_ms=action.cause.first_time_ms,
                cause_to_ms=action.cause.last_time_ms,
                status=action.status,
            )
            for action in actions
        ],
        from_ms=found.first_ms,
        to_ms=found.last_ms,
        downsampled=found.is_downsampled,
        complete=found.is_complete,
    )


def _view_busy_part(part: TwinRecord) -> BusyPart:
    return BusyPart(
        id=part.id,
        kind=part.kind,
        status=part.status,
        actions=[action.hex() for action in (*part.open_actions, *part.acknowledged_actions)],
    )


def _view_property(one: TwinProperty) -> PropertyView:
    last = one.last
    return PropertyView(
        value=(last.value or None) if last else None,
        time=format_time(last.time_ms) if last else None,
        time_ms=last.time_ms if last else None,
        unit=one.definition.unit,
        quality=last.quality if last else None,
        transaction=last.transaction.hex() if last else None,
        semantic=one.definition.semantic,
    )
