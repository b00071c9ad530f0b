"""Which of a node's vote keys votes at a height: the one that the height's set names."""

from collections.abc import Sequence
from dataclasses import dataclass

from chain.keys import Signer
from chain.validators import ValidatorSet


@dataclass(frozen=True, slots=True)
class OwnKey:
    """A node's place in a set, and the key that it signs with there."""

    index: int
    signer: Signer


def find_own_key(
    signers: Sequence[Signer], validators: ValidatorSet, *, only_voters: bool = True
) -> OwnKey | None:
    """Find a node's place in a set; None when it has no vote there.

    Args: signers: all vote keys of the node; it has several while it changes from one to the next;
    only_voters: no to find the place of a member without weight, too.
    """
    held = {signer.public_key: signer for signer in signers}
    for index, member in enumerate(validators.members):
        if (member.weight > 0 or not only_voters) and member.vote_key in held:
            return OwnKey(index, held[member.vote_key])
    return None
