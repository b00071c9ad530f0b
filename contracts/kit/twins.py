"""Twins of a test: they send readings, and organisations state something about them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from hashlib import sha256

from chain.dsse import FileSubject, build_envelope, build_statement
from chain.operations import (
    BAD_QUALITY_NO_DATA,
    GOOD_QUALITY,
    Attest,
    PropertyDefinition,
    Reading,
    RegisterTwin,
    Telemetry,
    TwinKind,
    TwinReadings,
)
from chain.receipt import Receipt
from chain.scalars import Hash, TwinId, UnixMillis
from contracts import state_keys
from contracts.kit.chain import Chain, key_of
from contracts.kit.seen import value_of
from contracts.records import TwinRecord

Number = int | str | Decimal | None


@dataclass(frozen=True, slots=True)
class Sent:
    """What became of readings: how many were accepted, and how many were not new.

    `late` are older than the last one of their property, or of its time and say something else;
    `duplicate` repeat it. No contract hears of either.
    """

    receipt: Receipt
    accepted: int
    late: int
    duplicate: int

    @classmethod
    def of(cls, receipt: Receipt) -> Sent:
        """Read it out of the receipt of readings that were taken in."""
        counts = value_of(receipt.result)
        assert isinstance(counts, dict), "the ledger wrote it"
        accepted, late, duplicate = (
            int(str(counts[name])) for name in ("accepted", "late", "duplicate")
        )
        return cls(receipt, accepted, late, duplicate)


class KitTwin:
    """A twin of a test; `read` sends readings of its properties."""

    def __init__(self, chain: Chain, name: TwinId, units: Mapping[str, str], owner: str) -> None:
        self._chain = chain
        self.name = name
        self._units = units
        self._owner = owner

    @property
    def record(self) -> TwinRecord:
        """The twin as it stands in the state."""
        record = self._chain.record(state_keys.twin_key(self.name), TwinRecord)
        assert record is not None, "a kit twin was registered"
        return record

    def read(self, time_ms: int | None = None, **values: Number) -> Sent:
        """Send one reading of each property named; None: no value.

        Args: time_ms: when it was measured. Unless given, it is new: of the present time, and where
        the twin has a reading of then already, of the first millisecond after its newest one.
        """
        return self.read_many([(self._next_ms() if time_ms is None else time_ms, values)])

    def read_many(self, rows: Sequence[tuple[int, Mapping[str, Number]]]) -> Sent:
        """Send readings of many times in one transaction: (time in milliseconds, values)."""
        readings = tuple(
            Reading(
                name,
                "" if value is None else str(value),
                UnixMillis(at),
                self._units[name],
                BAD_QUALITY_NO_DATA if value is None else GOOD_QUALITY,
            )
            for at, values in rows
            for name, value in values.items()
        )
        operation = Telemetry((TwinReadings(self.name, readings),))
        return Sent.of(self._chain.apply(operation, self._owner))

    def attest(
        self,
        type: str,
        predicate: Mapping[str, object] | None = None,
        *,
        files: Mapping[str, bytes] | None = None,
        sender: str | None = None,
    ) -> str:
        """Put a statement about the twin on record, signed by an organisation.

        Args: type: its predicate type, what `@on_attestation(type=...)` waits for; predicate: what
        it says, for JSON; files: that it vouches for, by name; sender: the first member unless
        given, whoever owns the twin.
        Returns: its id in hex.
        """
        signer = key_of(sender or self._chain.organisations[0])
        subjects = [
            FileSubject(name, Hash(sha256(data).digest()), len(data))
            for name, data in (files or {}).items()
        ]
        payload = build_statement(self.name, type, predicate or {}, subjects)
        operation = Attest(self.name, build_envelope(signer, payload))
        result = value_of(self._chain.apply(operation, sender).result)
        assert isinstance(result, dict), "the ledger wrote it"
        return str(result["attestation"])

    def _next_ms(self) -> int:
        known = [one.last.time_ms + 1 for one in self.record.properties if one.last is not None]
        return max(self._chain.time_ms, *known) if known else self._chain.time_ms


class Twins:
    """The twins of a test."""

    def __init__(self, chain: Chain) -> None:
        self._chain = chain

    def add(
        self,
        name: str,
        model: str,
        *,
        owner: str | None = None,
        kind: TwinKind = "system",
        parent: str | None = None,
        **properties: str,
    ) -> KitTwin:
        """Register a twin; properties are given with their unit codes: temperature="CEL"."""
        definitions = tuple(PropertyDefinition(one, unit) for one, unit in properties.items())
        above = None if parent is None else TwinId(parent)
        operation = RegisterTwin(TwinId(name), kind, model, above, definitions)
        sender = owner or self._chain.organisations[0]
        self._chain.apply(operation, sender)
        return KitTwin(self._chain, TwinId(name), properties, sender)
