"""Views of validators, of what members proposed, and of what is proven against them."""

from collections.abc import Sequence

from chain.changes import AnyChange, InstallContract, describe_change
from chain.json_view import to_plain
from chain.scalars import Height
from chain.validators import ValidatorSet
from contracts.governance_records import (
    CommitteeCause,
    CommitteeRecord,
    Consequence,
    EvidenceRecord,
    ProposalRecord,
    ProposalStatus,
)
from contracts.settings import write_settings
from node.api.views.common import Json, View, to_base64
from node.reader.reader import ValidatorRecord


class ValidatorView(View, frozen=True, kw_only=True):
    """A validator and how it voted lately.

    `missed_last_100` counts certificates without it, of heights at which it had a vote; `offences`
    are those on record, `suspended_height` is from where it was last suspended.
    """

    index: int
    node: str
    organisation: str
    weight: int
    vote_key: str
    last_signed_height: int | None
    missed_last_100: int
    offences: int
    suspended_height: int | None


class MemberView(View, frozen=True, kw_only=True):
    """A validator of a set that is not in force, or no longer."""

    index: int
    node: str
    organisation: str
    weight: int
    vote_key: str


class CommitteeView(View, frozen=True, kw_only=True):
    """Who decides from `height` on, and what made it so.

    `node` is the one that changed, null when it was the engine; `decided_height` and `transaction`
    are those of the change, null for genesis.
    """

    height: int
    engine: str
    quorum: int
    total_weight: int
    members: list[MemberView]
    cause: CommitteeCause
    node: str | None
    organisation: str | None
    decided_height: int
    transaction: str | None


class ValidatorList(View, frozen=True, kw_only=True):
    """Who decides `height`, in the order of their indexes, and the sets that are planned after it.

    `since` is the first height that this set decided.
    """

    height: int
    since: int
    engine: str
    quorum: int
    total_weight: int
    items: list[ValidatorView]
    planned: list[CommitteeView]


class CommitteeList(View, frozen=True, kw_only=True):
    """All sets of validators that ever were, and those that are planned, the newest first."""

    items: list[CommitteeView]
    next: str | None


class StepList(View, frozen=True, kw_only=True):
    """Encoded steps, in base64, from the validators of genesis to those of `height`."""

    height: int
    items: list[str]


class ApprovalView(View, frozen=True, kw_only=True):
    """One organisation's approval."""

    organisation: str
    key: str
    transaction: str
    height: int
    time_ms: int


class ProposalView(View, frozen=True, kw_only=True):
    """A proposed change.

    `expired` says that no block may approve it any more; `needed` is how many organisations must
    approve it as things stand; `effective_height` is when a change of validators is in force;
    `settings` are the parameters of a contract as `veritwin contract propose --set` takes them.
    """

    id: str
    about: str
    change: dict[str, Json]
    note: str
    organisation: str
    height: int
    time_ms: int
    expiry_height: int
    status: ProposalStatus
    expired: bool
    approvals: list[ApprovalView]
    needed: int
    closed_height: int | None
    effective_height: int | None
    settings: list[str]


class ProposalList(View, frozen=True, kw_only=True):
    """Proposals, the newest first."""

    items: list[ProposalView]
    next: str | None


class EvidenceView(View, frozen=True, kw_only=True):
    """A proven offence: what was signed twice, by whom, and what followed.

    `offence_height` and `round` are where it was; `height` and `time_ms` are when it was recorded.
    """

    id: str
    node: str
    organisation: str
    vote_key: str
    kind: str
    offence_height: int
    round: int
    first: dict[str, Json]
    second: dict[str, Json]
    reporter: str
    transaction: str
    height: int
    time_ms: int
    consequence: Consequence
    effective_height: int | None


class EvidenceList(View, frozen=True, kw_only=True):
    """Proven offences, the newest first."""

    items: list[EvidenceView]
    next: str | None


def view_validators(
    present: CommitteeRecord,
    height: Height,
    records: Sequence[ValidatorRecord],
    planned: Sequence[CommitteeRecord],
) -> ValidatorList:
    """Make the view of who decides a height, and of what is planned."""
    return ValidatorList(
        height=height,
        since=present.height,
        engine=present.validators.engine,
        quorum=present.validators.quorum_weight,
        total_weight=present.validators.total_weight,
        items=[_view_validator(record) for record in records],
        planned=[view_committee(record) for record in planned],
    )


def view_committee(record: CommitteeRecord) -> CommitteeView:
    """Make the view of a set of validators and of what brought it."""
    return CommitteeView(
        height=record.height,
        engine=record.validators.engine,
        quorum=record.validators.quorum_weight,
        total_weight=record.validators.total_weight,
        members=_view_members(record.validators),
        cause=record.cause,
        node=record.node,
        organisation=record.organisation,
        decided_height=record.decided_height,
        transaction=None if record.transaction is None else record.transaction.hex(),
    )


def view_steps(height: Height, steps: Sequence[bytes]) -> StepList:
    """Make the view of the steps to the validators of a height."""
    return StepList(height=height, items=[to_base64(step) for step in steps])


def view_proposal(record: ProposalRecord, needed: int, head: Height) -> ProposalView:
    """Make the view of a proposal.

    Args: needed: how many organisations must approve it; head: newest committed height.
    """
    return ProposalView(
        id=record.id.hex(),
        about=describe_change(record.change),
        change=to_plain(record)["change"],
        note=record.note,
        organisation=record.organisation,
        height=record.height,
        time_ms=record.time_ms,
        expiry_height=record.expiry_height,
        status=record.status,
        expired=record.status == "open" and head >= record.expiry_height,
        approvals=[
            ApprovalView(
                organisation=one.organisation,
                key=one.key.hex(),
                transaction=one.transaction.hex(),
                height=one.height,
                time_ms=one.time_ms,
            )
            for one in record.approvals
        ],
        needed=needed,
        closed_height=record.closed_height,
        effective_height=record.effective_height,
        settings=_settings_of(record.change),
    )


def view_evidence(record: EvidenceRecord) -> EvidenceView:
    """Make the view of a proven offence."""
    evidence = record.evidence
    plain = to_plain(evidence)
    return EvidenceView(
        id=record.id.hex(),
        node=record.node,
        organisation=record.organisation,
        vote_key=evidence.key.hex(),
        kind=evidence.kind,
        offence_height=evidence.height,
        round=evidence.round,
        first=plain["first"],
        second=plain["second"],
        reporter=record.reporter.hex(),
        transaction=record.transaction.hex(),
        height=record.height,
        time_ms=record.time_ms,
        consequence=record.consequence,
        effective_height=record.effective_height,
    )


def _view_validator(record: ValidatorRecord) -> ValidatorView:
    member = record.validator
    return ValidatorView(
        index=record.index,
        node=member.node,
        organisation=member.organisation,
        weight=member.weight,
        vote_key=member.vote_key.hex(),
        last_signed_height=record.last_signed_height,
        missed_last_100=record.missed,
        offences=record.offences,
        suspended_height=record.suspended_height,
    )


def _view_members(validators: ValidatorSet) -> list[MemberView]:
    return [
        MemberView(
            index=index,
            node=member.node,
            organisation=member.organisation,
            weight=member.weight,
            vote_key=member.vote_key.hex(),
        )
        for index, member in enumerate(validators.members)
    ]


def _settings_of(change: AnyChange) -> list[str]:
    return write_settings(change.parameters) if isinstance(change, InstallContract) else []
