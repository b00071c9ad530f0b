"""What a test sees of the ledger: actions and events with everything in them decoded."""

from __future__ import annotations

from dataclasses import dataclass

from chain.receipt import Event
from chain.scalars import Hash
from chain.values import Value, decode_value
from contracts.records import ActionRecord, ActionStatus


@dataclass(frozen=True, slots=True)
class SeenAction:
    """An action as it stands; `record` is all of it.

    `status` is open, acknowledged, completed or declined; one that is late stays what it is, and
    `is_overdue`. Times are Unix milliseconds.
    """

    id: Hash
    contract: str
    kind: str
    twin: str
    key: str
    title: str
    details: Value
    addressee: str
    escalate_to: str | None
    status: ActionStatus
    opened_time_ms: int
    deadline_ms: int | None
    is_overdue: bool
    record: ActionRecord


@dataclass(frozen=True, slots=True)
class SeenEvent:
    """An event; `source` is a contract's name, or `native` for the ledger."""

    source: str
    name: str
    subject: str
    payload: Value


def see_action(record: ActionRecord) -> SeenAction:
    """Give an action with its details decoded."""
    return SeenAction(
        id=record.id,
        contract=record.contract,
        kind=record.kind,
        twin=record.twin,
        key=record.key,
        title=record.title,
        details=value_of(record.details),
        addressee=record.addressee,
        escalate_to=record.escalate_to,
        status=record.status,
        opened_time_ms=record.opened_time_ms,
        deadline_ms=record.deadline_ms,
        is_overdue=record.overdue_height is not None,
        record=record,
    )


def see_event(event: Event) -> SeenEvent:
    """Give an event with its payload decoded."""
    return SeenEvent(event.source, event.name, event.subject, value_of(event.payload))


def value_of(data: bytes) -> Value:
    """Decode what a receipt or an event carries; None for nothing."""
    return decode_value(data) if data else None
