from chain.scalars import Height, OrganisationId
from contracts import state_keys
from contracts.genesis_state import FIRST, initial_writes
from contracts.governance_records import CommitteeRecord, VoteKeyRecord
from contracts.records import KeyRecord, OrganisationRecord
from contracts.state import MemoryView, Overlay
from tests.unit.contracts.support import (
    ORGANISATIONS,
    make_committee,
    make_genesis,
    make_key,
)


def test_every_organisation_begins_with_one_administrator_key():
    writes = initial_writes(make_genesis())
    overlay = Overlay(MemoryView(writes))
    assert list(writes) == sorted(writes)
    for name in ORGANISATIONS:
        organisation = OrganisationId(name)
        key = make_key(name).public_key
        assert overlay.get_record(
            state_keys.organisation_key(organisation), OrganisationRecord
        ) == OrganisationRecord(organisation, name.title(), 1, Height(0))
        assert overlay.get_record(state_keys.public_key_key(key), KeyRecord) == KeyRecord(
            key, organisation, "administrator", ("administrator",), Height(0)
        )
        listed = state_keys.prefix_range(state_keys.organisation_public_keys_prefix(organisation))
        assert [value for _, value in overlay.range(*listed, 10)] == [key]
        authority = overlay.get(state_keys.authority_key(organisation))
        assert authority == f"CA of {name}".encode()
    assert len(writes) == 4 * len(ORGANISATIONS) + 2, "and one vote key, and the first committee"


def test_the_validators_of_genesis_decide_from_the_first_height_on():
    genesis = make_genesis(validators=make_committee(1, 2))
    overlay = Overlay(MemoryView(initial_writes(genesis)))
    record = overlay.get_record(state_keys.committee_key(FIRST), CommitteeRecord)
    assert record == CommitteeRecord(
        Height(1), genesis.validators, "genesis", None, None, Height(0), None
    )
    for member in genesis.validators.members:
        known = overlay.get_record(state_keys.vote_key_key(member.vote_key), VoteKeyRecord)
        assert known == VoteKeyRecord(member.vote_key, member.node, member.organisation, Height(0))
