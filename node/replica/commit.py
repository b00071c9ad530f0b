"""What is written when a height is decided: everything about it, in one atomic batch."""

from typing import Final

from msgspec import Struct

from chain.certificate import QuorumCertificate
from chain.codec import encode
from chain.committee_steps import CommitteeStep
from chain.genesis import Genesis
from chain.operations import Attest, RegisterTwin, Telemetry, UpdateTwin
from chain.receipt import Receipt
from chain.scalars import Height, TwinId
from chain.transaction import Transaction
from chain.values import decode_value
from contracts.context import NATIVE_SOURCE
from node.replica import keys
from node.replica.effects import Commit
from node.replica.head import Head
from node.replica.ports import Column, Put, WriteBatch
from node.replica.stored_log import log_puts
from node.replica.stored_tree import tree_puts
from node.replica.transition import ExecutedBlock, genesis_state

ACTION_EVENTS: Final = "action_"
"""Events of the ledger about actions start so; their payload names the twin."""


class BlockReceipts(Struct, frozen=True, array_like=True, forbid_unknown_fields=True, gc=False):
    """All receipts of one block, as they are stored."""

    receipts: tuple[Receipt, ...]


def touched_twins(transaction: Transaction, receipt: Receipt) -> tuple[TwinId, ...]:
    """Name the twins that a transaction is about, each once, in order."""
    twins: list[TwinId] = []
    operation = transaction.body.operation
    if isinstance(operation, Telemetry):
        twins = [batch.twin for batch in operation.batches]
        if len(twins) == len(receipt.events) == 1:
            return (twins[0],)  # That event says what became of the readings.
    elif isinstance(operation, (RegisterTwin, UpdateTwin, Attest)):
        twins = [operation.twin]
    for event in receipt.events:
        if event.name.startswith(ACTION_EVENTS) and event.source == NATIVE_SOURCE:
            payload = decode_value(event.payload)
            named = payload.get("twin") if isinstance(payload, dict) else None
            if isinstance(named, str):
                twins.append(TwinId(named))
    return tuple(dict.fromkeys(twins))


def next_head(executed: ExecutedBlock, certificate: QuorumCertificate) -> Head:
    """Give the head after this block."""
    header = executed.header
    return Head(
        header.height,
        executed.hash,
        header.time_ms,
        header.state_root,
        executed.log,
        certificate,
        header.tx_log_size,
        *executed.validators,
    )


def build_commit(
    executed: ExecutedBlock, certificate: QuorumCertificate, *, is_catch_up: bool
) -> Commit:
    """Make the effect that commits a decided block."""
    return Commit(
        build_batch(executed, certificate),
        next_head(executed, certificate),
        executed.block,
        certificate,
        executed.transactions,
        executed.receipts,
        sum(transaction.size_bytes for transaction in executed.transactions),
        is_catch_up,
    )


def build_batch(executed: ExecutedBlock, certificate: QuorumCertificate) -> WriteBatch:
    """Gather all that height `executed.header.height` adds to the store.

    The transactions that were kept with the engine's state are deleted in the same batch, for they
    speak of this height only. The state itself stays: an engine takes from it what outlives the
    height.
    """
    header = executed.header
    height = header.height
    puts = [
        Put(Column.META, keys.HEAD, encode(next_head(executed, certificate))),
        Put(Column.META, keys.VALID, None),
        Put(Column.BLOCKS, keys.block(height), encode(executed.block)),
        Put(Column.BLOCKS, keys.header(height), encode(header)),
        Put(Column.BLOCKS, keys.ids(height), b"".join(t.id for t in executed.transactions)),
        Put(Column.BLOCKS, keys.certificate(height), encode(certificate)),
        Put(Column.BLOCKS, keys.receipts(height), encode(BlockReceipts(executed.receipts))),
        Put(Column.INDEX, keys.block_hash(executed.hash), height.to_bytes(8, "big")),
        Put(Column.INDEX, keys.block_time(header.time_ms), height.to_bytes(8, "big")),
    ]
    if header.next_validators_root != header.validators_root:
        step = CommitteeStep(header, certificate, executed.validators[1])
        puts.append(Put(Column.BLOCKS, keys.committee_step(height), encode(step)))
    puts += _index_puts(executed)
    puts += _state_puts(executed.writes, height)
    puts += tree_puts(executed.tree, height)
    puts += log_puts(executed.log_nodes)
    return WriteBatch(tuple(puts))


def build_genesis_batch(genesis: Genesis) -> tuple[Head, WriteBatch]:
    """Gather what an empty store needs before the first block."""
    head, writes, tree = genesis_state(genesis)
    puts = [
        Put(Column.META, keys.HEAD, encode(head)),
        Put(Column.META, keys.GENESIS, head.block),
    ]
    puts.extend(_state_puts(dict(writes), Height(0)))
    puts.extend(tree_puts(tree, Height(0)))
    return head, WriteBatch(tuple(puts))


def _index_puts(executed: ExecutedBlock) -> list[Put]:
    puts = []
    column, height = Column.INDEX, executed.header.height
    pairs = zip(executed.transactions, executed.receipts, strict=True)
    for index, (transaction, receipt) in enumerate(pairs):
        place = keys.encode_place(height, index)
        puts.append(Put(column, keys.transaction(transaction.id), place))
        twins = touched_twins(transaction, receipt)
        puts += [Put(column, keys.twin_history(twin, place), b"") for twin in twins]
    return puts


def _state_puts(writes: dict[bytes, bytes | None], height: Height) -> list[Put]:
    puts = []
    state, history, end = Column.STATE, Column.HISTORY, keys.history_end(height)
    for key, value in writes.items():
        puts.append(Put(state, key, value))
        puts.append(Put(history, keys.history_prefix(key) + end, value or b""))
    return puts
