"""Times and operations in words, alike in receipts, pages and command line."""

from datetime import UTC, datetime, timedelta
from typing import Final, assert_never

from chain.changes import describe_change
from chain.evidence import Evidence
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
from chain.scalars import UnixMillis

_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
_YEAR_10000_MS: Final = 253_402_300_800_000
_NAMES_SHOWN_MAX: Final = 4


def format_time(time_ms: UnixMillis) -> str:
    """Write a time as ISO 8601 in UTC with milliseconds: 2015-02-07T11:00:00.000Z.

    A time after the year 9999, which that form cannot hold, is written as a number of
    milliseconds.
    """
    if time_ms >= _YEAR_10000_MS:
        return f"{time_ms} ms after 1970"
    moment = _EPOCH + timedelta(milliseconds=time_ms)
    return moment.isoformat(timespec="milliseconds").removesuffix("+00:00") + "Z"


def describe_operation(operation: AnyOperation) -> str:
    """Say in a few words what an operation asks for."""
    match operation:
        case RegisterTwin():
            return f"register twin {operation.twin}, a {operation.kind} of model {operation.model}"
        case Telemetry():
            count = sum(len(batch.readings) for batch in operation.batches)
            names = [batch.twin for batch in operation.batches]
            more = len(names) - _NAMES_SHOWN_MAX
            shown = ", ".join(names[:_NAMES_SHOWN_MAX]) + (f" and {more} more" if more > 0 else "")
            return f"{count} reading{'' if count == 1 else 's'} of {shown}"
        case UpdateTwin():
            return f"update twin {operation.twin}"
        case RegisterKey():
            return f"register key {operation.label} as {', '.join(operation.roles)}"
        case RevokeKey():
            return f"revoke key {operation.key.hex()}"
        case Attest():
            return f"attestation about twin {operation.twin}"
        case Acknowledge():
            return f"action {operation.action.hex()} {operation.outcome}"
        case DeployContract() | Call() | Consent() | RunTimers():
            return _describe_contract_work(operation)
        case (
            ProposeChange()
            | ApproveChange()
            | WithdrawChange()
            | RotateVoteKey()
            | ReportEvidence()
            | ProposeContract()
        ):
            return _describe_governance(operation)
        case _:
            assert_never(operation)


def _describe_contract_work(operation: AnyContractWork) -> str:
    match operation:
        case DeployContract():
            return f"deploy contract {operation.name}"
        case Call():
            return f"call {operation.method} of contract {operation.contract}"
        case RunTimers():
            return "run what is due"
        case Consent():
            what = "consent" if operation.is_given else "no more consent"
            return f"{what} to contract {operation.contract} on the own twins"
        case _:
            assert_never(operation)


def _describe_governance(operation: AnyGovernance) -> str:
    match operation:
        case ProposeChange():
            return f"propose: {describe_change(operation.change)}"
        case ApproveChange():
            return f"approve proposal {operation.proposal.hex()}"
        case WithdrawChange():
            return f"withdraw proposal {operation.proposal.hex()}"
        case RotateVoteKey():
            return f"change the vote key of node {operation.node} to {operation.new_key.hex()}"
        case ReportEvidence():
            return describe_evidence(operation.evidence)
        case ProposeContract():
            what = "upgrade" if operation.replaces else "deploy"
            return f"propose: {what} contract {operation.package.name}"
        case _:
            assert_never(operation)


def describe_evidence(evidence: Evidence) -> str:
    """Say in a few words what evidence shows."""
    return (
        f"two {evidence.kind}s of key {evidence.key.hex()} at height {evidence.height} "
        f"round {evidence.round}"
    )
