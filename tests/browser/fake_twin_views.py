"""The answers of API v1 about the twins of a `FakeChain`, their orders and statements."""

from typing import Any

from chain.json_view import to_plain
from chain.operations import Attest, Telemetry
from chain.scalars import Height, TwinId
from chain.state_tree import prove
from chain.values import decode_value
from chain.wording import describe_operation, format_time
from contracts import state_keys
from contracts.records import ActionRecord, AttestationRecord, TwinRecord
from contracts.state import decode_record
from tests.browser.fake_chain import FakeChain
from tests.browser.fake_views import (
    Json,
    Place,
    find_place,
    places,
    read_statement,
    to_base64,
    twins,
    view_raw_block,
    view_transaction_item,
)


def view_twin_item(chain: FakeChain, twin: TwinRecord) -> Json:
    """Make the view of a twin in a list."""
    return {
        "id": twin.id,
        "kind": twin.kind,
        "model": twin.model,
        "owner": twin.owner,
        "parent": twin.parent,
        "description": twin.description,
        "status": twin.status,
        "open_actions": len(twin.open_actions),
        "updated_height": twin.updated_height,
        "updated_time_ms": chain.blocks[twin.updated_height - 1].block.header.time_ms,
        "updates": twin.counts.accepted,
    }


def view_twin(chain: FakeChain, twin: TwinRecord, height: int) -> Json:
    """Answer /v1/twins/{id}."""
    return {
        **{
            name: getattr(twin, name)
            for name in (
                "id",
                "model",
                "kind",
                "owner",
                "parent",
                "description",
                "status",
                "registered_height",
                "updated_height",
            )
        },
        "children": [one.id for one in twins(chain, height) if one.parent == twin.id],
        "attributes": dict(twin.attributes),
        "properties": {
            one.definition.name: {
                "value": (one.last.value or None) if one.last else None,
                "time": format_time(one.last.time_ms) if one.last else None,
                "time_ms": one.last.time_ms if one.last else None,
                "unit": one.definition.unit,
                "semantic": one.definition.semantic,
                "quality": one.last.quality if one.last else None,
                "transaction": one.last.transaction.hex() if one.last else None,
            }
            for one in twin.properties
        },
        "open_actions": [one.hex() for one in twin.open_actions],
        "updates": twin.counts.accepted,
        "height": height,
        "state_root": chain.blocks[height - 1].block.header.state_root.hex(),
    }


def view_proof(chain: FakeChain, twin: str, height: int) -> Json:
    """Answer /v1/twins/{id}/proof."""
    block = chain.blocks[height - 1]
    key = state_keys.twin_key(TwinId(twin))
    value = block.state.get(key)
    proof = prove(block.block.header.state_root, key, chain.tree.get)
    return {
        "height": Height(height),
        "key": to_base64(key),
        "value": None if value is None else to_base64(value),
        "proof": to_plain(proof),
        **view_raw_block(block),
    }


def view_history_item(chain: FakeChain, place: Place) -> Json:
    """Make the view of one entry of a twin's history."""
    item = view_transaction_item(chain, place)
    said = f"{item['organisation']}: {describe_operation(place.transaction.body.operation)}."
    kept = ("height", "position", "time_ms", "operation", "organisation", "code")
    return {**{name: item[name] for name in kept}, "transaction": item["id"], "summary": said}


def view_series(chain: FakeChain, twin: TwinRecord, name: str, limits: tuple[int, int]) -> Json:
    """Answer /v1/twins/{id}/series."""
    points = sorted(
        (reading.time_ms, reading.value or None, place.transaction.id.hex())
        for place in places(chain)
        if isinstance(place.transaction.body.operation, Telemetry)
        for batch in place.transaction.body.operation.batches
        if batch.twin == twin.id
        for reading in batch.readings
        if reading.property == name and limits[0] <= reading.time_ms <= limits[1]
    )
    definition = twin.get_property(name)
    return {
        "property": name,
        "unit": definition.definition.unit if definition else "",
        "points": points,
        "from_ms": points[0][0] if points else 0,
        "to_ms": points[-1][0] if points else 0,
        "downsampled": False,
        "complete": True,
        "actions": [
            {
                "id": one["id"],
                "kind": one["kind"],
                "opened_time_ms": one["opened_time_ms"],
                "cause_from_ms": one["cause"]["from_ms"],
                "cause_to_ms": one["cause"]["to_ms"],
                "status": one["status"],
            }
            for one in (view_action(record) for record in actions(chain))
            if one["twin"] == twin.id
        ],
    }


def actions(chain: FakeChain) -> list[ActionRecord]:
    """Give all actions, newest first."""
    pairs = chain.blocks[-1].state.range(b"action/", b"action0", 10_000)
    found = [decode_record(value, ActionRecord) for _, value in pairs]
    return sorted(found, key=lambda one: -one.opened_height)


def view_action(action: ActionRecord) -> Json:
    """Make the view of an action with its answers."""
    plain = to_plain(action)
    return {
        **{
            name: plain[name]
            for name in (
                "id",
                "kind",
                "twin",
                "contract",
                "status",
                "title",
                "addressee",
                "opened_height",
                "opened_time_ms",
                "deadline_ms",
            )
        },
        "details": _to_json(decode_value(action.details)),
        "cause": {
            "transaction": action.cause.transaction.hex(),
            "twin": action.cause.twin,
            "from_ms": action.cause.first_time_ms,
            "to_ms": action.cause.last_time_ms,
            "readings": 36,
        },
        "acknowledgements": [
            {
                "outcome": step["status"],
                **{
                    name: step[name]
                    for name in ("organisation", "height", "time_ms", "transaction", "note")
                },
            }
            for step in plain["history"]
        ],
    }


def view_attestations(chain: FakeChain) -> list[Json]:
    """Give all attestations, newest first."""
    pairs = chain.blocks[-1].state.range(b"attestation/", b"attestation0", 10_000)
    views = []
    for record in (decode_record(value, AttestationRecord) for _, value in pairs):
        place = find_place(chain, record.transaction.hex())
        assert place is not None, "an attestation's transaction is on the chain"
        operation = place.transaction.body.operation
        assert isinstance(operation, Attest), "only attest records attestations"
        views.append(
            {
                "id": record.id.hex(),
                "twin": record.twin,
                "issuer": record.issuer,
                "key": record.key.hex(),
                "predicate_type": record.predicate_type,
                "subjects": [{"name": f.name, "sha256": f.sha256.hex()} for f in record.files],
                "predicate": dict(read_statement(operation).predicate),
                "transaction": record.transaction.hex(),
                "height": record.height,
                "time_ms": record.time_ms,
            }
        )
    return sorted(views, key=lambda view: -view["height"])


def _to_json(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _to_json(item) for key, item in value.items()}
    return value if isinstance(value, str | int | bool | None) else str(value)
