"""Running a handler of a contract: gas, savepoint, and what its end means for the ledger."""

from dataclasses import dataclass

from chain.errors import ChainError, ContractError, Refused
from contracts.context import TransactionContext
from contracts.executor import Execution, Invocation, Kind
from contracts.host import LedgerHost
from contracts.manifest import read_hints
from contracts.records import ActionCause, ContractRecord
from contracts.state import Overlay


@dataclass(frozen=True, slots=True)
class Request:
    """A handler to run: `arguments` as `contracts.executor.Invocation` says.

    `cause` is None unless readings of a twin woke the handler.
    """

    contract: ContractRecord
    kind: Kind
    handler: str
    arguments: bytes
    cause: ActionCause | None = None


def invoke(
    request: Request, gas_limit: int, context: TransactionContext, overlay: Overlay
) -> bytes:
    """Run a handler to its end; what it did stays only when it ends well, what it burnt is burnt.

    Args: gas_limit: most gas for this run; the transaction and the block may have less left.
    Returns: the handler's value, encoded.
    Raises: Refused: VT-2042 no gas left; ContractError: VT-41xx, the contract stopped; any error
        that the ledger gave to a wrong request of the contract; HostFault: this machine failed.
    """
    gas_limit = min(gas_limit, context.gas_left)
    if gas_limit <= 0:
        raise Refused("VT-2042", contract=request.contract.name)
    host = LedgerHost(request.contract, request.cause, context, overlay)
    kept = False
    overlay.begin()
    try:
        execution = context.executor.execute(_to_invocation(request, gas_limit, context), host)
        assert execution.gas_used <= gas_limit, "the executor used more gas than it was given"
        context.charge(execution.gas_used)
        failure = host.failure or _to_error(request, execution)
        if failure is not None:
            raise failure
        context.add_events(host.events)
        kept = True
    finally:
        if kept:
            overlay.commit()
        else:
            overlay.rollback()
    return execution.value


def _to_invocation(request: Request, gas_limit: int, context: TransactionContext) -> Invocation:
    contract = request.contract
    twin = request.cause.twin if request.cause is not None else ""
    return Invocation(
        contract=contract.name,
        source_hash=contract.source_hash,
        kind=request.kind,
        handler=request.handler,
        arguments=request.arguments,
        sender=context.sender.organisation,
        transaction=context.transaction.id.hex(),
        height=context.block.height,
        time_ms=context.block.time_ms,
        gas_limit=gas_limit,
        parameters=contract.parameters,
        hints=read_hints(contract.manifest, twin),
    )


def _to_error(request: Request, execution: Execution) -> ChainError | None:
    """Give the error that an execution ended with, or None."""
    names = {"contract": request.contract.name, "handler": request.handler}
    match execution.status:
        case "ok":
            return None
        case "contract_error":
            return ContractError("VT-4101", **names, error=execution.error)
        case "error":
            return ContractError("VT-4102", **names, error=execution.error)
        case "out_of_gas":
            return ContractError("VT-4103", **names, gas=execution.gas_used)
        case "call_depth":
            return ContractError("VT-4104", **names)
        case "no_such_handler":
            return ContractError("VT-4105", **names)
