"""How RocksDB is set up: careful about damage, modest with memory, small on disk."""

from dataclasses import dataclass

from rocksdict import (
    BlockBasedIndexType,
    BlockBasedOptions,
    Cache,
    DBCompressionType,
    DBRecoveryMode,
    Options,
    WriteOptions,
)

from node.replica.ports import Column

_POINT_READ = frozenset({Column.INDEX, Column.STATE, Column.TREE})
_HASHES_ONLY = frozenset({Column.TREE, Column.LOG})
_DELETED_HERE_AND_THERE = frozenset({Column.INDEX, Column.HISTORY, Column.TREE})
"""Where old rows stand among new ones, so that no range of keys is free as a whole."""
_MERGED_AT = 12
"""How many files of a column lie beside each other before they are merged with those below.

Most keys begin with a hash, so each merging rewrites all that lies below: with RocksDB's own 4 it
took twice the CPU time under load, and looking into 12, each with its filter, is not slower.
"""
_PIECE_SIZE = 128 << 10
"""The cache is made of shards of a megabyte, and keeps nothing that is larger than one."""
_BUFFERS_MAX = 6
"""How many buffers of a column may wait to be written before a write waits for them.

On a full disk that wait never ends, and nothing else of the process runs meanwhile. What a buffer
did not find room for is less than a buffer, so with some more of them the log finds the disk full
first, which is an error that can be told.
"""
_REFILL_US = 100_000
_FLUSHES_FIRST = 10
"""One request in so many may be that of a merge while a flush waits."""
_SLOWED_AT = 30
_STOPPED_AT = 48
_APART_FROM = 4 << 10
"""What is as large as this stands in files beside the tables of blocks, which no merge rewrites."""
_APART_MAX = 32 << 20
"""The size of such a file: it is freed as a whole, once nothing in it is kept."""
_DELETIONS = (1_024, 256, 0.25)
"""A file is rewritten once 256 of 1,024 neighbours, or a quarter of all its rows, are deletions."""


@dataclass(frozen=True, slots=True)
class RocksOptions:
    """Sizes in bytes that bound what the database takes of the machine.

    Defaults suit a machine with 2 cores and 1 GiB. `background_bytes_per_s_max` bounds what flushes
    and merges write: a transaction takes 2 kB of it, 4 after some millions, and 4 ms of CPU time go
    with each megabyte. `accept_torn_tail` drops one unfinished write at the end of the log instead
    of refusing to open; see `rocks.RocksStore`.
    """

    cache_size_bytes: int = 64 << 20
    write_buffers_size_bytes: int = 64 << 20
    wal_size_bytes_max: int = 128 << 20
    open_files_max: int = 256
    background_jobs: int = 2
    background_bytes_per_s_max: int = 80 << 20
    accept_torn_tail: bool = False


def build_database_options(settings: RocksOptions) -> Options:
    """Give the options of the whole database."""
    options = Options(raw_mode=True)
    options.create_if_missing(True)
    options.create_missing_column_families(True)
    options.set_paranoid_checks(True)
    options.set_wal_recovery_mode(_recovery_mode(settings))
    options.set_max_open_files(settings.open_files_max)
    options.set_max_background_jobs(settings.background_jobs)
    # Merging some hundred megabytes as fast as it can takes the cores from consensus for seconds.
    # It begins at half of the bound, goes down to a twentieth where that keeps up, and gets 5 %
    # faster every ten seconds where it does not.
    options.set_auto_tuned_ratelimiter(
        settings.background_bytes_per_s_max, _REFILL_US, _FLUSHES_FIRST
    )
    options.set_db_write_buffer_size(settings.write_buffers_size_bytes)
    options.set_max_total_wal_size(settings.wal_size_bytes_max)
    options.set_keep_log_file_num(3)
    options.set_max_log_file_size(4 << 20)
    options.set_stats_dump_period_sec(0)
    options.set_stats_persist_period_sec(0)
    return options


def build_column_options(settings: RocksOptions, column: Column, cache: Cache) -> Options:
    """Give the options of one column; all columns share `cache`."""
    table = BlockBasedOptions()
    table.set_block_cache(cache)
    table.set_cache_index_and_filter_blocks(True)
    # In pieces: the filter of a large file is more than a shard of the cache holds, so each
    # question about an unknown id would read it anew, 130 us.
    table.set_index_type(BlockBasedIndexType.two_level_index_search())
    table.set_partition_filters(True)
    table.set_metadata_block_size(_PIECE_SIZE)
    table.set_pin_top_level_index_and_filter(True)
    table.set_pin_l0_filter_and_index_blocks_in_cache(True)
    if column in _POINT_READ:
        table.set_bloom_filter(10, False)
    options = Options(raw_mode=True)
    options.set_block_based_table_factory(table)
    options.set_write_buffer_size(max(1 << 20, settings.write_buffers_size_bytes // 4))
    options.set_max_write_buffer_number(_BUFFERS_MAX)
    options.set_level_compaction_dynamic_level_bytes(True)
    options.set_level_zero_file_num_compaction_trigger(_MERGED_AT)
    options.set_level_zero_slowdown_writes_trigger(_SLOWED_AT)
    options.set_level_zero_stop_writes_trigger(_STOPPED_AT)
    if column in _DELETED_HERE_AND_THERE:
        options.add_compact_on_deletion_collector_factory(*_DELETIONS)
    if column is Column.BLOCKS:
        # Nearly all is deleted from the lowest height on, so these files become free one by one.
        options.set_enable_blob_files(True)
        options.set_min_blob_size(_APART_FROM)
        options.set_blob_file_size(_APART_MAX)
        options.set_blob_compression_type(DBCompressionType.zstd())
    if column in _HASHES_ONLY:  # hashes do not compress
        options.set_compression_type(DBCompressionType.none())
    else:
        # Zstd would save a tenth of these columns, and merges would take twice the CPU time.
        options.set_compression_type(DBCompressionType.lz4())
    return options


def build_write_options(*, sync: bool) -> WriteOptions:
    """Give the options of one write; with `sync` it returns after the log's fsync."""
    options = WriteOptions()
    options.sync = sync
    return options


def _recovery_mode(settings: RocksOptions) -> DBRecoveryMode:
    # The default (point in time) opens a damaged log without a word and forgets synced writes.
    if settings.accept_torn_tail:
        return DBRecoveryMode.tolerate_corrupted_tail_records()
    return DBRecoveryMode.absolute_consistency()
