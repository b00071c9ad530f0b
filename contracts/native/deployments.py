"""Contracts: deploy one, and call its methods."""

from typing import Final

from chain.codec import encode
from chain.errors import InvalidInput, Refused
from chain.operations import Call, DeployContract
from chain.scalars import Hash
from chain.values import decode_value, encode_value
from contracts import state_keys
from contracts.compiler import check_contract
from contracts.context import NATIVE_SOURCE, TransactionContext
from contracts.invocations import Request, invoke
from contracts.manifest import Manifest
from contracts.native.triggers import set_triggers
from contracts.records import ContractRecord
from contracts.state import Overlay

SOURCE_GAS: Final = 20
"""Gas for each character of a source: checking takes about two microseconds for each."""

_NO_ARGUMENTS: Final = encode_value({})


def deploy_contract(
    operation: DeployContract, context: TransactionContext, overlay: Overlay
) -> bytes:
    """Check a source, keep it with what it declares, and run its initial handler.

    Returns: {"contract": its name, "source_hash": in hex}, encoded.
    Raises: InvalidInput: VT-2043 the parameters are no dict, VT-2045 the source is not in the
        contract language; Refused: VT-2041 the name is taken, VT-2042 no gas left, VT-2044 too many
        triggers for a model; ContractError: VT-41xx, the initial handler stopped.
    """
    if operation.name == NATIVE_SOURCE:
        raise Refused("VT-2041", contract=operation.name, owner="the ledger itself")
    existing = overlay.get_record(state_keys.contract_key(operation.name), ContractRecord)
    if existing is not None:
        raise Refused("VT-2041", contract=existing.name, owner=existing.owner)
    _check_dict(operation.parameters, "the parameters")
    price = SOURCE_GAS * len(operation.source)
    if price > context.gas_left:
        raise Refused("VT-2042", contract=operation.name)
    context.charge(price)
    manifest = _accept(operation)
    contract = ContractRecord(
        name=operation.name,
        owner=context.sender.organisation,
        source_hash=Hash(manifest.source_hash),
        parameters=operation.parameters,
        manifest=manifest,
        deployed_height=context.block.height,
        transaction=context.transaction.id,
    )
    overlay.put_record(state_keys.contract_key(contract.name), contract)
    overlay.put(state_keys.contract_source_key(contract.source_hash), operation.source.encode())
    set_triggers(contract, overlay)
    context.emit(
        "contract_deployed",
        contract.name,
        {
            "owner": contract.owner,
            "source_hash": contract.source_hash.hex(),
            "engine": manifest.engine,
        },
    )
    if manifest.initial:
        request = Request(contract, "initial", manifest.initial, _NO_ARGUMENTS)
        invoke(request, context.gas_left, context, overlay)
    return encode_value({"contract": contract.name, "source_hash": contract.source_hash.hex()})


def call_contract(operation: Call, context: TransactionContext, overlay: Overlay) -> bytes:
    """Call a method of a contract.

    Returns: what the method returned, encoded.
    Raises: Refused: VT-2040 no such contract, VT-2042 no gas left; InvalidInput: VT-2043 the
        arguments are no dict; ContractError: VT-41xx, it stopped.
    """
    contract = overlay.get_record(state_keys.contract_key(operation.contract), ContractRecord)
    if contract is None or not contract.is_active:
        raise Refused("VT-2040", contract=operation.contract)
    _check_dict(operation.arguments, "the arguments")
    request = Request(contract, "call", operation.method, operation.arguments)
    return invoke(request, context.gas_left, context, overlay)


def _check_dict(data: bytes, what: str) -> None:
    if not isinstance(decode_value(data), dict):
        raise InvalidInput("VT-2043", what=what)


def _accept(operation: DeployContract) -> Manifest:
    """Check the source and give what it declares.

    The findings are no part of the refusal: where a parser sees a syntax error differs between
    versions of Python, and a receipt must be the same on every node.
    """
    manifest = check_contract(operation.source).manifest
    if manifest is None or not _has_encoding(manifest):
        raise InvalidInput("VT-2045", contract=operation.name)
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
