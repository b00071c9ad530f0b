"""Pruning against a full mark and sweep, over histories in which values come back."""

from collections.abc import Iterator
from dataclasses import replace

import hypothesis.strategies as st
import pytest
from hypothesis import given
from msgspec.structs import replace as with_fields

from chain import state_tree
from chain.genesis import Limits
from chain.hashing import EMPTY_HASH
from chain.scalars import Hash, Height
from chain.state_walk import walk
from node.replica import keys, pruning
from node.replica.commit import build_batch
from node.replica.ports import Column, MemoryStore
from node.replica.pruning import Pruner
from node.replica.stored_tree import StoredTree, read_state_at
from tests.unit.node.chain_builder import ChainBuilder

LIMITS = Limits(expiry_window_blocks=1)
KEYS = tuple(b"k%d" % number for number in range(6))
END = b"\xff" * 9

writes = st.dictionaries(st.sampled_from(KEYS), st.none() | st.sampled_from((b"a", b"b")))
histories = st.lists(st.tuples(writes, st.booleans()), min_size=1, max_size=14)

_BUILDER = ChainBuilder()
TEMPLATE = _BUILDER.add_block()


class Chain:
    """Blocks without transactions that write whatever they are told."""

    def __init__(self) -> None:
        self.store = MemoryStore()
        self.roots: list[Hash] = [EMPTY_HASH]
        self.states: list[dict[bytes, bytes]] = [{}]
        self.head = _BUILDER.head

    def add(self, changes: dict[bytes, bytes | None]) -> None:
        height = Height(len(self.roots))
        tree = state_tree.update(self.roots[-1], changes, StoredTree(self.store).node)
        header = with_fields(TEMPLATE.header, height=height, state_root=tree.root)
        block = with_fields(TEMPLATE.block, header=header)
        executed = replace(
            TEMPLATE, block=block, hash=Hash(bytes([height]) * 32), writes=changes, tree=tree
        )
        certificate = with_fields(_BUILDER.certificates[0], height=height)
        self.store.write(build_batch(executed, certificate), sync=True)
        self.head = with_fields(self.head, height=height)
        self.roots.append(tree.root)
        state = {**self.states[-1], **changes}
        self.states.append({key: value for key, value in state.items() if value is not None})

    def live(self, first: int) -> Iterator[Hash]:
        """Every node of the trees from a height on."""
        for root in self.roots[first:]:
            yield from (node for node, _ in walk(root, StoredTree(self.store).node))

    def stored(self, column: Column) -> set[bytes]:
        return {key for key, _ in self.store.range(column, b"", END)}

    def check(self, base: int) -> None:
        """Everything from the base on is there; of the trees, nothing else is."""
        assert self.stored(Column.TREE) == set(self.live(base))
        for height in range(base, len(self.roots)):
            for key in KEYS:
                found = read_state_at(self.store, key, Height(height))
                assert found == self.states[height].get(key)
        for key in KEYS:
            # A write that changes nothing makes no leaf stale; it goes with the next one that does.
            old = [
                height
                for row, _ in self.store.range(
                    Column.HISTORY, keys.history_prefix(key), keys.history_prefix(key) + END
                )
                if (height := keys.height_of_history(row)) <= base and self._changed(key, height)
            ]
            assert len(old) <= 1, "only the newest value at or below the base"

    def _changed(self, key: bytes, height: int) -> bool:
        return self.states[height].get(key) != self.states[height - 1].get(key)


@given(histories, st.integers(2, 5), st.integers(1, 40))
def test_what_is_kept_is_what_a_mark_and_sweep_keeps(
    history: list[tuple[dict[bytes, bytes | None], bool]], retain: int, rows: int
) -> None:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(pruning, "SNAPSHOT_SLACK_BLOCKS", 1)
        patch.setattr(pruning, "ROWS_PER_STEP", rows)
        chain = Chain()
        pruner = Pruner(chain.store, LIMITS, retain)
        for changes, does_restart in history:
            chain.add(changes)
            batch = pruner.step(chain.head)
            if batch is not None:
                chain.store.write(batch, sync=False)
            if does_restart:
                pruner = Pruner(chain.store, LIMITS, retain)
        while (batch := pruner.step(chain.head)) is not None:
            chain.store.write(batch, sync=False)
        assert pruner.base.height == max(0, len(history) - retain)
        chain.check(pruner.base.height)
