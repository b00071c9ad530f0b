"""What stands in the state about a contract's life: its packages and its versions."""

from typing import Annotated, Literal

from msgspec import Meta

from chain.genesis import ContractPolicy
from chain.scalars import (
    CountField,
    HashField,
    HeightField,
    MillisField,
    NameField,
    OrganisationField,
)
from contracts.manifest import Manifest
from contracts.records import Record

VersionCause = Literal["deployed", "upgraded", "rolled_back"]
VersionStatus = Literal["planned", "active", "replaced", "failed"]


class PackageRecord(Record, frozen=True, array_like=True):
    """A package that was proposed; its parts stand under the hashes of them.

    The source stands where the source of every contract stands, under `source_hash`.
    """

    hash: HashField
    name: NameField
    engine: str
    source_hash: HashField
    tests: HashField
    stubs: HashField
    check: HashField
    report: HashField
    build: HashField
    manifest: Manifest
    organisation: OrganisationField
    transaction: HashField
    height: HeightField
    time_ms: MillisField


class VersionRecord(Record, frozen=True, array_like=True):
    """A version of a contract, numbered from 1 on in the order in which they were decided.

    `like` is the version whose content this is: its own number, unless it was rolled back to. An
    `@upgrade` names a number, never `like`: the state went on since then.
    `package` and `proposal` are None where one administrator's word was enough; `transaction` is
    the one that decided. It is in force from `active_height` to before `ended_height`. A version
    that was `planned` for a height and could not start then is `failed`, and `failure` says why.
    """

    contract: NameField
    number: CountField
    cause: VersionCause
    like: CountField
    source_hash: HashField
    package: HashField | None
    parameters: Annotated[bytes, Meta(max_length=16384)]
    manifest: Manifest
    organisation: OrganisationField
    proposal: HashField | None
    transaction: HashField
    decided_height: HeightField
    decided_time_ms: MillisField
    active_height: HeightField
    replaces: CountField
    status: VersionStatus
    ended_height: HeightField | None = None
    failure: str = ""


class PauseRecord(Record, frozen=True, array_like=True):
    """Since when a contract is paused, and who wanted that; it is there only while it is.

    `transaction` is the one that decided, `proposal` what it decided about.
    """

    contract: NameField
    organisation: OrganisationField
    proposal: HashField | None
    transaction: HashField
    height: HeightField
    time_ms: MillisField


class PolicyRecord(Record, frozen=True, array_like=True):
    """Whose approval contracts need, when it is no longer what genesis says."""

    policy: ContractPolicy
    height: HeightField
    transaction: HashField
