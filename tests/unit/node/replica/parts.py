"""The parts of one replica on a small real chain, to be tested one by one."""

from msgspec.structs import replace

from chain import keys
from chain.genesis import Genesis, Limits
from chain.keys import Verifier
from chain.operations import AnyOperation
from chain.scalars import Hash, NodeName, OrganisationId, UnixMillis
from chain.transaction import Transaction
from consensus.value import Value
from node.replica.admission import Admission
from node.replica.gossip import Neighbours
from node.replica.head import Head
from node.replica.mempool import Mempool, MempoolLimits
from node.replica.payload import from_value
from node.replica.proposals import Proposals, Verdict
from node.replica.transactions import TransactionFlow
from node.replica.transition import Ledger
from tests.unit.node.chain_builder import ORGANISATIONS, ChainBuilder, NoContracts

NOW_MS = UnixMillis(1_700_000_000_000)
OWN = NodeName("own")


class Parts:
    """Everything around the engine, at the head of a chain with two blocks and a turbine."""

    def __init__(
        self,
        mempool_limits: MempoolLimits | None = None,
        limits: Limits | None = None,
        verify: Verifier = keys.verify,
    ) -> None:
        self.chain = ChainBuilder()
        self.registered = self.chain.register_turbine()
        self.chain.add_block(self.registered)
        self.chain.add_block(self.chain.power("1"))
        genesis = self.chain.genesis
        if limits is not None:
            genesis = _with_limits(genesis, limits)
        self.genesis = genesis
        self.ledger = Ledger(genesis, self.chain.store, NoContracts())
        self.ledger.genesis_hash = self.chain.genesis_hash
        self.admission = Admission(genesis, self.chain.genesis_hash, self.chain.store, verify)
        self.mempool = Mempool(mempool_limits or MempoolLimits())
        self.proposals = Proposals(self.ledger, self.admission, self.mempool, verify)
        self.neighbours = Neighbours(OWN)
        self.flow = TransactionFlow(
            OWN, self.admission, self.mempool, self.proposals, self.neighbours
        )

    @property
    def head(self) -> Head:
        """The head of the chain."""
        return self.chain.head

    def wait(self, *transactions: Transaction) -> None:
        """Put transactions into the mempool."""
        for transaction in transactions:
            self.mempool.add(transaction, OrganisationId(ORGANISATIONS[0]), NOW_MS)

    def propose(self, *transactions: Transaction) -> Value:
        """Build the block that another node would propose of these transactions."""
        other = Mempool(MempoolLimits())
        for transaction in transactions:
            other.add(transaction, OrganisationId(ORGANISATIONS[0]), NOW_MS)
        proposer = Proposals(self.ledger, self.admission, other, keys.verify)
        return proposer.build(self.head, 1)

    def check(self, value: Value) -> Verdict:
        """Check a proposed value."""
        return self.proposals.check(value, self.head)

    def names_in(self, value: Value) -> tuple[Hash, ...]:
        """Give the transactions that a value names."""
        return from_value(value, self.genesis.limits).transactions

    def sign(self, operation: AnyOperation, organisation: str = ORGANISATIONS[0]) -> Transaction:
        """Sign an operation."""
        return self.chain.transaction(operation, organisation)


def _with_limits(genesis: Genesis, limits: Limits) -> Genesis:
    return replace(genesis, limits=limits)
