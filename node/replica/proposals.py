"""Building blocks to propose and checking proposed ones, both by executing them."""

from collections import OrderedDict
from dataclasses import dataclass
from typing import Final

from chain.errors import ChainError, Corruption, InvalidInput
from chain.genesis import Limits
from chain.keys import Verifier
from chain.scalars import Hash
from chain.transaction import Transaction, decode_transaction
from consensus.value import Value
from node.replica.admission import Admission
from node.replica.aside import SetAside, TransactionFault
from node.replica.divergence import Divergence
from node.replica.head import Head
from node.replica.mempool import Mempool
from node.replica.payload import Payload, check_succeeds, from_value, to_value
from node.replica.transition import ExecutedBlock, GrownLog, Ledger

EXECUTED_COUNT_MAX: Final = 8
BUILD_FAULTS_MAX: Final = 3
PENDING_COUNT_MAX: Final = 8
FETCHED_BLOCKS_MAX: Final = 2
"""Room for fetched transactions that the mempool refused, in blocks of the largest size."""


@dataclass(frozen=True, slots=True)
class Valid:
    """The proposal may be voted for."""


@dataclass(frozen=True, slots=True)
class Invalid:
    """The proposal breaks a rule.

    `is_mismatched`: its parts do not belong together, so the block of that name may still be good.
    """

    error: ChainError
    is_mismatched: bool = False


@dataclass(frozen=True, slots=True)
class Incomplete:
    """Transactions are missing here."""

    missing: tuple[Hash, ...]


Verdict = Valid | Invalid | Incomplete


@dataclass(frozen=True, slots=True)
class _Executed:
    value: Value
    block: ExecutedBlock


@dataclass(slots=True)
class _Pending:
    value: Value
    payload: Payload
    wanted: frozenset[Hash]
    found: int = 0
    """All transactions before this place were found, so a look costs no walk over all of them."""


class Proposals:
    """The proposals of the height that is being worked on."""

    def __init__(
        self, ledger: Ledger, admission: Admission, mempool: Mempool, verify: Verifier
    ) -> None:
        self._ledger = ledger
        self._admission = admission
        self._mempool = mempool
        self._verify = verify
        self._executed: dict[Hash, _Executed] = {}
        self._pending: dict[Value, _Pending] = {}
        self._divergences: dict[Hash, Divergence] = {}
        self._fetched: OrderedDict[Hash, Transaction] = OrderedDict()
        self._fetched_bytes = 0
        self._kept: dict[Hash, Transaction] = {}
        self.aside = SetAside()

    @property
    def _limits(self) -> Limits:
        return self._ledger.genesis.limits

    def start_height(self) -> None:
        """Forget the height that was decided."""
        self._executed.clear()
        self._pending.clear()
        self._divergences.clear()
        self._fetched.clear()
        self._fetched_bytes = 0
        self._kept = {}
        self.aside.start_height()

    def executed(self, value: Value, head: Head) -> ExecutedBlock | None:
        """Give the block of a value that was found valid here.

        In a height of many rounds it may have been dropped; then it is executed again, or None
        when its transactions are gone too.
        """
        if value.id not in self._executed:
            self.check(value, head)
        known = self._executed.get(value.id)
        return known.block if known else None

    def keep(self, value: Value) -> tuple[bytes, ...]:
        """Hold on to the transactions of the engine's valid value, and give them encoded.

        Returns: none of them when some are missing, so that nobody stores half of them.
        """
        known = self._executed.get(value.id)
        if known is not None:
            self._kept = {transaction.id: transaction for transaction in known.block.transactions}
            return known.block.block.transactions
        found = [self.find(id_) for id_ in from_value(value, self._limits).transactions]
        present = [transaction.raw for transaction in found if transaction is not None]
        return tuple(present) if len(present) == len(found) else ()

    def restore(self, kept: tuple[bytes, ...]) -> None:
        """Take back what `keep` gave before a restart.

        Raises: Corruption: VT-2090, what was stored does not decode.
        """
        try:
            transactions = [decode_transaction(raw) for raw in kept]
        except InvalidInput as error:
            raise Corruption("VT-2090", kind="transaction", size=len(kept)) from error
        self._kept = {transaction.id: transaction for transaction in transactions}

    def build(self, head: Head, proposer: int) -> Value:
        """Build the block that this node proposes after `head`.

        What this machine cannot execute is left out and set aside; where it cannot execute this and
        that, the block is empty.
        """
        for _ in range(BUILD_FAULTS_MAX):
            try:
                executed = self._execute(head, proposer, self._choose(head))
                break
            except TransactionFault as fault:
                self._set_aside(fault)
        else:
            executed = self._execute(head, proposer, ())
        ids = tuple(transaction.id for transaction in executed.transactions)
        value = to_value(Payload(executed.header, ids, head.certificate))
        self._remember(value, executed)
        return value

    def _execute(
        self, head: Head, proposer: int, transactions: tuple[Transaction, ...]
    ) -> ExecutedBlock:
        return self._ledger.execute_block(
            head, proposer, transactions, head.certificate, may_cut=True
        )

    def _set_aside(self, fault: TransactionFault) -> None:
        self.aside.add(fault.transaction)
        self._mempool.remove([fault.transaction.id])

    def _choose(self, head: Head) -> tuple[Transaction, ...]:
        chosen: list[Transaction] = []
        size = 0
        for transaction in self._mempool.in_order():
            if transaction.body.expiry_height < head.next_height:
                continue
            size += transaction.size_bytes
            full = len(chosen) >= self._limits.block_transactions_max
            if full or size > self._limits.block_size_bytes_max:
                break
            chosen.append(transaction)
        return tuple(chosen)

    def check(self, value: Value, head: Head) -> Verdict:
        """Check a proposed value; it waits here while transactions are missing."""
        known = self._executed.get(value.id)
        if known is not None and known.value == value:
            return Valid()
        try:
            payload = from_value(value, self._limits)
        except ChainError as error:
            return Invalid(error, is_mismatched=True)
        if known is not None or not _has_right_count(payload, head):
            return _mismatched()
        try:
            check_succeeds(
                payload.header,
                payload.previous_certificate,
                head,
                self._ledger.genesis_hash,
                self._verify,
            )
        except ChainError as error:
            return Invalid(error)
        if len(self._pending) >= PENDING_COUNT_MAX:
            self._pending.pop(next(iter(self._pending)))
        pending = _Pending(value, payload, frozenset(payload.transactions))
        self._pending[value] = pending
        return self._complete(pending, head)

    def divergence(self, block: object) -> Divergence | None:
        """Give both results of a block of this height that this node gets another result for."""
        return self._divergences.get(Hash(block)) if isinstance(block, bytes) else None

    def holds(self, transaction_id: Hash) -> bool:
        """Tell whether a block that was built or found valid here holds the transaction."""
        return any(
            transaction_id == transaction.id
            for known in tuple(self._executed.values())
            for transaction in known.block.transactions
        )

    def is_wanted(self, transaction_id: Hash) -> bool:
        """Tell whether a proposal waits for this transaction."""
        return any(transaction_id in pending.wanted for pending in self._pending.values())

    def take(self, transaction: Transaction) -> None:
        """Keep a transaction that a proposal waits for, though the mempool has no place for it."""
        if transaction.id in self._fetched:
            return
        self._fetched[transaction.id] = transaction
        self._fetched_bytes += transaction.size_bytes
        while self._fetched_bytes > FETCHED_BLOCKS_MAX * self._limits.block_size_bytes_max:
            _, oldest = self._fetched.popitem(last=False)
            self._fetched_bytes -= oldest.size_bytes

    def missing(self) -> tuple[Hash, ...]:
        """Name what the waiting proposals still need, that of the newest one first."""
        wanted: dict[Hash, None] = {}
        for pending in reversed(self._pending.values()):
            wanted.update(dict.fromkeys(self._missing_in(pending.payload)))
        return tuple(wanted)

    def check_again(self, head: Head) -> list[tuple[Value, Valid | Invalid]]:
        """Check the waiting proposals that are complete by now."""
        done = []
        for pending in list(self._pending.values()):
            if not self._is_complete(pending):
                continue
            verdict = self._complete(pending, head)
            if not isinstance(verdict, Incomplete):
                done.append((pending.value, verdict))
        return done

    def find(self, transaction_id: Hash) -> Transaction | None:
        """Give a transaction that waits here, or None."""
        return (
            self._mempool.get(transaction_id)
            or self._fetched.get(transaction_id)
            or self._kept.get(transaction_id)
            or self.aside.get(transaction_id)
        )

    def _missing_in(self, payload: Payload) -> tuple[Hash, ...]:
        return tuple(id_ for id_ in payload.transactions if self.find(id_) is None)

    def _is_complete(self, pending: _Pending) -> bool:
        names = pending.payload.transactions
        while pending.found < len(names) and self.find(names[pending.found]) is not None:
            pending.found += 1
        return pending.found == len(names)

    def _complete(self, pending: _Pending, head: Head) -> Verdict:
        payload = pending.payload
        found = [self.find(id_) for id_ in payload.transactions]
        transactions = tuple(transaction for transaction in found if transaction is not None)
        if len(transactions) < len(found):
            pending.found = 0
            return Incomplete(self._missing_in(payload))
        self._pending.pop(pending.value, None)
        log = GrownLog.create(head, transactions)
        if not log.is_of(payload.header):
            return _mismatched()
        try:
            self._check_transactions(transactions, head)
        except ChainError as error:
            return Invalid(error)
        try:
            executed = self._ledger.execute_block(
                head, payload.header.proposer, transactions, payload.previous_certificate, log=log
            )
        except InvalidInput as error:
            return Invalid(error)
        except TransactionFault as fault:
            # No vote for what could not be checked. A quorum may decide it all the same: then this
            # node stops, see `Ordering`.
            self._set_aside(fault)
            self.aside.note_block(pending.value.id, fault)
            return Invalid(fault.to_refusal())
        if executed.header != payload.header:
            return self._differ(pending.value, Divergence(payload.header, executed))
        self._remember(pending.value, executed)
        return Valid()

    def _differ(self, value: Value, divergence: Divergence) -> Invalid:
        if len(self._divergences) >= EXECUTED_COUNT_MAX:
            self._divergences.pop(next(iter(self._divergences)))
        self._divergences[value.id] = divergence
        reason = f"this node gets another {', '.join(divergence.fields)}"
        return Invalid(InvalidInput("VT-3010", reason=reason))

    def _check_transactions(self, transactions: tuple[Transaction, ...], head: Head) -> None:
        size = sum(transaction.size_bytes for transaction in transactions)
        if size > self._limits.block_size_bytes_max:
            raise InvalidInput("VT-3010", reason=f"its transactions have {size} bytes")
        for transaction in transactions:
            if transaction.id in self._mempool:
                self._admission.check_age(transaction, head)  # A block with it had taken it out.
            else:
                self._admission.check_orderable(transaction, head)

    def _remember(self, value: Value, executed: ExecutedBlock) -> None:
        self._executed.pop(value.id, None)
        if len(self._executed) >= EXECUTED_COUNT_MAX:
            self._executed.pop(next(iter(self._executed)))
        self._executed[value.id] = _Executed(value, executed)


def _has_right_count(payload: Payload, head: Head) -> bool:
    return len(payload.transactions) == payload.header.tx_log_size - head.log.size


def _mismatched() -> Invalid:
    reason = "its transactions are not the ones its header commits to"
    return Invalid(InvalidInput("VT-3010", reason=reason), is_mismatched=True)
