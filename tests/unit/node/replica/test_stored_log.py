"""The log on disk: few rows for many subtrees, each found again, and none kept for nothing."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chain.errors import Corruption
from chain.log_range import name_roots
from chain.merkle import Completed, Frontier, append, index_completed, leaf_hash
from chain.scalars import HASH_SIZE, Hash
from node.replica import keys
from node.replica.ports import Column, MemoryStore, Put, WriteBatch
from node.replica.stored_log import (
    ROOTS_PER_ROW,
    StoredLog,
    log_puts,
    rows_beyond,
    rows_needed,
    rows_passed,
)

Blocks = list[int]
blocks = st.lists(st.integers(0, 40) | st.just(ROOTS_PER_ROW + 3), min_size=1, max_size=8)


class Log:
    """A log that grew by blocks of these sizes, in a store.

    Args: is_old: an older version wrote it; old_blocks: that wrote so many of its blocks.
    """

    def __init__(self, sizes: Blocks, is_old: bool = False, old_blocks: int = 0) -> None:
        self.store = MemoryStore()
        self.roots: dict[tuple[int, int], Hash] = {}
        self.ends: list[int] = []
        frontier = Frontier()
        for number, count in enumerate(sizes):
            leaves = [leaf_hash(b"%d" % (frontier.size + place)) for place in range(count)]
            frontier, completed = append(frontier, leaves)
            roots = index_completed(completed)
            singles = [Completed(*node, (root,)) for node, root in roots.items()]
            self.write(*log_puts(singles if is_old or number < old_blocks else completed))
            self.roots |= roots
            self.ends.append(frontier.size)

    def write(self, *puts: Put) -> None:
        self.store.write(WriteBatch(puts), sync=False)

    def delete(self, rows: list[bytes]) -> None:
        self.write(*(Put(Column.LOG, row, None) for row in rows))

    def rows(self) -> dict[bytes, bytes]:
        return dict(self.store.range(Column.LOG, b"", b"\xff" * 10))

    def held(self) -> list[set[tuple[int, int]]]:
        """Name the subtrees of each row."""
        return [
            {
                (key[0], keys.index_of_log_node(key) + offset)
                for offset in range(len(row) // HASH_SIZE)
            }
            for key, row in self.rows().items()
        ]


def ends_at(node: tuple[int, int]) -> int:
    return (node[1] + 1) << node[0]


@given(blocks)
def test_every_subtree_is_found_and_no_other(sizes: Blocks) -> None:
    log = Log(sizes)
    stored = StoredLog(log.store)
    for (level, index), root in log.roots.items():
        assert stored.find(level, index) == StoredLog(log.store).root(level, index) == root
    assert stored.find(0, log.ends[-1]) is None
    with pytest.raises(Corruption) as caught:
        stored.root(20, 7)
    assert caught.value.code == "VT-6013"


def test_a_large_block_is_few_rows_and_none_is_long() -> None:
    log = Log([100, 2_000])
    assert len(Log([100]).rows()) == 7
    assert len(log.rows()) < 40
    assert max(map(len, log.rows().values())) == ROOTS_PER_ROW * HASH_SIZE
    firsts = [keys.index_of_log_node(key) for key in log.rows()]
    for first, row in zip(firsts, log.rows().values(), strict=True):
        assert first % ROOTS_PER_ROW + len(row) // HASH_SIZE <= ROOTS_PER_ROW


@given(blocks, st.integers(0, 8))
def test_rows_of_one_subtree_as_older_versions_wrote_them_are_read_alike(
    sizes: Blocks, old: int
) -> None:
    log = Log(sizes, old_blocks=old)
    for (level, index), root in log.roots.items():
        assert StoredLog(log.store).find(level, index) == root
    whole = Log(sizes, is_old=True)
    assert len(whole.rows()) == len(whole.roots)
    end = whole.ends[-1]
    named = {(key[0], keys.index_of_log_node(key)) for key in rows_needed(whole.store, end)}
    assert named == set(name_roots(end))


def test_a_row_within_another_hides_nothing() -> None:
    log = Log([8])
    log.write(Put(Column.LOG, keys.log_node(0, 3), log.roots[0, 3]))
    for first in (True, False):
        stored = StoredLog(log.store)
        if first:
            stored.find(0, 3)
        assert [stored.find(0, index) for index in range(8)] == [
            log.roots[0, index] for index in range(8)
        ]


@given(blocks, st.booleans(), st.integers(1, 50), st.integers(0, 1_000))
def test_what_is_passed_is_what_nothing_later_needs(
    sizes: Blocks, is_old: bool, portion: int, share: int
) -> None:
    """Also where a row goes on beyond the floor, as rows of a snapshot do."""
    log = Log(sizes, is_old)
    floor = log.ends[-1] * share // 1_000
    gone: list[bytes] = []
    for before in range(0, floor, portion):
        gone += rows_passed(log.store, before, min(floor, before + portion))
    assert len(gone) == len(set(gone)), "no row is named twice"
    log.delete(gone)
    needed = set(name_roots(floor)) | {node for node in log.roots if ends_at(node) > floor}
    held = log.held()
    assert needed <= set().union(*held)
    assert all(not needed.isdisjoint(row) for row in held)


@given(blocks, st.booleans(), st.integers(0, 1_000))
def test_what_lies_beyond_and_what_an_end_needs_is_named(
    sizes: Blocks, is_old: bool, share: int
) -> None:
    log = Log(sizes, is_old)
    end = log.ends[-1]
    floor = end * share // 1_000
    beyond = set(rows_beyond(log.store, floor, end))
    for key, held in zip(log.rows(), log.held(), strict=True):
        assert (key in beyond) == any(ends_at(node) > floor for node in held)
    log.delete(list(rows_passed(log.store, 0, end)))
    assert set(rows_needed(log.store, end)) == log.rows().keys()
    assert set(name_roots(end)) <= set().union(*log.held())
