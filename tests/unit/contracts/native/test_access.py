import pytest

from chain.changes import RemoveValidator
from chain.evidence import Evidence, VoteSigned
from chain.operations import (
    Acknowledge,
    ApproveChange,
    Attest,
    Call,
    DeployContract,
    ProposeChange,
    RegisterKey,
    ReportEvidence,
    RevokeKey,
    RotateVoteKey,
    UpdateTwin,
    WithdrawChange,
    name_of,
)
from chain.scalars import Height, NodeName, Round, Signature, UnixMillis
from tests.unit.contracts.support import (
    TURBINE,
    Ledger,
    check_refused,
    make_hash,
    make_key,
    make_telemetry,
    make_turbine,
)

KEY = make_key("another").public_key
SIGNATURE = Signature(bytes(64))
VOTE = VoteSigned(None, UnixMillis(0), SIGNATURE)
OPERATIONS = {
    name_of(operation): operation
    for operation in (
        make_turbine(),
        make_telemetry(),
        UpdateTwin(TURBINE, description="?"),
        RegisterKey(KEY, "another", ("gateway",)),
        RevokeKey(KEY, "lost"),
        Attest(TURBINE, b"{}"),
        DeployContract("contract", "x = 1", b"\x80"),
        Call("contract", "method", b"\x80"),
        Acknowledge(make_hash(1), "acknowledged"),
        ProposeChange(RemoveValidator(NodeName("node-1"))),
        ApproveChange(make_hash(1)),
        WithdrawChange(make_hash(1)),
        RotateVoteKey(NodeName("node-1"), KEY, SIGNATURE),
        ReportEvidence(Evidence(KEY, Height(1), Round(0), "prevote", VOTE, VOTE)),
    )
}
ADMINISTRATOR, GATEWAY = "administrator", "gateway"
NEEDED = {
    "register_twin": ADMINISTRATOR,
    "telemetry": GATEWAY,
    "update_twin": ADMINISTRATOR,
    "register_key": ADMINISTRATOR,
    "revoke_key": ADMINISTRATOR,
    "attest": "partner or operator",
    "deploy_contract": ADMINISTRATOR,
    "acknowledge": "operator or partner",
    "propose_change": ADMINISTRATOR,
    "approve_change": ADMINISTRATOR,
    "withdraw_change": ADMINISTRATOR,
    "rotate_vote_key": ADMINISTRATOR,
}


@pytest.mark.parametrize("name", NEEDED)
@pytest.mark.parametrize("role", ["gateway", "partner", "operator"])
def test_a_key_does_what_its_role_allows_and_nothing_else(name, role):
    ledger = Ledger()
    ledger.register_key("member", "borne-energie", role)
    receipt = ledger.apply(OPERATIONS[name], "member")
    if role in NEEDED[name].split(" or "):
        assert receipt.code != "VT-2012"
        return
    check_refused(
        ledger,
        receipt,
        "VT-2012",
        f"Operation {name} needs role {NEEDED[name]}; the key has {role}.",
    )


@pytest.mark.parametrize("name", OPERATIONS)
def test_an_administrator_may_do_everything_of_its_organisation(name):
    assert Ledger().apply(OPERATIONS[name]).code != "VT-2012"


@pytest.mark.parametrize("role", ["gateway", "partner", "operator"])
def test_any_key_may_call(role):
    ledger = Ledger()
    ledger.register_key("member", "borne-energie", role)
    check_refused(
        ledger,
        ledger.apply(OPERATIONS["call"], "member"),
        "VT-2040",
        "No contract contract is deployed on this chain.",
    )


@pytest.mark.parametrize("name", OPERATIONS)
def test_a_vote_key_may_report_evidence_and_nothing_else(name):
    receipt = Ledger().apply(OPERATIONS[name], "vote node-1")
    assert receipt.code == ("VT-2070" if name == "report_evidence" else "VT-2010")


def test_an_unknown_key_is_refused():
    ledger = Ledger()
    check_refused(
        ledger,
        ledger.apply(make_turbine(), "nobody"),
        "VT-2010",
        f"Key {make_key('nobody').public_key.hex()} is not registered with any organisation of "
        "this chain.",
    )
