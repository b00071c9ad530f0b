"""What stands in the state: one frozen record per twin, key, organisation, contract and action.

A record is stored in the canonical encoding (`chain.codec.encode`) under the key that
`contracts.state_keys` gives, so anyone who holds its bytes can check them against a state root.
Names in it were checked in the operation that brought them; those that every update reads (keys
and twins) are not matched against their patterns again.
"""

from typing import Annotated, Literal

from msgspec import Meta, Struct

from chain.dsse import FileSubject
from chain.operations import (
    Outcome,
    PropertyDefinition,
    QualityField,
    Reading,
    Role,
    TwinKind,
    ValueField,
)
from chain.scalars import (
    CountField,
    Hash,
    HashField,
    Height,
    HeightField,
    MillisField,
    NameField,
    OrganisationField,
    OrganisationId,
    PublicKeyField,
    TextField,
    TwinId,
    TwinIdField,
)
from contracts.conditions import Condition
from contracts.manifest import Manifest

ActionStatus = Literal["open", "acknowledged", "completed", "declined"]
TwinStatus = Literal["normal", "action_open", "action_acknowledged"]


class Record(Struct, frozen=True, array_like=True, forbid_unknown_fields=True, gc=False):
    """Base of everything that is stored under a state key."""


class OrganisationRecord(Record, frozen=True, array_like=True):
    """A member organisation; `administrators` counts its valid administrator keys."""

    id: OrganisationField
    name: str
    administrators: CountField
    registered_height: HeightField


class KeyRecord(Record, frozen=True, array_like=True):
    """A public key that acts, or acted, for an organisation.

    A revoked key stays on record, so that what it signed before can still be judged.
    """

    key: PublicKeyField
    organisation: OrganisationId
    label: str
    roles: tuple[Role, ...]
    registered_height: HeightField
    revoked_height: HeightField | None = None
    revoked_reason: TextField = ""


class LastValue(Record, frozen=True, array_like=True):
    """The newest reading of a property, and where it is recorded.

    `leaf` is the reading's position in its transaction, from 0: its Merkle leaf. The unit is that
    of the property's definition.
    """

    value: ValueField
    time_ms: MillisField
    quality: QualityField
    sequence: CountField
    transaction: HashField
    leaf: CountField
    height: HeightField


class TwinProperty(Record, frozen=True, array_like=True):
    """A property of a twin: its definition and its newest reading, None before the first."""

    definition: PropertyDefinition
    last: LastValue | None


class TwinCounts(Record, frozen=True, array_like=True):
    """How much was recorded about a twin since it was registered."""

    accepted: CountField = 0
    late: CountField = 0
    duplicate: CountField = 0
    attestations: CountField = 0
    actions: CountField = 0


class TwinAnswer(Record, frozen=True, array_like=True):
    """The newest answer to an action of a twin."""

    action: HashField
    outcome: Outcome
    organisation: OrganisationField
    height: HeightField
    time_ms: MillisField


class TwinRecord(Record, frozen=True, array_like=True):
    """A digital twin: one leaf of the state tree with everything that is current about it.

    `attributes` are (name, text) in order of name. `open_actions` wait for their addressee;
    `acknowledged_actions` were taken on and are neither completed nor declined yet.
    `updated_height` is the last height that changed anything here.
    """

    id: TwinId
    kind: TwinKind
    model: str
    owner: OrganisationId
    parent: TwinId | None
    description: str
    attributes: tuple[tuple[str, str], ...]
    properties: tuple[TwinProperty, ...]
    counts: TwinCounts
    open_actions: tuple[Hash, ...]
    acknowledged_actions: tuple[Hash, ...]
    last_acknowledged: TwinAnswer | None
    registered_height: HeightField
    updated_height: HeightField

    @property
    def status(self) -> TwinStatus:
        """What is going on at the twin, in one word."""
        if self.open_actions:
            return "action_open"
        return "action_acknowledged" if self.acknowledged_actions else "normal"

    def get_property(self, name: str) -> TwinProperty | None:
        """Give the property called `name`, or None."""
        return next((one for one in self.properties if one.definition.name == name), None)


class ContractRecord(Record, frozen=True, array_like=True):
    """A deployed contract; its source stands apart, under `contract_source_key(source_hash)`.

    `parameters` is the encoded dict that was given when it was deployed. `version` is the one in
    force, `deployed_height` and `transaction` are those of its first one.
    """

    name: NameField
    owner: OrganisationField
    source_hash: HashField
    parameters: bytes
    manifest: Manifest
    deployed_height: HeightField
    transaction: HashField
    is_active: bool = True
    version: CountField = 1


class Trigger(Record, frozen=True, array_like=True):
    """A handler of a contract that readings of certain properties wake.

    With `conditions`, their limits as the deployment has them, only readings that pass one. Of each
    of the properties the last `history` readings are kept.
    """

    contract: NameField
    handler: str
    properties: tuple[str, ...]
    conditions: tuple[Condition, ...] = ()
    history: CountField = 0


class TriggerRecord(Record, frozen=True, array_like=True):
    """What readings of twins of one model wake, in the order in which it runs."""

    triggers: tuple[Trigger, ...]


CauseKind = Literal["readings", "call", "attestation", "action", "timer"]


class ActionCause(Record, frozen=True, array_like=True):
    """Why an action was opened: the transaction, and what in it made the contract run.

    The times bound the readings that were handed to the contract; None when it was woken otherwise.
    `about` is the id of the attestation or action in hex, or the timer's name.
    """

    transaction: HashField
    twin: TwinIdField
    first_time_ms: MillisField | None
    last_time_ms: MillisField | None
    kind: CauseKind = "call"
    about: TextField = ""


class ActionStep(Record, frozen=True, array_like=True):
    """One answer to an action."""

    status: ActionStatus
    organisation: OrganisationField
    key: PublicKeyField
    note: TextField
    transaction: HashField
    height: HeightField
    time_ms: MillisField


class ActionRecord(Record, frozen=True, array_like=True):
    """Something that a contract asks an organisation to do, such as a maintenance order.

    `key` is the contract's own name for it; while the action is unfinished the contract cannot
    open it again. `details` is an encoded dict. `history` holds the answers, oldest first.
    `handler` of the contract's source `source_hash` opened it, because of `cause`. When it is not
    finished at its deadline it is overdue, from `overdue_height` on; from then on `escalate_to` may
    answer, too.
    """

    id: HashField
    kind: NameField
    twin: TwinIdField
    contract: NameField
    key: Annotated[str, Meta(min_length=1, max_length=128)]
    title: Annotated[str, Meta(max_length=256)]
    details: bytes
    addressee: OrganisationField
    status: ActionStatus
    opened_height: HeightField
    opened_time_ms: MillisField
    deadline_ms: MillisField | None
    cause: ActionCause
    history: tuple[ActionStep, ...] = ()
    handler: str = ""
    source_hash: HashField | None = None
    escalate_to: OrganisationField | None = None
    overdue_height: HeightField | None = None

    @property
    def acknowledged_by(self) -> OrganisationId | None:
        """Who took the action on; None while nobody has."""
        step = self._acknowledgement()
        return step.organisation if step else None

    @property
    def acknowledged_height(self) -> Height | None:
        """When the action was taken on; None while nobody has."""
        step = self._acknowledgement()
        return step.height if step else None

    @property
    def note(self) -> str:
        """What the newest answer says."""
        return self.history[-1].note if self.history else ""

    def _acknowledgement(self) -> ActionStep | None:
        return next((step for step in self.history if step.status == "acknowledged"), None)


class HistoryRecord(Record, frozen=True, array_like=True):
    """The last accepted readings of a property, oldest first: as many as contracts ask for."""

    readings: tuple[Reading, ...]


class DueRecord(Record, frozen=True, array_like=True):
    """Something that is due at a time: a contract's timer, or the deadline of an action.

    Neither, so without a name, is what a contract was not told while it was paused.
    """

    due_ms: MillisField
    contract: NameField
    timer: str
    action: HashField | None


class ConsentRecord(Record, frozen=True, array_like=True):
    """Whether an organisation lets a contract with this source run on its twins."""

    organisation: OrganisationField
    contract: NameField
    source_hash: HashField
    is_given: bool
    transaction: HashField
    height: HeightField


class AttestationRecord(Record, frozen=True, array_like=True):
    """A signed statement about a twin; the envelope itself stands in its transaction.

    `envelope_hash` is the plain SHA-256 of the envelope's bytes.
    """

    id: HashField
    twin: TwinIdField
    issuer: OrganisationField
    key: PublicKeyField
    predicate_type: TextField
    files: tuple[FileSubject, ...]
    envelope_hash: HashField
    transaction: HashField
    height: HeightField
    time_ms: MillisField
