"""What happens in a transaction that contracts may wait for, besides being called."""

from dataclasses import dataclass

from msgspec import Struct

from chain.operations import Reading
from chain.scalars import TwinId, UnixMillis
from contracts.records import ActionRecord, AttestationRecord


class TwinUpdate(Struct, frozen=True, gc=False):
    """The accepted readings of one twin of a model in one transaction, in order.

    `before` are the values, as texts, that their properties had before.
    """

    twin: TwinId
    model: str
    readings: tuple[Reading, ...]
    before: dict[str, str] = {}


@dataclass(frozen=True, slots=True)
class Attested:
    """A statement about a twin was put on record."""

    attestation: AttestationRecord


@dataclass(frozen=True, slots=True)
class ActionChanged:
    """An action was answered, as the last step of its history says, or is overdue."""

    action: ActionRecord
    is_overdue: bool = False


@dataclass(frozen=True, slots=True)
class TimerDue:
    """A timer of a contract is due."""

    contract: str
    name: str
    due_ms: UnixMillis


Happening = TwinUpdate | Attested | ActionChanged | TimerDue
