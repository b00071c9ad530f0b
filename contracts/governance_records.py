"""What stands in the state about members: who votes from when, what is proposed, what is proven."""

from typing import Annotated, Literal

from msgspec import Meta

from chain.changes import AnyChange, HostField, PortField
from chain.evidence import Evidence
from chain.scalars import (
    CountField,
    HashField,
    HeightField,
    MillisField,
    NodeNameField,
    OrganisationField,
    OrganisationId,
    PublicKeyField,
    TextField,
)
from chain.validators import ValidatorSet
from contracts.records import Record

CommitteeCause = Literal[
    "genesis",
    "add_validator",
    "remove_validator",
    "set_weight",
    "set_engine",
    "rotate_vote_key",
    "suspend",
]
"""What made a set of validators another one than the set before it."""
ProposalStatus = Literal["open", "approved", "withdrawn"]
Consequence = Literal["recorded", "suspended"]


class CommitteeRecord(Record, frozen=True, array_like=True):
    """Who decides from `height` on, until the next record's height.

    It was decided at `decided_height` by `transaction`, None for genesis; `node` is the one that
    changed, None when it was the engine; `organisation` is whose node, or who proposed the change.
    """

    height: HeightField
    validators: ValidatorSet
    cause: CommitteeCause
    node: NodeNameField | None
    organisation: OrganisationField | None
    decided_height: HeightField
    transaction: HashField | None


class VoteKeyRecord(Record, frozen=True, array_like=True):
    """Whose vote key a key is, or was: it never becomes another node's."""

    key: PublicKeyField
    node: NodeNameField
    organisation: OrganisationField
    registered_height: HeightField


class AddressRecord(Record, frozen=True, array_like=True):
    """Where a node that was added can be dialled."""

    node: NodeNameField
    host: HostField
    port: PortField


class Approval(Record, frozen=True, array_like=True):
    """One organisation's yes to a proposal."""

    organisation: OrganisationField
    key: PublicKeyField
    transaction: HashField
    height: HeightField
    time_ms: MillisField


class ProposalRecord(Record, frozen=True, array_like=True):
    """A change that was proposed, and who approved it; the proposer is the first of them.

    `id` is the transaction that proposed it. `closed_height` is when it was approved or withdrawn.
    `effective_height` is when what it changed about the validators is in force; None before it was
    approved, and for a change that is in force at once.
    """

    id: HashField
    change: AnyChange
    note: TextField
    organisation: OrganisationField
    height: HeightField
    time_ms: MillisField
    expiry_height: HeightField
    approvals: Annotated[tuple[Approval, ...], Meta(max_length=256)]
    status: ProposalStatus = "open"
    closed_height: HeightField | None = None
    effective_height: HeightField | None = None

    def approval_of(self, organisation: OrganisationId) -> Approval | None:
        """Give an organisation's approval, or None."""
        return next((one for one in self.approvals if one.organisation == organisation), None)


class EvidenceRecord(Record, frozen=True, array_like=True):
    """A proven offence of a validator, and what followed.

    `id` names the offence; `reporter` is the key that sent it; `effective_height` is when the
    suspension is in force, None when there was none.
    """

    id: HashField
    evidence: Evidence
    node: NodeNameField
    organisation: OrganisationField
    reporter: PublicKeyField
    transaction: HashField
    height: HeightField
    time_ms: MillisField
    consequence: Consequence
    effective_height: HeightField | None


class StandingRecord(Record, frozen=True, array_like=True):
    """What is on record against a node: how many offences, and since when it was last suspended.

    One suspension answers for every offence below the height at which it came into force.
    """

    node: NodeNameField
    offences: CountField
    suspended_height: HeightField | None
