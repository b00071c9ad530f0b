"""What the database is set up for: questions about unknown ids stay cheap as the chain grows."""

import random
import time
from hashlib import sha256
from pathlib import Path

from node.replica.ports import Column, Put, WriteBatch
from node.storage.options import RocksOptions
from node.storage.rocks import RocksStore

SMALL_CACHE = RocksOptions(cache_size_bytes=1 << 20)
ASKED = 300


def key_of(number: int) -> bytes:
    return sha256(number.to_bytes(8, "big")).digest()


def seconds_for_unknown_keys(path: Path, keys: int) -> float:
    """Give the CPU time of questions for keys that a merged column of so many does not hold."""
    with RocksStore(path, SMALL_CACHE) as store:
        for first in range(0, keys, 5_000):
            group = range(first, first + 5_000)
            puts = tuple(Put(Column.INDEX, key_of(number), b"place") for number in group)
            store.write(WriteBatch(puts), sync=False)
        store.compact(Column.INDEX, b"", b"\xff" * 33)
        best = float("inf")
        for turn in range(5):
            first = keys + turn * ASKED
            begun = time.thread_time()
            for number in range(first, first + ASKED):
                assert store.get(Column.INDEX, key_of(number)) is None
            best = min(best, time.thread_time() - begun)
    return best


def test_an_unknown_id_costs_no_more_in_a_long_chain(tmp_path: Path) -> None:
    """The filter of 450,000 keys is larger than what the cache keeps in one piece."""
    few = seconds_for_unknown_keys(tmp_path / "few", 10_000)
    many = seconds_for_unknown_keys(tmp_path / "many", 450_000)
    assert many < 8 * few


def test_merging_files_leaves_the_cores_to_others(tmp_path: Path) -> None:
    """Two megabytes that cannot be compressed are merged, at two megabytes a second."""
    slow = RocksOptions(background_bytes_per_s_max=4 << 20)
    with RocksStore(tmp_path / "slow", slow) as store:
        for first in range(0, 3):
            puts = tuple(
                Put(Column.TREE, key_of(n), random.Random(n).randbytes(1_000))
                for n in range(first, 2_000, 3)
            )
            store.write(WriteBatch(puts), sync=False)
            store.flush()
        begun = time.monotonic()
        store.compact(Column.TREE, b"", b"\xff" * 33)
        assert time.monotonic() - begun > 0.2
