"""Versions of contracts: install one, upgrade it, pause and resume it, roll it back.

A version starts whole or not at all: what it declares, its handler `@initial` or `@upgrade`, and
the end of the version before it. When that fails, the state is as before. A version that waits for
a height is tried when it is approved, so that it rarely fails alone. One starts at a height. What
was in force before and comes back runs no `@upgrade`: the state stays as it is.
"""

from dataclasses import dataclass
from typing import Final, assert_never

from msgspec.structs import replace

from chain.changes import (
    AnyContractChange,
    InstallContract,
    PauseContract,
    ResumeContract,
    RollBackContract,
)
from chain.errors import Refused
from chain.scalars import HEIGHT_MAX, Hash, Height, OrganisationId
from chain.values import encode_value
from contracts import lifecycle_keys, state_keys
from contracts.context import TransactionContext
from contracts.invocations import Request, invoke
from contracts.lifecycle_records import PackageRecord, PauseRecord, VersionCause, VersionRecord
from contracts.native.pauses import pause, resume
from contracts.native.triggers import set_triggers
from contracts.parameters import decode_dict
from contracts.records import ContractRecord
from contracts.state import Overlay

STARTS_WAITING_MAX: Final = 256
"""Most versions that wait for heights of their own."""

_NO_ARGUMENTS: Final = encode_value({})
_EVENTS: Final[dict[VersionCause, str]] = {
    "deployed": "contract_deployed",
    "upgraded": "contract_upgraded",
    "rolled_back": "contract_rolled_back",
}


@dataclass(frozen=True, slots=True)
class Decision:
    """Who wanted a change of a contract, and by which proposal; None where one word was enough."""

    organisation: OrganisationId
    proposal: Hash | None


def change_contract(
    change: AnyContractChange, decision: Decision, context: TransactionContext, overlay: Overlay
) -> Height | None:
    """Make a change of a contract that was approved.

    Returns: the height at which its new version starts, None for what is in force at once.
    Raises: InvalidInput: VT-2043 the parameters are no dict; Refused: VT-2040 no such contract,
    VT-2042 no gas left, VT-2044 too many triggers for a model, VT-2048 the contract has moved on,
    VT-2074 no such package, VT-2076 it speaks when nobody listens, VT-2077 impossible now, VT-2078
    it does not upgrade from the version in force; ContractError: VT-41xx, its handler stopped.
    """
    match change:
        case InstallContract():
            return _install(change, decision, context, overlay)
        case PauseContract(name):
            _pause(name, decision, context, overlay)
        case ResumeContract(name):
            resume(get_contract(name, overlay), context, overlay)
        case RollBackContract():
            _roll_back(change, decision, context, overlay)
        case _:
            assert_never(change)
    return None


def get_contract(name: str, overlay: Overlay) -> ContractRecord:
    """Give a contract that is deployed.

    Raises: Refused: VT-2040, there is none.
    """
    contract = overlay.get_record(state_keys.contract_key(name), ContractRecord)
    if contract is None:
        raise Refused("VT-2040", contract=name)
    return contract


def get_package(change: InstallContract, overlay: Overlay) -> PackageRecord:
    """Give the package that a change installs.

    Raises: Refused: VT-2074, nobody published it under this name.
    """
    package = overlay.get_record(lifecycle_keys.contract_package_key(change.package), PackageRecord)
    if package is None or package.name != change.name:
        raise Refused("VT-2074", contract=change.name, package=change.package)
    return package


def get_version(name: str, number: int, overlay: Overlay) -> VersionRecord | None:
    """Give a version of a contract, or None."""
    return overlay.get_record(lifecycle_keys.contract_version_key(name, number), VersionRecord)


def check_in_force(name: str, replaces: int, overlay: Overlay) -> int:
    """Check that a change was made for the version that is in force, and none waits to start.

    Returns: the number of the next version.
    Raises: Refused: VT-2048.
    """
    contract = overlay.get_record(state_keys.contract_key(name), ContractRecord)
    present = 0 if contract is None else contract.version
    newest = int.from_bytes(overlay.get(lifecycle_keys.contract_newest_key(name)) or b"", "big")
    last = get_version(name, newest, overlay)
    if last is not None and last.status == "planned":
        reason = f"version {last.number} starts at height {last.active_height}"
        raise Refused("VT-2048", contract=name, replaces=replaces, reason=reason)
    if present != replaces:
        reason = f"version {present} is in force" if present else "it is not deployed"
        raise Refused("VT-2048", contract=name, replaces=replaces, reason=reason)
    return newest + 1


def start_version(version: VersionRecord, context: TransactionContext, overlay: Overlay) -> None:
    """Put a version in force now, and end the one before it.

    Raises: InvalidInput: VT-2043 the parameters are no dict, VT-2083 one of them is no limit;
    Refused: VT-2042, VT-2044; ContractError: VT-41xx, its handler stopped.
    """
    # Here, as a package that was published can be installed again, with other parameters.
    decode_dict(version.parameters, "the parameters")
    now = context.block.height
    before = get_version(version.contract, version.replaces, overlay)
    contract = _renew(version, now, overlay)
    overlay.put_record(state_keys.contract_key(contract.name), contract)
    set_triggers(contract, overlay, None if before is None else before.manifest)
    _put(replace(version, status="active", active_height=now), overlay)
    if before is not None:
        _put(replace(before, status="replaced", ended_height=now), overlay)
    context.emit(
        _EVENTS[version.cause],
        contract.name,
        {
            "owner": contract.owner,
            "source_hash": contract.source_hash.hex(),
            "engine": version.manifest.engine,
            "version": version.number,
        },
    )
    _run_handler(version, before, contract, context, overlay)


def fail_version(version: VersionRecord, failure: str, overlay: Overlay) -> None:
    """Record that a version could not start; the one before it stays in force."""
    _put(replace(version, status="failed", failure=failure), overlay)


def check_quiet(name: str, context: TransactionContext, since: int) -> None:
    """Check that a version that starts at a height says nothing then: no receipt would hold it.

    Args: since: how many events there were before it started; its own start is one of them.
    Raises: Refused: VT-2076.
    """
    if len(context.events) > since + 1:
        raise Refused("VT-2076", contract=name)


def _install(
    change: InstallContract, decision: Decision, context: TransactionContext, overlay: Overlay
) -> Height | None:
    package = get_package(change, overlay)
    number = check_in_force(change.name, change.replaces, overlay)
    now = context.block.height
    version = VersionRecord(
        contract=change.name,
        number=number,
        cause="upgraded" if change.replaces else "deployed",
        like=number,
        source_hash=package.source_hash,
        package=package.hash,
        parameters=change.parameters,
        manifest=package.manifest,
        organisation=decision.organisation,
        proposal=decision.proposal,
        transaction=context.transaction.id,
        decided_height=now,
        decided_time_ms=context.block.time_ms,
        active_height=now,
        replaces=change.replaces,
        status="planned",
    )
    if change.not_before <= now:
        start_version(version, context, overlay)
        return None
    _try_start(version, context, overlay)
    return _plan(replace(version, active_height=change.not_before), overlay)


def _try_start(version: VersionRecord, context: TransactionContext, overlay: Overlay) -> None:
    """Start a version and undo it: what cannot start now is not planned either."""
    with context.trial(overlay):
        since = len(context.events)
        start_version(version, context, overlay)
        check_quiet(version.contract, context, since)


def _plan(version: VersionRecord, overlay: Overlay) -> Height:
    """Let a version start at the first height from the wanted one on at which no other does."""
    height = version.active_height
    tries = min(STARTS_WAITING_MAX, HEIGHT_MAX + 1 - height)
    for _ in range(tries):
        if overlay.get(lifecycle_keys.contract_start_key(height)) is None:
            break
        height = Height(height + 1)
    else:
        raise Refused("VT-2066", waiting=tries, height=height)
    _put(replace(version, active_height=height), overlay)
    overlay.put(
        lifecycle_keys.contract_start_key(height), encode_value([version.contract, version.number])
    )
    return height


def _roll_back(
    change: RollBackContract, decision: Decision, context: TransactionContext, overlay: Overlay
) -> None:
    get_contract(change.name, overlay)
    number = check_in_force(change.name, change.replaces, overlay)
    target = get_version(change.name, change.version, overlay)
    if target is None or target.status != "replaced":
        reason = f"version {change.version} was never replaced by another one"
        raise Refused("VT-2077", contract=change.name, reason=reason)
    version = replace(
        target,
        number=number,
        cause="rolled_back",
        organisation=decision.organisation,
        proposal=decision.proposal,
        transaction=context.transaction.id,
        decided_height=context.block.height,
        decided_time_ms=context.block.time_ms,
        replaces=change.replaces,
        status="planned",
        ended_height=None,
    )
    start_version(version, context, overlay)


def _pause(name: str, decision: Decision, context: TransactionContext, overlay: Overlay) -> None:
    cause = PauseRecord(
        contract=name,
        organisation=decision.organisation,
        proposal=decision.proposal,
        transaction=context.transaction.id,
        height=context.block.height,
        time_ms=context.block.time_ms,
    )
    pause(get_contract(name, overlay), cause, context, overlay)


def _renew(version: VersionRecord, now: Height, overlay: Overlay) -> ContractRecord:
    """Give the contract as a version makes it."""
    key = state_keys.contract_key(version.contract)
    contract = overlay.get_record(key, ContractRecord)
    if contract is None:
        contract = ContractRecord(
            name=version.contract,
            owner=version.organisation,
            source_hash=version.source_hash,
            parameters=version.parameters,
            manifest=version.manifest,
            deployed_height=now,
            transaction=version.transaction,
        )
    return replace(
        contract,
        source_hash=version.source_hash,
        parameters=version.parameters,
        manifest=version.manifest,
        version=version.number,
    )


def _run_handler(
    version: VersionRecord,
    before: VersionRecord | None,
    contract: ContractRecord,
    context: TransactionContext,
    overlay: Overlay,
) -> None:
    manifest = version.manifest
    if before is None:
        if manifest.initial:
            request = Request(contract, "initial", manifest.initial, _NO_ARGUMENTS)
            invoke(request, context.gas_left, context, overlay)
        return
    if version.cause == "rolled_back":
        # What was in force before may have taken the state over already; nobody can tell here.
        return
    handler = manifest.upgrade(before.number)
    if handler is not None:
        request = Request(contract, "upgrade", handler.name, _NO_ARGUMENTS)
        invoke(request, context.gas_left, context, overlay)
    elif manifest.upgrades:
        raise Refused("VT-2078", contract=contract.name, version=before.number)


def _put(version: VersionRecord, overlay: Overlay) -> None:
    overlay.put_record(
        lifecycle_keys.contract_version_key(version.contract, version.number), version
    )
    newest = int.from_bytes(
        overlay.get(lifecycle_keys.contract_newest_key(version.contract)) or b"", "big"
    )
    if version.number > newest:
        key = lifecycle_keys.contract_newest_key(version.contract)
        overlay.put(key, version.number.to_bytes(8, "big"))
