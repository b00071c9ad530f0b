import hashlib
import json

from chain import dsse
from chain.operations import Attest
from chain.scalars import Hash, OrganisationId, TwinId
from contracts import state_keys
from contracts.native.attestations import compute_attestation_id
from contracts.records import AttestationRecord
from tests.unit.contracts.support import (
    NOW,
    TURBINE,
    Ledger,
    check_refused,
    make_key,
    payload_of,
    result_of,
)

INSPECTION = "https://example.org/inspection/v1"
REPORT = dsse.FileSubject("report.pdf", Hash(hashlib.sha256(b"report").digest()), 6)
INSPECTOR = make_key("inspector")


def make_ledger() -> Ledger:
    ledger = Ledger()
    ledger.register_turbine()
    ledger.register_key("inspector", "certis", "partner")
    return ledger


def make_payload(twin: str = TURBINE, result: str = "pass") -> bytes:
    return dsse.build_statement(TwinId(twin), INSPECTION, {"result": result}, [REPORT])


def make_attest(payload: bytes, signer: str = "inspector") -> Attest:
    return Attest(TURBINE, dsse.build_envelope(make_key(signer), payload))


def test_a_statement_about_anybodys_twin_is_put_on_record():
    ledger = make_ledger()
    ledger.begin_block(NOW + 7)
    operation = make_attest(make_payload())
    receipt = ledger.apply(operation, "inspector")
    identifier = compute_attestation_id(TURBINE, INSPECTOR.public_key, make_payload())
    assert result_of(receipt) == {"attestation": identifier.hex()}
    record = ledger.overlay.get_record(state_keys.attestation_key(identifier), AttestationRecord)
    assert record == AttestationRecord(
        id=identifier,
        twin=TURBINE,
        issuer=OrganisationId("certis"),
        key=INSPECTOR.public_key,
        predicate_type=INSPECTION,
        files=(REPORT,),
        envelope_hash=Hash(hashlib.sha256(operation.envelope).digest()),
        transaction=receipt.transaction,
        height=ledger.block.height,
        time_ms=ledger.block.time_ms,
    )
    (event,) = receipt.events
    assert (event.name, event.subject) == ("attested", TURBINE)
    assert payload_of(event) == {
        "id": identifier.hex(),
        "issuer": "certis",
        "predicate_type": INSPECTION,
    }


def test_attestations_are_listed_by_height_and_by_twin():
    ledger = make_ledger()
    for result in ("pass", "fail"):
        ledger.apply_ok(make_attest(make_payload(result=result)), "inspector")
        ledger.begin_block()
    expected = [
        compute_attestation_id(TURBINE, INSPECTOR.public_key, make_payload(result=result))
        for result in ("pass", "fail")
    ]
    for prefix in (
        state_keys.attestations_in_order_prefix(),
        state_keys.twin_attestations_prefix(TURBINE),
    ):
        pairs = ledger.overlay.range(*state_keys.prefix_range(prefix), 10)
        assert [value for _, value in pairs] == expected
    assert ledger.twin().counts.attestations == 2


def test_the_same_statement_is_recorded_once_however_it_is_enveloped():
    ledger = make_ledger()
    operation = make_attest(make_payload())
    ledger.apply_ok(operation, "inspector")
    spaced = json.dumps(json.loads(operation.envelope), indent=2).encode()
    identifier = compute_attestation_id(TURBINE, INSPECTOR.public_key, make_payload())
    check_refused(
        ledger,
        ledger.apply(Attest(TURBINE, spaced), "inspector"),
        "VT-2031",
        f"Attestation {identifier.hex()} is already on this chain.",
    )


def test_two_inspectors_may_state_the_same():
    ledger = make_ledger()
    ledger.register_key("second", "certis", "operator")
    ledger.apply_ok(make_attest(make_payload()), "inspector")
    ledger.apply_ok(make_attest(make_payload(), "second"), "second")
    assert ledger.twin().counts.attestations == 2


def test_nobody_sends_what_another_signed():
    ledger = make_ledger()
    ledger.register_key("second", "certis", "partner")
    check_refused(
        ledger,
        ledger.apply(make_attest(make_payload()), "second"),
        "VT-2030",
        "its signature does not verify under the sender's key.",
    )


def test_the_statement_is_about_the_twin_of_the_operation():
    ledger = make_ledger()
    check_refused(
        ledger,
        ledger.apply(make_attest(make_payload("R80721")), "inspector"),
        "VT-2030",
        "the statement is not about twin R80711.",
    )


def test_the_twin_must_be_known():
    ledger = make_ledger()
    operation = Attest(TwinId("R9"), dsse.build_envelope(INSPECTOR, make_payload("R9")))
    check_refused(
        ledger,
        ledger.apply(operation, "inspector"),
        "VT-2020",
        "Twin R9 is not registered on this chain.",
    )
