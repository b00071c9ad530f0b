"""Deleting what need not be kept: nothing that is needed goes, and nothing else stays."""

from collections.abc import Iterator

import pytest

from chain.errors import InvalidInput
from chain.genesis import Limits
from chain.log_range import name_roots
from chain.merkle import prove_inclusion_stored, verify_inclusion
from chain.scalars import Hash, Height
from chain.state_walk import walk
from node.replica import keys, pruning
from node.replica.past import Swept, load_base, load_block, load_header, load_swept
from node.replica.ports import Column, MemoryStore, Put, WriteBatch
from node.replica.pruning import Pruner, check_retained, least_retained
from node.replica.stored_log import StoredLog
from node.replica.stored_tree import StoredTree, read_state_at
from tests.unit.node.chain_builder import START_MS, TURBINE, ChainBuilder, build_demo

WINDOW = 2
RETAIN = 4
LIMITS = Limits(expiry_window_blocks=WINDOW)
BLOCKS = 12


@pytest.fixture(autouse=True)
def _little_slack(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pruning, "SNAPSHOT_SLACK_BLOCKS", 1)


@pytest.fixture
def chain() -> ChainBuilder:
    """Twelve blocks; values come and go and come back."""
    chain = ChainBuilder()
    chain.add_block(chain.register_turbine(), chain.register_turbine("R80721"))
    for number in range(2, BLOCKS + 1):
        value = ("1", "2")[number % 2]
        chain.add_block(
            *(
                chain.power(value, first_ms=START_MS + 1_000 * number + place, twin=twin)
                for place, twin in enumerate((TURBINE, "R80721")[: number % 3])
            )
        )
    return chain


def prune(chain: ChainBuilder, retain: int = RETAIN, held: Height | None = None) -> Pruner:
    pruner = Pruner(chain.store, LIMITS, retain)
    while (batch := pruner.step(chain.head, held)) is not None:
        chain.store.write(batch, sync=False)
    return pruner


def rows(chain: ChainBuilder, column: Column) -> list[bytes]:
    return [key for key, _ in chain.store.range(column, b"", b"\xff" * 9)]


def heights_in(chain: ChainBuilder, letter: bytes) -> list[int]:
    """Heights in the keys of one kind of rows about blocks."""
    found = (key for key in rows(chain, Column.BLOCKS) if key[:1] == letter)
    return [int.from_bytes(key[1:], "big") for key in found]


def test_everything_is_kept_unless_asked_otherwise(chain: ChainBuilder) -> None:
    pruner = Pruner(chain.store, LIMITS, 0)
    assert pruner.step(chain.head) is None
    assert pruner.base.height == 0


def test_the_newest_blocks_are_kept_and_the_others_go(chain: ChainBuilder) -> None:
    prune(chain)
    first = BLOCKS - RETAIN + 1
    for letter in (b"b", b"c", b"r", b"i"):
        assert heights_in(chain, letter) == list(range(first, BLOCKS + 1))
    assert heights_in(chain, b"g") == list(range(first - 1, BLOCKS + 1)), "and that of the base"
    index = rows(chain, Column.INDEX)
    assert sum(key[:1] == b"h" for key in index) == RETAIN
    assert sum(key[:1] == b"s" for key in index) == RETAIN
    kept = [t.id for block in chain.blocks[first - 1 :] for t in block.transactions]
    assert {key for key in index if key[:1] == b"t"} == {keys.transaction(id_) for id_ in kept}
    places = [keys.decode_place(key[-12:]) for key in index if key[:1] == b"w"]
    assert {height for height, _ in places} <= set(range(first, BLOCKS + 1))
    assert len(places) == len(kept)


def test_the_base_says_where_what_is_kept_begins(chain: ChainBuilder) -> None:
    prune(chain)
    base = load_base(chain.store)
    assert (base.height, base.reach) == (8, 8)
    assert chain.blocks[7].header == load_header(chain.store, Height(8))
    assert load_block(chain.store, Height(8)) is None
    size = chain.blocks[7].header.tx_log_size
    assert load_swept(chain.store) == Swept(Height(8), 0, Height(8), size)


def trees(chain: ChainBuilder, first: int) -> Iterator[Hash]:
    roots = [block.header.state_root for block in chain.blocks[first - 1 :]]
    for root in roots:
        yield from (node for node, _ in walk(root, StoredTree(chain.store).node))


def test_exactly_the_nodes_of_kept_trees_stay(chain: ChainBuilder) -> None:
    prune(chain)
    assert set(rows(chain, Column.TREE)) == set(trees(chain, 8))


def test_every_kept_state_reads_as_before(chain: ChainBuilder) -> None:
    state_keys = [key for key, _ in chain.store.range(Column.STATE, b"", b"\xff" * 9)]
    past = {
        (key, height): read_state_at(chain.store, key, Height(height))
        for key in state_keys
        for height in range(8, BLOCKS + 1)
    }
    before = len(rows(chain, Column.HISTORY))
    prune(chain)
    for (key, height), value in past.items():
        assert read_state_at(chain.store, key, Height(height)) == value
    assert len(rows(chain, Column.HISTORY)) < before


def test_values_that_nobody_can_ask_for_are_gone(chain: ChainBuilder) -> None:
    prune(chain)
    prefix = keys.history_prefix(b"twin/" + TURBINE.encode())
    versions = [
        keys.height_of_history(key)
        for key, _ in chain.store.range(Column.HISTORY, prefix, prefix + b"\xff" * 9)
    ]
    assert sum(height <= 8 for height in versions) == 1, "the newest at or below the base stays"


def test_the_log_still_proves_every_kept_transaction(chain: ChainBuilder) -> None:
    prune(chain)
    log = StoredLog(chain.store)
    floor = chain.blocks[7].header.tx_log_size
    for block in chain.blocks[8:]:
        size = block.header.tx_log_size
        for index in range(floor, size):
            path = prove_inclusion_stored(index, size, log.root)
            leaf = log.root(0, index)
            assert verify_inclusion(leaf, index, size, path, block.header.tx_log_root)
    held = [
        (key[0], keys.index_of_log_node(key) + len(row) // 32 - 1)
        for key, row in chain.store.range(Column.LOG, b"", b"\xff" * 9)
    ]
    left = [(level, last) for level, last in held if (last + 1) << level <= floor]
    assert sorted(left) == sorted(name_roots(floor)), "each row that is left ends with a root"


def test_nothing_is_left_to_do_until_the_chain_goes_on(chain: ChainBuilder) -> None:
    pruner = prune(chain)
    assert pruner.step(chain.head) is None
    chain.add_block()
    assert pruner.step(chain.head) is not None


def test_a_state_that_someone_is_given_is_held(chain: ChainBuilder) -> None:
    prune(chain, held=Height(5))
    assert load_base(chain.store).height == 5
    assert set(trees(chain, 5)) == set(rows(chain, Column.TREE))
    prune(chain)
    assert load_base(chain.store).height == 8


@pytest.mark.parametrize("size", [1, 3, 50])
def test_small_portions_and_new_beginnings_come_to_the_same(
    chain: ChainBuilder, size: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    whole = MemoryStore()
    for column in Column:
        pairs = chain.store.range(column, b"", b"\xff" * 9)
        whole.write(WriteBatch(tuple(Put(column, k, v) for k, v in pairs)), sync=True)
    monkeypatch.setattr(pruning, "ROWS_PER_STEP", size)
    monkeypatch.setattr(pruning, "TRANSACTIONS_PER_PORTION", 1)
    monkeypatch.setattr(pruning, "LEAVES_PER_PORTION", 1)
    monkeypatch.setattr("node.replica.stored_tree.STALE_PER_ROW", 1)
    while (batch := Pruner(chain.store, LIMITS, RETAIN).step(chain.head)) is not None:
        chain.store.write(batch, sync=False)
    monkeypatch.undo()
    monkeypatch.setattr(pruning, "SNAPSHOT_SLACK_BLOCKS", 1)
    expected = Pruner(whole, LIMITS, RETAIN)
    while (batch := expected.step(chain.head)) is not None:
        whole.write(batch, sync=False)
    for column in Column:
        assert list(chain.store.range(column, b"", b"\xff" * 9)) == list(
            whole.range(column, b"", b"\xff" * 9)
        )


def test_too_short_a_memory_is_refused() -> None:
    least = least_retained(LIMITS)
    assert least == WINDOW + 1
    check_retained(0, LIMITS)
    check_retained(least, LIMITS)
    with pytest.raises(InvalidInput) as caught:
        Pruner(MemoryStore(), LIMITS, least - 1)
    assert caught.value.code == "VT-6030"
    assert "2 blocks are too few" in caught.value.why
    assert "keep at least 3" in caught.value.why


def test_a_chain_with_contracts_and_actions_is_pruned_alike() -> None:
    chain = build_demo()
    prune(chain, retain=3)
    assert set(rows(chain, Column.TREE)) == set(trees(chain, 4))
    assert heights_in(chain, b"b") == [5, 6, 7]
