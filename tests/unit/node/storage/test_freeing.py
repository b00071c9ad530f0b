"""After pruning the disk has its room back, and everything that is kept reads as before."""

from hashlib import sha256
from pathlib import Path

import pytest

from chain.genesis import Limits
from chain.proven_receipt import receipt_from_json
from chain.proven_receipt_check import check_receipt
from chain.scalars import Height
from node.measure import measure_folder
from node.reader import Reader
from node.replica import pruning
from node.replica.past import load_base
from node.replica.ports import Column
from node.replica.pruning import Pruner
from node.storage.check import check_all
from node.storage.freeing import free_pruned
from node.storage.options import RocksOptions
from node.storage.rocks import RocksStore
from tests.unit.node.chain_builder import START_MS, ChainBuilder

BLOCKS = 60
KEPT = 6
READINGS = 400


@pytest.fixture(autouse=True)
def _little_slack(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pruning, "SNAPSHOT_SLACK_BLOCKS", 1)


def decimal_of(number: int) -> str:
    """A decimal of 38 digits that nobody can compress."""
    digest = sha256(number.to_bytes(8, "big")).digest()
    return "1" + str(int.from_bytes(digest, "big"))[:37]


def build(store: RocksStore) -> ChainBuilder:
    """A chain of many readings, which hardly compress.

    What is pruned later shares no blob file with what is kept, which would keep it on the disk,
    so that the size after pruning does not hang on when RocksDB found the time to write.
    """
    chain = ChainBuilder(store)
    chain.add_block(chain.register_turbine(), chain.register_turbine("R80721"))
    for number in range(BLOCKS):
        if number == BLOCKS - KEPT - 2:
            store.compact(Column.BLOCKS, b"", b"\xff" * 9)
        values = [decimal_of(number * READINGS + place) for place in range(READINGS)]
        first_ms = START_MS + number * READINGS
        chain.add_block(
            *(
                chain.power(*values, first_ms=first_ms, step_ms=1, twin=twin)
                for twin in ("R80711", "R80721")
            )
        )
    return chain


def tables_in(folder: Path) -> int:
    """The size of what is stored, without RocksDB's own logs, which no data makes larger."""
    return measure_folder(folder, (".sst", ".blob"))


def prune(chain: ChainBuilder) -> int:
    pruner = Pruner(chain.store, Limits(expiry_window_blocks=2), KEPT)
    steps = 0
    while (batch := pruner.step(chain.head)) is not None:
        chain.store.write(batch, sync=False)
        steps += 1
    return steps


def test_the_folder_shrinks_and_what_is_kept_is_whole(tmp_path: Path) -> None:
    folder = tmp_path / "database"
    options = RocksOptions(write_buffers_size_bytes=1 << 20, wal_size_bytes_max=1 << 20)
    with RocksStore(folder, options) as store:
        chain = build(store)
        genesis = chain.genesis
        old = chain.blocks[3].transactions[0].id
        issued = Reader(store, genesis).proofs.receipt(old)
        assert issued is not None
    with RocksStore(folder, options) as store:
        for column in Column:
            store.compact(column, b"", b"\xff" * 9)
    before, tables = measure_folder(folder), tables_in(folder)
    with RocksStore(folder, options) as store:
        chain.store = store
        assert prune(chain) >= 1
        free_pruned(store)
    after, tables_after = measure_folder(folder), tables_in(folder)
    assert after < before, (before, after)
    assert tables_after < tables * 0.35, (tables, tables_after)
    with RocksStore(folder, options) as store:
        assert load_base(store).height == chain.head.height - KEPT
        assert check_all(store, genesis) == chain.head
        free_pruned(store)
    verdict = check_receipt(receipt_from_json(issued), genesis)
    assert verdict.transaction == old, "a receipt that was issued before verifies without the node"


def test_nothing_is_freed_where_everything_is_kept(tmp_path: Path) -> None:
    with RocksStore(tmp_path / "database") as store:
        chain = ChainBuilder(store)
        chain.add_block(chain.register_turbine())
        free_pruned(store)
        assert check_all(store, chain.genesis) == chain.head
        assert load_base(store).height == Height(0)
