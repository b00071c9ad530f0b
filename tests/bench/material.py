"""Blocks to measure with: real transactions on a real chain in RocksDB."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from chain.transaction import Transaction
from contracts.inprocess import InProcessExecutor
from node.bench.options import WorkloadName
from node.bench.workloads import Workload
from node.replica.head import Head
from node.replica.transition import ExecutedBlock
from node.storage.rocks import RocksStore
from tests.unit.node.chain_builder import START_MS, ChainBuilder

PER_BLOCK = 1_000


@dataclass(frozen=True, slots=True)
class Executing:
    """A chain at `head`, the transactions of the next block, and what comes of them."""

    chain: ChainBuilder
    store: RocksStore
    head: Head
    transactions: tuple[Transaction, ...]

    @classmethod
    def prepare(
        cls, store: RocksStore, name: WorkloadName, *, twins: int, updates: int
    ) -> "Executing":
        """Register the twins, let each send once, and sign the updates of the next block."""
        chain = ChainBuilder(store, InProcessExecutor())
        workload = Workload(name, twins, START_MS, "abcdef")
        first = [chain.transaction(operation) for operation in workload.setup()]
        first += [chain.transaction(workload.operation(index)) for index in range(twins)]
        for begin in range(0, len(first), PER_BLOCK):
            done = chain.add_block(*first[begin : begin + PER_BLOCK])
            assert all(receipt.is_ok for receipt in done.receipts)
        numbers = range(twins, twins + updates)
        signed = tuple(chain.transaction(workload.operation(number)) for number in numbers)
        return cls(chain, store, chain.head, signed)

    def execute(self) -> ExecutedBlock:
        """Execute the block; nothing is written, so it may be done again."""
        executed = self.chain.ledger.execute_block(
            self.head, 0, self.transactions, self.head.certificate
        )
        assert all(receipt.is_ok for receipt in executed.receipts)
        return executed


@contextmanager
def prepare_in(
    folder: Path, name: WorkloadName, *, twins: int, updates: int
) -> Iterator[Executing]:
    """Give a prepared chain whose store is open meanwhile."""
    with RocksStore(folder / "db") as store:
        yield Executing.prepare(store, name, twins=twins, updates=updates)


def make_updates(name: WorkloadName, count: int) -> tuple[Transaction, ...]:
    """Sign updates, each of a twin of its own."""
    chain = ChainBuilder()
    workload = Workload(name, count, START_MS, "abcdef")
    return tuple(chain.transaction(workload.operation(index)) for index in range(count))
