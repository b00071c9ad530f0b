"""The RocksDB store: order, atomicity, and refusing every kind of damage."""

import os
import shutil
import signal
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rocksdict import Options

from chain.errors import Busy, Corruption
from node.replica.ports import Column, MemoryStore, Put, WriteBatch
from node.storage.options import RocksOptions, build_database_options
from node.storage.rocks import RocksStore

SMALL = RocksOptions(cache_size_bytes=1 << 20, write_buffers_size_bytes=1 << 20)
KEYS = st.binary(min_size=1, max_size=3)


def _write(store: RocksStore | MemoryStore, column: Column, **values: bytes | None) -> None:
    puts = tuple(Put(column, key.encode(), value) for key, value in values.items())
    store.write(WriteBatch(puts), sync=True)


def _copy_of_crash(store: RocksStore, target: Path) -> Path:
    """Copy the files of an open store: what a killed process leaves behind."""
    shutil.copytree(store.path, target)
    store.close()
    return target


def _log_of(path: Path) -> Path:
    return max(path.glob("*.log"), key=lambda file: file.stat().st_size)


def test_the_name_of_the_database_survives_a_power_cut(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    synced: list[Path] = []
    monkeypatch.setattr("node.storage.rocks.sync_folder", synced.append)
    RocksStore(tmp_path / "home" / "database", SMALL).close()
    assert synced == [tmp_path / "home"]


def test_a_synced_write_is_on_the_disk_when_it_returns(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    counted: list[Options] = []

    def build_counting(settings: RocksOptions) -> Options:
        options = build_database_options(settings)
        options.enable_statistics()
        counted.append(options)
        return options

    def count_syncs() -> int:
        lines = (counted[0].get_statistics() or "").splitlines()
        return int(next(x for x in lines if x.startswith("rocksdb.wal.synced ")).split()[-1])

    monkeypatch.setattr("node.storage.rocks.build_database_options", build_counting)
    puts = (Put(Column.STATE, b"key", b"value"),)
    with RocksStore(tmp_path / "db", SMALL) as store:
        before = count_syncs()
        store.write(WriteBatch(puts), sync=False)
        assert count_syncs() == before
        store.write(WriteBatch(puts), sync=True)
        assert count_syncs() == before + 1


def _write_until_refused(store: RocksStore) -> None:
    for number in range(1000):
        _write(store, Column.STATE, **{str(number): os.urandom(100_000)})


@pytest.fixture
def crashed(tmp_path: Path) -> Path:
    """A folder that a process left with fifty synced writes in its log."""
    store = RocksStore(tmp_path / "live", SMALL)
    for number in range(50):
        _write(store, Column.STATE, **{f"key-{number:03}": b"value " * 20})
    return _copy_of_crash(store, tmp_path / "crashed")


def test_reads_back_what_was_written_after_reopening(tmp_path: Path) -> None:
    with RocksStore(tmp_path / "db", SMALL) as store:
        store.write(
            WriteBatch((Put(Column.META, b"head", b"one"), Put(Column.STATE, b"head", b"two"))),
            sync=True,
        )
    with RocksStore(tmp_path / "db", SMALL) as store:
        assert store.get(Column.META, b"head") == b"one"
        assert store.get(Column.STATE, b"head") == b"two"
        assert store.get(Column.TREE, b"head") is None


def test_empty_value_is_a_value_and_none_deletes(tmp_path: Path) -> None:
    with RocksStore(tmp_path / "db", SMALL) as store:
        _write(store, Column.INDEX, a=b"", b=b"x")
        assert store.get(Column.INDEX, b"a") == b""
        _write(store, Column.INDEX, a=None)
        assert store.get(Column.INDEX, b"a") is None
        assert list(store.range(Column.INDEX, b"", b"\xff")) == [(b"b", b"x")]


def test_range_shows_one_moment_while_writing_goes_on(tmp_path: Path) -> None:
    with RocksStore(tmp_path / "db", SMALL) as store:
        _write(store, Column.STATE, a=b"1", c=b"1")
        pairs = store.range(Column.STATE, b"", b"\xff")
        assert next(pairs) == (b"a", b"1")
        _write(store, Column.STATE, b=b"2", c=b"2")
        assert list(pairs) == [(b"c", b"1")]


@given(data=st.dictionaries(KEYS, st.binary(max_size=4)), start=KEYS, stop=KEYS)
def test_ranges_are_those_of_the_store_in_memory(
    shared_store: RocksStore, data: dict[bytes, bytes], start: bytes, stop: bytes
) -> None:
    old = [key for key, _ in shared_store.range(Column.TREE, b"", b"\xff" * 4)]
    erase = tuple(Put(Column.TREE, key, None) for key in old)
    puts = tuple(Put(Column.TREE, key, value) for key, value in data.items())
    shared_store.write(WriteBatch(erase + puts), sync=False)
    memory = MemoryStore()
    memory.write(WriteBatch(puts), sync=False)
    for reverse in (False, True):
        found = list(shared_store.range(Column.TREE, start, stop, reverse=reverse))
        assert found == list(memory.range(Column.TREE, start, stop, reverse=reverse))


@pytest.fixture(scope="module")
def shared_store(tmp_path_factory: pytest.TempPathFactory) -> object:
    with RocksStore(tmp_path_factory.mktemp("shared") / "db", SMALL) as store:
        yield store


def test_all_synced_writes_are_there_after_a_crash(crashed: Path) -> None:
    with RocksStore(crashed, SMALL) as store:
        assert len(list(store.range(Column.STATE, b"", b"\xff"))) == 50


@pytest.mark.parametrize("place", [0.1, 0.5, 0.9, 0.999])
def test_one_flipped_bit_in_the_log_is_refused(crashed: Path, place: float) -> None:
    log = _log_of(crashed)
    data = bytearray(log.read_bytes())
    data[int(len(data) * place)] ^= 0x04
    log.write_bytes(data)
    with pytest.raises(Corruption) as caught:
        RocksStore(crashed, SMALL)
    assert caught.value.code in ("VT-6001", "VT-6003")


def test_unfinished_last_write_is_refused_unless_asked_for(crashed: Path) -> None:
    log = _log_of(crashed)
    log.write_bytes(log.read_bytes()[:-40])
    with pytest.raises(Corruption) as caught:
        RocksStore(crashed, SMALL)
    assert str(caught.value) == (
        f"VT-6003: {crashed}: Corruption: truncated record body. "
        "Power failed during a write, or acknowledged data was damaged."
    )
    tolerant = RocksOptions(accept_torn_tail=True)
    with RocksStore(crashed, tolerant) as store:
        assert len(list(store.range(Column.STATE, b"", b"\xff"))) == 49


def test_flipped_bit_is_refused_even_where_a_torn_tail_is_accepted(crashed: Path) -> None:
    log = _log_of(crashed)
    data = bytearray(log.read_bytes())
    data[len(data) // 2] ^= 0x01
    log.write_bytes(data)
    with pytest.raises(Corruption) as caught:
        RocksStore(crashed, RocksOptions(accept_torn_tail=True))
    assert caught.value.code == "VT-6001"


def test_damaged_table_is_noticed_when_it_is_read(tmp_path: Path) -> None:
    path = tmp_path / "db"
    with RocksStore(path, SMALL) as store:
        _write(store, Column.STATE, **{f"key-{n:04}": os.urandom(100) for n in range(500)})
    RocksStore(path, SMALL).close()  # opening again moves the log into a table
    table = max(path.glob("*.sst"), key=lambda file: file.stat().st_size)
    data = bytearray(table.read_bytes())
    for place in range(0, len(data) // 2, 512):
        data[place] ^= 0x10
    table.write_bytes(data)
    with RocksStore(path, SMALL) as store:
        with pytest.raises(Corruption, match="VT-6001"):
            store.get(Column.STATE, b"key-0001")
        with pytest.raises(Corruption, match="VT-6001"):
            list(store.range(Column.STATE, b"", b"\xff"))


def test_missing_table_of_contents_is_refused_instead_of_opened_empty(tmp_path: Path) -> None:
    path = tmp_path / "db"
    RocksStore(path, SMALL).close()
    (path / "CURRENT").unlink()
    with pytest.raises(Corruption) as caught:
        RocksStore(path, SMALL)
    assert caught.value.code == "VT-6006"


def test_second_opener_is_told_so(tmp_path: Path) -> None:
    with RocksStore(tmp_path / "db", SMALL), pytest.raises(Busy) as caught:
        RocksStore(tmp_path / "db", SMALL)
    assert str(caught.value) == f"VT-6002: {tmp_path / 'db'} is held by another process."


def test_second_process_is_told_so(tmp_path: Path) -> None:
    script = (
        "import sys, pathlib\nfrom node.storage.rocks import RocksStore\n"
        "try:\n    RocksStore(pathlib.Path(sys.argv[1]))\n"
        "except Exception as error:\n    print(error.code)\n"
    )
    with RocksStore(tmp_path / "db", SMALL):
        found = subprocess.run(
            [sys.executable, "-c", script, str(tmp_path / "db")],
            capture_output=True,
            text=True,
            check=True,
        )
    assert found.stdout.strip() == "VT-6002"


def test_closed_store_can_be_opened_again_at_once_and_refuses_reading(tmp_path: Path) -> None:
    store = RocksStore(tmp_path / "db", SMALL)
    store.close()
    store.close()
    with RocksStore(tmp_path / "db", SMALL), pytest.raises(Corruption) as caught:
        store.get(Column.META, b"head")
    assert caught.value.code == "VT-6007"


WRITER = """
import pathlib, sys
from node.replica.ports import Column, Put, WriteBatch
from node.storage.rocks import RocksStore
store = RocksStore(pathlib.Path(sys.argv[1]))
number = 0
while True:
    puts = tuple(Put(column, b"%08d" % number, b"x" * 300) for column in Column)
    store.write(WriteBatch(puts), sync=True)
    print(number, flush=True)
    number += 1
"""


@pytest.mark.parametrize("acknowledged_min", [1, 57])
def test_killed_writer_loses_nothing_it_acknowledged(tmp_path: Path, acknowledged_min: int) -> None:
    path = tmp_path / "db"
    acknowledged = -1
    with subprocess.Popen(
        [sys.executable, "-c", WRITER, str(path)], stdout=subprocess.PIPE, text=True
    ) as writer:
        assert writer.stdout is not None
        while acknowledged < acknowledged_min:
            acknowledged = int(writer.stdout.readline())
        writer.send_signal(signal.SIGKILL)
        for line in writer.stdout:
            if line.endswith("\n"):
                acknowledged = int(line)
    with RocksStore(path, RocksOptions(accept_torn_tail=True)) as store:
        counts = {column: len(list(store.range(column, b"", b"\xff"))) for column in Column}
    assert min(counts.values()) >= acknowledged + 1
    assert len(set(counts.values())) == 1, "a batch was applied in part"


def test_full_disk_has_its_own_code_and_stops_all_writing(tmp_path: Path) -> None:
    if os.geteuid() != 0 or shutil.which("mount") is None:
        pytest.skip("needs the right to mount a small file system")
    disk = tmp_path / "disk"
    disk.mkdir()
    mounted = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", "size=8m", "tmpfs", str(disk)], capture_output=True
    )
    if mounted.returncode != 0:
        pytest.skip("mounting a small file system is not allowed here")
    try:
        with RocksStore(disk / "db", SMALL) as store:
            with pytest.raises(Busy) as caught:
                _write_until_refused(store)
            assert str(caught.value) == f"VT-6004: There is no room left for {disk / 'db'}."
            with pytest.raises(Busy):
                _write(store, Column.STATE, small=b"x")
    finally:
        subprocess.run(["umount", str(disk)], check=True)


def test_what_was_deleted_leaves_the_disk_when_asked(tmp_path: Path) -> None:
    with RocksStore(tmp_path / "db") as store:
        rows = tuple(
            Put(Column.BLOCKS, number.to_bytes(8, "big"), os.urandom(5_000))
            for number in range(400)
        )
        store.write(WriteBatch(rows), sync=False)
        store.compact(Column.BLOCKS, b"", b"\xff")
        full = store.size_bytes()
        store.write(WriteBatch(tuple(Put(row.column, row.key, None) for row in rows)), sync=False)
        store.compact(Column.BLOCKS, b"", b"\xff")
        assert full > 2_000_000
        assert store.size_bytes() < full - 1_900_000
        assert list(store.range(Column.BLOCKS, b"", b"\xff")) == []


def test_merging_leaves_blocks_where_they_are(tmp_path: Path) -> None:
    with RocksStore(tmp_path / "db") as store:
        for height in range(6):
            rows = (Put(Column.BLOCKS, b"b%d" % height, os.urandom(40_000)),)
            store.write(WriteBatch(rows), sync=True)
            store.flush()
        blocks = _blocks_in(tmp_path / "db")
        assert len(blocks) == 6
        store.compact(Column.BLOCKS, b"", b"\xff")
        assert _blocks_in(tmp_path / "db") == blocks
        gone = tuple(Put(Column.BLOCKS, b"b%d" % height, None) for height in range(3))
        store.write(WriteBatch(gone), sync=True)
        store.compact(Column.BLOCKS, b"", b"\xff")
        for _ in range(100):  # files that nobody needs are removed a moment later
            if len(_blocks_in(tmp_path / "db")) == 3:
                break
            time.sleep(0.05)
        assert len(_blocks_in(tmp_path / "db")) == 3
        assert len(list(store.range(Column.BLOCKS, b"", b"\xff"))) == 3


def _blocks_in(folder: Path) -> dict[str, int]:
    """Name the files of blocks, and when each was written."""
    return {path.name: path.stat().st_mtime_ns for path in folder.glob("*.blob")}


def test_a_damaged_block_is_noticed_when_it_is_read(tmp_path: Path) -> None:
    with RocksStore(tmp_path / "db") as store:
        store.write(WriteBatch((Put(Column.BLOCKS, b"b1", os.urandom(40_000)),)), sync=True)
        store.flush()
    (file,) = (tmp_path / "db").glob("*.blob")
    data = bytearray(file.read_bytes())
    data[len(data) // 2] ^= 0x10
    file.write_bytes(data)
    with RocksStore(tmp_path / "db") as store, pytest.raises(Corruption, match="VT-6001"):
        store.get(Column.BLOCKS, b"b1")


def test_a_missing_file_of_blocks_is_damage_and_no_fault_of_the_disk(tmp_path: Path) -> None:
    with RocksStore(tmp_path / "db") as store:
        store.write(WriteBatch((Put(Column.BLOCKS, b"b1", os.urandom(40_000)),)), sync=True)
        store.flush()
    (file,) = (tmp_path / "db").glob("*.blob")
    file.unlink()
    with RocksStore(tmp_path / "db") as store, pytest.raises(Corruption, match="VT-6001"):
        store.get(Column.BLOCKS, b"b1")


def test_what_is_flushed_stands_in_tables_and_leaves_the_log(tmp_path: Path) -> None:
    with RocksStore(tmp_path / "db") as store:
        _write(store, Column.STATE, key=b"value")
        _write(store, Column.BLOCKS, key=b"block")
        assert _size_of_logs(tmp_path / "db") > 0
        store.flush()
        assert _size_of_logs(tmp_path / "db") == 0
        assert store.get(Column.STATE, b"key") == b"value"
        assert store.get(Column.BLOCKS, b"key") == b"block"


def _size_of_logs(folder: Path) -> int:
    return sum(path.stat().st_size for path in folder.glob("*.log"))


def test_closing_ends_a_compaction_and_a_closed_store_starts_none(tmp_path: Path) -> None:
    store = RocksStore(tmp_path / "db")
    rows = tuple(Put(Column.BLOCKS, os.urandom(8), os.urandom(4_000)) for _ in range(5_000))
    store.write(WriteBatch(rows), sync=False)
    with ThreadPoolExecutor(1) as thread:
        compacting = thread.submit(store.compact, Column.BLOCKS, b"", b"\xff" * 9)
        store.close()
        failed = compacting.exception()
    assert failed is None or str(failed).startswith("VT-6007")
    with pytest.raises(Corruption, match="VT-6007"):
        store.compact(Column.BLOCKS, b"", b"\xff")
    RocksStore(tmp_path / "db").close()
