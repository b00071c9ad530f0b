"""Contracts: propose one with its package, deploy one on one's own word, call its methods."""

from typing import Final

from chain.changes import InstallContract, describe_policy
from chain.codec import encode
from chain.errors import InvalidInput, Refused
from chain.operations import Call, DeployContract, ProposeChange, ProposeContract
from chain.package import Package, compute_build, compute_package_hash, hash_part
from chain.scalars import Hash
from chain.values import encode_value
from contracts import lifecycle_keys, state_keys
from contracts.compiler import check_contract
from contracts.context import NATIVE_SOURCE, TransactionContext
from contracts.invocations import Request, invoke
from contracts.lifecycle_records import PackageRecord, VersionRecord
from contracts.manifest import Manifest
from contracts.native.governance import propose_change
from contracts.native.policy import get_policy, is_approved
from contracts.native.versions import check_in_force, get_contract, start_version
from contracts.parameters import decode_dict
from contracts.records import ContractRecord
from contracts.state import Overlay

SOURCE_GAS: Final = 20
"""Gas for each character of a source: checking takes about two microseconds for each."""
PART_GAS: Final = 1
"""Gas for each character of the other parts of a package."""


def propose_contract(
    operation: ProposeContract, context: TransactionContext, overlay: Overlay
) -> bytes:
    """Publish a package and put its installation up for approval.

    It is tried on the spot: what could not start now is not proposed.

    Returns: as `propose_change`.
    Raises: InvalidInput: VT-2043 the parameters are no dict, VT-2045 the source is not in the
    contract language, VT-2075 the build is that of other parts; Refused: VT-2041 the name is taken
    by the ledger, VT-2042 no gas left, and as `propose_change` and `change_contract`.
    """
    package = operation.package
    _check_name(package.name)
    manifest = _check_source(package.name, package.source, context)
    _charge(package.name, PART_GAS * len(package.tests + package.stubs), context)
    _charge(package.name, PART_GAS * len(package.check + package.report), context)
    record = _make_record(package, manifest, context)
    overlay.put(state_keys.contract_source_key(record.source_hash), package.source.encode())
    for part in (package.tests, package.stubs, package.check, package.report):
        overlay.put(lifecycle_keys.contract_part_key(hash_part(part)), part.encode())
    overlay.put_record(lifecycle_keys.contract_package_key(record.hash), record)
    change = InstallContract(
        package.name, record.hash, operation.parameters, operation.replaces, operation.not_before
    )
    return propose_change(ProposeChange(change, operation.note), context, overlay)


def deploy_contract(
    operation: DeployContract, context: TransactionContext, overlay: Overlay
) -> bytes:
    """Deploy a contract where the sender's own approval is enough: check it and start it.

    Returns: {"contract": its name, "source_hash": in hex}, encoded.
    Raises: InvalidInput: VT-2043 the parameters are no dict, VT-2045 the source is not in the
        contract language; Refused: VT-2041 the name is taken, VT-2042 no gas left, VT-2044 too many
        triggers for a model, VT-2048 another one is about to start, VT-2049 others must approve;
        ContractError: VT-41xx, the initial handler stopped.
    """
    _check_name(operation.name)
    existing = overlay.get_record(state_keys.contract_key(operation.name), ContractRecord)
    if existing is not None:
        raise Refused("VT-2041", contract=existing.name, owner=existing.owner)
    _check_alone(operation, context, overlay)
    number = check_in_force(operation.name, 0, overlay)
    manifest = _check_source(operation.name, operation.source, context)
    source_hash = Hash(manifest.source_hash)
    overlay.put(state_keys.contract_source_key(source_hash), operation.source.encode())
    now = context.block.height
    version = VersionRecord(
        contract=operation.name,
        number=number,
        cause="deployed",
        like=number,
        source_hash=source_hash,
        package=None,
        parameters=operation.parameters,
        manifest=manifest,
        organisation=context.sender.organisation,
        proposal=None,
        transaction=context.transaction.id,
        decided_height=now,
        decided_time_ms=context.block.time_ms,
        active_height=now,
        replaces=0,
        status="planned",
    )
    start_version(version, context, overlay)
    return encode_value({"contract": operation.name, "source_hash": source_hash.hex()})


def call_contract(operation: Call, context: TransactionContext, overlay: Overlay) -> bytes:
    """Call a method of a contract.

    Returns: what the method returned, encoded.
    Raises: Refused: VT-2040 no such contract, VT-2042 no gas left, VT-2079 it is paused;
        InvalidInput: VT-2043 the arguments are no dict; ContractError: VT-41xx, it stopped.
    """
    contract = get_contract(operation.contract, overlay)
    if not contract.is_active:
        raise Refused("VT-2079", contract=operation.contract)
    decode_dict(operation.arguments, "the arguments")
    request = Request(contract, "call", operation.method, operation.arguments)
    return invoke(request, context.gas_left, context, overlay)


def _check_name(name: str) -> None:
    if name == NATIVE_SOURCE:
        raise Refused("VT-2041", contract=name, owner="the ledger itself")


def _check_alone(operation: DeployContract, context: TransactionContext, overlay: Overlay) -> None:
    """Check that the sender's organisation needs nobody else's approval."""
    governance = context.block.governance
    change = InstallContract(operation.name, context.transaction.id, b"", 0, context.block.height)
    if not is_approved(change, (context.sender.organisation,), governance, overlay):
        policy = get_policy(overlay, governance)
        raise Refused("VT-2049", contract=operation.name, policy=describe_policy(policy))


def _charge(contract: str, price: int, context: TransactionContext) -> None:
    if price > context.gas_left:
        raise Refused("VT-2042", contract=contract)
    context.charge(price)


def _check_source(name: str, source: str, context: TransactionContext) -> Manifest:
    """Check a source and give what it declares.

    The findings are no part of the refusal: where a parser sees a syntax error differs between
    versions of Python, and a receipt must be the same on every node.
    """
    _charge(name, SOURCE_GAS * len(source), context)
    manifest = check_contract(source).manifest
    if manifest is None or not _has_encoding(manifest):
        raise InvalidInput("VT-2045", contract=name)
    return manifest


def _has_encoding(manifest: Manifest) -> bool:
    """Tell whether the manifest can be stored: half a character in a text cannot.

    The checker refuses such texts already. What it let through would stop every node here.
    """
    try:
        encode(manifest)
    except UnicodeEncodeError:
        return False
    return True


def _make_record(
    package: Package, manifest: Manifest, context: TransactionContext
) -> PackageRecord:
    parts = (package.name, package.engine, package.source, package.tests, package.stubs)
    if package.engine != manifest.engine or package.build != compute_build(*parts):
        raise InvalidInput("VT-2075", contract=package.name, engine=manifest.engine)
    return PackageRecord(
        hash=compute_package_hash(package),
        name=package.name,
        engine=package.engine,
        source_hash=Hash(manifest.source_hash),
        tests=hash_part(package.tests),
        stubs=hash_part(package.stubs),
        check=hash_part(package.check),
        report=hash_part(package.report),
        build=package.build,
        manifest=manifest,
        organisation=context.sender.organisation,
        transaction=context.transaction.id,
        height=context.block.height,
        time_ms=context.block.time_ms,
    )
