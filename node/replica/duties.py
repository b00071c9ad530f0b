"""What a member of the committee says of its own accord: evidence, and that something is due."""

from collections.abc import Sequence

from chain import keys as signing
from chain.genesis import Genesis
from chain.scalars import NodeName, UnixMillis
from chain.validators import ValidatorSet
from consensus.own_key import find_own_key
from node.replica.bell import Bell
from node.replica.effects import Effect
from node.replica.head import Head
from node.replica.messages import Muteness
from node.replica.ports import Store
from node.replica.probation import Probation
from node.replica.reporting import Reporter
from node.replica.transactions import TransactionFlow
from node.replica.transition import StoredState


class Duties:
    """The duties of a node whose vote key the committee names."""

    def __init__(
        self,
        genesis: Genesis,
        own_name: NodeName,
        signers: Sequence[signing.Signer],
        store: Store,
        transactions: TransactionFlow,
    ) -> None:
        self.reporter = Reporter(genesis, signers, store, transactions)
        self._own_name = own_name
        self._signers = signers
        self._bell = Bell(genesis, signers, StoredState(store), transactions)

    def perform(self, head: Head, now_ms: UnixMillis) -> list[Effect]:
        """A tick has passed: send what this node has to say."""
        return [*self.reporter.report(head, now_ms), *self._bell.ring(head, now_ms)]

    def find_mute(self, validators: ValidatorSet, probation: Probation | None) -> Muteness:
        """Say why this node cannot vote in a set; "" when it can, or has no vote there."""
        index = validators.index_of(self._own_name)
        if index is None or validators.members[index].weight == 0:
            return ""
        if probation is not None:
            return "unsure"
        return "no-key" if find_own_key(self._signers, validators) is None else ""
