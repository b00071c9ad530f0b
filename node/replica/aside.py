"""Transactions whose contracts this machine could not run, and blocks that it could not check.

A worker that dies is this machine's trouble, never a result. So a node leaves such a transaction
out of what it proposes, and does not vote for a block that holds it; the others may. Where it kills
every worker, it finds no quorum anywhere and expires.
"""

from collections import OrderedDict
from typing import Final

from chain.errors import Busy
from chain.scalars import Hash
from chain.transaction import Transaction
from contracts.executor import HostFault

ASIDE_MAX: Final = 64
FAULTS_MAX: Final = 8
"""Blocks of one height that could not be checked."""


class TransactionFault(HostFault):
    """This machine could not execute a transaction."""

    def __init__(self, transaction: Transaction, fault: HostFault) -> None:
        super().__init__(f"transaction {transaction.id.hex()}: {fault}")
        self.transaction = transaction

    def to_refusal(self) -> Busy:
        """Say why the node does not vote for a block with this transaction, or take it in."""
        return refuse(self.transaction.id)


def refuse(transaction: Hash) -> Busy:
    """Give the error for a transaction that is set aside."""
    return Busy("VT-3043", transaction=transaction)


class SetAside:
    """Remembers what could not be executed here, within bounds."""

    def __init__(self) -> None:
        self._transactions: OrderedDict[Hash, Transaction] = OrderedDict()
        self._faults: OrderedDict[Hash, HostFault] = OrderedDict()
        self.total = 0
        """How many transactions were ever set aside."""

    def __contains__(self, transaction_id: Hash) -> bool:
        return transaction_id in self._transactions

    def get(self, transaction_id: Hash) -> Transaction | None:
        """Give a transaction that was set aside: a block of others may hold it."""
        return self._transactions.get(transaction_id)

    def add(self, transaction: Transaction) -> None:
        """Set a transaction aside."""
        if transaction.id in self._transactions:
            return
        self.total += 1
        self._transactions[transaction.id] = transaction
        while len(self._transactions) > ASIDE_MAX:
            self._transactions.popitem(last=False)

    def note_block(self, block: Hash, fault: HostFault) -> None:
        """Remember that a block of this height could not be checked, and why."""
        self._faults[block] = fault
        while len(self._faults) > FAULTS_MAX:
            self._faults.popitem(last=False)

    def fault_of(self, block: object) -> HostFault | None:
        """Give why a block of this height could not be checked; None when it could."""
        return self._faults.get(Hash(block)) if isinstance(block, bytes) else None

    def start_height(self) -> None:
        """Forget the blocks of the height that was decided."""
        self._faults.clear()
