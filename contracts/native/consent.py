"""Consent: whose contracts may run, and ask for something, because of whose twins.

A contract that another organisation owns runs on a twin's readings, and opens actions at it, only
with the consent of the twin's owner: it uses the gas of the owner's transactions, and places in the
twin's list of actions. The owner reads the source and consents to exactly that one; another
version needs another consent. An organisation's own contracts need none, while what is in force is
what it proposed itself: others may approve an upgrade of its contract without it.
"""

from chain.operations import Consent
from chain.scalars import Hash, OrganisationId
from chain.values import encode_value
from contracts import lifecycle_keys, wakeup_keys
from contracts.context import TransactionContext
from contracts.lifecycle_records import VersionRecord
from contracts.records import ConsentRecord, ContractRecord
from contracts.state import Overlay


def consent(operation: Consent, context: TransactionContext, overlay: Overlay) -> bytes:
    """Give or take back the sender's consent to one source of a contract, deployed or not yet.

    Returns: {"contract", "is_given"}, encoded.
    """
    organisation = context.sender.organisation
    put_consent(organisation, operation, context, overlay)
    context.emit(
        "consent_given" if operation.is_given else "consent_withdrawn",
        operation.contract,
        {"organisation": organisation, "source_hash": operation.source_hash.hex()},
    )
    return encode_value({"contract": operation.contract, "is_given": operation.is_given})


def put_consent(
    organisation: OrganisationId, given: Consent, context: TransactionContext, overlay: Overlay
) -> None:
    """Write an organisation's consent, or that it was taken back."""
    key = wakeup_keys.consent_key(organisation, given.contract, given.source_hash)
    record = ConsentRecord(
        organisation,
        given.contract,
        given.source_hash,
        given.is_given,
        context.transaction.id,
        context.block.height,
    )
    overlay.put_record(key, record)


def has_consent(contract: ContractRecord, owner: OrganisationId, overlay: Overlay) -> bool:
    """Tell whether a contract may run for, and act on, the twins of an organisation."""
    if contract.owner == owner and _is_of_owner(contract, overlay):
        return True
    key = wakeup_keys.consent_key(owner, contract.name, Hash(contract.source_hash))
    record = overlay.get_record(key, ConsentRecord)
    return record is not None and record.is_given


def _is_of_owner(contract: ContractRecord, overlay: Overlay) -> bool:
    """Tell whether the version whose content is in force was wanted by the contract's owner."""
    if contract.version == 1:
        return True
    version = _get_version(contract, contract.version, overlay)
    if version.like != version.number:
        version = _get_version(contract, version.like, overlay)
    return version.organisation == contract.owner


def _get_version(contract: ContractRecord, number: int, overlay: Overlay) -> VersionRecord:
    key = lifecycle_keys.contract_version_key(contract.name, number)
    version = overlay.get_record(key, VersionRecord)
    assert version is not None, "versions stay on record"
    return version
