"""What a message must meet before it counts: a sender that exists, the turn, a signature."""

from chain import keys
from chain.errors import PeerFault
from chain.scalars import Hash
from chain.validators import Validator, ValidatorSet, compute_proposer
from consensus.bft.messages import Message, Proposal, Vote, proposal_hash, vote_hash


def sender_of(message: Message) -> int:
    """Give the index of the validator that signed a message."""
    return message.proposer if isinstance(message, Proposal) else message.validator


def kind_of(message: Message) -> str:
    """Give the word for a message: proposal, prevote or precommit."""
    return "proposal" if isinstance(message, Proposal) else message.kind


def hash_of(message: Message, genesis: Hash) -> Hash:
    """Give the 32 bytes that the message's signature signs."""
    if isinstance(message, Proposal):
        return proposal_hash(
            genesis, message.height, message.round, message.value, message.valid_round
        )
    return vote_hash(
        genesis, message.kind, message.height, message.round, message.block, message.time_ms
    )


def check_message(
    message: Message, genesis: Hash, validators: ValidatorSet, verify: keys.Verifier
) -> None:
    """Check a message against the validator set of its height.

    Raises: PeerFault: VT-3020 nobody has that index, VT-3025 not the proposer's turn, VT-3026 bad
    signature, VT-3027 the message contradicts itself, VT-3029 the member has no vote.
    """
    member = get_sender(message, validators)
    if isinstance(message, Proposal):
        _check_proposal(message, validators)
    else:
        _check_vote(message)
    if not verify(member.vote_key, hash_of(message, genesis), message.signature):
        raise PeerFault("VT-3026", **_position(message))


def get_sender(message: Message, validators: ValidatorSet) -> Validator:
    """Give the validator that a message names as its signer.

    Raises: PeerFault: VT-3020: there is none, VT-3029: it has no vote at this height.
    """
    index = sender_of(message)
    member = validators.get(index)
    if member is None:
        raise PeerFault(
            "VT-3020",
            kind=kind_of(message),
            height=message.height,
            index=index,
            count=len(validators),
        )
    if member.weight == 0:
        raise PeerFault("VT-3029", kind=kind_of(message), height=message.height, node=member.node)
    return member


def _check_proposal(proposal: Proposal, validators: ValidatorSet) -> None:
    if not -1 <= proposal.valid_round < proposal.round:
        reason = f"its valid round {proposal.valid_round} is not below its round"
        raise PeerFault("VT-3027", **_position(proposal), reason=reason)
    expected = compute_proposer(validators, proposal.height, proposal.round)
    if proposal.proposer != expected:
        raise PeerFault(
            "VT-3025",
            given=proposal.proposer,
            expected=expected,
            height=proposal.height,
            round=proposal.round,
        )


def _check_vote(vote: Vote) -> None:
    # A field that is not signed must have one value only, or a relay could change the message.
    if vote.kind == "prevote" and vote.time_ms != 0:
        raise PeerFault("VT-3027", **_position(vote), reason="a prevote carries no time")


def _position(message: Message) -> dict[str, object]:
    return {
        "kind": kind_of(message),
        "index": sender_of(message),
        "height": message.height,
        "round": message.round,
    }
