"""Running a handler of a contract: gas, savepoint, and what its end means for the ledger."""

from chain.errors import ChainError, ContractError, Refused
from contracts.call_stack import CallStack, Request
from contracts.context import TransactionContext
from contracts.executor import Execution
from contracts.state import Overlay

__all__ = ["Request", "invoke"]


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
    host = CallStack(request, context, overlay)
    kept = False
    overlay.begin()
    try:
        execution = context.executor.execute(host.invocation(gas_limit), host)
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
