"""From two messages that an engine saw to evidence that anybody can check."""

from chain.evidence import Evidence, ProposalSigned, Signed, VoteSigned, is_conflict, put_in_order
from chain.scalars import Hash
from chain.validators import ValidatorSet
from consensus.bft.checks import kind_of, sender_of
from consensus.bft.messages import Message, Proposal, digest_value


def make_evidence(
    first: Message, second: Message, genesis: Hash, validators: ValidatorSet
) -> Evidence | None:
    """Make evidence of two checked messages of one sender for one position.

    Args: validators: those that decide the messages' height.
    Returns: None when a correct validator may have signed both.
    """
    member = validators.get(sender_of(first))
    said, also_said = _reduce(first), _reduce(second)
    if member is None or not is_conflict(said, also_said):
        return None
    kind = "proposal" if isinstance(first, Proposal) else first.kind
    assert kind == kind_of(second), "one position holds one kind of message"
    evidence = Evidence(member.vote_key, first.height, first.round, kind, said, also_said)
    return put_in_order(evidence, genesis)


def _reduce(message: Message) -> Signed:
    """Keep what is signed: of a proposed value only its name and digest."""
    if isinstance(message, Proposal):
        return ProposalSigned(
            message.value.id, message.valid_round, digest_value(message.value), message.signature
        )
    return VoteSigned(message.block, message.time_ms, message.signature)
