"""Attestations: put a partner's signed statement about a twin on record."""

from hashlib import sha256

from msgspec.structs import replace

from chain import dsse
from chain.errors import InvalidInput, Refused
from chain.hashing import hash_tagged
from chain.operations import Attest
from chain.scalars import Hash, PublicKey, TwinId
from chain.values import Value, encode_value
from contracts import state_keys
from contracts.context import TransactionContext
from contracts.happenings import Attested
from contracts.native.access import get_twin, put_twin
from contracts.records import AttestationRecord, TwinRecord
from contracts.state import Overlay


def attest(operation: Attest, context: TransactionContext, overlay: Overlay) -> bytes:
    """Record a statement about a twin of any owner, signed by the sender's key.

    The envelope's bytes stay untouched in the transaction; the state holds what pages list.

    Returns: {"attestation": its id in hex}, encoded.
    Raises: Refused: VT-2020 unknown twin, VT-2031 already recorded; InvalidInput: VT-2030 the
        envelope is not valid, or speaks about another twin.
    """
    twin = get_twin(overlay, operation.twin)
    sender = context.sender
    verify = context.block.verify
    statement = dsse.open_envelope(operation.envelope, sender.key, verify=verify)
    if statement.twin != twin.id:
        raise InvalidInput("VT-2030", reason=f"the statement is not about twin {twin.id}")
    attestation = compute_attestation_id(twin.id, sender.key, statement.payload)
    if overlay.get(state_keys.attestation_key(attestation)) is not None:
        raise Refused("VT-2031", attestation=attestation)
    record = AttestationRecord(
        id=attestation,
        twin=twin.id,
        issuer=sender.organisation,
        key=sender.key,
        predicate_type=statement.predicate_type,
        files=statement.files,
        envelope_hash=Hash(sha256(operation.envelope).digest()),
        transaction=context.transaction.id,
        height=context.block.height,
        time_ms=context.block.time_ms,
    )
    _put_attestation(overlay, record)
    put_twin(
        overlay,
        replace(
            twin,
            counts=replace(twin.counts, attestations=twin.counts.attestations + 1),
            updated_height=context.block.height,
        ),
    )
    context.happenings.append(Attested(record))
    context.emit(
        "attested",
        twin.id,
        {"id": attestation.hex(), "issuer": record.issuer, "predicate_type": record.predicate_type},
    )
    return encode_value({"attestation": attestation.hex()})


def describe_attestation(record: AttestationRecord, twin: TwinRecord) -> dict[str, Value]:
    """Give what contracts get of a statement: `contracts.runtime.happenings.Attestation`."""
    return {
        "id": record.id.hex(),
        "twin": twin.id,
        "model": twin.model,
        "issuer": record.issuer,
        "type": record.predicate_type,
        "files": [file.name for file in record.files],
        "height": record.height,
        "time_ms": record.time_ms,
    }


def compute_attestation_id(twin: TwinId, key: PublicKey, payload: bytes) -> Hash:
    """Name a statement: the same one by the same key is the same, however it is enveloped."""
    return hash_tagged("attestation", twin.encode(), key, payload)


def _put_attestation(overlay: Overlay, record: AttestationRecord) -> None:
    overlay.put_record(state_keys.attestation_key(record.id), record)
    for key in (
        state_keys.attestation_in_order_key(record.height, record.id),
        state_keys.twin_attestation_key(record.twin, record.height, record.id),
    ):
        overlay.put(key, record.id)
