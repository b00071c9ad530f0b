"""Views of organisations, contracts, actions and attestations."""

from typing import Any

from chain.dsse import read_statement
from chain.errors import ChainError
from chain.operations import Role
from contracts.records import (
    ActionRecord,
    ActionStatus,
    AttestationRecord,
    ContractRecord,
    KeyRecord,
)
from contracts.settings import write_settings
from node.api.views.common import Json, View, encoded_to_json
from node.reader.records import OrganisationWithKeys, RecordReader


class KeyView(View, frozen=True, kw_only=True):
    """A key that acts, or acted, for an organisation."""

    key: str
    label: str
    roles: list[Role]
    registered_height: int
    revoked_height: int | None


class OrganisationView(View, frozen=True, kw_only=True):
    """A member organisation."""

    id: str
    name: str
    node_count: int
    keys: list[KeyView]


class OrganisationList(View, frozen=True, kw_only=True):
    """All member organisations in order of their ids."""

    items: list[OrganisationView]


class AcknowledgementView(View, frozen=True, kw_only=True):
    """An answer to an action."""

    outcome: ActionStatus
    organisation: str
    height: int
    time_ms: int
    transaction: str
    note: str


class CauseView(View, frozen=True, kw_only=True):
    """Why an action was opened: what in a transaction made the contract run.

    `kind` is readings, call, attestation, action or timer; `about` names that attestation, action
    or timer. `readings` counts those that were handed to the contract.
    """

    kind: str
    about: str
    transaction: str
    twin: str
    from_ms: int | None
    to_ms: int | None
    readings: int


class ActionView(View, frozen=True, kw_only=True):
    """Something that a contract asks an organisation to do.

    `handler` of the source `source_hash` opened it, because of `cause`. It was not finished at its
    deadline if `overdue_height` is a height; then `escalate_to` may answer it, too.
    """

    id: str
    kind: str
    twin: str
    contract: str
    status: ActionStatus
    title: str
    details: Json
    addressee: str
    opened_height: int
    opened_time_ms: int
    deadline_ms: int | None
    escalate_to: str | None
    overdue_height: int | None
    handler: str
    source_hash: str | None
    cause: CauseView
    acknowledgements: list[AcknowledgementView]


class ActionList(View, frozen=True, kw_only=True):
    """Actions, newest first."""

    items: list[ActionView]
    next: str | None


class SubjectView(View, frozen=True, kw_only=True):
    """A file that a statement vouches for."""

    name: str
    sha256: str


class AttestationView(View, frozen=True, kw_only=True):
    """A signed statement about a twin."""

    id: str
    twin: str
    issuer: str
    key: str
    predicate_type: str
    subjects: list[SubjectView]
    predicate: dict[str, Json]
    transaction: str
    height: int
    time_ms: int


class AttestationList(View, frozen=True, kw_only=True):
    """Attestations, newest first."""

    items: list[AttestationView]
    next: str | None


class TriggerView(View, frozen=True, kw_only=True):
    """What wakes a contract: readings of some properties of twins of a model."""

    name: str
    model: str
    properties: list[str]


class ParameterView(View, frozen=True, kw_only=True):
    """A parameter of a method."""

    name: str
    type: str
    required: bool


class MethodView(View, frozen=True, kw_only=True):
    """A method that the operation `call` may invoke."""

    name: str
    parameters: list[ParameterView]
    summary: str


class ContractView(View, frozen=True, kw_only=True):
    """A deployed contract.

    `source`, `parameters` and `settings`, which are the parameters as `--set` takes them, only
    where one contract is asked for.
    """

    name: str
    owner: str
    summary: str
    source_hash: str
    deployed_height: int
    transaction: str
    active: bool
    version: int
    triggers: list[TriggerView]
    methods: list[MethodView]
    source: str | None = None
    parameters: Json = None
    settings: list[str] | None = None


class ContractList(View, frozen=True, kw_only=True):
    """All contracts in order of their names."""

    items: list[ContractView]


def view_organisation(found: OrganisationWithKeys, node_count: int) -> OrganisationView:
    """Make the view of an organisation with its keys."""
    return OrganisationView(
        id=found.record.id,
        name=found.record.name,
        node_count=node_count,
        keys=[view_key(key) for key in found.keys],
    )


def view_key(key: KeyRecord) -> KeyView:
    """Make the view of a key."""
    return KeyView(
        key=key.key.hex(),
        label=key.label,
        roles=list(key.roles),
        registered_height=key.registered_height,
        revoked_height=key.revoked_height,
    )


def view_action(action: ActionRecord, records: RecordReader) -> ActionView:
    """Make the view of an action with its answers."""
    return ActionView(
        id=action.id.hex(),
        kind=action.kind,
        twin=action.twin,
        contract=action.contract,
        status=action.status,
        title=action.title,
        details=encoded_to_json(action.details),
        addressee=action.addressee,
        opened_height=action.opened_height,
        opened_time_ms=action.opened_time_ms,
        deadline_ms=action.deadline_ms,
        escalate_to=action.escalate_to,
        overdue_height=action.overdue_height,
        handler=action.handler,
        source_hash=None if action.source_hash is None else action.source_hash.hex(),
        cause=CauseView(
            kind=action.cause.kind,
            about=action.cause.about,
            transaction=action.cause.transaction.hex(),
            twin=action.cause.twin,
            from_ms=action.cause.first_time_ms,
            to_ms=action.cause.last_time_ms,
            readings=records.count_cause(action),
        ),
        acknowledgements=[
            AcknowledgementView(
                outcome=step.status,
                organisation=step.organisation,
                height=step.height,
                time_ms=step.time_ms,
                transaction=step.transaction.hex(),
                note=step.note,
            )
            for step in action.history
        ],
    )


def view_attestation(found: AttestationRecord, records: RecordReader) -> AttestationView:
    """Make the view of an attestation with what it states."""
    return AttestationView(
        id=found.id.hex(),
        twin=found.twin,
        issuer=found.issuer,
        key=found.key.hex(),
        predicate_type=found.predicate_type,
        subjects=[SubjectView(name=one.name, sha256=one.sha256.hex()) for one in found.files],
        predicate=_predicate_of(records.envelope_of(found)),
        transaction=found.transaction.hex(),
        height=found.height,
        time_ms=found.time_ms,
    )


def view_contract(contract: ContractRecord, source: str | None = None) -> ContractView:
    """Make the view of a contract; with its source and parameters when the source is given."""
    manifest = contract.manifest
    return ContractView(
        name=contract.name,
        owner=contract.owner,
        summary=manifest.summary,
        source_hash=contract.source_hash.hex(),
        deployed_height=contract.deployed_height,
        transaction=contract.transaction.hex(),
        active=contract.is_active,
        version=contract.version,
        triggers=[
            TriggerView(name=one.name, model=one.model, properties=list(one.properties))
            for one in manifest.triggers
        ],
        methods=[
            MethodView(
                name=one.name,
                parameters=[
                    ParameterView(name=p.name, type=p.type, required=p.required)
                    for p in one.parameters
                ],
                summary=one.summary,
            )
            for one in manifest.calls
        ],
        source=source,
        parameters=None if source is None else encoded_to_json(contract.parameters),
        settings=None if source is None else write_settings(contract.parameters),
    )


def _predicate_of(envelope: bytes) -> dict[str, Any]:
    """Read what a recorded statement says; it was checked when it was recorded."""
    try:
        return dict(read_statement(envelope).predicate)
    except ChainError:
        return {}
