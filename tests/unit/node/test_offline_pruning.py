"""Pruning the home of a stopped node."""

from pathlib import Path

import pytest
from msgspec.structs import replace

from chain.errors import Busy, InvalidInput
from chain.genesis import genesis_to_json
from chain.scalars import NodeName
from node.config import NodeConfig, StorageConfig
from node.measure import measure_folder
from node.offline_pruning import prune_home
from node.opening import open_store
from node.replica import pruning
from node.storage.check import check_all
from node.storage.rocks import RocksStore
from tests.unit.node.chain_builder import ChainBuilder

BLOCKS = 30


@pytest.fixture
def config(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> NodeConfig:
    """A stopped node with thirty blocks, on a chain that forgets soon."""
    monkeypatch.setattr(pruning, "SNAPSHOT_SLACK_BLOCKS", -990)
    config = NodeConfig(node=NodeName("borne-energie-1"), home=str(tmp_path))
    with RocksStore(config.database_path) as store:
        chain = ChainBuilder(store)
        chain.add_block(chain.register_turbine())
        for number in range(BLOCKS - 1):
            chain.add_block(chain.power(str(number)))
    config.genesis_path.write_bytes(genesis_to_json(chain.genesis))
    return config


def keeping(config: NodeConfig, blocks: int) -> NodeConfig:
    return replace(config, storage=StorageConfig(retain_blocks=blocks))


def measure_tables(config: NodeConfig) -> int:
    """The size of what is stored, without RocksDB's own records, which no data makes larger."""
    return measure_folder(config.database_path, (".sst", ".blob"))


def test_the_settings_say_how_much_is_kept(config: NodeConfig) -> None:
    told: list[int] = []
    done = prune_home(keeping(config, 12), None, told.append)
    assert (done.base, done.head) == (18, 30)
    assert told == sorted(told)
    assert told[-1] == 18
    assert done.bytes_before > 0 < done.bytes_after


def test_what_was_freed_is_free_at_once(config: NodeConfig) -> None:
    with open_store(config):
        pass  # what was in the log is in tables now, as in a home that ran for long
    before = measure_tables(config)
    done = prune_home(keeping(config, 12), None)
    freed = done.bytes_before - done.bytes_after
    assert freed == before - measure_tables(config) > 20_000, "what is deleted waits in no log"


def test_the_command_line_has_the_last_word(config: NodeConfig) -> None:
    assert prune_home(keeping(config, 12), 20).base == 10
    assert prune_home(config, 15).base == 15
    assert prune_home(config, 25).base == 15, "what is gone is gone"


def test_what_is_kept_is_whole(config: NodeConfig) -> None:
    prune_home(config, 15)
    with open_store(config) as store:
        head = check_all(store, ChainBuilder().genesis)
    assert head is not None
    assert head.height == BLOCKS


def test_nothing_is_deleted_unless_somebody_says_so(config: NodeConfig) -> None:
    with pytest.raises(InvalidInput, match="VT-6031"):
        prune_home(config, None)
    with pytest.raises(InvalidInput, match="VT-6030"):
        prune_home(config, 9)


def test_a_node_that_runs_is_left_alone(config: NodeConfig) -> None:
    with open_store(config), pytest.raises(Busy, match="VT-6002"):
        prune_home(config, 15)
