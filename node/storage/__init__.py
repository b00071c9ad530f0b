"""The disk: RocksDB behind the replica's `WritableStore`, and what keeps it honest.

`rocks.py` is the store, `check.py` re-verifies what it holds, `last_signed.py` is the small file
that keeps a node from signing twice, `space.py` keeps room on the disk.
"""
