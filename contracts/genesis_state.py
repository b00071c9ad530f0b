"""The state before the first block: the organisations of genesis and their first keys."""

from chain.genesis import Genesis
from chain.scalars import Height
from contracts import state_keys
from contracts.native.access import ADMINISTRATOR
from contracts.native.identity import put_key
from contracts.records import KeyRecord, OrganisationRecord
from contracts.state import MemoryView, Overlay


def initial_writes(genesis: Genesis) -> dict[bytes, bytes]:
    """Give the pairs that stand in the state at height 0, sorted by key.

    Each organisation begins with one key, labelled and in the role `administrator`: it may do
    everything for its organisation and registers the others.
    """
    overlay = Overlay(MemoryView())
    for organisation in genesis.organisations:
        overlay.put_record(
            state_keys.organisation_key(organisation.id),
            OrganisationRecord(organisation.id, organisation.name, 1, Height(0)),
        )
        put_key(
            overlay,
            KeyRecord(
                key=organisation.administrator,
                organisation=organisation.id,
                label=ADMINISTRATOR,
                roles=(ADMINISTRATOR,),
                registered_height=Height(0),
            ),
        )
    return {key: value for key, value in overlay.writes().items() if value is not None}
