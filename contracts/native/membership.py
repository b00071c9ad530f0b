"""Membership: what each change of members and validators does, and rotating a vote key."""

from typing import Final, assert_never

from msgspec.structs import replace

from chain.changes import (
    AddOrganisation,
    AddValidator,
    AnyMemberChange,
    RemoveValidator,
    SetEngine,
    SetWeight,
    possession_hash,
)
from chain.errors import Refused
from chain.keys import check_public_key
from chain.operations import RotateVoteKey
from chain.scalars import Height, NodeName, OrganisationId, to_bytes
from chain.validators import Validator, ValidatorSet
from chain.values import encode_value
from contracts import state_keys
from contracts.context import TransactionContext
from contracts.governance_records import AddressRecord, VoteKeyRecord
from contracts.native.committee import (
    Reason,
    check_set,
    find_member,
    get_newest,
    plan_change,
    put_vote_key,
    with_member,
)
from contracts.native.identity import put_organisation
from contracts.native.policy import ORGANISATIONS_MAX, list_organisations
from contracts.records import KeyRecord, OrganisationRecord
from contracts.state import Overlay, decode_record
from contracts.state_keys import prefix_range

VOTE_KEYS_MAX: Final = 65_536
"""Vote keys of all times that are looked at when a node comes back with a new one."""


def make_change(
    change: AnyMemberChange, context: TransactionContext, overlay: Overlay
) -> Height | None:
    """Make a change that was approved.

    Returns: the height from which other validators decide, None when they stay the same.
    Raises: Refused: VT-2065 it is impossible, VT-2066 too many changes wait, VT-2089 a newer
    one replaced the vote key in it; InvalidInput: VT-1301 a key in it is not acceptable.
    """
    match change:
        case AddOrganisation():
            _add_organisation(change, context, overlay)
            return None
        case AddValidator():
            return _add_validator(change, context, overlay)
        case RemoveValidator():
            return _remove_validator(change, context, overlay)
        case SetWeight():
            return _set_weight(change, context, overlay)
        case SetEngine():
            return _set_engine(change, context, overlay)
        case _:
            assert_never(change)


def rotate_vote_key(
    operation: RotateVoteKey, context: TransactionContext, overlay: Overlay
) -> bytes:
    """Give a node of the sender's organisation another vote key; the old one never comes back.

    Nobody else is asked: who votes with what weight stays the same. One rotation of an organisation
    waits at a time, so that nobody fills the plan alone.

    Returns: {"node", "effective_height"}, encoded.
    Raises: InvalidInput: VT-1301 not an acceptable key; Refused: VT-2065 the key was used before or
    a rotation waits, VT-2066 too many changes wait, VT-2067 not an own node, VT-2068 no proof.
    """
    new_key = check_public_key(operation.new_key)
    organisation, now = context.sender.organisation, context.block.height
    newest = get_newest(overlay).validators
    index = newest.index_of(operation.node)
    if index is None or newest.members[index].organisation != organisation:
        raise Refused("VT-2067", organisation=organisation, node=operation.node)
    member = newest.members[index]
    waiting = overlay.get(state_keys.rotating_key(organisation))
    if waiting is not None and int.from_bytes(waiting, "big") > now:
        reason = f"{organisation} has another rotation that is not in force yet"
        raise Refused("VT-2065", reason=reason)
    if overlay.get(state_keys.vote_key_key(new_key)) is not None:
        raise Refused("VT-2065", reason=f"key {new_key.hex()} is or was a vote key")
    proven = possession_hash(context.block.genesis_hash, member.node, member.vote_key, new_key)
    if not context.block.verify(new_key, proven, operation.proof):
        raise Refused("VT-2068", key=new_key, node=member.node, old=member.vote_key)
    changed = replace(member, vote_key=new_key)
    why = Reason("rotate_vote_key", member.node, organisation)
    effective = plan_change(with_member(newest, changed), why, context, overlay)
    put_vote_key(changed, now, overlay)
    overlay.put(state_keys.replaced_key(member.vote_key), to_bytes(effective))
    overlay.put(state_keys.rotating_key(organisation), to_bytes(effective))
    context.emit(
        "vote_key_rotated",
        member.node,
        {"old": member.vote_key.hex(), "new": new_key.hex(), "effective_height": effective},
    )
    return encode_value({"node": member.node, "effective_height": effective})


def _add_organisation(
    change: AddOrganisation, context: TransactionContext, overlay: Overlay
) -> None:
    added = change.organisation
    key = check_public_key(added.administrator)
    if _is_member(added.id, overlay):
        raise Refused("VT-2065", reason=f"{added.id} is a member already")
    registered = overlay.get_record(state_keys.public_key_key(key), KeyRecord)
    if registered is not None:
        reason = f"key {key.hex()} is registered for {registered.organisation}"
        raise Refused("VT-2065", reason=reason)
    if len(list_organisations(overlay)) >= ORGANISATIONS_MAX:
        reason = f"at most {ORGANISATIONS_MAX} organisations are allowed"
        raise Refused("VT-2065", reason=reason)
    put_organisation(overlay, added, context.block.height)
    context.emit("organisation_added", added.id, {"name": added.name})


def _add_validator(change: AddValidator, context: TransactionContext, overlay: Overlay) -> Height:
    added = change.validator
    check_public_key(added.vote_key)
    newest = get_newest(overlay).validators
    if not _is_member(added.organisation, overlay):
        raise Refused("VT-2065", reason=f"{added.organisation} is not a member organisation")
    for what, taken in (
        (f"name {added.node}", any(one.node == added.node for one in newest.members)),
        ("TLS key", any(one.tls_key == added.tls_key for one in newest.members)),
    ):
        if taken:
            raise Refused("VT-2065", reason=f"the {what} is that of a validator already")
    _admit_vote_key(added, context.block.height, overlay)
    if change.host and change.port:
        address = AddressRecord(added.node, change.host, change.port)
        overlay.put_record(state_keys.address_key(added.node), address)
    after = ValidatorSet((*newest.members, added), newest.engine)
    reason = Reason("add_validator", added.node, added.organisation)
    return _plan(newest, after, reason, context, overlay)


def _admit_vote_key(added: Validator, now: Height, overlay: Overlay) -> None:
    """Check that a key is new, or the last one of the node that comes back, and write it down.

    A key that was rotated away may have been stolen: a card from before must not bring it back. So
    may one that the node had before it was removed and comes back with another.
    """
    known = overlay.get_record(state_keys.vote_key_key(added.vote_key), VoteKeyRecord)
    if known is None:
        _replace_keys_of(added.node, now, overlay)
        put_vote_key(added, now, overlay)
        return
    if (known.node, known.organisation) != (added.node, added.organisation):
        raise Refused("VT-2065", reason=f"its vote key is or was that of node {known.node}")
    replaced = overlay.get(state_keys.replaced_key(added.vote_key))
    if replaced is not None:
        since = int.from_bytes(replaced, "big")
        raise Refused("VT-2089", key=added.vote_key, node=added.node, since=since)


def _replace_keys_of(node: NodeName, now: Height, overlay: Overlay) -> None:
    for _, data in overlay.range(*prefix_range(state_keys.vote_keys_prefix()), VOTE_KEYS_MAX):
        known = decode_record(data, VoteKeyRecord)
        replaced = state_keys.replaced_key(known.key)
        if known.node == node and overlay.get(replaced) is None:
            overlay.put(replaced, to_bytes(now))


def _remove_validator(
    change: RemoveValidator, context: TransactionContext, overlay: Overlay
) -> Height:
    newest = get_newest(overlay).validators
    member = find_member(newest, change.node)
    rest = tuple(one for one in newest.members if one.node != change.node)
    overlay.delete(state_keys.address_key(change.node))
    reason = Reason("remove_validator", member.node, member.organisation)
    return _plan(newest, ValidatorSet(rest, newest.engine), reason, context, overlay)


def _set_weight(change: SetWeight, context: TransactionContext, overlay: Overlay) -> Height:
    newest = get_newest(overlay).validators
    member = find_member(newest, change.node)
    if member.weight == change.weight:
        raise Refused("VT-2065", reason=f"{member.node} has weight {member.weight} already")
    after = with_member(newest, replace(member, weight=change.weight))
    reason = Reason("set_weight", member.node, member.organisation)
    return _plan(newest, after, reason, context, overlay)


def _set_engine(change: SetEngine, context: TransactionContext, overlay: Overlay) -> Height:
    newest = get_newest(overlay).validators
    if newest.engine != "raft":
        raise Refused("VT-2065", reason=f"the committee agrees by {newest.engine} already")
    after = ValidatorSet(newest.members, change.engine)
    reason = Reason("set_engine", None, context.sender.organisation)
    return _plan(newest, after, reason, context, overlay)


def _plan(
    before: ValidatorSet,
    after: ValidatorSet,
    reason: Reason,
    context: TransactionContext,
    overlay: Overlay,
) -> Height:
    check_set(before, after)
    return plan_change(after, reason, context, overlay)


def _is_member(organisation: OrganisationId, overlay: Overlay) -> bool:
    key = state_keys.organisation_key(organisation)
    return overlay.get_record(key, OrganisationRecord) is not None
