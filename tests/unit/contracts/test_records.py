import pytest

from chain.codec import decode, encode
from chain.operations import Acknowledge
from contracts import records, state_keys
from tests.unit.contracts.contract_support import deploy_watcher
from tests.unit.contracts.native.test_actions import CALL, Opener
from tests.unit.contracts.native.test_attestations import make_attest, make_payload
from tests.unit.contracts.support import TURBINE, Ledger, make_telemetry

KINDS = {
    state_keys.twins_prefix(): records.TwinRecord,
    state_keys.organisations_prefix(): records.OrganisationRecord,
    state_keys.contracts_prefix(): records.ContractRecord,
    b"key/": records.KeyRecord,
    b"action/": records.ActionRecord,
    b"attestation/": records.AttestationRecord,
    b"trigger/": records.TriggerRecord,
}


@pytest.fixture(scope="module")
def state() -> dict[bytes, bytes]:
    """Everything that a small history leaves in the state."""
    ledger = Ledger(executor=Opener())
    ledger.register_turbine()
    ledger.register_key("inspector", "certis", "partner")
    deploy_watcher(ledger)
    ledger.apply_ok(make_telemetry())
    ledger.apply_ok(CALL)
    ledger.apply_ok(make_attest(make_payload()), "inspector")
    ledger.apply_ok(Acknowledge(ledger.only_action().id, "acknowledged", "seen"), "windcare")
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
    )
    assert [key for key in state if not key.startswith(known)] == []
