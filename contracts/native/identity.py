"""Identity: which keys act for an organisation, and in which roles."""

from msgspec.structs import replace

from chain.errors import Refused
from chain.genesis import Organisation
from chain.keys import check_public_key
from chain.operations import RegisterKey, RevokeKey
from chain.scalars import Height
from chain.values import encode_value
from contracts import state_keys
from contracts.context import TransactionContext
from contracts.native.access import ADMINISTRATOR, get_organisation
from contracts.records import KeyRecord, OrganisationRecord
from contracts.state import Overlay


def register_key(operation: RegisterKey, context: TransactionContext, overlay: Overlay) -> bytes:
    """Let a key act for the sender's organisation.

    A key is registered once for ever: a revoked one cannot come back, nor change its owner.

    Returns: {"key": in hex}, encoded.
    Raises: InvalidInput: VT-1301 not an acceptable key; Refused: VT-2013 already registered.
    """
    key = check_public_key(operation.key)
    existing = overlay.get_record(state_keys.public_key_key(key), KeyRecord)
    if existing is not None:
        raise Refused("VT-2013", key=key, organisation=existing.organisation)
    organisation = get_organisation(overlay, context.sender.organisation)
    record = KeyRecord(
        key=key,
        organisation=organisation.id,
        label=operation.label,
        roles=tuple(sorted(set(operation.roles))),
        registered_height=context.block.height,
    )
    put_key(overlay, record)
    if ADMINISTRATOR in record.roles:
        _put_administrators(overlay, organisation, organisation.administrators + 1)
    context.emit(
        "key_registered",
        key.hex(),
        {"organisation": record.organisation, "label": record.label, "roles": list(record.roles)},
    )
    return encode_value({"key": key.hex()})


def revoke_key(operation: RevokeKey, context: TransactionContext, overlay: Overlay) -> bytes:
    """Stop a key of the sender's organisation, from the next transaction on.

    Returns: {"key": in hex}, encoded.
    Raises: Refused: VT-2014 it is the last administrator key, VT-2015 not a key of this
        organisation, VT-2016 already revoked.
    """
    organisation = get_organisation(overlay, context.sender.organisation)
    record = overlay.get_record(state_keys.public_key_key(operation.key), KeyRecord)
    if record is None or record.organisation != organisation.id:
        raise Refused("VT-2015", key=operation.key, organisation=organisation.id)
    if record.revoked_height is not None:
        raise Refused("VT-2016", key=record.key, height=record.revoked_height)
    if ADMINISTRATOR in record.roles:
        if organisation.administrators <= 1:
            raise Refused("VT-2014", organisation=organisation.id)
        _put_administrators(overlay, organisation, organisation.administrators - 1)
    put_key(
        overlay,
        replace(record, revoked_height=context.block.height, revoked_reason=operation.reason),
    )
    context.emit(
        "key_revoked",
        record.key.hex(),
        {"organisation": record.organisation, "label": record.label, "reason": operation.reason},
    )
    return encode_value({"key": record.key.hex()})


def put_organisation(overlay: Overlay, organisation: Organisation, height: Height) -> None:
    """Write a new member: its name, its CA, and its first key, an administrator's.

    That key may do everything for its organisation and registers the others.
    """
    overlay.put_record(
        state_keys.organisation_key(organisation.id),
        OrganisationRecord(organisation.id, organisation.name, 1, height),
    )
    overlay.put(state_keys.authority_key(organisation.id), organisation.certificate)
    put_key(
        overlay,
        KeyRecord(
            key=organisation.administrator,
            organisation=organisation.id,
            label=ADMINISTRATOR,
            roles=(ADMINISTRATOR,),
            registered_height=height,
        ),
    )


def put_key(overlay: Overlay, record: KeyRecord) -> None:
    """Write a key and list it under its organisation."""
    overlay.put_record(state_keys.public_key_key(record.key), record)
    overlay.put(state_keys.organisation_public_key_key(record.organisation, record.key), record.key)


def _put_administrators(overlay: Overlay, record: OrganisationRecord, count: int) -> None:
    overlay.put_record(
        state_keys.organisation_key(record.id), replace(record, administrators=count)
    )
