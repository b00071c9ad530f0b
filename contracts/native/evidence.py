"""Evidence: put a validator's proven offence on record, and let follow what genesis says.

An offence is recorded once. A suspension answers for everything that the validator did before it
came into force, so evidence that somebody kept back cannot bring down a member that the others have
voted back in.
"""

from typing import Final

from chain.errors import Refused
from chain.evidence import Evidence, check_evidence, compute_evidence_id
from chain.operations import ReportEvidence
from chain.scalars import HEIGHT_MAX, Hash, Height
from chain.validators import Validator
from chain.values import encode_value
from contracts import state_keys
from contracts.context import TransactionContext
from contracts.governance_records import EvidenceRecord, StandingRecord
from contracts.native.committee import (
    Reason,
    get_committee,
    get_newest,
    has_weight_without,
    plan_change,
    with_member,
    without_weight,
)
from contracts.state import Overlay

EVIDENCE_HEIGHTS: Final = 100_000
"""How many heights back an offence is judged: days. A key that leaks once it has been out of the
committee for longer convicts nobody; until then it must be kept, or destroyed, like one in use."""
OFFENCES_MAX: Final = 16
"""Offences of one key that are recorded, before its suspension and again after it."""


def report_evidence(
    operation: ReportEvidence, context: TransactionContext, overlay: Overlay
) -> bytes:
    """Check evidence to its last signature and put it on record.

    Returns: {"evidence": its id in hex, "consequence", "effective_height"}, encoded.
    Raises: InvalidInput: VT-2070 it proves nothing; Refused: VT-2071 a height that is not judged,
    VT-2072 on record already, VT-2073 enough is on record against that key.
    """
    evidence, now = operation.evidence, context.block.height
    first = Height(max(1, now - EVIDENCE_HEIGHTS))
    if not first <= evidence.height <= now:
        raise Refused("VT-2071", height=evidence.height, now=now, first=first)
    id_ = compute_evidence_id(evidence)
    known = overlay.get_record(state_keys.evidence_key(id_), EvidenceRecord)
    if known is not None:
        raise Refused("VT-2072", evidence=id_, height=known.height)
    accused = check_evidence(
        evidence,
        context.block.genesis_hash,
        get_committee(overlay, evidence.height),
        verify=context.block.verify,
    )
    standing = _get_standing(accused, overlay)
    _check_room(evidence, standing, overlay)
    suspended = _suspend(accused, evidence, standing, context, overlay)
    _put_standing(standing, suspended, overlay)
    return _record(evidence, id_, accused, suspended, context, overlay)


def _get_standing(accused: Validator, overlay: Overlay) -> StandingRecord:
    key = state_keys.standing_key(accused.node)
    return overlay.get_record(key, StandingRecord) or StandingRecord(accused.node, 0, None)


def _put_standing(standing: StandingRecord, suspended: Height | None, overlay: Overlay) -> None:
    record = StandingRecord(
        standing.node,
        standing.offences + 1,
        standing.suspended_height if suspended is None else suspended,
    )
    overlay.put_record(state_keys.standing_key(record.node), record)


def _check_room(evidence: Evidence, standing: StandingRecord, overlay: Overlay) -> None:
    """Refuse what would only fill the state: many proofs of one key say no more than a few."""
    answered = standing.suspended_height or Height(0)
    first, stop = Height(0), answered
    if evidence.height >= answered:
        first, stop = answered, Height(HEIGHT_MAX)
    start = state_keys.offences_prefix(evidence.key, first)
    end = state_keys.offences_prefix(evidence.key, stop)
    if len(overlay.range(start, end, OFFENCES_MAX)) >= OFFENCES_MAX:
        raise Refused("VT-2073", count=OFFENCES_MAX, key=evidence.key)


def _suspend(
    accused: Validator,
    evidence: Evidence,
    standing: StandingRecord,
    context: TransactionContext,
    overlay: Overlay,
) -> Height | None:
    """Plan to take the accused's vote, where genesis says so; give from when, None for not."""
    if context.block.governance.on_equivocation != "suspend":
        return None
    if evidence.height < (standing.suspended_height or 0):
        return None
    newest = get_newest(overlay).validators
    index = newest.index_of(accused.node)
    member = None if index is None else newest.members[index]
    if member is None or member.weight == 0 or member.organisation != accused.organisation:
        return None
    if not has_weight_without(newest, member.node):
        return None
    reason = Reason("suspend", member.node, member.organisation)
    after = with_member(newest, without_weight(member))
    return plan_change(after, reason, context, overlay, is_urgent=True)


def _record(
    evidence: Evidence,
    id_: Hash,
    accused: Validator,
    suspended: Height | None,
    context: TransactionContext,
    overlay: Overlay,
) -> bytes:
    record = EvidenceRecord(
        id=id_,
        evidence=evidence,
        node=accused.node,
        organisation=accused.organisation,
        reporter=context.sender.key,
        transaction=context.transaction.id,
        height=context.block.height,
        time_ms=context.block.time_ms,
        consequence="recorded" if suspended is None else "suspended",
        effective_height=suspended,
    )
    overlay.put_record(state_keys.evidence_key(id_), record)
    overlay.put(state_keys.evidence_in_order_key(record.height, id_), id_)
    overlay.put(state_keys.offence_key(evidence.key, evidence.height, id_), id_)
    context.emit(
        "evidence_recorded",
        id_.hex(),
        {
            "node": record.node,
            "organisation": record.organisation,
            "kind": evidence.kind,
            "height": evidence.height,
            "round": evidence.round,
            "consequence": record.consequence,
            "effective_height": suspended,
        },
    )
    return encode_value(
        {
            "evidence": id_.hex(),
            "consequence": record.consequence,
            "effective_height": suspended,
        }
    )
