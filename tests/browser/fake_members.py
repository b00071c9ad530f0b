"""How the members of the fake chain change: every operation, cause and status once."""

from hashlib import sha256

from chain.changes import (
    AddOrganisation,
    AddValidator,
    AnyChange,
    RemoveValidator,
    SetWeight,
    possession_hash,
)
from chain.genesis import Organisation
from chain.keys import SigningKey
from chain.operations import (
    ApproveChange,
    ProposeChange,
    RotateVoteKey,
    WithdrawChange,
)
from chain.scalars import Hash, NodeName, OrganisationId, Weight
from chain.transaction import Transaction
from chain.validators import Validator
from tests.unit.node.chain_builder import ChainBuilder, seed_of

NEWCOMER = OrganisationId("meteo-est")
NEW_NODE = NodeName("meteo-est-1")
APPROVING = ("borne-energie", "windcare", "gridlink")


def change_members(chain: ChainBuilder) -> None:
    """Let a member and its node in, change a key, suspend a node, and leave proposals open.

    At the head meteo-est-1 votes, gridlink-1 is suspended and asks for its vote back, certis took
    a proposal back, and a new key of borne-energie-1 is planned.
    """
    before = len(chain.blocks)
    chain.add_vote_key(NEWCOMER)
    _decide(chain, AddOrganisation(_organisation()), "it measures our wind", *APPROVING[:2])
    _decide(chain, AddValidator(_node(), "node.meteo-est.example", 9000), "", *APPROVING)
    chain.add_block(_rotate(chain, "windcare"))
    _decide(chain, SetWeight(NEW_NODE, Weight(1)), "it has caught up", *APPROVING)
    chain.add_block()
    chain.add_block()
    offence = chain.equivocate("gridlink")
    chain.add_block(chain.transaction(offence, key=chain.add_vote_key("certis")))
    chain.add_block()
    chain.add_block()
    mistaken = _propose(chain, RemoveValidator(NEW_NODE), "certis", "no longer needed")
    chain.add_block(mistaken)
    chain.add_block(chain.transaction(WithdrawChange(mistaken.id), "certis"))
    again = SetWeight(NodeName("gridlink-1"), Weight(1))
    asked = _propose(chain, again, "gridlink", "the second machine with its key is switched off")
    chain.add_block(asked)
    chain.add_block(chain.transaction(ApproveChange(asked.id), "windcare"))
    chain.add_block(_rotate(chain, "borne-energie"))
    made = [receipt for block in chain.blocks[before:] for receipt in block.receipts]
    assert all(receipt.is_ok for receipt in made), "the members' changes are possible"


def _propose(chain: ChainBuilder, change: AnyChange, by: str, note: str) -> Transaction:
    return chain.transaction(ProposeChange(change, note), by)


def _decide(chain: ChainBuilder, change: AnyChange, note: str, *approving: str) -> None:
    """Let certis propose a change, and as many others approve it as must."""
    proposal = _propose(chain, change, "certis", note)
    approvals = [chain.transaction(ApproveChange(proposal.id), name) for name in approving]
    chain.add_block(proposal, *approvals[:1])
    chain.add_block(*approvals[1:])


def _rotate(chain: ChainBuilder, name: str) -> Transaction:
    """Give a node its next vote key."""
    node = NodeName(f"{name}-1")
    new = chain.add_vote_key(f"{name} again")
    old = next(one for one in chain.head.validators.members if one.node == node).vote_key
    proof = new.sign(possession_hash(chain.genesis_hash, node, old, new.public_key))
    return chain.transaction(RotateVoteKey(node, new.public_key, proof), name)


def _organisation() -> Organisation:
    return Organisation(NEWCOMER, "Météo Est", SigningKey(seed_of(NEWCOMER)).public_key, b"DER")


def _node() -> Validator:
    return Validator(
        node=NEW_NODE,
        organisation=NEWCOMER,
        vote_key=SigningKey(seed_of(f"vote {NEWCOMER}")).public_key,
        weight=Weight(0),
        tls_issuer=Hash(sha256(b"issuer").digest()),
        tls_key=Hash(sha256(b"tls").digest()),
    )
