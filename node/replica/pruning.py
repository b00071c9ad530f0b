"""Deleting what a node need not keep: old blocks, receipts, indexes, values and tree nodes.

First the base moves: from then on nothing below it is read. Then what lies below it is deleted,
in portions. Both go on exactly where they stopped, whenever power is cut.

A tree node is stale from the block that replaced it, which noted it. It may come back, as a value
does that is set again; its record then has a later height than the note, and it stays. So a node is
deleted when its last life ended at or below the base, and no tree that is kept has it. The notes
name leaves too, and so the keys whose older values are no longer needed.
"""

from collections.abc import Iterator
from typing import Final

from msgspec.structs import replace

from chain.block import Block, Header, compute_block_hash
from chain.codec import encode
from chain.errors import InvalidInput
from chain.genesis import Limits
from chain.log_range import name_roots
from chain.scalars import Hash, Height
from chain.transaction import SignedTransaction, Transaction, TransactionBody
from contracts.state import decode_record
from node.replica import keys
from node.replica.commit import BlockReceipts, touched_twins
from node.replica.head import Head
from node.replica.past import (
    Base,
    load_base,
    load_block,
    load_log_size,
    load_swept,
    split_hashes,
)
from node.replica.ports import Column, Put, Store, WriteBatch
from node.replica.stored_log import rows_needed, rows_passed
from node.replica.stored_tree import StoredTree

SNAPSHOT_SLACK_BLOCKS: Final = 256
"""Kept beyond what repetition needs, so that a snapshot can be given while the chain goes on."""
TRANSACTIONS_PER_PORTION: Final = 256
LEAVES_PER_PORTION: Final = 1_024
ROWS_PER_STEP: Final = 2_000
PORTIONS_PER_STEP: Final = 32
"""Most portions of one step: of the log, thousands of nodes may be a few rows."""


def least_retained(limits: Limits) -> int:
    """Give the fewest blocks that a node may keep."""
    return limits.expiry_window_blocks + SNAPSHOT_SLACK_BLOCKS


def check_retained(retain_blocks: int, limits: Limits) -> None:
    """Check the number of blocks to keep; 0 keeps all.

    Raises: InvalidInput: VT-6030, too few for finding repeated transactions.
    """
    least = least_retained(limits)
    if 0 < retain_blocks < least:
        raise InvalidInput(
            "VT-6030", given=retain_blocks, least=least, window=limits.expiry_window_blocks
        )


class Pruner:
    """Gives the deletions to make, portion by portion.

    Args: retain_blocks: 0 keeps all.
    """

    def __init__(self, store: Store, limits: Limits, retain_blocks: int) -> None:
        check_retained(retain_blocks, limits)
        self._store = store
        self._tree = StoredTree(store)
        self._window = limits.expiry_window_blocks
        self._retain_blocks = retain_blocks
        self._gone: set[bytes] = set()
        """Rows that this step deletes; the store still has them."""
        self.reload()

    @property
    def base(self) -> Base:
        """Where what is kept begins."""
        return self._base

    def reload(self) -> None:
        """Read anew where things stand, after a snapshot was put in place."""
        self._base = load_base(self._store)
        self._swept = load_swept(self._store)
        self._log_floor = load_log_size(self._store, self._base.reach)

    def step(self, head: Head, held: Height | None = None, rows: int = 0) -> WriteBatch | None:
        """Give the next deletions, or None when there is nothing to delete now.

        The batch must be written before the next step. It may be written without a sync: what is
        lost at a power cut is deleted again.

        Args: held: a height whose state someone is being given; the base does not pass it; rows:
        to delete about this many, when they are more than `ROWS_PER_STEP`.
        """
        puts: list[Put] = []
        self._gone.clear()
        for _ in range(PORTIONS_PER_STEP):
            if len(puts) >= max(rows, ROWS_PER_STEP):
                break
            if self.is_behind:
                self._sweep(puts)
            elif not self._move(head, held, puts):
                break
        return WriteBatch(tuple(puts)) if puts else None

    @property
    def is_behind(self) -> bool:
        """Whether something below the base is still to be deleted."""
        swept, base = self._swept, self._base
        return (
            swept.height < base.height
            or swept.reach < base.reach
            or swept.log_size < self._log_floor
        )

    def _move(self, head: Head, held: Height | None, puts: list[Put]) -> bool:
        """Move the base up by one, and what is known below it, when that much is to go."""
        base = self._base
        height, reach = base.height, base.reach
        if self._retain_blocks and height < min(head.height - self._retain_blocks, held or 1 << 53):
            height = Height(height + 1)
        if reach < min(height, head.height - self._window - SNAPSHOT_SLACK_BLOCKS):
            reach = Height(reach + 1)
        if (height, reach) == (base.height, base.reach):
            return False
        self._base = Base(height, reach)
        self._log_floor = load_log_size(self._store, reach)
        puts.append(Put(Column.META, keys.BASE, encode(self._base)))
        return True

    def _sweep(self, puts: list[Put]) -> None:
        """Delete a portion of what lies below the base."""
        if self._swept.height < self._base.height:
            self._sweep_height(puts)
        elif self._swept.log_size < self._log_floor:
            self._sweep_log(puts)
        else:
            self._forget_ids(puts)
        puts.append(Put(Column.META, keys.SWEPT, encode(self._swept)))

    def _sweep_height(self, puts: list[Put]) -> None:
        height = Height(self._swept.height + 1)
        block = load_block(self._store, height)
        first = self._swept.position
        if block is not None and first < len(block.transactions):
            self._sweep_places(block, first, puts)
            self._swept = replace(self._swept, position=first + TRANSACTIONS_PER_PORTION)
        elif self._sweep_stale(height if block else self._base.height, puts):
            return
        elif block is not None:
            self._sweep_block(block.header, puts)
            self._swept = replace(self._swept, height=height, position=0)
        else:  # A snapshot took the place of the blocks from here on.
            self._swept = replace(self._swept, height=self._base.height, position=0)

    def _sweep_places(self, block: Block, first: int, puts: list[Put]) -> None:
        """Delete the notes which twins some transactions touched."""
        height = block.header.height
        data = self._store.get(Column.BLOCKS, keys.receipts(height))
        receipts = decode_record(data or b"", BlockReceipts).receipts
        for position in range(first, len(block.transactions))[:TRANSACTIONS_PER_PORTION]:
            raw, receipt = block.transactions[position], receipts[position]
            signed = decode_record(raw, SignedTransaction)
            body = decode_record(signed.body, TransactionBody)
            transaction = Transaction(receipt.transaction, body, signed.signature, raw)
            puts.extend(
                Put(
                    Column.INDEX, keys.twin_history(twin, keys.encode_place(height, position)), None
                )
                for twin in touched_twins(transaction, receipt)
            )

    def _forget_ids(self, puts: list[Put]) -> None:
        """Forget the ids of the lowest height; its transactions cannot be repeated any more."""
        start = keys.ids(Height(self._swept.reach + 1))
        stop = keys.ids(Height(self._base.reach + 1))
        puts.append(Put(Column.BLOCKS, keys.header(self._swept.reach), None))
        for row, data in self._store.range(Column.BLOCKS, start, stop):
            ids = split_hashes(data)
            puts.extend(Put(Column.INDEX, keys.transaction(id_), None) for id_ in ids)
            puts.append(Put(Column.BLOCKS, row, None))
            height = Height(int.from_bytes(row[1:], "big"))
            self._swept = replace(self._swept, reach=height)
            return
        self._swept = replace(self._swept, reach=self._base.reach)

    def _sweep_log(self, puts: list[Put]) -> None:
        """Delete rows of the log that no proof for a later transaction needs."""
        before, floor, end = self._swept.log_size, self._log_floor, self._swept.log_end
        size = min(floor, before + LEAVES_PER_PORTION, floor if end is None else end)
        if size == before:  # Here the log ends that a snapshot took the place of.
            kept = {keys.log_node(*node) for node in name_roots(floor)}
            gone = [row for row in rows_needed(self._store, size) if row not in kept]
            self._swept = replace(self._swept, log_size=floor, log_end=None)
        else:
            gone = list(rows_passed(self._store, before, size))
            self._swept = replace(self._swept, log_size=size)
        puts.extend(Put(Column.LOG, row, None) for row in gone)

    def _sweep_block(self, header: Header, puts: list[Put]) -> None:
        for column, key in (
            (Column.BLOCKS, keys.block(header.height)),
            (Column.BLOCKS, keys.certificate(header.height)),
            (Column.BLOCKS, keys.receipts(header.height)),
            (Column.INDEX, keys.block_hash(compute_block_hash(header))),
            (Column.INDEX, keys.block_time(header.time_ms)),
        ):
            puts.append(Put(column, key, None))

    def _sweep_stale(self, last: Height, puts: list[Put]) -> bool:
        """Delete a row of nodes that trees up to `last` made stale, with the values they stood for.

        Returns: whether there was one.
        """
        start = keys.stale_nodes(Height(self._swept.height + 1), 0)
        stop = keys.stale_nodes(Height(last + 1), 0)
        for row, data in self._store.range(Column.INDEX, start, stop):
            if row in self._gone:
                continue
            for node in split_hashes(data):
                puts.extend(self._sweep_node(node, keys.height_of_stale(row)))
            puts.append(Put(Column.INDEX, row, None))
            self._gone.add(row)
            return True
        return False

    def _sweep_node(self, node: Hash, height: Height) -> Iterator[Put]:
        found = self._tree.birth_and_key(node)
        if found is None:
            return
        birth, key = found
        if birth < height:
            yield Put(Column.TREE, node, None)
        if key:
            yield from self._sweep_values(key, height)

    def _sweep_values(self, key: bytes, height: Height) -> Iterator[Put]:
        """Delete the values of a key before the one it got at `height`, that one if it is none."""
        start, stop = keys.history(key, height), keys.history_prefix(key) + b"\xff" * 9
        for row, value in self._store.range(Column.HISTORY, start, stop):
            if value and keys.height_of_history(row) == height:
                continue
            yield Put(Column.HISTORY, row, None)
