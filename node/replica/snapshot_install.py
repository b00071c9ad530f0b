"""Putting a snapshot in place once all its parts are here: from one height to another at once.

First a note says that it has begun; the last batch takes it away together with everything that
makes the new height the head. So a power cut in between leaves a store that says so, and the work
is done again from the start, with the same result. The old blocks are not deleted here: they lie
below the new base, where nobody looks, and go in portions later.
"""

from collections.abc import Iterable, Iterator
from itertools import islice
from typing import Final

from msgspec.structs import replace

from chain.codec import encode
from chain.errors import Corruption, InvalidInput
from chain.genesis import Limits
from chain.log_range import name_roots
from chain.merkle import Completed, Frontier, append, leaf_hash
from chain.scalars import Hash, Height
from chain.state_chunk import StateChunk, check_chunk, climb
from chain.state_tree import TreeUpdate
from chain.state_walk import find_differences
from node.replica import keys
from node.replica.head import Head
from node.replica.past import Base, load_head, load_header, load_log_size, load_swept
from node.replica.ports import Column, Put, Store, WritableStore, WriteBatch
from node.replica.pruning import Pruner
from node.replica.snapshot_plan import Plan, load_plan
from node.replica.snapshot_work import SnapshotWork, load_chunks, load_ranges, name_staged
from node.replica.stored_log import log_puts, rows_beyond, rows_needed
from node.replica.stored_tree import STALE_PER_ROW, StoredTree, encode_record, stale_puts

PUTS_PER_BATCH: Final = 4_096


def finish_install(store: WritableStore, limits: Limits) -> Head | None:
    """Put in place a snapshot that was begun to be, before anything else is read from the store.

    Parts that are left over from one that is in place already are deleted.

    Returns: the new head; None when nothing was begun.
    Raises: Corruption: the store is damaged.
    """
    if store.get(Column.META, keys.INSTALLING) is None:
        if store.get(Column.META, keys.SNAPSHOT) is None and (left := name_staged(store)):
            store.write(WriteBatch(tuple(left)), sync=False)
        return None
    return install(store, limits)


def install(store: WritableStore, limits: Limits) -> Head:
    """Put a snapshot in place, all of whose parts are stored.

    Raises: Corruption: the store is damaged.
    """
    plan, old = load_plan(store), load_head(store)
    if plan is None or old is None:
        raise Corruption("VT-6012", reason="a snapshot without a plan was to be put in place")
    store.write(WriteBatch((Put(Column.META, keys.INSTALLING, b""),)), sync=True)
    pruner = Pruner(store, limits, 0)
    while pruner.is_behind and (batch := pruner.step(old)) is not None:
        store.write(batch, sync=False)
    work = SnapshotWork(plan, limits.expiry_window_blocks)
    log = _Log(store, plan, work.lowest, old)
    header = Put(Column.BLOCKS, keys.header(plan.height), encode(plan.header))
    store.write(WriteBatch((header,)), sync=False)
    _write_all(store, _state_puts(store, plan))
    _write_all(store, log.puts())
    _write_all(store, _difference_puts(store, plan, old))
    head = plan.head(log.frontier)
    store.write(WriteBatch(tuple(_final_puts(store, head, work.lowest, old))), sync=True)
    store.write(WriteBatch(tuple(name_staged(store))), sync=False)
    return head


def _write_all(store: WritableStore, puts: Iterable[Put]) -> None:
    rest = iter(puts)
    while batch := tuple(islice(rest, PUTS_PER_BATCH)):
        store.write(WriteBatch(batch), sync=False)


def _state_puts(store: Store, plan: Plan) -> Iterator[Put]:
    """Give all keys and values, and the whole tree; each chunk is checked once more."""
    height = plan.height
    for chunk in load_chunks(store):
        subtree = _check_staged(plan, chunk)
        key_of = dict(subtree.keys)
        for key, value in chunk.pairs:
            if store.get(Column.STATE, key) != value:
                # In this order: where the second was written, the first was, too.
                yield Put(Column.HISTORY, keys.history(key, height), value)
                yield Put(Column.STATE, key, value)
        for node, data in subtree.nodes:
            yield Put(Column.TREE, node, encode_record(data, height, key_of.get(node, b"")))
        for node, data in climb(chunk.place, subtree.root, chunk.siblings):
            yield Put(Column.TREE, node, encode_record(data, height, b""))


def _check_staged(plan: Plan, chunk: StateChunk) -> TreeUpdate:
    try:
        return check_chunk(plan.header.state_root, chunk)
    except InvalidInput as error:
        raise Corruption("VT-6012", reason="a part of the snapshot was damaged here") from error


class _Log:
    """The ids above `lowest`, handed out to their heights, and the log that they extend.

    Args: old: the head whose log is in the store; what it has of these heights gives way.
    """

    def __init__(self, store: Store, plan: Plan, lowest: Height, old: Head) -> None:
        self._store = store
        self._old_size = old.log.size
        self._written: set[bytes] = set()
        """Keys of the log that are written; its other rows from here on are old."""
        self._last = plan.height
        self._height = lowest
        self._size = load_log_size(store, lowest)
        """The log's size at `_height`, up to which ids were handed out."""
        self.frontier = Frontier()

    def puts(self) -> Iterator[Put]:
        """Give the index of ids, the ids of each height and the rows of the log."""
        waiting: list[Hash] = []
        first = 0
        for number, found in enumerate(load_ranges(self._store)):
            if number == 0:
                first = found.first
                self.frontier = Frontier(first, found.left)
                roots = zip(name_roots(first), found.left, strict=True)
                yield from self._rows(Completed(*node, (root,)) for node, root in roots)
            self.frontier, done = append(self.frontier, [leaf_hash(one) for one in found.ids])
            yield from self._rows(done)
            waiting += found.ids
            yield from self._hand_out(waiting)
        if self._height < self._last or waiting:
            raise Corruption("VT-6012", reason="ids of the snapshot are missing")
        yield from self._old_rows(first)

    def _rows(self, completed: Iterable[Completed]) -> Iterator[Put]:
        for put in log_puts(completed):
            self._written.add(put.key)
            yield put

    def _old_rows(self, size: int) -> Iterator[Put]:
        """Delete the rows of the old log that begin elsewhere than those in their place."""
        store = self._store
        for rows in (rows_needed(store, size), rows_beyond(store, size, self._old_size)):
            yield from (Put(Column.LOG, row, None) for row in rows if row not in self._written)

    def _hand_out(self, waiting: list[Hash]) -> Iterator[Put]:
        """Give what belongs to every height whose ids are all here, and take these away."""
        while self._height < self._last:
            height = Height(self._height + 1)
            count = load_log_size(self._store, height) - self._size
            if count > len(waiting):
                return
            for position, id_ in enumerate(waiting[:count]):
                place = keys.encode_place(height, position)
                yield Put(Column.INDEX, keys.transaction(id_), place)
            yield Put(Column.BLOCKS, keys.ids(height), b"".join(waiting[:count]))
            del waiting[:count]
            self._height = height
            self._size += count


def _difference_puts(store: Store, plan: Plan, old: Head) -> Iterator[Put]:
    """Give the keys that are gone, and the nodes that became stale, since the old head."""
    tree = StoredTree(store)
    stale: list[Hash] = []
    rows = 0
    for one in find_differences(old.state_root, plan.header.state_root, tree.node):
        if one.is_new:
            continue
        stale.append(one.hash)
        if len(stale) == STALE_PER_ROW:
            yield from stale_puts(stale, plan.height, rows)
            stale.clear()
            rows += 1
        found = tree.birth_and_key(one.hash)
        key = found[1] if found else b""
        version = keys.history(key, plan.height)
        if key and store.get(Column.HISTORY, version) is None:
            yield Put(Column.STATE, key, None)
            yield Put(Column.HISTORY, version, b"")
    yield from stale_puts(stale, plan.height, rows)


def _final_puts(store: Store, head: Head, lowest: Height, old: Head) -> Iterator[Put]:
    """Give what makes the snapshot's height the head."""
    header = load_header(store, head.height)
    if header is None or (head.log.size, head.log.root) != (
        header.tx_log_size,
        header.tx_log_root,
    ):
        raise Corruption("VT-6012", reason="the snapshot's log is not that of its header")
    end = old.log.size if old.log.size < load_log_size(store, lowest) else None
    yield Put(Column.META, keys.HEAD, encode(head))
    yield Put(Column.META, keys.BASE, encode(Base(head.height, lowest)))
    yield Put(Column.META, keys.SWEPT, encode(replace(load_swept(store), log_end=end)))
    yield Put(Column.META, keys.VALID, None)
    yield Put(Column.META, keys.SNAPSHOT, None)
    yield Put(Column.META, keys.INSTALLING, None)
