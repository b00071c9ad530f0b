"""Put a source in force in a rehearsal, as an upgrade that was planned for this height would be."""

from __future__ import annotations

from chain.errors import InvalidInput
from chain.operations import Consent
from chain.scalars import Hash, PublicKey
from contracts import lifecycle_keys, state_keys
from contracts.compiler import check_contract
from contracts.context import BlockContext, Earlier, TransactionContext
from contracts.executor import Executor
from contracts.kit.state import GrowingState
from contracts.lifecycle_records import VersionRecord
from contracts.native.consent import has_consent, put_consent
from contracts.native.policy import list_organisations
from contracts.native.versions import get_contract, get_version, start_version
from contracts.records import KeyRecord
from contracts.state import Overlay

_NOBODY = Hash(bytes(32))


def install_source(
    name: str,
    source: str,
    parameters: bytes | None,
    block: BlockContext,
    executor: Executor,
    state: GrowingState,
) -> None:
    """Put a source in force in the place of the present one; see `Rehearsal.install`."""
    manifest = check_contract(source).manifest
    if manifest is None:
        raise InvalidInput("VT-2045", contract=name)
    overlay = Overlay(state)
    contract = get_contract(name, overlay)
    number = _take_number(name, overlay)
    sender = KeyRecord(PublicKey(bytes(32)), contract.owner, "rehearsal", (), block.height)
    context = TransactionContext(block, Earlier(_NOBODY), sender, executor)
    source_hash = Hash(manifest.source_hash)
    for organisation in list_organisations(overlay):
        if has_consent(contract, organisation, overlay):
            put_consent(organisation, Consent(name, source_hash), context, overlay)
    overlay.put(state_keys.contract_source_key(source_hash), source.encode())
    version = VersionRecord(
        contract=name,
        number=number,
        cause="upgraded",
        like=number,
        source_hash=source_hash,
        package=None,
        parameters=contract.parameters if parameters is None else parameters,
        manifest=manifest,
        organisation=contract.owner,
        proposal=None,
        transaction=_NOBODY,
        decided_height=block.height,
        decided_time_ms=block.time_ms,
        active_height=block.height,
        replaces=contract.version,
        status="planned",
    )
    start_version(version, context, overlay)
    state.write(overlay.writes())


def _take_number(name: str, overlay: Overlay) -> int:
    """Give the number of the next version; one that waits for its height never starts."""
    newest = int.from_bytes(overlay.get(lifecycle_keys.contract_newest_key(name)) or b"", "big")
    last = get_version(name, newest, overlay)
    if last is not None and last.status == "planned":
        overlay.delete(lifecycle_keys.contract_start_key(last.active_height))
    return newest + 1
