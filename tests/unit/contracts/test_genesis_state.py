from chain.scalars import Height, OrganisationId
from contracts import state_keys
from contracts.genesis_state import initial_writes
from contracts.records import KeyRecord, OrganisationRecord
from contracts.state import MemoryView, Overlay
from tests.unit.contracts.support import ORGANISATIONS, make_genesis, make_key


def test_every_organisation_begins_with_one_administrator_key():
    writes = initial_writes(make_genesis())
    overlay = Overlay(MemoryView(writes))
    assert list(writes) == sorted(writes)
    assert len(writes) == 3 * len(ORGANISATIONS)
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
