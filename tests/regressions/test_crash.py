"""Power that fails between any two writes, and what was acknowledged by then."""

import shutil
from collections.abc import Iterator
from pathlib import Path

import msgspec
import pytest

from chain.genesis import Limits
from chain.scalars import TwinId
from chain.transaction import Transaction
from contracts.state_keys import twin_key
from node.config import NodeConfig, StorageConfig, load_config
from node.driver import Driver
from node.opening import OpenNode
from node.replica import events, keys, pruning
from node.replica.effects import Commit
from node.replica.past import load_base
from node.replica.ports import Column, WriteBatch
from node.replica.pruning import Pruner
from node.storage.check import check_all
from node.storage.rocks import RocksStore
from tests.unit.node.chain_builder import build_demo
from tests.unit.node.conftest import Place
from tests.unit.node.test_opening import NOW_MS, Opened

COUNT = 3
"""Transactions of the story; each makes a twin of its own in a block of its own."""


class Witness:
    """Stands before a node's real disk and copies the node's folder before every write.

    Each write is synced, so such a copy is what a power cut at that moment leaves.
    """

    def __init__(self, opened: OpenNode, folder: Path) -> None:
        self._opened = opened
        self._folder = folder
        self.copies: list[NodeConfig] = []
        self.lines: list[str] = []

    def get(self, column: Column, key: bytes) -> bytes | None:
        return self._opened.store.get(column, key)

    def range(
        self, column: Column, start: bytes, stop: bytes, *, reverse: bool = False
    ) -> Iterator[tuple[bytes, bytes]]:
        return self._opened.store.range(column, start, stop, reverse=reverse)

    def write(self, batch: WriteBatch, *, sync: bool) -> None:
        is_head = any(put.key == keys.HEAD for put in batch.puts)
        self.lines.append(("commit" if is_head else "write") + (" synced" if sync else " unsynced"))
        self.copy()
        self._opened.store.write(batch, sync=sync)

    def store(self, payload: bytes) -> None:
        self.copy()
        self._opened.signed_file.store(payload)

    def copy(self) -> None:
        home = self._folder / str(len(self.copies))
        left_out = shutil.ignore_patterns("ballast")
        shutil.copytree(self._opened.config.home_path, home, ignore=left_out)
        config = load_config(home / "node.yaml")
        storage = StorageConfig(ballast_size_bytes=0)
        self.copies.append(msgspec.structs.replace(config, storage=storage))


def live(place: Place, transactions: list[Transaction], folder: Path) -> Witness:
    """Let a node alone commit the transactions, each in a block, before a witness."""
    with Opened(place.config) as opened:
        witness = Witness(opened.node, folder)
        driver = Driver(opened.node.replica, witness, witness, lambda: NOW_MS)
        driver.step([events.Started(NOW_MS)])
        for number, transaction in enumerate(transactions):
            said = driver.step([events.Submitted(number, transaction.raw, NOW_MS)]).effects
            witness.lines += ["announced" for effect in said if isinstance(effect, Commit)]
        witness.copy()
    return witness


def has_twin(node: OpenNode, number: int) -> bool:
    """Tell whether transaction `number` of the story had its effect."""
    return node.store.get(Column.STATE, twin_key(TwinId(f"T{number}"))) is not None


def has_index(node: OpenNode, transaction: Transaction) -> bool:
    """Tell whether the node says that a block holds the transaction."""
    return node.store.get(Column.INDEX, keys.transaction(transaction.id)) is not None


def test_bug_16_power_that_fails_between_any_two_writes_loses_and_repeats_nothing(
    alone: Place, tmp_path: Path
) -> None:
    """etcd issues 13514 and 13766: the index of what was applied was stored apart from its effects,
    so a crash between the two lost an update or applied it twice."""
    transactions = [alone.sign(number) for number in range(COUNT)]
    witness = live(alone, transactions, tmp_path)
    heights = []
    for config in witness.copies:
        with Opened(config) as opened:
            node = opened.node
            check_all(node.store, node.genesis)
            heights.append(node.head.height)
            for number, transaction in enumerate(transactions):
                is_in = number < node.head.transactions_total
                assert (has_index(node, transaction), has_twin(node, number)) == (is_in, is_in)
            opened.step(events.Started(NOW_MS))
            for number, transaction in enumerate(transactions):
                opened.step(events.Submitted(number, transaction.raw, NOW_MS))
            assert node.replica.view().head.transactions_total == COUNT
            assert all(has_index(node, transaction) for transaction in transactions)
            check_all(node.store, node.genesis)
    assert heights == sorted(heights), "no later copy goes back"
    assert sorted(set(heights)) == list(range(heights[-1] + 1))
    assert len(heights) > 2 * heights[-1]


@pytest.mark.parametrize("rows", [1, 7, 100])
def test_bug_16_the_head_never_goes_back_while_old_blocks_are_deleted(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, rows: int
) -> None:
    """etcd issue 17780: after a crash while old revisions were being compacted the store was at an
    earlier revision than it had acknowledged."""
    monkeypatch.setattr(pruning, "ROWS_PER_STEP", rows)
    monkeypatch.setattr(pruning, "SNAPSHOT_SLACK_BLOCKS", 1)
    limits = Limits(expiry_window_blocks=2)
    path = tmp_path / "live"
    with RocksStore(path) as store:
        chain = build_demo(store)
        bases = [0]
        for number in range(1_000):
            batch = Pruner(store, limits, 3).step(chain.head)  # It was started anew.
            if batch is None:
                break
            store.write(batch, sync=False)
            if number % (50 // rows + 1) == 0:
                shutil.copytree(path, tmp_path / str(number))
                with RocksStore(tmp_path / str(number)) as copy:
                    assert check_all(copy, chain.genesis) == chain.head
                    bases.append(load_base(copy).height)
        bases.append(load_base(store).height)
        assert bases == sorted(bases)
        assert bases[-1] == chain.head.height - 3
        assert check_all(store, chain.genesis) == chain.head


def test_bug_16_a_block_is_announced_when_one_synced_write_holds_all_of_it(
    alone: Place, tmp_path: Path
) -> None:
    """etcd issue 14370: a cluster of one node acknowledged a write before it was synced, and lost
    it with the power."""
    witness = live(alone, [alone.sign(number) for number in range(COUNT)], tmp_path)
    story = [line for line in witness.lines if line != "write synced"]
    assert story == ["commit synced"] + ["commit synced", "announced"] * COUNT
