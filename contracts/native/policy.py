"""Whose approval is enough for a change: all members for members, the policy for contracts."""

from collections.abc import Collection

from chain.changes import (
    AnyChange,
    InstallContract,
    PauseContract,
    ResumeContract,
    RollBackContract,
)
from chain.errors import Refused
from chain.genesis import ContractPolicy, Governance, find_policy_fault
from chain.scalars import OrganisationId
from contracts import lifecycle_keys, state_keys
from contracts.context import TransactionContext
from contracts.lifecycle_records import PolicyRecord
from contracts.state import Overlay

ORGANISATIONS_MAX = 256


def list_organisations(overlay: Overlay) -> tuple[OrganisationId, ...]:
    """Give the member organisations: each has one voice."""
    prefix = state_keys.organisations_prefix()
    start, stop = state_keys.prefix_range(prefix)
    pairs = overlay.range(start, stop, ORGANISATIONS_MAX)
    return tuple(OrganisationId(key[len(prefix) :].decode()) for key, _ in pairs)


def get_policy(overlay: Overlay, governance: Governance) -> ContractPolicy:
    """Give whose approval contracts need now."""
    record = overlay.get_record(lifecycle_keys.contract_policy_key(), PolicyRecord)
    return governance.contracts if record is None else record.policy


def set_policy(policy: ContractPolicy, context: TransactionContext, overlay: Overlay) -> None:
    """Ask for other approvals from now on.

    Raises: Refused: VT-2065, nothing could ever be approved under it.
    """
    fault = find_policy_fault(policy, frozenset(list_organisations(overlay)))
    if fault:
        raise Refused("VT-2065", reason=fault)
    record = PolicyRecord(policy, context.block.height, context.transaction.id)
    overlay.put_record(lifecycle_keys.contract_policy_key(), record)


def is_approved(
    change: AnyChange,
    approvals: Collection[OrganisationId],
    governance: Governance,
    overlay: Overlay,
) -> bool:
    """Tell whether these organisations' approvals are enough for a change."""
    members = list_organisations(overlay)
    if not is_about_contract(change):
        return len(approvals) >= count_needed(ContractPolicy(), len(members))
    policy = get_policy(overlay, governance)
    counted = set(approvals).intersection(policy.among or members)
    enough = len(counted) >= count_needed(policy, len(members))
    return enough and counted.issuperset(policy.required)


def is_about_contract(change: AnyChange) -> bool:
    """Tell whether the policy for contracts decides on a change."""
    return isinstance(change, InstallContract | PauseContract | ResumeContract | RollBackContract)


def count_needed(policy: ContractPolicy, members: int) -> int:
    """Give how many organisations must approve: as the policy says, or more than two thirds.

    Args: members: number of member organisations.
    """
    counted = len(policy.among) or members
    return policy.approvals or counted * 2 // 3 + 1
