"""Giving the disk back what was deleted: RocksDB keeps it until it rewrites the files.

Blocks, and what else stands in order of height, leave whole ranges of keys behind, which are
rewritten when asked for. What stands among newer rows RocksDB finds itself; see `options.py`.
"""

from typing import Final

from chain.scalars import Height
from node.replica import keys
from node.replica.past import load_base, load_log_size
from node.replica.ports import Column
from node.storage.rocks import RocksStore

_LEVELS: Final = 4
"""Levels of the log that hold nearly all of its nodes."""


def free_pruned(store: RocksStore) -> None:
    """Rewrite the files that hold what was deleted below the base; it may take seconds.

    Raises: Corruption: the database is damaged, or was closed meanwhile.
    """
    base = load_base(store)
    first, last = Height(0), base.height
    floor = load_log_size(store, base.reach)
    for column, start, stop in (
        (Column.BLOCKS, keys.block(first), keys.block(last)),
        (Column.BLOCKS, keys.certificate(first), keys.certificate(last)),
        (Column.BLOCKS, keys.receipts(first), keys.receipts(last)),
        (Column.BLOCKS, keys.header(first), keys.header(base.reach)),
        (Column.BLOCKS, keys.ids(first), keys.ids(base.reach)),
        (Column.INDEX, keys.stale_nodes(first, 0), keys.stale_nodes(last, 0)),
        *(
            (Column.LOG, keys.log_node(level, 0), keys.log_node(level, floor >> level))
            for level in range(_LEVELS)
        ),
    ):
        store.compact(column, start, stop)
