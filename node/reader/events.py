"""What happened in a block, as the events that are streamed to whoever listens.

Events are numbered within their block, from 0: the block itself, then each transaction followed by
the actions and attestations it made. The numbers follow from the block alone, so a listener that
comes back goes on exactly where it was, at any node.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Final, Literal

from chain.receipt import Event
from chain.scalars import Height
from chain.values import Value, decode_value
from contracts.context import NATIVE_SOURCE
from node.reader.blocks import StoredBlock, StoredTransaction

Topic = Literal["block", "transaction", "action", "attestation"]
TOPICS: Final[tuple[Topic, ...]] = ("block", "transaction", "action", "attestation")
_ACTION_STATUS: Final = {
    "action_opened": "open",
    "action_acknowledged": "acknowledged",
    "action_completed": "completed",
    "action_declined": "declined",
}


@dataclass(frozen=True, slots=True)
class LedgerEvent:
    """One event; `source` is what it is about."""

    height: Height
    index: int
    topic: Topic
    source: StoredBlock | StoredTransaction | Mapping[str, str]


def list_events(block: StoredBlock, first: int = 0) -> Iterator[LedgerEvent]:
    """Give the events of a block from number `first` on."""
    for index, (topic, source) in enumerate(_walk(block)):
        if index >= first:
            yield LedgerEvent(block.height, index, topic, source)


def _walk(
    block: StoredBlock,
) -> Iterator[tuple[Topic, StoredBlock | StoredTransaction | Mapping[str, str]]]:
    yield "block", block
    for transaction in block.transactions():
        yield "transaction", transaction
        for event in transaction.receipt.events:
            if event.source != NATIVE_SOURCE:
                continue  # a contract's own events may have any name
            values = _values_of(event)
            status = _ACTION_STATUS.get(event.name)
            if status is not None:
                names = {"kind": str(values["kind"]), "twin": str(values["twin"])}
                yield "action", {"id": event.subject, "status": status, **names}
            elif event.name == "attested":
                names = {"id": str(values["id"]), "issuer": str(values["issuer"])}
                yield "attestation", {"twin": event.subject, **names}


def _values_of(event: Event) -> dict[str, Value]:
    values = decode_value(event.payload)
    return values if isinstance(values, dict) else {}
