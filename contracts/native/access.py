"""Who may do what: finding records and refusing those that the sender may not touch."""

from typing import Final

from chain.errors import Refused
from chain.operations import AnyOperation, ReportEvidence, Role, RunTimers, name_of
from chain.scalars import Height, OrganisationId, PublicKey, TwinId
from contracts import state_keys
from contracts.native.committee import get_committee
from contracts.records import KeyRecord, OrganisationRecord, TwinRecord
from contracts.state import Overlay

ADMINISTRATOR: Final[Role] = "administrator"

_NEEDED_ROLES: Final[dict[str, tuple[Role, ...]]] = {
    "register_twin": (ADMINISTRATOR,),
    "telemetry": ("gateway",),
    "update_twin": (ADMINISTRATOR,),
    "register_key": (ADMINISTRATOR,),
    "revoke_key": (ADMINISTRATOR,),
    "attest": ("partner", "operator"),
    "deploy_contract": (ADMINISTRATOR,),
    "call": (),
    "acknowledge": ("operator", "partner"),
    "propose_change": (ADMINISTRATOR,),
    "approve_change": (ADMINISTRATOR,),
    "withdraw_change": (ADMINISTRATOR,),
    "rotate_vote_key": (ADMINISTRATOR,),
    "report_evidence": (),
    "propose_contract": (ADMINISTRATOR,),
    "consent": (ADMINISTRATOR,),
    "run_timers": (),
}
"""One of these roles is needed; an empty tuple means that any valid key will do."""


def get_sender(
    overlay: Overlay, key: PublicKey, operation: AnyOperation, height: Height
) -> KeyRecord:
    """Give the record of the key that signed a transaction.

    The vote key of a node may report evidence, run what is due, and nothing else: nobody registers
    it. It is given as a key of the node's organisation without any role, even when somebody did
    register it: it is public, so who registered and revoked it would silence the node.

    Args: height: of the block that holds the transaction, or may hold it next.
    Raises: Refused: VT-2010 not registered, VT-2011 revoked.
    """
    record = None
    if isinstance(operation, (ReportEvidence, RunTimers)):
        record = _find_reporter(overlay, key, height)
    if record is None:
        record = overlay.get_record(state_keys.public_key_key(key), KeyRecord)
    if record is None:
        raise Refused("VT-2010", sender=key)
    if record.revoked_height is not None:
        raise Refused("VT-2011", sender=key, height=record.revoked_height)
    return record


def _find_reporter(overlay: Overlay, key: PublicKey, height: Height) -> KeyRecord | None:
    for member in get_committee(overlay, height).members:
        if member.vote_key == key:
            return KeyRecord(key, member.organisation, member.node, (), Height(0))
    return None


def check_role(sender: KeyRecord, operation: AnyOperation) -> None:
    """Check that the sender's key has a role that allows the operation.

    An administrator key may do everything that its organisation may do.

    Raises: Refused: VT-2012.
    """
    name = name_of(operation)
    needed = _NEEDED_ROLES[name]
    if not needed or ADMINISTRATOR in sender.roles or not set(needed).isdisjoint(sender.roles):
        return
    raise Refused(
        "VT-2012", operation=name, needed=" or ".join(needed), roles=", ".join(sender.roles)
    )


def get_twin(overlay: Overlay, twin: TwinId) -> TwinRecord:
    """Give a twin.

    Raises: Refused: VT-2020, there is no such twin.
    """
    record = overlay.get_record(state_keys.twin_key(twin), TwinRecord)
    if record is None:
        raise Refused("VT-2020", twin=twin)
    return record


def get_own_twin(overlay: Overlay, twin: TwinId, organisation: OrganisationId) -> TwinRecord:
    """Give a twin that belongs to `organisation`.

    Raises: Refused: VT-2020 no such twin, VT-2021 it belongs to another organisation.
    """
    record = get_twin(overlay, twin)
    if record.owner != organisation:
        raise Refused("VT-2021", twin=twin, owner=record.owner, organisation=organisation)
    return record


def put_twin(overlay: Overlay, record: TwinRecord) -> None:
    """Write a twin."""
    overlay.put_record(state_keys.twin_key(record.id), record)


def get_organisation(overlay: Overlay, organisation: OrganisationId) -> OrganisationRecord:
    """Give the organisation of a registered key, so it is there."""
    record = overlay.get_record(state_keys.organisation_key(organisation), OrganisationRecord)
    assert record is not None, "a registered key belongs to a member"
    return record
