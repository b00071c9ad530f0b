"""What a transaction can ask for: the closed union of native operations.

Adding an operation adds a tag; a tag is never used again for another meaning.
"""

from hashlib import sha256
from typing import Annotated, Final, Literal

from msgspec import Meta, Struct

from chain.changes import AnyChange
from chain.codec import encode
from chain.evidence import Evidence
from chain.hashing import hash_tagged, tag_prefix
from chain.merkle import hash_leaves, root_of_hashes
from chain.package import Package, SourceField
from chain.property_names import (
    GOOD_NAMES,
    GOOD_UNITS,
    PropertyField,
    UnitField,
    check_property,
)
from chain.scalars import (
    HASH_SIZE,
    CountField,
    Hash,
    HashField,
    Height,
    HeightField,
    MillisField,
    NameField,
    NodeNameField,
    PublicKeyField,
    SignatureField,
    TextField,
    TwinId,
    TwinIdField,
    to_bytes,
)

TwinKind = Literal["component", "system", "process", "environment"]
Role = Literal["administrator", "gateway", "partner", "operator"]
Outcome = Literal["acknowledged", "completed", "declined"]

GOOD_QUALITY: Final = 0
"""OPC UA StatusCode for a value that can be trusted."""
BAD_QUALITY_NO_DATA: Final = 0x809B0000
"""OPC UA StatusCode BadNoData: there was no value to read."""

_SIZE_8: Final = to_bytes(8)
_TELEMETRY_PREFIX: Final = tag_prefix("telemetry") + to_bytes(HASH_SIZE)

ValueField = Annotated[str, Meta(max_length=41)]
QualityField = Annotated[int, Meta(ge=0, le=2**32 - 1)]


class Operation(Struct, frozen=True, array_like=True, forbid_unknown_fields=True, gc=False):
    """Base of all operations."""


class PropertyDefinition(Struct, frozen=True, array_like=True, forbid_unknown_fields=True):
    """A measured property of a twin.

    `unit` is a UN/CEFACT Recommendation 20 code (KWT, MTS, CEL), empty for plain numbers;
    `semantic` names the property in an outside vocabulary, such as IEC 61400-25 (may be empty).
    """

    name: PropertyField
    unit: UnitField
    semantic: TextField = ""


class RegisterTwin(Operation, tag=1, frozen=True, array_like=True):
    """Create a twin owned by the sender's organisation."""

    twin: TwinIdField
    kind: TwinKind
    model: NameField
    parent: TwinIdField | None
    properties: Annotated[tuple[PropertyDefinition, ...], Meta(max_length=256)]
    description: TextField = ""

    def __post_init__(self) -> None:
        for one in self.properties:
            check_property(one.name, one.unit)


class Reading(Struct, frozen=True, array_like=True, forbid_unknown_fields=True, gc=False):
    """One measured value of one property at one time.

    `value` is a plain decimal string, empty when there is none; `time_ms` is when it was measured;
    `quality` is an OPC UA StatusCode; `sequence` counts at the device.
    """

    property: PropertyField
    value: ValueField
    time_ms: MillisField
    unit: UnitField
    quality: QualityField = GOOD_QUALITY
    sequence: CountField = 0


class TwinReadings(Struct, frozen=True, array_like=True, forbid_unknown_fields=True, gc=False):
    """Readings of one twin, in the device's order."""

    twin: TwinIdField
    readings: Annotated[tuple[Reading, ...], Meta(min_length=1, max_length=4096)]

    def __post_init__(self) -> None:
        for one in self.readings:
            if one.property not in GOOD_NAMES or one.unit not in GOOD_UNITS:
                check_property(one.property, one.unit)


class Telemetry(Operation, tag=2, frozen=True, array_like=True):
    """A signed batch of readings of one or more twins."""

    batches: Annotated[tuple[TwinReadings, ...], Meta(min_length=1, max_length=1024)]


class UpdateTwin(Operation, tag=3, frozen=True, array_like=True):
    """Change what a twin says about itself; fields left None stay as they are.

    `attributes` are texts about the asset (serial number, location); an empty text removes one.
    """

    twin: TwinIdField
    description: TextField | None = None
    parent: TwinIdField | None = None
    add_properties: Annotated[tuple[PropertyDefinition, ...], Meta(max_length=256)] = ()
    attributes: Annotated[tuple[tuple[NameField, TextField], ...], Meta(max_length=64)] = ()

    def __post_init__(self) -> None:
        for one in self.add_properties:
            check_property(one.name, one.unit)


class RegisterKey(Operation, tag=4, frozen=True, array_like=True):
    """Let a key act for the sender's organisation in the roles given."""

    key: PublicKeyField
    label: NameField
    roles: Annotated[tuple[Role, ...], Meta(min_length=1, max_length=4)]


class RevokeKey(Operation, tag=5, frozen=True, array_like=True):
    """Stop a key of the sender's organisation from acting, from the next transaction on."""

    key: PublicKeyField
    reason: TextField


class Attest(Operation, tag=6, frozen=True, array_like=True):
    """Put a signed statement about a twin on record.

    `envelope` holds the bytes of a DSSE envelope (JSON) around an in-toto Statement v1, signed by
    the sender's key; they are stored untouched.
    """

    twin: TwinIdField
    envelope: Annotated[bytes, Meta(min_length=1, max_length=65536)]


class DeployContract(Operation, tag=7, frozen=True, array_like=True):
    """Deploy a contract where the sender's own approval is enough.

    `parameters` is an encoded value (`chain.values`), a dict handed to the contract.
    """

    name: NameField
    source: SourceField
    parameters: Annotated[bytes, Meta(max_length=16384)]


class Call(Operation, tag=8, frozen=True, array_like=True):
    """Call a method of a deployed contract; `arguments` is an encoded dict."""

    contract: NameField
    method: NameField
    arguments: Annotated[bytes, Meta(max_length=16384)]


class Acknowledge(Operation, tag=9, frozen=True, array_like=True):
    """Answer an action that is addressed to the sender's organisation."""

    action: HashField
    outcome: Outcome
    note: TextField = ""


class ProposeChange(Operation, tag=10, frozen=True, array_like=True):
    """Propose a change of who belongs to the chain; it counts as the proposer's approval."""

    change: AnyChange
    note: TextField = ""


class ApproveChange(Operation, tag=11, frozen=True, array_like=True):
    """Approve a proposal for the sender's organisation; the last one needed makes the change.

    A proposal is named by the id of the transaction that made it.
    """

    proposal: HashField


class WithdrawChange(Operation, tag=12, frozen=True, array_like=True):
    """Take back a proposal of the sender's organisation that is not decided yet."""

    proposal: HashField


class RotateVoteKey(Operation, tag=13, frozen=True, array_like=True):
    """Give a node of the sender's organisation a new vote key.

    `proof` is the new key's signature over `changes.possession_hash`.
    """

    node: NodeNameField
    new_key: PublicKeyField
    proof: SignatureField


class ReportEvidence(Operation, tag=14, frozen=True, array_like=True):
    """Put evidence against a validator on record; a vote key of the committee may send it, too."""

    evidence: Evidence


class RunTimers(Operation, tag=20, frozen=True, array_like=True):
    """Let happen what is due by the block's time: timers of contracts, deadlines of actions.

    A committee member's vote key may send it, too.
    """


class Consent(Operation, tag=21, frozen=True, array_like=True):
    """Let another organisation's contract run on, and act on, the twins of the sender's.

    It holds for the contract of this name with this source, deployed already or later.
    """

    contract: NameField
    source_hash: HashField
    is_given: bool = True


class ProposeContract(Operation, tag=15, frozen=True, array_like=True):
    """Publish a package and propose to put it in force; it counts as the proposer's approval.

    `parameters`, `replaces` and `not_before` are those of `InstallContract`.
    """

    package: Package
    parameters: Annotated[bytes, Meta(max_length=16384)]
    replaces: CountField
    not_before: HeightField = Height(0)
    note: TextField = ""


AnyGovernance = (
    ProposeChange
    | ApproveChange
    | WithdrawChange
    | RotateVoteKey
    | ReportEvidence
    | ProposeContract
)
"""Operations about who belongs to the chain, who votes, and which contracts are in force."""

AnyContractWork = DeployContract | Call | Consent | RunTimers
"""Operations that contracts run in, or that let them run."""

AnyOperation = (
    RegisterTwin
    | Telemetry
    | UpdateTwin
    | RegisterKey
    | RevokeKey
    | Attest
    | Acknowledge
    | AnyContractWork
    | AnyGovernance
)


_NAMES: Final[dict[type[Operation], str]] = {
    RegisterTwin: "register_twin",
    Telemetry: "telemetry",
    UpdateTwin: "update_twin",
    RegisterKey: "register_key",
    RevokeKey: "revoke_key",
    Attest: "attest",
    DeployContract: "deploy_contract",
    Call: "call",
    Acknowledge: "acknowledge",
    ProposeChange: "propose_change",
    ApproveChange: "approve_change",
    WithdrawChange: "withdraw_change",
    RotateVoteKey: "rotate_vote_key",
    ReportEvidence: "report_evidence",
    ProposeContract: "propose_contract",
    Consent: "consent",
    RunTimers: "run_timers",
}


def name_of(operation: AnyOperation) -> str:
    """Give the operation's name as API, CLI and docs write it."""
    return _NAMES[type(operation)]


def encode_reading_leaf(twin: TwinId, reading: Reading) -> bytes:
    """Give the Merkle leaf of one reading: its twin's name, then the reading, both encoded."""
    return encode(twin) + encode(reading)


def reading_leaves(operation: Telemetry) -> list[Hash]:
    """Give the leaf hashes of all readings, in order."""
    leaves: list[Hash] = []
    for batch in operation.batches:
        twin = encode(batch.twin)
        leaves += hash_leaves([twin + encode(reading) for reading in batch.readings])
    return leaves


def digest_operation(operation: AnyOperation) -> Hash:
    """Hash an operation for the transaction id.

    A telemetry batch is hashed as the Merkle root of its readings, so one reading can be shown and
    proved later without showing the others.
    """
    if isinstance(operation, Telemetry):
        leaves = reading_leaves(operation)
        return digest_readings(root_of_hashes(leaves), len(leaves))
    return hash_tagged("operation", encode(operation))


def digest_readings(readings_root: Hash, count: int) -> Hash:
    """Hash a telemetry operation from the Merkle root and number of its readings."""
    if len(readings_root) != HASH_SIZE:
        return hash_tagged("telemetry", readings_root, to_bytes(count))
    return Hash(sha256(_TELEMETRY_PREFIX + readings_root + _SIZE_8 + to_bytes(count)).digest())
