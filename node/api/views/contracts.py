"""Views of a contract's life: versions, approvals with their signatures, packages."""

from collections.abc import Sequence

from chain.changes import describe_policy
from chain.genesis import ContractPolicy
from contracts.lifecycle_records import PauseRecord, VersionCause, VersionRecord, VersionStatus
from contracts.settings import write_settings
from node.api.views.common import Json, View, encoded_to_json
from node.reader.lifecycle import PackageParts, SignedApproval


class SignedApprovalView(View, frozen=True, kw_only=True):
    """Who approved, when, with which key and signature.

    The signature is the transaction's; null where this node no longer keeps its block.
    """

    organisation: str
    key: str
    transaction: str
    signature: str | None
    height: int
    time_ms: int


class VersionView(View, frozen=True, kw_only=True):
    """A version of a contract.

    `like` is the version whose content it is; `replaces` the one that it took the place of, 0 for
    none; it is in force from `active_height` to before `ended_height`. `settings` are its
    parameters as `veritwin contract propose --set` takes them.
    """

    number: int
    cause: VersionCause
    like: int
    replaces: int
    status: VersionStatus
    failure: str
    source_hash: str
    package: str | None
    organisation: str
    proposal: str | None
    approvals: list[SignedApprovalView]
    transaction: str
    decided_height: int
    decided_time_ms: int
    active_height: int
    ended_height: int | None
    settings: list[str]


class PauseView(View, frozen=True, kw_only=True):
    """Since when a contract is paused, who proposed that and who approved it."""

    organisation: str
    proposal: str | None
    approvals: list[SignedApprovalView]
    transaction: str
    height: int
    time_ms: int


class ContractLife(View, frozen=True, kw_only=True):
    """All versions of a contract, the newest first, and whose approval another one needs.

    While it is `paused`, nothing calls or wakes the version that is active; else that is null.
    """

    name: str
    policy: str
    paused: PauseView | None
    versions: list[VersionView]


class PackageView(View, frozen=True, kw_only=True):
    """What was proposed: the source with what speaks for it."""

    hash: str
    name: str
    engine: str
    build: str
    source_hash: str
    source: str
    tests: str
    stubs: str
    check: str
    report: str
    organisation: str
    transaction: str
    height: int
    time_ms: int


class VersionDetails(View, frozen=True, kw_only=True):
    """A version with its source and parameters, and its package where it came with one."""

    name: str
    version: VersionView
    source: str
    parameters: Json
    package: PackageView | None


def view_life(
    name: str,
    policy: ContractPolicy,
    versions: Sequence[tuple[VersionRecord, Sequence[SignedApproval]]],
    paused: PauseView | None,
) -> ContractLife:
    """Make the view of a contract's life."""
    return ContractLife(
        name=name,
        policy=describe_policy(policy),
        paused=paused,
        versions=[view_version(version, approvals) for version, approvals in versions],
    )


def view_pause(pause: PauseRecord, approvals: Sequence[SignedApproval]) -> PauseView:
    """Make the view of a pause."""
    return PauseView(
        organisation=pause.organisation,
        proposal=None if pause.proposal is None else pause.proposal.hex(),
        approvals=[_view_approval(one) for one in approvals],
        transaction=pause.transaction.hex(),
        height=pause.height,
        time_ms=pause.time_ms,
    )


def view_version(version: VersionRecord, approvals: Sequence[SignedApproval]) -> VersionView:
    """Make the view of a version."""
    return VersionView(
        number=version.number,
        cause=version.cause,
        like=version.like,
        replaces=version.replaces,
        status=version.status,
        failure=version.failure,
        source_hash=version.source_hash.hex(),
        package=None if version.package is None else version.package.hex(),
        organisation=version.organisation,
        proposal=None if version.proposal is None else version.proposal.hex(),
        approvals=[_view_approval(one) for one in approvals],
        transaction=version.transaction.hex(),
        decided_height=version.decided_height,
        decided_time_ms=version.decided_time_ms,
        active_height=version.active_height,
        ended_height=version.ended_height,
        settings=write_settings(version.parameters),
    )


def view_details(
    version: VersionRecord,
    approvals: Sequence[SignedApproval],
    source: str,
    package: PackageParts | None,
) -> VersionDetails:
    """Make the view of a version with all that belongs to it."""
    return VersionDetails(
        name=version.contract,
        version=view_version(version, approvals),
        source=source,
        parameters=encoded_to_json(version.parameters),
        package=None if package is None else view_package(package),
    )


def view_package(package: PackageParts) -> PackageView:
    """Make the view of a package."""
    record = package.record
    return PackageView(
        hash=record.hash.hex(),
        name=record.name,
        engine=record.engine,
        build=record.build.hex(),
        source_hash=record.source_hash.hex(),
        source=package.source,
        tests=package.tests,
        stubs=package.stubs,
        check=package.check,
        report=package.report,
        organisation=record.organisation,
        transaction=record.transaction.hex(),
        height=record.height,
        time_ms=record.time_ms,
    )


def _view_approval(signed: SignedApproval) -> SignedApprovalView:
    approval, signature = signed.approval, signed.signature
    return SignedApprovalView(
        organisation=approval.organisation,
        key=approval.key.hex(),
        transaction=approval.transaction.hex(),
        signature=None if signature is None else signature.hex(),
        height=approval.height,
        time_ms=approval.time_ms,
    )
