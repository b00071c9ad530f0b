"""What a member of the committee says of its own accord: evidence, and that something is due."""

from collections.abc import Sequence

from chain import keys as signing
from chain.genesis import Genesis
from chain.scalars import UnixMillis
from node.replica.bell import Bell
from node.replica.effects import Effect
from node.replica.head import Head
from node.replica.ports import Store
from node.replica.reporting import Reporter
from node.replica.transactions import TransactionFlow
from node.replica.transition import StoredState


class Duties:
    """The duties of a node whose vote key the committee names."""

    def __init__(
        self,
        genesis: Genesis,
        signers: Sequence[signing.Signer],
        store: Store,
        transactions: TransactionFlow,
    ) -> None:
        self.reporter = Reporter(genesis, signers, store, transactions)
        self._bell = Bell(genesis, signers, StoredState(store), transactions)

    def perform(self, head: Head, now_ms: UnixMillis) -> list[Effect]:
        """A tick has passed: send what this node has to say."""
        return [*self.reporter.report(head, now_ms), *self._bell.ring(head, now_ms)]
