"""The chain's state transition: what a list of transactions makes of a state.

Proposer and validators run the same function on the same inputs and get the same header; a
validator that gets another one does not vote for it.
"""

from dataclasses import dataclass, field

from chain import keys, merkle, state_tree
from chain.block import (
    HEADER_VERSION,
    Block,
    Header,
    compute_block_hash,
    compute_block_time,
    hash_previous_certificate,
)
from chain.certificate import QuorumCertificate
from chain.errors import InvalidInput
from chain.genesis import Genesis, compute_genesis_hash
from chain.hashing import EMPTY_HASH
from chain.merkle import Completed, Frontier, hash_leaves
from chain.receipt import Receipt, compute_receipts_root
from chain.scalars import Hash, Height, UnixMillis
from chain.state_tree import TreeUpdate
from chain.transaction import Transaction, log_leaf
from chain.validators import ValidatorSet, compute_validators_root
from contracts.apply import apply_transaction
from contracts.context import BlockContext
from contracts.executor import GAS_LIMIT_MAX, Executor, HostFault
from contracts.genesis_state import initial_writes
from contracts.native.committee import DELAY, find_planned
from contracts.native.starts import begin_block
from contracts.state import Overlay
from node.replica.aside import TransactionFault
from node.replica.cached_state import CachedState
from node.replica.head import Head, head_of_genesis
from node.replica.ports import NO_METER, Column, Meter, Store
from node.replica.stored_tree import CachedNodes, StoredTree


@dataclass(frozen=True, slots=True)
class ExecutedBlock:
    """A block with all that came of it; not yet written anywhere."""

    block: Block
    hash: Hash
    transactions: tuple[Transaction, ...]
    receipts: tuple[Receipt, ...]
    writes: dict[bytes, bytes | None]
    tree: TreeUpdate
    log: Frontier
    log_nodes: tuple[Completed, ...]
    validators: tuple[ValidatorSet, ValidatorSet, ValidatorSet]
    """Who decides this height, the next one and the one after it."""
    writers: dict[bytes, int] = field(default_factory=dict)
    """For each key, the place in the block of the transaction that wrote it last."""

    @property
    def header(self) -> Header:
        """The header that these transactions make."""
        return self.block.header


@dataclass(frozen=True, slots=True)
class GrownLog:
    """The log of all transactions with those of one more block at its end."""

    frontier: Frontier
    nodes: tuple[Completed, ...]
    """The subtrees that were completed."""

    @classmethod
    def create(cls, head: Head, transactions: tuple[Transaction, ...]) -> "GrownLog":
        """Append transactions to the log of `head`."""
        frontier, nodes = merkle.append(head.log, hash_leaves(map(log_leaf, transactions)))
        return cls(frontier, tuple(nodes))

    def is_of(self, header: Header) -> bool:
        """Tell whether `header` commits to this log."""
        return (header.tx_log_size, header.tx_log_root) == (self.frontier.size, self.frontier.root)


class StoredState:
    """The committed state behind the contracts' `StateView`."""

    def __init__(self, store: Store) -> None:
        self._store = store

    def get(self, key: bytes) -> bytes | None:
        """Give the present value of a state key, or None."""
        return self._store.get(Column.STATE, key)

    def range(self, start: bytes, stop: bytes, limit: int) -> list[tuple[bytes, bytes]]:
        """Give at most `limit` pairs with start <= key < stop, in key order."""
        pairs: list[tuple[bytes, bytes]] = []
        for pair in self._store.range(Column.STATE, start, stop):
            if len(pairs) >= limit:
                break
            pairs.append(pair)
        return pairs


class Ledger:
    """Executes blocks on top of the committed state.

    Args: verify: checks the signatures that transactions carry inside.
    """

    def __init__(
        self,
        genesis: Genesis,
        store: Store,
        executor: Executor,
        verify: keys.Verifier = keys.verify,
        meter: Meter = NO_METER,
    ) -> None:
        self.genesis = genesis
        self.genesis_hash = compute_genesis_hash(genesis)
        self._nodes = CachedNodes(StoredTree(store))
        self._state = CachedState(StoredState(store))
        self._executor = executor
        self._verify = verify
        self._meter = meter
        limits = genesis.limits
        self._gas_for_one = min(
            limits.gas_per_transaction_max, limits.gas_per_block_max, GAS_LIMIT_MAX
        )

    def reread(self) -> None:
        """Read the state from the store anew: it was changed by other means than by blocks."""
        self._state.forget()

    def execute_block(
        self,
        head: Head,
        proposer: int,
        transactions: tuple[Transaction, ...],
        previous_certificate: QuorumCertificate | None,
        *,
        log: GrownLog | None = None,
        may_cut: bool = False,
    ) -> ExecutedBlock:
        """Execute `transactions` in order on the state of `head`.

        Args: log: `GrownLog.create(head, transactions)`, of those who have it already.

        Their signatures, expiry and uniqueness were checked before. A transaction that breaks a
        rule changes nothing and gets a receipt that says why. Each begins with all the gas that
        one may use, so nobody's contracts take it from the others: with `may_cut` the block ends
        before one that could not.

        Raises: InvalidInput: VT-3010, a transaction would begin with too little gas;
        TransactionFault: this machine could not run a contract; Corruption: the store is damaged.
        """
        with self._meter.section("execute"):
            return self._execute(head, proposer, transactions, previous_certificate, log, may_cut)

    def _execute(
        self,
        head: Head,
        proposer: int,
        transactions: tuple[Transaction, ...],
        previous_certificate: QuorumCertificate | None,
        log: GrownLog | None,
        may_cut: bool,
    ) -> ExecutedBlock:
        time_ms = compute_block_time(head.time_ms, previous_certificate, head.last_validators)
        self._state.stand_at(head.state_root)
        overlay = Overlay(self._state)
        context = self._make_context(head.next_height, time_ms)
        writers: dict[bytes, int] = {}
        receipts = self._apply(transactions, overlay, context, writers, may_cut=may_cut)
        if log is None or len(receipts) < len(transactions):
            transactions = transactions[: len(receipts)]
            log = GrownLog.create(head, transactions)
        planned = find_planned(overlay, Height(head.next_height + DELAY))
        writes = overlay.writes()
        tree = state_tree.update(head.state_root, writes, self._nodes.node, self._nodes.known)
        self._nodes.follow(tree)
        self._state.follow(tree.root, writes)
        header = Header(
            version=HEADER_VERSION,
            genesis=self.genesis_hash,
            height=head.next_height,
            time_ms=time_ms,
            proposer=proposer,
            previous=head.block,
            previous_certificate=hash_previous_certificate(previous_certificate),
            tx_log_size=log.frontier.size,
            tx_log_root=log.frontier.root,
            state_root=tree.root,
            receipts_root=compute_receipts_root(receipts),
            validators_root=compute_validators_root(head.validators),
            next_validators_root=compute_validators_root(head.next_validators),
        )
        block = Block(header, tuple(t.raw for t in transactions), previous_certificate)
        return ExecutedBlock(
            block,
            compute_block_hash(header),
            transactions,
            receipts,
            writes,
            tree,
            log.frontier,
            log.nodes,
            (head.validators, head.next_validators, planned or head.next_validators),
            writers,
        )

    def _make_context(self, height: Height, time_ms: UnixMillis) -> BlockContext:
        genesis = self.genesis
        return BlockContext.create(
            height, time_ms, self.genesis_hash, genesis.limits, genesis.governance, self._verify
        )

    def _apply(
        self,
        transactions: tuple[Transaction, ...],
        overlay: Overlay,
        context: BlockContext,
        writers: dict[bytes, int],
        *,
        may_cut: bool,
    ) -> tuple[Receipt, ...]:
        begin_block(overlay, context, self._executor)
        receipts: list[Receipt] = []
        for index, transaction in enumerate(transactions):
            if context.gas.left < self._gas_for_one:
                if may_cut:
                    break
                raise InvalidInput("VT-3010", reason="its contracts take more gas than a block has")
            receipt = self._apply_one(transaction, overlay, context, index)
            receipts.append(receipt)
            if receipt.is_ok:
                for key in overlay.committed:
                    writers[key] = index
        return tuple(receipts)

    def _apply_one(
        self, transaction: Transaction, overlay: Overlay, context: BlockContext, index: int
    ) -> Receipt:
        try:
            return apply_transaction(transaction, overlay, context, self._executor, index)
        except HostFault as fault:
            raise TransactionFault(transaction, fault) from fault


def genesis_state(genesis: Genesis) -> tuple[Head, dict[bytes, bytes], TreeUpdate]:
    """Give the head, the state and the state tree that a chain starts with."""
    writes = initial_writes(genesis)
    tree = state_tree.update(EMPTY_HASH, dict(writes), lambda _: None)
    return head_of_genesis(genesis, tree.root), writes, tree
