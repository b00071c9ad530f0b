"""Changes of who belongs to the chain and who votes, as members propose and approve them.

A change names one thing. Many of them make a large one, in the order in which they are approved,
one for each height; see `contracts/native/governance.py`.
"""

from typing import Annotated, Literal, assert_never

from msgspec import Meta, Struct

from chain.genesis import Organisation
from chain.hashing import signing_hash
from chain.scalars import Hash, NodeName, NodeNameField, PublicKey, WeightField
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


AnyChange = AddOrganisation | AddValidator | RemoveValidator | SetWeight | SetEngine


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
        case _:
            assert_never(change)


def possession_hash(genesis: Hash, node: NodeName, old_key: PublicKey, new_key: PublicKey) -> Hash:
    """Give the 32 bytes that a new vote key signs to show that somebody holds it.

    It names the key that it takes the place of, so it is good for one rotation only.
    """
    return signing_hash("vote-key", genesis, node.encode(), old_key, new_key)
