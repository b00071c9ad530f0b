"""When a node may sign again that does not know what its vote key signed before.

Its disk was lost, and with it the file of what it signed last. It follows, and says nothing, until
its own head is past every height at which it can have signed.

It signed at a height h only on top of a decided block, so a quorum had precommitted height h - 1,
and each correct member of that quorum was at height h - 2 at least, then and ever since. Whoever
hears, after the loss, from members of so much weight that every quorum holds a correct one of them,
hears from one of those. So once the own head is two above what each of them said first, it is at h
or above. What a peer says only ever makes the wait longer, and a liar makes nobody wait for it:
the others' weight must do.

Others may decide from one height to the next, and who joined just now tells nothing of what was
decided without it. So it needs the weight among those that decided the head, on which it may have
signed the next height, and among those of the next height, on which it may have signed any later.

In Raft this is not enough: a vote for a leader belongs to a term, and no block tells how far terms
went. There the node has to be removed, and one with a new home added at a later height. Another key
in its place would forget, from one height to the next, whom the member voted for.
"""

from collections.abc import Sequence
from typing import Final

from chain import keys
from chain.genesis import Genesis
from chain.hashing import EMPTY_HASH
from chain.scalars import HEIGHT_MAX, Height, NodeName
from chain.validators import ValidatorSet
from consensus.chain import Tip
from consensus.engine import Engine, make_engine
from consensus.last_signed import ROUND_LAST, LastSigned, SignedStep
from node.replica.head import Head
from node.replica.setting import Setting

UNKNOWN_SIGNED: Final = LastSigned(Height(HEIGHT_MAX), ROUND_LAST, SignedStep.PRECOMMIT, EMPTY_HASH)
"""What stands in the file of a node that does not know what it signed."""
_LEAD_BLOCKS: Final = 2


class Probation:
    """Listens to what the others say of their heights, and says when this node may sign."""

    def __init__(
        self,
        own_name: NodeName,
        genesis: Genesis,
        signers: Sequence[keys.Signer],
        verify: keys.Verifier,
    ) -> None:
        self._own_name = own_name
        self._genesis = genesis
        self._signers = signers
        self._verify = verify
        self._first: dict[NodeName, Height] = {}

    def hear(self, peer: NodeName, height: Height) -> None:
        """A peer says at what height it is; the first time counts."""
        self._first.setdefault(peer, height)

    def is_over(self, head: Head) -> bool:
        """Tell whether the head is past all that this node can have signed."""
        if head.validators.engine == "raft":
            return False
        return all(
            self._has_heard(validators, Height(head.height - _LEAD_BLOCKS))
            for validators in (head.last_validators, head.validators)
        )

    def make_engine(self, tip: Tip) -> Engine:
        """Give the engine to go on with: it signs nothing below the tip's height."""
        sealed = LastSigned(Height(tip.height - 1), ROUND_LAST, SignedStep.PRECOMMIT, EMPTY_HASH)
        return make_engine(
            self._genesis,
            tip=tip,
            signers=self._signers,
            last_signed=sealed,
            verify=self._verify,
        )

    def _has_heard(self, validators: ValidatorSet, highest: Height) -> bool:
        """Tell whether enough of these members said at first that they are not above `highest`."""
        weight = sum(
            member.weight
            for member in validators.members
            if member.node != self._own_name and self._first.get(member.node, HEIGHT_MAX) <= highest
        )
        return weight >= needed_weight(validators)


def needed_weight(validators: ValidatorSet) -> int:
    """Give the weight of members of which each quorum holds a correct one."""
    return validators.total_weight - validators.quorum_weight + validators.honest_weight


def begin_probation(setting: Setting) -> Probation | None:
    """Give what keeps a node from signing that does not know what it signed; None for others."""
    if not setting.is_unsure:
        return None
    return Probation(setting.own_name, setting.genesis, setting.signers, setting.verify)
