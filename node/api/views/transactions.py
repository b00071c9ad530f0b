"""Views of transactions, from being handed in to their place in the chain."""

from typing import Literal

from msgspec import field

from chain.catalogue import CATALOGUE
from chain.json_view import to_plain
from chain.receipt import OK, Event
from chain.scalars import Hash
from node.api.views.common import Json, View, encoded_to_json
from node.reader.blocks import BlockReader, StoredTransaction

State = Literal["received", "ordered", "final", "rejected", "expired"]


class SubmitAnswer(View, frozen=True, kw_only=True):
    """What became of a transaction that was handed in; `code` says why it was rejected."""

    id: str | None
    state: State
    height: int | None = None
    code: str | None = None
    detail: str | None = None


class SubmitAnswers(View, frozen=True, kw_only=True):
    """What became of many transactions, in the order in which they were handed in."""

    items: list[SubmitAnswer]


class SubmitRequest(View, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One transaction or many, encoded and in base64."""

    transaction: str | None = None
    transactions: list[str] | None = None


class EventView(View, frozen=True, kw_only=True):
    """Something that a transaction brought about."""

    source: str
    name: str
    subject: str
    payload: Json


class TransactionView(View, frozen=True, kw_only=True):
    """A transaction; what is known only once it is in a block is null before."""

    id: str
    state: State
    height: int | None = None
    position: int | None = None
    code: str | None = None
    detail: str | None = None
    sender: str | None = None
    organisation: str | None = None
    operation: str | None = None
    twins: list[str] = field(default_factory=list)
    expiry_height: int | None = None
    size_bytes: int | None = None
    time_ms: int | None = None
    gas_used: int | None = None
    result: Json = None
    events: list[EventView] = field(default_factory=list)
    body: dict[str, Json] | None = None
    signature: str | None = None


class TransactionSummary(View, frozen=True, kw_only=True):
    """A transaction in a list."""

    id: str
    height: int
    position: int
    operation: str
    organisation: str | None
    sender: str
    twins: list[str]
    code: str
    time_ms: int


class TransactionList(View, frozen=True, kw_only=True):
    """Transactions, newest first."""

    items: list[TransactionSummary]
    next: str | None


def state_of(found: StoredTransaction) -> State:
    """Give the state of a transaction that is in a decided block."""
    return "final" if found.receipt.is_ok else "rejected"


def code_of(found: StoredTransaction) -> str | None:
    """Give the code of why a transaction changed nothing; None when it did."""
    return None if found.receipt.code == OK else found.receipt.code


def answer_final(found: StoredTransaction) -> SubmitAnswer:
    """Make the short answer about a transaction that is in a decided block."""
    return SubmitAnswer(
        id=found.id.hex(),
        state=state_of(found),
        height=found.height,
        code=code_of(found),
        detail=found.receipt.message or None,
    )


def view_event(event: Event) -> EventView:
    """Make the view of an event."""
    return EventView(
        source=event.source,
        name=event.name,
        subject=event.subject,
        payload=encoded_to_json(event.payload),
    )


def view_transaction(found: StoredTransaction, blocks: BlockReader) -> TransactionView:
    """Make the view of a transaction that is in a decided block."""
    body = found.transaction.body
    receipt = found.receipt
    return TransactionView(
        id=found.id.hex(),
        state=state_of(found),
        height=found.height,
        position=found.position,
        code=code_of(found),
        detail=receipt.message or None,
        sender=body.sender.hex(),
        organisation=blocks.organisation_of(body.sender),
        operation=found.operation_name,
        twins=list(found.twins),
        expiry_height=body.expiry_height,
        size_bytes=found.transaction.size_bytes,
        time_ms=found.time_ms,
        gas_used=receipt.gas_used,
        result=encoded_to_json(receipt.result),
        events=[view_event(event) for event in receipt.events],
        body=to_plain(found.operation),
        signature=found.transaction.signature.hex(),
    )


def view_unordered(transaction: Hash, state: State) -> TransactionView:
    """Make the view of a transaction that waits, or that no block will hold."""
    expired = CATALOGUE["VT-2003"] if state == "expired" else None
    return TransactionView(
        id=transaction.hex(),
        state=state,
        code=expired.code if expired else None,
        detail=expired.title if expired else None,
    )


def summarize_transaction(found: StoredTransaction, blocks: BlockReader) -> TransactionSummary:
    """Make the view of a transaction in a list."""
    sender = found.transaction.body.sender
    return TransactionSummary(
        id=found.id.hex(),
        height=found.height,
        position=found.position,
        operation=found.operation_name,
        organisation=blocks.organisation_of(sender),
        sender=sender.hex(),
        twins=list(found.twins),
        code=found.receipt.code,
        time_ms=found.time_ms,
    )
