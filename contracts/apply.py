"""Apply one transaction to the state: the meaning of every operation starts here.

The replica has checked signature, expiry and duplicates before. Whatever a transaction turns out
to be, it ends as a receipt: either all of its effects stand, or none and the receipt says why.
Only what is nobody's fault but this machine's passes on as an exception.
"""

from typing import Final, assert_never

from chain.errors import ChainError, ContractError, InvalidInput, Refused
from chain.operations import (
    Acknowledge,
    AnyContractWork,
    AnyGovernance,
    AnyOperation,
    ApproveChange,
    Attest,
    Call,
    Consent,
    DeployContract,
    ProposeChange,
    ProposeContract,
    RegisterKey,
    RegisterTwin,
    ReportEvidence,
    RevokeKey,
    RotateVoteKey,
    RunTimers,
    Telemetry,
    UpdateTwin,
    WithdrawChange,
)
from chain.receipt import OK, Event, Receipt
from chain.scalars import Gas
from chain.transaction import Transaction
from contracts.context import BlockContext, TransactionContext
from contracts.executor import Executor
from contracts.native.access import check_role, get_sender
from contracts.native.actions import acknowledge
from contracts.native.attestations import attest
from contracts.native.consent import consent
from contracts.native.deployments import call_contract, deploy_contract, propose_contract
from contracts.native.evidence import report_evidence
from contracts.native.governance import approve_change, propose_change, withdraw_change
from contracts.native.identity import register_key, revoke_key
from contracts.native.membership import rotate_vote_key
from contracts.native.prices import price_keys, price_start
from contracts.native.telemetry import record_telemetry
from contracts.native.timers import run_timers
from contracts.native.twins import register_twin, update_twin
from contracts.native.wakeups import run_wake_ups
from contracts.state import Overlay
from contracts.text import clean

_REFUSALS: Final = (InvalidInput, Refused, ContractError)
"""Faults of the sender or of a contract: every node finds the same, so they are a result."""


def apply_transaction(
    transaction: Transaction,
    overlay: Overlay,
    block: BlockContext,
    executor: Executor,
    index: int,
) -> Receipt:
    """Apply a transaction whose signature has been checked, and give its receipt.

    Args: overlay: the state so far in this block; it is left without the transaction's writes when
    the receipt says that it failed. index: position in the block, from 0.
    Raises: HostFault, Corruption: this machine failed; the overlay is as before, but gas is burnt:
    execute the block anew from its beginning.
    """
    gas_before = block.gas.left
    code, message, result = OK, "", b""
    events: list[Event] = []
    overlay.begin()
    kept = False
    try:
        operation = transaction.body.operation
        sender = get_sender(overlay, transaction.body.sender, operation, block.height)
        context = TransactionContext(block, transaction, sender, executor)
        context.charge_native(price_start(operation))
        check_role(sender, operation)
        done = _dispatch(operation, context, overlay)
        context.charge_native(price_keys(operation, overlay.written))
        run_wake_ups(context, overlay)
        result, events, kept = done, context.events, True
    except _REFUSALS as error:
        code, message = error.code, _explain(error)
    finally:
        if kept:
            overlay.commit()
        else:
            overlay.rollback()
    gas_used = Gas(gas_before - block.gas.left)
    return Receipt(transaction.id, code, message, gas_used, result, tuple(events), index)


def _dispatch(operation: AnyOperation, context: TransactionContext, overlay: Overlay) -> bytes:
    """Run the operation; give its result, encoded."""
    match operation:
        case RegisterTwin():
            return register_twin(operation, context, overlay)
        case Telemetry():
            return record_telemetry(operation, context, overlay)
        case UpdateTwin():
            return update_twin(operation, context, overlay)
        case RegisterKey():
            return register_key(operation, context, overlay)
        case RevokeKey():
            return revoke_key(operation, context, overlay)
        case Attest():
            return attest(operation, context, overlay)
        case Acknowledge():
            return acknowledge(operation, context, overlay)
        case DeployContract() | Call() | Consent() | RunTimers():
            return _work_with_contracts(operation, context, overlay)
        case (
            ProposeChange()
            | ApproveChange()
            | WithdrawChange()
            | RotateVoteKey()
            | ReportEvidence()
            | ProposeContract()
        ):
            return _govern(operation, context, overlay)
        case _:
            assert_never(operation)


def _work_with_contracts(
    operation: AnyContractWork, context: TransactionContext, overlay: Overlay
) -> bytes:
    match operation:
        case DeployContract():
            return deploy_contract(operation, context, overlay)
        case Call():
            return call_contract(operation, context, overlay)
        case RunTimers():
            return run_timers(operation, context, overlay)
        case Consent():
            return consent(operation, context, overlay)
        case _:
            assert_never(operation)


def _govern(operation: AnyGovernance, context: TransactionContext, overlay: Overlay) -> bytes:
    match operation:
        case ProposeChange():
            return propose_change(operation, context, overlay)
        case ApproveChange():
            return approve_change(operation, context, overlay)
        case WithdrawChange():
            return withdraw_change(operation, context, overlay)
        case RotateVoteKey():
            return rotate_vote_key(operation, context, overlay)
        case ReportEvidence():
            return report_evidence(operation, context, overlay)
        case ProposeContract():
            return propose_contract(operation, context, overlay)
        case _:
            assert_never(operation)


def _explain(error: ChainError) -> str:
    return clean(error.why)
