"""Put a source in force in a rehearsal, as an upgrade that was planned for this height would be."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from chain.changes import InstallContract
from chain.errors import InvalidInput
from chain.operations import Consent
from chain.receipt import Event
from chain.scalars import Hash, OrganisationId, PublicKey
from contracts import lifecycle_keys, state_keys
from contracts.compiler import check_contract
from contracts.context import BlockContext, Earlier, TransactionContext
from contracts.executor import Executor
from contracts.governance_records import ProposalRecord
from contracts.kit.state import GrowingState
from contracts.lifecycle_records import VersionRecord
from contracts.native.consent import has_consent, put_consent
from contracts.native.deployments import SOURCE_GAS
from contracts.native.policy import is_approved, list_organisations
from contracts.native.prices import BASE_GAS
from contracts.native.versions import get_contract, get_version, start_version
from contracts.records import ContractRecord, KeyRecord
from contracts.state import Overlay

_NOBODY = Hash(bytes(32))


@dataclass(frozen=True, slots=True)
class Installed:
    """What putting a source in force led to: events of its migration, and what was assumed."""

    events: tuple[Event, ...]
    notes: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Tried:
    """A source that is tried in the place of a contract.

    `parameters` is an encoded dict, None for the present ones; `approvers` would approve it, those
    of the version in force unless given.
    """

    name: str
    source: str
    parameters: bytes | None = None
    approvers: tuple[str, ...] | None = None


def install_source(
    tried: Tried, block: BlockContext, executor: Executor, state: GrowingState
) -> Installed:
    """Put a source in force in the place of the present one; see `Rehearsal.install`."""
    manifest = check_contract(tried.source).manifest
    if manifest is None:
        raise InvalidInput("VT-2045", contract=tried.name)
    overlay = Overlay(state)
    contract = get_contract(tried.name, overlay)
    approvers, note = _choose_approvers(tried, contract, overlay)
    proposer = contract.owner if contract.owner in approvers else approvers[0]
    sender = KeyRecord(PublicKey(bytes(32)), proposer, "rehearsal", (), block.height)
    context = TransactionContext(block, Earlier(_NOBODY), sender, executor)
    # Its migration is tried with what is left when it is proposed.
    context.charge_native(BASE_GAS + SOURCE_GAS * len(tried.source))
    consenting = [one for one in list_organisations(overlay) if has_consent(contract, one, overlay)]
    source_hash = Hash(manifest.source_hash)
    for organisation in approvers:
        put_consent(organisation, Consent(tried.name, source_hash), context, overlay)
    overlay.put(state_keys.contract_source_key(source_hash), tried.source.encode())
    number = _take_number(tried.name, overlay)
    version = VersionRecord(
        contract=tried.name,
        number=number,
        cause="upgraded",
        like=number,
        source_hash=source_hash,
        package=None,
        parameters=contract.parameters if tried.parameters is None else tried.parameters,
        manifest=manifest,
        organisation=proposer,
        proposal=None,
        transaction=_NOBODY,
        decided_height=block.height,
        decided_time_ms=block.time_ms,
        active_height=block.height,
        replaces=contract.version,
        status="planned",
    )
    start_version(version, context, overlay)
    renewed = get_contract(tried.name, overlay)
    lost = [one for one in consenting if not has_consent(renewed, one, overlay)]
    notes = (note, *_describe(contract, approvers, lost, block, overlay))
    state.write(overlay.writes())
    return Installed(tuple(context.events), notes)


def _choose_approvers(
    tried: Tried, contract: ContractRecord, overlay: Overlay
) -> tuple[tuple[OrganisationId, ...], str]:
    """Give who would approve a source, and say so: who is named, or approved what is in force.

    Raises: ValueError: one of them is no member.
    """
    if tried.approvers:
        members = list_organisations(overlay)
        for one in tried.approvers:
            if one not in members:
                raise ValueError(f"{one} is no member; members are {', '.join(members)}")
        named = tuple(map(OrganisationId, tried.approvers))
        return named, f"taken to be approved by {', '.join(named)}"
    version = get_version(contract.name, contract.version, overlay)
    if version is not None and version.like != version.number:
        version = get_version(contract.name, version.like, overlay)
    assert version is not None, "versions stay on record"
    approvers: tuple[OrganisationId, ...] = (version.organisation,)
    if version.proposal is not None:
        key = state_keys.proposal_key(version.proposal)
        proposal = overlay.get_record(key, ProposalRecord)
        assert proposal is not None, "proposals stay on record"
        approvers = tuple(one.organisation for one in proposal.approvals)
    names = ", ".join(approvers)
    return approvers, f"taken to be approved by {names}, as version {version.number} was"


def _describe(
    contract: ContractRecord,
    approvers: tuple[OrganisationId, ...],
    lost: list[OrganisationId],
    block: BlockContext,
    overlay: Overlay,
) -> Iterator[str]:
    """Say what follows from who approves, and so consents."""
    change = InstallContract(contract.name, Hash(bytes(32)), b"", contract.version, block.height)
    if not is_approved(change, approvers, block.governance, overlay):
        yield "that is not enough to put it in force"
    for one in lost:
        yield (
            f"{one} consented to version {contract.version} and not to this source, which hears "
            "nothing of its twins"
        )


def _take_number(name: str, overlay: Overlay) -> int:
    """Give the number of the next version; one that waits for its height never starts."""
    newest = int.from_bytes(overlay.get(lifecycle_keys.contract_newest_key(name)) or b"", "big")
    last = get_version(name, newest, overlay)
    if last is not None and last.status == "planned":
        overlay.delete(lifecycle_keys.contract_start_key(last.active_height))
    return newest + 1
