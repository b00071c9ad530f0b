"""The state before the first block: the members of genesis, their first keys and validators."""

from chain.genesis import Genesis
from chain.scalars import Height
from contracts import state_keys
from contracts.governance_records import CommitteeRecord
from contracts.native.committee import put_vote_key
from contracts.native.identity import put_organisation
from contracts.state import MemoryView, Overlay

FIRST: Height = Height(1)
"""The first height that is decided."""


def initial_writes(genesis: Genesis) -> dict[bytes, bytes]:
    """Give the pairs that stand in the state at height 0, sorted by key.

    Each organisation begins with one key, labelled and in the role `administrator`.
    """
    overlay = Overlay(MemoryView())
    for organisation in genesis.organisations:
        put_organisation(overlay, organisation, Height(0))
    for member in genesis.validators.members:
        put_vote_key(member, Height(0), overlay)
    record = CommitteeRecord(FIRST, genesis.validators, "genesis", None, None, Height(0), None)
    overlay.put_record(state_keys.committee_key(FIRST), record)
    return {key: value for key, value in overlay.writes().items() if value is not None}
