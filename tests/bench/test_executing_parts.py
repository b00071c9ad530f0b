"""What a decided height costs: executing its block, the tree, and the batch that commits it."""

from pathlib import Path

import pytest

from chain import state_tree
from node.replica.commit import build_batch
from node.replica.stored_tree import CachedNodes, StoredTree
from node.storage.rocks import RocksStore
from tests.bench.conftest import Measure
from tests.bench.material import Executing

pytestmark = pytest.mark.bench


def test_execute_a_block_of_1000_single_updates(measure: Measure, singles: Executing) -> None:
    measure(singles.execute)


def test_execute_a_block_of_100_batches(measure: Measure, batches: Executing) -> None:
    measure(batches.execute)


def test_execute_50_updates_that_wake_a_contract(measure: Measure, woken: Executing) -> None:
    assert any(b"contract-state/" in key for key in woken.execute().writes)
    measure(woken.execute)


def test_update_the_state_tree_after_1000_updates(measure: Measure, singles: Executing) -> None:
    executed, root = singles.execute(), singles.head.state_root
    nodes = CachedNodes(StoredTree(singles.store))
    assert state_tree.update(root, executed.writes, nodes.node).root == executed.tree.root
    measure(lambda: state_tree.update(root, executed.writes, nodes.node))


def test_build_the_commit_batch_of_1000_updates(measure: Measure, singles: Executing) -> None:
    executed = singles.execute()
    certificate = singles.chain.decide(executed, range(4))
    measure(lambda: build_batch(executed, certificate))


def test_write_the_commit_batch_of_1000_updates(
    measure: Measure, singles: Executing, tmp_path: Path
) -> None:
    executed = singles.execute()
    batch = build_batch(executed, singles.chain.decide(executed, range(4)))
    with RocksStore(tmp_path / "db") as store:
        # Not synced: how long a disk takes says nothing of the code.
        measure(lambda: store.write(batch, sync=False))
