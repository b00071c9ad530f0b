"""Governance: members propose changes, of members and of contracts, and approve them.

A change is made the moment enough organisations have approved it, each counted once, by whichever
administrator: more than two thirds of them, and for contracts as the policy for contracts says. If
it has become impossible by then, the last approval is refused and nothing has changed.
"""

from typing import Final

from msgspec.structs import replace

from chain.changes import (
    AnyChange,
    InstallContract,
    PauseContract,
    ResumeContract,
    RollBackContract,
    SetContractPolicy,
    describe_change,
)
from chain.errors import Refused
from chain.operations import ApproveChange, Consent, ProposeChange, WithdrawChange
from chain.scalars import Hash, Height, OrganisationId, to_bytes
from chain.values import encode_value
from contracts import state_keys
from contracts.context import TransactionContext
from contracts.governance_records import Approval, ProposalRecord, ProposalStatus
from contracts.native.consent import put_consent
from contracts.native.membership import make_change
from contracts.native.policy import is_approved, set_policy
from contracts.native.versions import Decision, change_contract, get_package
from contracts.state import Overlay

PROPOSAL_BLOCKS: Final = 500_000
"""How long a proposal can be approved: days of a busy chain, weeks of an idle one.

A contract's version waits no longer either: nothing else is decided about it until it starts.
"""
PROPOSALS_OPEN_MAX: Final = 8
"""Proposals of one organisation that are not decided."""


def propose_change(
    operation: ProposeChange, context: TransactionContext, overlay: Overlay
) -> bytes:
    """Put a change up for approval; the proposer's organisation has approved it.

    Returns: {"proposal": its id in hex, "status", "effective_height"}, encoded.
    Raises: Refused: VT-2064 too many open proposals, VT-2065 the change is impossible now, VT-2066
    too many changes wait, VT-2077 it would start too late; InvalidInput: VT-1301 a key in it is not
    acceptable.
    """
    organisation, now = context.sender.organisation, context.block.height
    _check_room(organisation, now, overlay)
    _check_start(operation.change, now)
    _try_change(operation.change, context, overlay)
    proposal = ProposalRecord(
        id=context.transaction.id,
        change=operation.change,
        note=operation.note,
        organisation=organisation,
        height=now,
        time_ms=context.block.time_ms,
        expiry_height=Height(now + PROPOSAL_BLOCKS),
        approvals=(_approval(context),),
    )
    overlay.put(state_keys.proposal_in_order_key(now, proposal.id), proposal.id)
    context.emit(
        "change_proposed",
        proposal.id.hex(),
        {"organisation": organisation, "change": describe_change(operation.change)},
    )
    return _count_approvals(proposal, context, overlay)


def approve_change(
    operation: ApproveChange, context: TransactionContext, overlay: Overlay
) -> bytes:
    """Approve a proposal, and make the change when enough have.

    Returns: {"proposal": its id in hex, "status", "effective_height"}, encoded.
    Raises: Refused: VT-2060 unknown, VT-2061 closed, VT-2062 expired, VT-2063 approved already,
    VT-2065 the change has become impossible, VT-2066 too many changes wait.
    """
    proposal = _get_open(operation.proposal, overlay)
    if proposal.expiry_height < context.block.height:
        raise Refused(
            "VT-2062",
            proposal=proposal.id,
            expiry=proposal.expiry_height,
            height=context.block.height,
        )
    organisation = context.sender.organisation
    before = proposal.approval_of(organisation)
    if before is not None:
        raise Refused(
            "VT-2063", organisation=organisation, proposal=proposal.id, height=before.height
        )
    proposal = replace(proposal, approvals=(*proposal.approvals, _approval(context)))
    context.emit("change_approved", proposal.id.hex(), {"organisation": organisation})
    return _count_approvals(proposal, context, overlay)


def withdraw_change(
    operation: WithdrawChange, context: TransactionContext, overlay: Overlay
) -> bytes:
    """Take back a proposal of the sender's organisation.

    Returns: {"proposal": its id in hex, "status", "effective_height"}, encoded.
    Raises: Refused: VT-2060 unknown, VT-2061 closed, VT-2069 another organisation's.
    """
    proposal = _get_open(operation.proposal, overlay)
    organisation = context.sender.organisation
    if proposal.organisation != organisation:
        raise Refused(
            "VT-2069",
            proposal=proposal.id,
            owner=proposal.organisation,
            organisation=organisation,
        )
    context.emit("change_withdrawn", proposal.id.hex(), {"organisation": organisation})
    return _close(proposal, "withdrawn", None, context, overlay)


def _check_room(organisation: OrganisationId, now: Height, overlay: Overlay) -> None:
    """Check that an organisation may propose more; what has expired makes room."""
    start, stop = state_keys.prefix_range(state_keys.open_proposals_prefix(organisation))
    count = 0
    for key, expiry in overlay.range(start, stop, PROPOSALS_OPEN_MAX):
        if int.from_bytes(expiry, "big") < now:
            overlay.delete(key)
        else:
            count += 1
    if count >= PROPOSALS_OPEN_MAX:
        raise Refused("VT-2064", organisation=organisation, limit=PROPOSALS_OPEN_MAX)


def _check_start(change: AnyChange, now: Height) -> None:
    """Check that a change of a contract would not wait too long."""
    last = now + PROPOSAL_BLOCKS
    if isinstance(change, InstallContract) and change.not_before > last:
        reason = f"it would start at height {change.not_before}, later than {last}"
        raise Refused("VT-2077", contract=change.name, reason=reason)


def _try_change(change: AnyChange, context: TransactionContext, overlay: Overlay) -> None:
    """Check that a change is possible now, and leave no trace of it."""
    decision = Decision(context.sender.organisation, context.transaction.id)
    with context.trial(overlay):
        _make(change, decision, context, overlay)


def _consent(
    change: InstallContract,
    approved: list[OrganisationId],
    context: TransactionContext,
    overlay: Overlay,
) -> None:
    """Who approved a source consents to its running for the own twins."""
    source_hash = get_package(change, overlay).source_hash
    for organisation in approved:
        put_consent(organisation, Consent(change.name, source_hash), context, overlay)


def _make(
    change: AnyChange, decision: Decision, context: TransactionContext, overlay: Overlay
) -> Height | None:
    """Make a change; give the height from which it is in force, None for at once."""
    match change:
        case InstallContract() | PauseContract() | ResumeContract() | RollBackContract():
            return change_contract(change, decision, context, overlay)
        case SetContractPolicy(policy):
            set_policy(policy, context, overlay)
            return None
        case _:
            return make_change(change, context, overlay)


def _get_open(id_: Hash, overlay: Overlay) -> ProposalRecord:
    proposal = overlay.get_record(state_keys.proposal_key(id_), ProposalRecord)
    if proposal is None:
        raise Refused("VT-2060", proposal=id_)
    if proposal.status != "open":
        raise Refused(
            "VT-2061", proposal=id_, status=proposal.status, height=proposal.closed_height
        )
    return proposal


def _approval(context: TransactionContext) -> Approval:
    return Approval(
        context.sender.organisation,
        context.sender.key,
        context.transaction.id,
        context.block.height,
        context.block.time_ms,
    )


def _count_approvals(
    proposal: ProposalRecord, context: TransactionContext, overlay: Overlay
) -> bytes:
    """Make the change when enough approved it, else keep the proposal open."""
    approved = [one.organisation for one in proposal.approvals]
    if is_approved(proposal.change, approved, context.block.governance, overlay):
        decision = Decision(proposal.organisation, proposal.id)
        effective = _make(proposal.change, decision, context, overlay)
        if isinstance(proposal.change, InstallContract):
            _consent(proposal.change, approved, context, overlay)
        return _close(proposal, "approved", effective, context, overlay)
    overlay.put_record(state_keys.proposal_key(proposal.id), proposal)
    key = state_keys.open_proposal_key(proposal.organisation, proposal.id)
    overlay.put(key, to_bytes(proposal.expiry_height))
    return _result(proposal)


def _close(
    proposal: ProposalRecord,
    status: ProposalStatus,
    effective: Height | None,
    context: TransactionContext,
    overlay: Overlay,
) -> bytes:
    closed = replace(
        proposal,
        status=status,
        closed_height=context.block.height,
        effective_height=effective,
    )
    overlay.put_record(state_keys.proposal_key(closed.id), closed)
    overlay.delete(state_keys.open_proposal_key(closed.organisation, closed.id))
    return _result(closed)


def _result(proposal: ProposalRecord) -> bytes:
    return encode_value(
        {
            "proposal": proposal.id.hex(),
            "status": proposal.status,
            "effective_height": proposal.effective_height,
        }
    )
