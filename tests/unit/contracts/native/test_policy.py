"""Whose approval is enough."""

import pytest

from chain.changes import PauseContract, SetContractPolicy
from chain.genesis import ContractPolicy
from chain.operations import ApproveChange, ProposeChange
from contracts.native.policy import get_policy
from tests.unit.contracts.native.lifecycle import (
    NAME,
    approve,
    contract_of,
    decide,
    make_ledger,
    make_proposal,
    propose,
)
from tests.unit.contracts.support import ORGANISATIONS, check_refused

ONE, TWO, THREE, FOUR = ORGANISATIONS


@pytest.mark.parametrize(
    ("policy", "enough"),
    [
        (ContractPolicy(), [TWO, THREE]),
        (ContractPolicy(approvals=2), [TWO]),
        (ContractPolicy(approvals=4), [TWO, THREE, FOUR]),
        (ContractPolicy(approvals=2, among=(TWO, FOUR)), [THREE, TWO, FOUR]),
        (ContractPolicy(among=(TWO, THREE, FOUR)), [TWO, THREE, FOUR]),
        (ContractPolicy(approvals=1, required=(FOUR,)), [TWO, FOUR]),
        (ContractPolicy(approvals=3, required=(FOUR,)), [TWO, FOUR]),
    ],
)
def test_the_last_approval_that_is_needed_decides(policy, enough):
    ledger = make_ledger(policy)
    proposal = propose(ledger, make_proposal())
    for organisation in enough[:-1]:
        approve(ledger, proposal, organisation)
        assert ledger.apply(ProposeChange(PauseContract(NAME))).code == "VT-2040"
    approve(ledger, proposal, enough[-1])
    assert contract_of(ledger).version == 1


def test_one_approval_is_given_with_the_proposal():
    ledger = make_ledger(ContractPolicy(approvals=1))
    propose(ledger, make_proposal())
    assert contract_of(ledger).version == 1


def test_all_members_decide_on_the_policy():
    ledger = make_ledger(ContractPolicy(approvals=1))
    wanted = ContractPolicy(approvals=2, among=(ONE, FOUR))
    proposal = ledger.apply_ok(ProposeChange(SetContractPolicy(wanted))).transaction
    ledger.apply_ok(ApproveChange(proposal), TWO)
    assert get_policy(ledger.overlay, ledger.genesis.governance).approvals == 1
    ledger.apply_ok(ApproveChange(proposal), THREE)
    assert get_policy(ledger.overlay, ledger.genesis.governance) == wanted
    decided = approve(ledger, propose(ledger, make_proposal()), FOUR)
    assert decided.is_ok
    assert contract_of(ledger).version == 1


def test_a_policy_under_which_nothing_could_be_approved_is_refused():
    ledger = make_ledger()
    change = SetContractPolicy(ContractPolicy(approvals=2, among=(ONE,)))
    receipt = ledger.apply(ProposeChange(change))
    message = "the policy for contracts asks for 2 approvals of 1."
    check_refused(ledger, receipt, "VT-2065", message)
    assert decide(ledger, make_proposal()).is_ok
