"""The first agreement: who the members are and what the rules of the chain are.

Everything that consensus depends on stands here or on the chain, never in a node's own
configuration. The file is JSON for people; the hash is over its canonical bytes, so spacing and
the order of keys do not matter.
"""

from typing import Annotated, Final, Literal

import msgspec
from msgspec import Meta, Struct

from chain.codec import encode
from chain.errors import InvalidInput
from chain.hashing import hash_tagged
from chain.json_view import from_plain, to_plain
from chain.keys import check_public_key
from chain.scalars import (
    CountField,
    Hash,
    HashField,
    MillisField,
    NameField,
    OrganisationField,
    OrganisationId,
    PublicKeyField,
)
from chain.validators import VALIDATORS_MAX, ValidatorSet

GENESIS_VERSION: Final = 1
GENESIS_SIZE_BYTES_MAX: Final = 4 << 20
CREATED_MS_MAX: Final = 253_402_300_799_999
"""The end of the year 9999: block times grow from here and must stay numbers of a format."""
Millis = Annotated[int, Meta(ge=1, le=3_600_000)]


class Organisation(Struct, frozen=True, array_like=True, forbid_unknown_fields=True):
    """A member: its name for people, its first administrator key and its TLS root.

    `certificate` is the DER of the CA certificate that issues this organisation's nodes.
    """

    id: OrganisationField
    name: Annotated[str, Meta(min_length=1, max_length=128)]
    administrator: PublicKeyField
    certificate: Annotated[bytes, Meta(min_length=1, max_length=8192)]


class Limits(Struct, frozen=True, array_like=True, forbid_unknown_fields=True):
    """Bounds that every node applies alike."""

    block_size_bytes_max: Annotated[int, Meta(ge=1024, le=64 << 20)] = 4 << 20
    block_transactions_max: Annotated[int, Meta(ge=1, le=100_000)] = 10_000
    transaction_size_bytes_max: Annotated[int, Meta(ge=1024, le=1 << 20)] = 256 << 10
    expiry_window_blocks: Annotated[int, Meta(ge=1, le=1_000_000)] = 1_000
    reading_future_ms_max: Annotated[int, Meta(ge=0, le=86_400_000)] = 120_000
    gas_per_transaction_max: Annotated[int, Meta(ge=1000, le=1_000_000_000)] = 5_000_000
    gas_per_block_max: Annotated[int, Meta(ge=1000, le=100_000_000_000)] = 20_000_000


class Timing(Struct, frozen=True, array_like=True, forbid_unknown_fields=True):
    """Time-outs of consensus in milliseconds.

    A time-out of round r lasts `x_ms + r * x_step_ms`, at most `round_ms_max`.
    """

    propose_ms: Millis = 1_000
    propose_step_ms: Millis = 500
    vote_ms: Millis = 500
    vote_step_ms: Millis = 250
    round_ms_max: Millis = 10_000
    heartbeat_ms: Millis = 10_000
    """An empty block is made when this long nothing was ordered."""


class ContractPolicy(Struct, frozen=True, array_like=True, forbid_unknown_fields=True):
    """Whose approval a change of contracts needs.

    `approvals` is how many organisations must approve, 0 for more than two thirds of those that
    count; `among` names those that count, nobody for all members; `required` names those without
    whom it is no approval.
    """

    approvals: Annotated[int, Meta(ge=0, le=256)] = 0
    among: Annotated[tuple[OrganisationField, ...], Meta(max_length=256)] = ()
    required: Annotated[tuple[OrganisationField, ...], Meta(max_length=256)] = ()


class Governance(Struct, frozen=True, array_like=True, forbid_unknown_fields=True):
    """What members agreed on about changes and faults.

    `on_equivocation`: what follows when a validator is proven to have signed two things at one
    place: `suspend` sets its weight to 0 until members vote it back in, `record` only records it.
    `contracts`: whose approval contracts need, until members change it.
    """

    on_equivocation: Literal["record", "suspend"] = "suspend"
    contracts: ContractPolicy = ContractPolicy()


class Genesis(Struct, frozen=True, array_like=True, forbid_unknown_fields=True):
    """The first agreement of the members."""

    version: CountField
    chain_id: NameField
    created_ms: MillisField
    organisations: Annotated[tuple[Organisation, ...], Meta(min_length=1, max_length=256)]
    validators: ValidatorSet
    limits: Limits = Limits()
    timing: Timing = Timing()
    governance: Governance = Governance()
    contract_engine: HashField | None = None
    """Hash of the contract language's gas table and conformance vectors, when pinned."""


def compute_genesis_hash(genesis: Genesis) -> Hash:
    """Hash the genesis: the name of the chain in everything that is signed."""
    return hash_tagged("genesis", encode(genesis))


def check_genesis(genesis: Genesis) -> None:
    """Check what the types cannot say.

    Raises: InvalidInput: VT-1305: another version, repeated names or keys, a key that is none,
    limits that contradict each other, or a validator of no member.
    """
    organisations = [organisation.id for organisation in genesis.organisations]
    members = genesis.validators.members
    _check_numbers(genesis)
    for what, values in (
        ("organisation", organisations),
        ("administrator key", [o.administrator for o in genesis.organisations]),
        ("node", [v.node for v in members]),
        ("vote key", [v.vote_key for v in members]),
        ("TLS key", [v.tls_key for v in members]),
    ):
        if len(set(values)) != len(values):
            raise InvalidInput("VT-1305", reason=f"genesis names the same {what} twice")
    for validator in members:
        if genesis.validators.engine == "raft" and validator.weight > 1:
            raise InvalidInput("VT-1305", reason="under Raft every weight is 0 or 1")
        if validator.organisation not in organisations:
            raise InvalidInput(
                "VT-1305",
                reason=f"validator {validator.node} belongs to no organisation of genesis",
            )
    fault = find_policy_fault(genesis.governance.contracts, frozenset(organisations))
    if fault:
        raise InvalidInput("VT-1305", reason=fault)
    _check_keys(genesis)


def find_policy_fault(policy: ContractPolicy, members: frozenset[OrganisationId]) -> str:
    """Say why nothing could ever be approved under a policy; empty when it can."""
    named = (*policy.among, *policy.required)
    for name in named:
        if name not in members:
            return f"the policy for contracts names {name}, which is no member"
    for what, names in (("among", policy.among), ("required", policy.required)):
        if len(set(names)) != len(names):
            return f"the policy for contracts names an organisation twice in {what}"
    if policy.among and not set(policy.required) <= set(policy.among):
        return "the policy for contracts requires an organisation that does not count"
    counted = len(policy.among) or len(members)
    if policy.approvals > counted:
        return f"the policy for contracts asks for {policy.approvals} approvals of {counted}"
    return ""


def _check_numbers(genesis: Genesis) -> None:
    count, limits = len(genesis.validators), genesis.limits
    largest, block = limits.transaction_size_bytes_max, limits.block_size_bytes_max
    for holds, reason in (
        (
            genesis.version == GENESIS_VERSION,
            f"this program cannot read a genesis of version {genesis.version}",
        ),
        (count > 0, "genesis names no validator"),
        (genesis.validators.total_weight > 0, "no validator of genesis has any weight"),
        (
            count <= VALIDATORS_MAX,
            f"genesis names {count} validators, at most {VALIDATORS_MAX} are allowed",
        ),
        (largest <= block, f"a transaction may have {largest} bytes, a block only {block}"),
        (genesis.created_ms <= CREATED_MS_MAX, "it is from after the year 9999"),
    ):
        if not holds:
            raise InvalidInput("VT-1305", reason=reason)


def _check_keys(genesis: Genesis) -> None:
    for owner, key in (
        *((f"administrator key of {one.id}", one.administrator) for one in genesis.organisations),
        *((f"vote key of {one.node}", one.vote_key) for one in genesis.validators.members),
    ):
        try:
            check_public_key(key)
        except InvalidInput as error:
            reason = f"the {owner} is not an acceptable Ed25519 key"
            raise InvalidInput("VT-1305", reason=reason) from error


def genesis_to_json(genesis: Genesis) -> bytes:
    """Write the genesis as JSON for people: named fields, keys in hex, certificates in base64."""
    return msgspec.json.format(msgspec.json.encode(to_plain(genesis)), indent=2) + b"\n"


def genesis_from_json(data: bytes) -> Genesis:
    """Read a genesis file.

    Raises: InvalidInput: VT-1003 too large, VT-1305 not a genesis file.
    """
    if len(data) > GENESIS_SIZE_BYTES_MAX:
        raise InvalidInput("VT-1003", type="genesis", size=len(data), limit=GENESIS_SIZE_BYTES_MAX)
    try:
        genesis = from_plain(msgspec.json.decode(data), Genesis)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError) as error:
        raise InvalidInput("VT-1305", reason=f"it does not read as a genesis: {error}") from error
    check_genesis(genesis)
    return genesis
