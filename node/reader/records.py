"""What stands in the state besides twins: organisations, contracts, actions, attestations."""

from collections.abc import Callable
from dataclasses import dataclass
from itertools import islice
from typing import Final, TypeVar

from chain.operations import Attest, Telemetry
from chain.scalars import Hash, OrganisationId, PublicKey, TwinId
from contracts import state_keys
from contracts.records import (
    ActionRecord,
    ActionStatus,
    AttestationRecord,
    ContractRecord,
    KeyRecord,
    OrganisationRecord,
)
from contracts.state import decode_record
from node.reader.blocks import BlockReader
from node.reader.paging import Page, PageRequest, collect
from node.replica.ports import Column, Store

T = TypeVar("T")

KEYS_SHOWN_MAX: Final = 500
CONTRACTS_SHOWN_MAX: Final = 500
_ORDER_SIZE: Final = 40


@dataclass(frozen=True, slots=True)
class OrganisationWithKeys:
    """An organisation and every key that acts, or acted, for it."""

    record: OrganisationRecord
    keys: tuple[KeyRecord, ...]


@dataclass(frozen=True, slots=True)
class RecordReader:
    """Reads the present state's records."""

    store: Store
    blocks: BlockReader

    def organisations(self) -> tuple[OrganisationWithKeys, ...]:
        """Give all organisations in order of their ids."""
        start, stop = state_keys.prefix_range(state_keys.organisations_prefix())
        found = []
        for _, value in self.store.range(Column.STATE, start, stop):
            record = decode_record(value, OrganisationRecord)
            found.append(OrganisationWithKeys(record, self._keys_of(record.id)))
        return tuple(found)

    def contracts(self) -> tuple[ContractRecord, ...]:
        """Give the deployed contracts in order of their names."""
        start, stop = state_keys.prefix_range(state_keys.contracts_prefix())
        rows = islice(self.store.range(Column.STATE, start, stop), CONTRACTS_SHOWN_MAX)
        return tuple(decode_record(value, ContractRecord) for _, value in rows)

    def contract(self, name: str) -> tuple[ContractRecord, str] | None:
        """Give a contract and its source, or None."""
        data = self.store.get(Column.STATE, state_keys.contract_key(name))
        if data is None:
            return None
        record = decode_record(data, ContractRecord)
        key = state_keys.contract_source_key(record.source_hash)
        return record, (self.store.get(Column.STATE, key) or b"").decode()

    def action(self, action: Hash) -> ActionRecord | None:
        """Give an action, or None."""
        data = self.store.get(Column.STATE, state_keys.action_key(action))
        return None if data is None else decode_record(data, ActionRecord)

    def actions(
        self,
        request: PageRequest,
        *,
        status: ActionStatus | None = None,
        twin: TwinId | None = None,
        addressee: OrganisationId | None = None,
    ) -> Page[ActionRecord]:
        """Give actions, the newest first."""
        prefix = (
            state_keys.actions_in_order_prefix()
            if twin is None
            else state_keys.twin_actions_prefix(twin)
        )

        def keep(name: Hash) -> ActionRecord | None:
            action = self.action(name)
            if action is None or status not in (None, action.status):
                return None
            return action if addressee in (None, action.addressee) else None

        return newest_first(self.store, prefix, request, keep)

    def attestation(self, attestation: Hash) -> AttestationRecord | None:
        """Give an attestation, or None."""
        data = self.store.get(Column.STATE, state_keys.attestation_key(attestation))
        return None if data is None else decode_record(data, AttestationRecord)

    def attestations(
        self,
        request: PageRequest,
        *,
        twin: TwinId | None = None,
        issuer: OrganisationId | None = None,
    ) -> Page[AttestationRecord]:
        """Give attestations, the newest first."""
        prefix = (
            state_keys.attestations_in_order_prefix()
            if twin is None
            else state_keys.twin_attestations_prefix(twin)
        )

        def keep(name: Hash) -> AttestationRecord | None:
            found = self.attestation(name)
            return found if found is not None and issuer in (None, found.issuer) else None

        return newest_first(self.store, prefix, request, keep)

    def envelope_of(self, attestation: AttestationRecord) -> bytes:
        """Give the bytes of the signed envelope as the partner sent them; empty if not kept."""
        found = self.blocks.kept(attestation.transaction)
        if found is None or not isinstance(found.operation, Attest):
            return b""
        return found.operation.envelope

    def count_cause(self, action: ActionRecord) -> int:
        """Count the readings that made a contract open an action; 0 when a call did."""
        cause = action.cause
        if cause.first_time_ms is None or cause.last_time_ms is None:
            return 0
        found = self.blocks.kept(cause.transaction)
        if found is None or not isinstance(found.operation, Telemetry):
            return 0
        return sum(
            cause.first_time_ms <= reading.time_ms <= cause.last_time_ms
            for batch in found.operation.batches
            if batch.twin == cause.twin
            for reading in batch.readings
        )

    def _keys_of(self, organisation: OrganisationId) -> tuple[KeyRecord, ...]:
        start, stop = state_keys.prefix_range(
            state_keys.organisation_public_keys_prefix(organisation)
        )
        rows = islice(self.store.range(Column.STATE, start, stop), KEYS_SHOWN_MAX)
        values = [
            self.store.get(Column.STATE, state_keys.public_key_key(PublicKey(key[len(start) :])))
            for key, _ in rows
        ]
        records = [decode_record(value, KeyRecord) for value in values if value is not None]
        return tuple(sorted(records, key=lambda record: (record.registered_height, record.label)))


def newest_first(
    store: Store, prefix: bytes, request: PageRequest, keep: Callable[[Hash], T | None]
) -> Page[T]:
    """Walk an index of (height, id) in the state backwards and keep what is wanted."""
    start, stop = state_keys.prefix_range(prefix)
    place = request.position(_ORDER_SIZE)
    if place is not None:
        stop = prefix + place
    rows = (
        (key[len(prefix) :], Hash(key[-32:]))
        for key, _ in store.range(Column.STATE, start, stop, reverse=True)
    )
    return collect(rows, request.limit, keep)
