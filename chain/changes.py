"""Changes of members, of who votes and of contracts, as members propose and approve them.

A change names one thing. Many of them make a large one, in the order in which they are approved,
one for each height; see `contracts/native/governance.py`.
"""

from typing import Annotated, Literal, assert_never

from msgspec import Meta, Struct

from chain.genesis import ContractPolicy, Organisation
from chain.hashing import signing_hash
from chain.scalars import (
    CountField,
    Hash,
    HashField,
    HeightField,
    NameField,
    NodeName,
    NodeNameField,
    PublicKey,
    WeightField,
)
from chain.validators import Validator

HostField = Annotated[str, Meta(max_length=253, pattern=r"^[A-Za-z0-9.:_-]*(?!\n)$")]
"""A host name or an IP address; empty where none is given."""
PortField = Annotated[int, Meta(ge=0, le=65535)]


class Change(Struct, frozen=True, array_like=True, forbid_unknown_fields=True):
    """Base of all changes."""


class AddOrganisation(Change, tag=1, frozen=True, array_like=True):
    """Let an organisation in: it gets one administrator key, and a say in later changes."""

    organisation: Organisation


class AddValidator(Change, tag=2, frozen=True, array_like=True):
    """Add a node. With weight 0 it is let in and follows; a weight later lets it vote.

    `host` and `port` say where the others can dial it: a hint, empty and 0 for none.
    """

    validator: Validator
    host: HostField = ""
    port: PortField = 0


class RemoveValidator(Change, tag=3, frozen=True, array_like=True):
    """Remove a node; its peers close their connections once the change is in force."""

    node: NodeNameField


class SetWeight(Change, tag=4, frozen=True, array_like=True):
    """Give a node another weight; 0 takes its vote and leaves it connected."""

    node: NodeNameField
    weight: WeightField


class SetEngine(Change, tag=5, frozen=True, array_like=True):
    """Agree by another engine: from Raft to BFT, and never back."""

    engine: Literal["bft"]


class InstallContract(Change, tag=6, frozen=True, array_like=True):
    """Put a published package in force under its contract's name: a new contract, or an upgrade.

    `replaces` is the version that it takes the place of, 0 for a new contract; `parameters` is an
    encoded dict; it is in force from the approval on, but not before height `not_before`.
    """

    name: NameField
    package: HashField
    parameters: Annotated[bytes, Meta(max_length=16384)]
    replaces: CountField
    not_before: HeightField


class PauseContract(Change, tag=7, frozen=True, array_like=True):
    """Stop a contract from being called and woken; its state stays."""

    name: NameField


class ResumeContract(Change, tag=8, frozen=True, array_like=True):
    """Let a paused contract go on."""

    name: NameField


class RollBackContract(Change, tag=9, frozen=True, array_like=True):
    """Put what was in force as `version` in force again, in the place of version `replaces`."""

    name: NameField
    version: CountField
    replaces: CountField


class SetContractPolicy(Change, tag=10, frozen=True, array_like=True):
    """Ask for other organisations' approval of contracts; all members decide on this."""

    policy: ContractPolicy


AnyMemberChange = AddOrganisation | AddValidator | RemoveValidator | SetWeight | SetEngine
"""Changes of members and validators."""
AnyContractChange = InstallContract | PauseContract | ResumeContract | RollBackContract
"""Changes that the policy for contracts decides on."""
AnyChange = AnyMemberChange | AnyContractChange | SetContractPolicy


def describe_change(change: AnyChange) -> str:
    """Say in a few words what a change does."""
    match change:
        case AddOrganisation(organisation):
            return f"add organisation {organisation.id}"
        case AddValidator(validator):
            return (
                f"add node {validator.node} of {validator.organisation} "
                f"with weight {validator.weight}"
            )
        case RemoveValidator(node):
            return f"remove node {node}"
        case SetWeight(node, weight):
            return f"set the weight of node {node} to {weight}"
        case SetEngine(engine):
            return f"agree by {engine}"
        case InstallContract() | PauseContract() | ResumeContract() | RollBackContract():
            return describe_contract_change(change)
        case SetContractPolicy(policy):
            return f"contracts need {describe_policy(policy)}"
        case _:
            assert_never(change)


def describe_contract_change(change: AnyContractChange) -> str:
    """Say in a few words what a change does to a contract."""
    match change:
        case InstallContract():
            start = f" from height {change.not_before} on" if change.not_before else ""
            if change.replaces == 0:
                return f"deploy contract {change.name}{start}"
            return f"upgrade contract {change.name} from version {change.replaces}{start}"
        case PauseContract(name):
            return f"pause contract {name}"
        case ResumeContract(name):
            return f"resume contract {name}"
        case RollBackContract(name, version, replaces):
            return f"roll contract {name} back from version {replaces} to version {version}"
        case _:
            assert_never(change)


def describe_policy(policy: ContractPolicy) -> str:
    """Say in a few words whose approval is needed."""
    count = f"{policy.approvals}" if policy.approvals else "more than two thirds"
    among = f" of {', '.join(policy.among)}" if policy.among else " of all organisations"
    required = f", {', '.join(policy.required)} among them" if policy.required else ""
    return f"approvals by {count}{among}{required}"


def possession_hash(genesis: Hash, node: NodeName, old_key: PublicKey, new_key: PublicKey) -> Hash:
    """Give the 32 bytes that a new vote key signs to show that somebody holds it.

    It names the key that it takes the place of, so it is good for one rotation only.
    """
    return signing_hash("vote-key", genesis, node.encode(), old_key, new_key)
