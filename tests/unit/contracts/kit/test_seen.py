"""Actions and events as a test sees them."""

from decimal import Decimal

from chain.receipt import Event
from chain.scalars import Hash
from chain.values import encode_value
from contracts.kit.seen import see_action, see_event, value_of
from contracts.records import ActionCause, ActionRecord

ACTION = ActionRecord(
    id=Hash(bytes(32)),
    kind="look",
    twin="room-1",
    contract="watch",
    key="warm",
    title="warm",
    details=encode_value({"mean": Decimal("8.5")}),
    addressee="certis",
    status="open",
    opened_height=7,
    opened_time_ms=1000,
    deadline_ms=2000,
    cause=ActionCause(Hash(bytes(32)), "room-1", 900, 1000),
)


def test_an_action_is_seen_with_its_details() -> None:
    seen = see_action(ACTION)
    assert (seen.kind, seen.details, seen.is_overdue) == ("look", {"mean": Decimal("8.5")}, False)
    assert (seen.opened_time_ms, seen.deadline_ms, seen.record) == (1000, 2000, ACTION)


def test_an_event_is_seen_with_its_payload() -> None:
    event = Event("watch", "warm", "room-1", encode_value([1, "a"]))
    assert see_event(event).payload == [1, "a"]
    assert value_of(b"") is None
