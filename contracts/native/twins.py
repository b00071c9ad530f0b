"""Twins: register one, and change what it says about itself.

Twins form a tree: a component is part of a system, a system of a process, a process of an
environment. A twin may also be part of a twin of its own kind (a system of systems), never of a
smaller one. Both belong to one organisation: nobody hangs a part into a stranger's plant.
"""

from typing import Final, TypeVar

from msgspec.structs import replace

from chain.codec import encode
from chain.errors import InvalidInput, Refused
from chain.operations import PropertyDefinition, RegisterTwin, TwinKind, UpdateTwin
from chain.scalars import TwinId
from chain.values import encode_value
from contracts import state_keys
from contracts.context import TransactionContext
from contracts.native.access import get_own_twin, put_twin
from contracts.records import TwinCounts, TwinProperty, TwinRecord
from contracts.state import Overlay

T = TypeVar("T")

PROPERTIES_MAX: Final = 256
"""Most properties of one twin; its record is rewritten whole with each batch of readings."""
ATTRIBUTES_MAX: Final = 64
TWIN_SIZE_MAX: Final = 65_536
"""Most bytes of what a twin says about itself, which each batch of readings writes again."""
HIERARCHY_DEPTH_MAX: Final = 32
"""Most twins on the way from a twin to the root of its tree."""

_RANK: Final[dict[TwinKind, int]] = {"component": 0, "system": 1, "process": 2, "environment": 3}


def register_twin(operation: RegisterTwin, context: TransactionContext, overlay: Overlay) -> bytes:
    """Create a twin owned by the sender's organisation.

    Returns: {"twin": its name}, encoded.
    Raises: Refused: VT-2020 unknown parent, VT-2021 the parent belongs to another organisation,
        VT-2022 the name is taken, VT-2023 the parent does not fit, VT-2033 too much; InvalidInput:
        VT-2029 a property is named twice.
    """
    existing = overlay.get_record(state_keys.twin_key(operation.twin), TwinRecord)
    if existing is not None:
        raise Refused("VT-2022", twin=operation.twin, owner=existing.owner)
    record = TwinRecord(
        id=operation.twin,
        kind=operation.kind,
        model=operation.model,
        owner=context.sender.organisation,
        parent=operation.parent,
        description=operation.description,
        attributes=(),
        properties=_add_properties(operation.twin, (), operation.properties),
        counts=TwinCounts(),
        open_actions=(),
        acknowledged_actions=(),
        last_acknowledged=None,
        registered_height=context.block.height,
        updated_height=context.block.height,
    )
    if operation.parent is not None:
        _check_parent(record, operation.parent, overlay)
        _write_child(record, overlay)
    _check_size(record)
    put_twin(overlay, record)
    context.emit(
        "twin_registered",
        record.id,
        {
            "kind": record.kind,
            "model": record.model,
            "owner": record.owner,
            "parent": record.parent,
        },
    )
    return encode_value({"twin": record.id})


def update_twin(operation: UpdateTwin, context: TransactionContext, overlay: Overlay) -> bytes:
    """Change a twin's description, parent, properties or attributes.

    Properties are only added: a unit never changes under the readings that were recorded in it.

    Returns: {"twin": its name}, encoded.
    Raises: Refused: VT-2020, VT-2021, VT-2023, VT-2033 too many; InvalidInput: VT-2029.
    """
    before = get_own_twin(overlay, operation.twin, context.sender.organisation)
    record = replace(
        before,
        description=_or(operation.description, before.description),
        parent=_or(operation.parent, before.parent),
        properties=_add_properties(before.id, before.properties, operation.add_properties),
        attributes=_change_attributes(before, operation.attributes),
        updated_height=context.block.height,
    )
    if record.parent is not None and record.parent != before.parent:
        _check_parent(record, record.parent, overlay)
        if before.parent is not None:
            overlay.delete(state_keys.child_key(before.parent, before.id))
        _write_child(record, overlay)
    _check_size(record)
    put_twin(overlay, record)
    context.emit("twin_updated", record.id, {"changed": _name_changes(before, record)})
    return encode_value({"twin": record.id})


def _or(given: T | None, otherwise: T) -> T:
    return otherwise if given is None else given


def _write_child(record: TwinRecord, overlay: Overlay) -> None:
    assert record.parent is not None, "only a part is listed under its parent"
    overlay.put(state_keys.child_key(record.parent, record.id), record.id.encode())


def _check_parent(record: TwinRecord, parent_id: TwinId, overlay: Overlay) -> None:
    """Check rank, owner and depth of the parents, and that the twin is not its own ancestor."""
    parent = get_own_twin(overlay, parent_id, record.owner)
    if _RANK[parent.kind] < _RANK[record.kind]:
        raise Refused(
            "VT-2023",
            reason=f"{record.id} is a {record.kind} and cannot be part of {parent.id}, "
            f"which is a {parent.kind}",
        )
    ancestor: TwinRecord | None = parent
    for _ in range(HIERARCHY_DEPTH_MAX - 1):
        assert ancestor is not None, "the loop ends at the root"
        if ancestor.id == record.id:
            raise Refused("VT-2023", reason=f"{record.id} would be part of itself")
        if ancestor.parent is None:
            return
        ancestor = overlay.get_record(state_keys.twin_key(ancestor.parent), TwinRecord)
    raise Refused(
        "VT-2023", reason=f"{record.id} would be more than {HIERARCHY_DEPTH_MAX} levels deep"
    )


def _add_properties(
    twin: TwinId,
    existing: tuple[TwinProperty, ...],
    added: tuple[PropertyDefinition, ...],
) -> tuple[TwinProperty, ...]:
    names = {one.definition.name for one in existing}
    for definition in added:
        if definition.name in names:
            raise InvalidInput("VT-2029", reason=f"{twin} has property {definition.name} twice")
        names.add(definition.name)
    _check_count(twin, "properties", len(names), PROPERTIES_MAX)
    return existing + tuple(TwinProperty(definition, None) for definition in added)


def _change_attributes(
    record: TwinRecord, changes: tuple[tuple[str, str], ...]
) -> tuple[tuple[str, str], ...]:
    if len({name for name, _ in changes}) != len(changes):
        raise InvalidInput("VT-2029", reason=f"an attribute of {record.id} is given twice")
    attributes = dict(record.attributes) | dict(changes)
    kept = tuple(sorted((name, text) for name, text in attributes.items() if text))
    _check_count(record.id, "attributes", len(kept), ATTRIBUTES_MAX)
    return kept


def _check_size(record: TwinRecord) -> None:
    """Check the size of what the owner wrote; readings and actions are bounded on their own."""
    bare = replace(
        record,
        properties=tuple(TwinProperty(one.definition, None) for one in record.properties),
        open_actions=(),
        acknowledged_actions=(),
        last_acknowledged=None,
    )
    _check_count(record.id, "bytes", len(encode(bare)), TWIN_SIZE_MAX)


def _check_count(twin: TwinId, what: str, count: int, limit: int) -> None:
    if count > limit:
        raise Refused("VT-2033", twin=twin, count=count, what=what, limit=limit)


def _name_changes(before: TwinRecord, after: TwinRecord) -> list[str]:
    return [
        name
        for name in ("description", "parent", "properties", "attributes")
        if getattr(before, name) != getattr(after, name)
    ]
