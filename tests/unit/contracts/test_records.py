import pytest

from chain.changes import AddValidator, RemoveValidator, SetContractPolicy
from chain.codec import decode, encode
from chain.genesis import ContractPolicy
from chain.operations import Acknowledge, Consent
from chain.scalars import Hash, NodeName
from contracts import governance_records, lifecycle_keys, lifecycle_records, records, state_keys
from tests.unit.contracts.contract_support import CONTRACT, deploy_watcher
from tests.unit.contracts.native.governance import decide, propose
from tests.unit.contracts.native.lifecycle import make_proposal
from tests.unit.contracts.native.test_actions import CALL, Opener
from tests.unit.contracts.native.test_attestations import make_attest, make_payload
from tests.unit.contracts.native.test_evidence import offence
from tests.unit.contracts.native.test_membership import rotation
from tests.unit.contracts.support import (
    TURBINE,
    Ledger,
    make_committee,
    make_member,
    make_telemetry,
)

KINDS = {
    state_keys.twins_prefix(): records.TwinRecord,
    state_keys.organisations_prefix(): records.OrganisationRecord,
    state_keys.contracts_prefix(): records.ContractRecord,
    b"key/": records.KeyRecord,
    b"action/": records.ActionRecord,
    b"attestation/": records.AttestationRecord,
    b"trigger/": records.TriggerRecord,
    b"consent/": records.ConsentRecord,
    b"due/": records.DueRecord,
    state_keys.committees_prefix(): governance_records.CommitteeRecord,
    b"vote-key/": governance_records.VoteKeyRecord,
    state_keys.addresses_prefix(): governance_records.AddressRecord,
    state_keys.standings_prefix(): governance_records.StandingRecord,
    b"proposal/": governance_records.ProposalRecord,
    b"evidence/": governance_records.EvidenceRecord,
    b"contract-version/": lifecycle_records.VersionRecord,
    b"contract-package/": lifecycle_records.PackageRecord,
    lifecycle_keys.contract_policy_key(): lifecycle_records.PolicyRecord,
}


@pytest.fixture(scope="module")
def state() -> dict[bytes, bytes]:
    """Everything that a small history leaves in the state."""
    ledger = Ledger(executor=Opener(), validators=make_committee(1, 1, 1, 1))
    ledger.register_turbine()
    ledger.register_key("inspector", "certis", "partner")
    deploy_watcher(ledger)
    ledger.apply_ok(make_telemetry())
    ledger.apply_ok(CALL)
    ledger.apply_ok(make_attest(make_payload()), "inspector")
    ledger.apply_ok(Acknowledge(ledger.only_action().id, "acknowledged", "seen"), "windcare")
    ledger.apply_ok(Consent(CONTRACT, Hash(bytes(32))))
    decide(ledger, AddValidator(make_member("node-5", weight=0), "node5.example", 9000))
    propose(ledger, RemoveValidator(NodeName("node-3")))
    ledger.apply_ok(make_proposal(not_before=ledger.height + 9))
    propose(ledger, SetContractPolicy(ContractPolicy(approvals=1)))
    decide(ledger, SetContractPolicy(ContractPolicy(approvals=2)))
    ledger.apply_ok(rotation(ledger), "borne-energie")
    ledger.apply_ok(offence(ledger), "vote node-1")
    ledger.begin_block()
    return dict(ledger.view.range(b"\0", b"\xff", 1_000))


@pytest.mark.parametrize("prefix", KINDS)
def test_every_record_is_canonical_and_keeps_its_limits(state, prefix):
    values = [value for key, value in state.items() if key.startswith(prefix)]
    assert values
    for value in values:
        record = decode(value, KINDS[prefix], 1 << 20)
        assert isinstance(record, KINDS[prefix])
        assert encode(record) == value


def test_a_property_is_found_by_its_name(state):
    twin = decode(state[state_keys.twin_key(TURBINE)], records.TwinRecord, 1 << 20)
    found = twin.get_property("wind_speed")
    assert found is not None
    assert found.definition.unit == "MTS"
    assert twin.get_property("torque") is None


def test_every_key_of_the_state_has_a_known_kind(state):
    known = (
        *KINDS,
        b"child/",
        b"organisation-key/",
        b"contract-source/",
        b"contract-state/",
        b"action-key/",
        b"action-at/",
        b"twin-action/",
        b"attestation-at/",
        b"twin-attestation/",
        state_keys.authorities_prefix(),
        b"replaced/",
        b"rotating/",
        b"proposal-at/",
        b"open-proposal/",
        b"evidence-at/",
        b"offence/",
        b"contract-part/",
        b"consent/",
        b"contract-newest/",
        b"contract-start/",
    )
    assert [key for key in state if not key.startswith(known)] == []
