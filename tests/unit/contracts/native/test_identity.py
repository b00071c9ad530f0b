from chain.operations import RegisterKey, RevokeKey
from chain.scalars import Height, OrganisationId, PublicKey
from contracts import state_keys
from contracts.records import KeyRecord, OrganisationRecord
from tests.unit.contracts.support import (
    Ledger,
    check_refused,
    make_key,
    make_telemetry,
    payload_of,
    result_of,
)

GATEWAY = make_key("gateway-1").public_key
BORNE = make_key("borne-energie").public_key


def key_record(ledger: Ledger, key: PublicKey) -> KeyRecord:
    record = ledger.overlay.get_record(state_keys.public_key_key(key), KeyRecord)
    assert record is not None
    return record


def administrators(ledger: Ledger) -> int:
    record = ledger.overlay.get_record(
        state_keys.organisation_key(OrganisationId("borne-energie")), OrganisationRecord
    )
    assert record is not None
    return record.administrators


def test_a_key_acts_for_the_organisation_of_who_registered_it():
    ledger = Ledger()
    receipt = ledger.apply(RegisterKey(GATEWAY, "gateway-1", ("gateway", "partner", "gateway")))
    assert result_of(receipt) == {"key": GATEWAY.hex()}
    assert key_record(ledger, GATEWAY) == KeyRecord(
        GATEWAY, OrganisationId("borne-energie"), "gateway-1", ("gateway", "partner"), Height(1)
    )
    assert payload_of(receipt.events[0]) == {
        "organisation": "borne-energie",
        "label": "gateway-1",
        "roles": ["gateway", "partner"],
    }
    listed = state_keys.organisation_public_keys_prefix(OrganisationId("borne-energie"))
    pairs = ledger.overlay.range(*state_keys.prefix_range(listed), 10)
    assert sorted(value for _, value in pairs) == sorted([BORNE, GATEWAY])


def test_a_key_is_registered_once_for_ever():
    ledger = Ledger()
    ledger.register_key("gateway-1", "borne-energie", "gateway")
    again = RegisterKey(GATEWAY, "stolen", ("gateway",))
    message = f"Key {GATEWAY.hex()} is already registered with borne-energie."
    check_refused(ledger, ledger.apply(again, "gridlink"), "VT-2013", message)
    ledger.apply_ok(RevokeKey(GATEWAY, "lost"))
    check_refused(ledger, ledger.apply(again), "VT-2013", message)


def test_a_key_of_small_order_is_refused():
    ledger = Ledger()
    key = PublicKey(bytes([1]) + bytes(31))
    check_refused(
        ledger,
        ledger.apply(RegisterKey(key, "weak", ("gateway",))),
        "VT-1301",
        f"The key {key.hex()} is not a canonical Ed25519 point of large order.",
    )


def test_a_revoked_key_acts_no_more_from_the_next_transaction_on():
    ledger = Ledger()
    ledger.register_key("gateway-1", "borne-energie", "gateway")
    ledger.register_turbine()
    ledger.apply_ok(make_telemetry(), "gateway-1")
    ledger.begin_block()
    receipt = ledger.apply(RevokeKey(GATEWAY, "device was stolen"))
    assert result_of(receipt) == {"key": GATEWAY.hex()}
    assert payload_of(receipt.events[0]) == {
        "organisation": "borne-energie",
        "label": "gateway-1",
        "reason": "device was stolen",
    }
    check_refused(
        ledger,
        ledger.apply(make_telemetry(), "gateway-1"),
        "VT-2011",
        f"Key {GATEWAY.hex()} was revoked at height 2.",
    )
    record = key_record(ledger, GATEWAY)
    assert (record.registered_height, record.revoked_height) == (1, 2)
    assert record.revoked_reason == "device was stolen"
    check_refused(
        ledger,
        ledger.apply(RevokeKey(GATEWAY, "again")),
        "VT-2016",
        f"Key {GATEWAY.hex()} was revoked at height 2.",
    )


def test_only_own_keys_are_revoked():
    ledger = Ledger()
    check_refused(
        ledger,
        ledger.apply(RevokeKey(BORNE, "mine now"), "gridlink"),
        "VT-2015",
        f"Key {BORNE.hex()} is not registered with gridlink.",
    )
    check_refused(
        ledger,
        ledger.apply(RevokeKey(GATEWAY, "never seen")),
        "VT-2015",
        f"Key {GATEWAY.hex()} is not registered with borne-energie.",
    )


def test_the_last_administrator_stays():
    ledger = Ledger()
    refusal = ("VT-2014", "borne-energie would have no administrator left.")
    check_refused(ledger, ledger.apply(RevokeKey(BORNE, "leaving")), *refusal)
    ledger.register_key("second", "borne-energie", "administrator")
    assert administrators(ledger) == 2
    ledger.apply_ok(RevokeKey(BORNE, "leaving"))
    assert administrators(ledger) == 1
    last = RevokeKey(make_key("second").public_key, "leaving too")
    check_refused(ledger, ledger.apply(last, "second"), *refusal)
