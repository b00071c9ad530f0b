"""Pruning a node that is stopped, all at once: for a home that was kept whole until now."""

from collections.abc import Callable
from dataclasses import dataclass

from chain.errors import InvalidInput
from chain.scalars import Height
from node.config import NodeConfig
from node.home import load_genesis
from node.measure import measure_folder
from node.opening import load_head, open_store
from node.replica.pruning import Pruner
from node.replica.snapshot_install import finish_install
from node.storage.freeing import free_pruned
from node.storage.rocks import DATA_ENDINGS

Progress = Callable[[Height], None]
"""Told the height below which nothing is kept any more."""


@dataclass(frozen=True, slots=True)
class Pruned:
    """What came of it; sizes of the files with the database's data in bytes."""

    base: Height
    head: Height
    bytes_before: int
    bytes_after: int


def prune_home(
    config: NodeConfig, retain_blocks: int | None, progress: Progress = lambda _: None
) -> Pruned:
    """Delete what a stopped node need not keep, and give the disk back.

    Args: retain_blocks: in the place of `storage.retain_blocks`, when given.
    Raises: InvalidInput: VT-6030 too few, VT-6031 everything is to be kept; Busy: VT-6002 the node
    runs; Corruption: the database is damaged.
    """
    retained = config.storage.retain_blocks if retain_blocks is None else retain_blocks
    if retained == 0:
        raise InvalidInput("VT-6031")
    before = measure_folder(config.database_path, DATA_ENDINGS)
    genesis = load_genesis(config.genesis_path)
    with open_store(config, is_alone=True) as store:
        finish_install(store, genesis.limits)
        head = load_head(store, genesis, config.storage.check_blocks)
        pruner = Pruner(store, genesis.limits, retained)
        while (batch := pruner.step(head)) is not None:
            store.write(batch, sync=False)
            progress(pruner.base.height)
        free_pruned(store)
        store.flush()
    after = measure_folder(config.database_path, DATA_ENDINGS)
    return Pruned(pruner.base.height, head.height, before, after)
