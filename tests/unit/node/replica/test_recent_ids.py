"""Ids in memory: what a block of the window holds is never denied, and most of the rest is."""

from collections.abc import Iterator
from hashlib import sha256

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chain.scalars import Hash, Height
from node.replica import keys, recent_ids
from node.replica.ports import Column, MemoryStore, Put, WriteBatch
from node.replica.recent_ids import RecentIds

WINDOW = 5


@pytest.fixture(autouse=True, scope="module")
def _small_table() -> Iterator[None]:
    """Forgetting walks over all of it."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(recent_ids, "_PLACES", 1 << 14)
        patch.setattr(recent_ids, "_MASK", (1 << 14) - 1)
        yield


class Chain:
    """Blocks of ids in a store, and what is remembered of them."""

    def __init__(self, window: int = WINDOW) -> None:
        self.store = MemoryStore()
        self.window = window
        self.recent = RecentIds(self.store, window)
        self.blocks: list[list[Hash]] = [[]]

    @property
    def head(self) -> Height:
        return Height(len(self.blocks) - 1)

    def write(self, count: int) -> list[Hash]:
        """Put a block into the store, as a commit does."""
        height = Height(len(self.blocks))
        ids = [Hash(sha256(b"%d %d" % (height, number)).digest()) for number in range(count)]
        self.blocks.append(ids)
        put = Put(Column.BLOCKS, keys.ids(height), b"".join(ids))
        self.store.write(WriteBatch((put,)), sync=False)
        return ids

    def commit(self, count: int = 3) -> None:
        ids = self.write(count)
        self.recent.follow(self.head, ids)

    def denied(self) -> set[Hash]:
        """Give the ids of the window that are denied; each would be committed twice."""
        first = max(0, self.head + 1 - self.window)
        held = [id_ for block in self.blocks[first:] for id_ in block]
        return {id_ for id_ in held if not self.recent.may_hold(id_, self.head)}

    def unknown_denied(self) -> int:
        """Give how many of a hundred ids that no block holds are denied."""
        others = [Hash(sha256(b"other %d" % number).digest()) for number in range(100)]
        return sum(not self.recent.may_hold(id_, self.head) for id_ in others)


def test_from_the_first_block_on_no_disk_is_asked() -> None:
    chain = Chain()
    chain.recent.begin(Height(0))
    assert chain.unknown_denied() == 100
    for _ in range(20):
        chain.commit()
        assert chain.denied() == set()
        assert chain.unknown_denied() >= 98


def test_nothing_is_denied_before_anything_is_known() -> None:
    chain = Chain()
    for _ in range(3):
        chain.write(3)
    assert chain.denied() == set()
    assert chain.unknown_denied() == 0


@pytest.mark.parametrize(("blocks", "ids"), [(8, 1_000), (1_000, 22)])
def test_after_a_start_older_ids_are_read_bit_by_bit(
    monkeypatch: pytest.MonkeyPatch, blocks: int, ids: int
) -> None:
    monkeypatch.setattr(recent_ids, "OLDER_BLOCKS", blocks)
    monkeypatch.setattr(recent_ids, "OLDER_IDS", ids)
    chain = Chain(window=40)
    for _ in range(100):
        chain.write(3)
    chain.recent.begin(chain.head)
    known = []
    for _ in range(8):
        assert chain.denied() == set()
        known.append(chain.unknown_denied() > 0)
        chain.commit()
    assert known == sorted(known), "what is known is not forgotten again"
    assert known[1] is False
    assert known[-1] is True


def test_where_older_ids_are_not_kept_the_window_has_to_pass() -> None:
    chain = Chain()
    for _ in range(10):
        chain.write(3)
    for height in range(11):
        gone = Put(Column.BLOCKS, keys.ids(Height(height)), None)
        chain.store.write(WriteBatch((gone,)), sync=False)
    chain.recent.begin(chain.head)
    for _ in range(WINDOW):
        assert chain.unknown_denied() == 0
        chain.commit()
    for _ in range(3):
        chain.commit()
    assert chain.unknown_denied() >= 98
    assert chain.denied() == set()


def test_a_head_that_does_not_follow_begins_anew() -> None:
    chain = Chain()
    chain.recent.begin(Height(0))
    chain.commit()
    chain.write(3)  # by a snapshot, say, of which nobody told
    assert chain.denied() == set()
    assert chain.unknown_denied() == 0, "it knows nothing of this head"
    chain.commit()
    assert chain.denied() == set()


def test_memory_is_bounded_and_what_was_dropped_is_not_denied(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(recent_ids, "PIECE_IDS_MAX", 6)
    monkeypatch.setattr(recent_ids, "PIECES_MAX", 2)
    chain = Chain(window=50)
    chain.recent.begin(Height(0))
    for _ in range(30):
        chain.commit()
        assert chain.denied() == set()
        assert len(chain.recent._pieces) <= 2
    assert chain.unknown_denied() == 0, "of the window it knows a part only"


def test_what_left_the_window_leaves_memory(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(recent_ids, "PIECE_IDS_MAX", 6)
    monkeypatch.setattr(recent_ids, "_PLACES", 512)
    monkeypatch.setattr(recent_ids, "_MASK", 511)
    chain = Chain()
    chain.recent.begin(Height(0))
    for _ in range(500):
        chain.commit()
    assert len(chain.recent._pieces) <= 6
    assert chain.denied() == set()
    assert chain.unknown_denied() >= 80, "the places of what was forgotten are free again"


@given(
    st.lists(st.sampled_from(["commit", "write", "begin", "empty"]), max_size=60),
    st.integers(1, 12),
    st.integers(1, 9),
    st.integers(1, 4),
)
def test_what_a_block_of_the_window_holds_is_never_denied(
    steps: list[str], window: int, ids_max: int, pieces_max: int
) -> None:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(recent_ids, "PIECE_IDS_MAX", ids_max)
        patch.setattr(recent_ids, "PIECES_MAX", pieces_max)
        patch.setattr(recent_ids, "OLDER_BLOCKS", 2)
        patch.setattr(recent_ids, "_SLACK", 0)
        chain = Chain(window)
        for step in steps:
            if step == "begin":
                chain.recent.begin(chain.head)
            elif step == "write":
                chain.write(2)
            else:
                chain.commit(0 if step == "empty" else 2)
            assert chain.denied() == set()
