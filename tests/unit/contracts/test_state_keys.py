from chain.scalars import Hash, Height, OrganisationId, PublicKey, TwinId
from contracts import state_keys
from contracts.state import MemoryView
from tests.unit.contracts.support import make_hash


def test_layout_of_every_key():
    twin, child = TwinId("T:1"), TwinId("T:2")
    organisation = OrganisationId("certis")
    identifier, height = make_hash(7), Height(258)
    at = b"\0\0\0\0\0\0\x01\x02"
    assert state_keys.twin_key(twin) == b"twin/T:1"
    assert state_keys.child_key(twin, child) == b"child/T:1/T:2"
    assert state_keys.organisation_key(organisation) == b"organisation/certis"
    assert state_keys.public_key_key(identifier) == b"key/" + identifier
    assert state_keys.organisation_public_key_key(organisation, identifier) == (
        b"organisation-key/certis/" + identifier
    )
    assert state_keys.contract_key("c") == b"contract/c"
    assert state_keys.contract_source_key(identifier) == b"contract-source/" + identifier
    assert state_keys.contract_state_prefix("c") == b"contract-state/c/"
    assert state_keys.trigger_key("m") == b"trigger/m"
    assert state_keys.action_key(identifier) == b"action/" + identifier
    assert state_keys.action_idempotency_key("c", twin, "k/é") == (b"action-key/c/T:1/k/\xc3\xa9")
    assert state_keys.action_in_order_key(height, identifier) == b"action-at/" + at + identifier
    assert state_keys.twin_action_key(twin, height, identifier) == (
        b"twin-action/T:1/" + at + identifier
    )
    assert state_keys.attestation_key(identifier) == b"attestation/" + identifier
    assert state_keys.attestation_in_order_key(height, identifier) == (
        b"attestation-at/" + at + identifier
    )
    assert state_keys.twin_attestation_key(twin, height, identifier) == (
        b"twin-attestation/T:1/" + at + identifier
    )


def test_prefixes_are_disjoint():
    prefixes = [
        state_keys.twins_prefix(),
        state_keys.organisations_prefix(),
        state_keys.contracts_prefix(),
        state_keys.actions_in_order_prefix(),
        state_keys.attestations_in_order_prefix(),
        state_keys.action_key(make_hash(0))[:7],
        state_keys.attestation_key(make_hash(0))[:12],
    ]
    for one in prefixes:
        assert [other for other in prefixes if other.startswith(one)] == [one]


def test_prefix_range_holds_what_begins_with_the_prefix_and_nothing_else():
    parent = TwinId("wind-farm")
    inside = state_keys.child_key(parent, TwinId("R1"))
    outside = state_keys.child_key(TwinId("wind-farm2"), TwinId("R2"))
    view = MemoryView({inside: b"1", outside: b"2", b"child": b"3", b"child/wind-farm": b"4"})
    start, stop = state_keys.prefix_range(state_keys.children_prefix(parent))
    assert view.range(start, stop, 10) == [(inside, b"1")]


def test_heights_in_keys_sort_as_numbers():
    first = state_keys.action_in_order_key(Height(9), make_hash(255))
    later = state_keys.action_in_order_key(Height(10), make_hash(0))
    assert first < later


def test_keys_are_shown_with_their_names_as_text_and_the_rest_in_hex():
    assert state_keys.show_key(state_keys.twin_key(TwinId("R1"))) == "twin/R1"
    hash_ = make_hash(171)
    assert state_keys.show_key(state_keys.action_key(hash_)) == f"action/{hash_.hex()}"
    assert state_keys.show_key(b"\x00\xff") == "00ff"
    assert state_keys.show_key(b"") == ""
    shown = state_keys.show_key(b"contract-state/c/\x1b[2J\x07")
    assert shown == "contract-state/c/1b5b324a07"


def test_the_committee_of_a_height_is_the_first_from_its_key_on() -> None:
    since = [Height(height) for height in (1, 4, 9, 2**40)]
    view = MemoryView({state_keys.committee_key(height): b"%d" % height for height in since})
    _, stop = state_keys.prefix_range(state_keys.committees_prefix())
    for asked, found in ((1, 1), (3, 1), (4, 4), (8, 4), (9, 9), (2**39, 9), (2**41, 2**40)):
        pairs = view.range(state_keys.committee_key(Height(asked)), stop, 1)
        assert [value for _, value in pairs] == [b"%d" % found]


def test_offences_of_a_key_are_in_the_order_of_their_heights() -> None:
    key, other = PublicKey(bytes(32)), PublicKey(b"\xff" * 32)
    kept = [
        state_keys.offence_key(whose, Height(height), Hash(bytes([height]) * 32))
        for whose in (key, other)
        for height in (3, 1, 2)
    ]
    view = MemoryView(dict.fromkeys(kept, b""))
    start = state_keys.offences_prefix(key, Height(2))
    stop = state_keys.offences_prefix(key, Height(2**53 - 1))
    assert [found for found, _ in view.range(start, stop, 9)] == [kept[2], kept[0]]
