"""A real chain whose members changed: for readers, the API, the client and the start-up check."""

from chain.changes import RemoveValidator, SetWeight, possession_hash
from chain.operations import ProposeChange, RotateVoteKey
from chain.scalars import NodeName, Weight
from node.replica.ports import WritableStore
from tests.unit.node.chain_builder import ChainBuilder

CERTIS, WINDCARE = NodeName("certis-1"), NodeName("windcare-1")


def build_governed(store: WritableStore | None = None) -> ChainBuilder:
    """Build a chain in which the validators changed three times.

    1 a turbine; 2 certis-1 loses its weight, in force at 4; 5 windcare-1 gets a new key, in force
    at 7; at 6 it signs two votes; 7 they are reported and it is suspended from 9 on; 10 a proposal
    that nobody else has approved yet.
    """
    builder = ChainBuilder(store)
    builder.add_block(builder.register_turbine())
    builder.govern(SetWeight(CERTIS, Weight(0)))
    builder.add_block(builder.transaction(rotation(builder), "windcare"))
    builder.add_block()
    offence = builder.equivocate("windcare")
    builder.add_block(builder.transaction(offence, key=builder.add_vote_key("gridlink")))
    builder.add_block()
    builder.add_block()
    builder.add_block(
        builder.transaction(ProposeChange(RemoveValidator(CERTIS), "it left"), "gridlink")
    )
    assert all(receipt.is_ok for block in builder.blocks for receipt in block.receipts)
    return builder


def rotation(builder: ChainBuilder) -> RotateVoteKey:
    """Let windcare-1 change over to the key called `windcare again`."""
    new = builder.add_vote_key("windcare again")
    old = next(one for one in builder.head.validators.members if one.node == WINDCARE).vote_key
    signed = possession_hash(builder.genesis_hash, WINDCARE, old, new.public_key)
    return RotateVoteKey(WINDCARE, new.public_key, new.sign(signed))
