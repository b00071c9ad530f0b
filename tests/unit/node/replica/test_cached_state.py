"""Values in memory: they are those of the root that the store stands at."""

from hashlib import sha256

from hypothesis import given
from hypothesis import strategies as st

from chain.scalars import Hash
from contracts.state import MemoryView
from node.replica.cached_state import CachedState, Writes

A, B, C = (Hash(sha256(name).digest()) for name in (b"a", b"b", b"c"))


class CountingView:
    """Counts how often the store is asked; `pairs` is what it holds now."""

    def __init__(self, pairs: dict[bytes, bytes]) -> None:
        self.pairs = pairs
        self.asked = 0

    def get(self, key: bytes) -> bytes | None:
        self.asked += 1
        return self.pairs.get(key)

    def range(self, start: bytes, stop: bytes, limit: int) -> list[tuple[bytes, bytes]]:
        return MemoryView(self.pairs).range(start, stop, limit)

    def write(self, writes: Writes) -> None:
        for key, value in writes.items():
            if value is None:
                self.pairs.pop(key, None)
            else:
                self.pairs[key] = value


def test_a_value_is_read_once() -> None:
    view = CountingView({b"k": b"1"})
    state = CachedState(view)
    state.stand_at(A)
    assert state.get(b"k") == state.get(b"k") == b"1"
    assert view.asked == 1
    assert state.get(b"none") is None
    assert state.range(b"a", b"z", 9) == [(b"k", b"1")]


def test_what_the_decided_block_wrote_is_in_memory() -> None:
    view = CountingView({b"k": b"1", b"gone": b"1"})
    state = CachedState(view)
    state.stand_at(A)
    assert (state.get(b"k"), state.get(b"gone")) == (b"1", b"1")
    decided: Writes = {b"k": b"2", b"new": b"3", b"gone": None}
    state.follow(C, {b"k": b"of a block that nobody decided"})
    state.follow(B, decided)
    assert state.get(b"k") == b"1", "it is executed and not decided"
    view.write(decided)
    view.asked = 0
    state.stand_at(B)
    assert (state.get(b"k"), state.get(b"new")) == (b"2", b"3")
    assert view.asked == 0
    assert state.get(b"gone") is None


def test_at_an_unknown_root_all_is_read_again() -> None:
    view = CountingView({b"k": b"1"})
    state = CachedState(view)
    state.stand_at(A)
    state.get(b"k")
    state.follow(B, {b"k": b"2"})
    view.pairs = {b"k": b"of a snapshot"}
    state.stand_at(C)
    assert state.get(b"k") == b"of a snapshot"
    view.pairs = {b"k": b"other"}
    state.stand_at(B)
    assert state.get(b"k") == b"other", "the block that led to B began at A"


def test_a_block_of_another_branch_does_not_lead_on_from_the_decided_one() -> None:
    view = CountingView({b"k": b"1", b"other": b"1"})
    state = CachedState(view)
    state.stand_at(A)
    assert (state.get(b"k"), state.get(b"other")) == (b"1", b"1")
    state.follow(B, {b"k": b"2"})
    state.follow(C, {b"other": b"2"})
    state.stand_at(B)
    view.pairs = {b"k": b"1", b"other": b"2"}
    state.stand_at(C)
    assert (state.get(b"k"), state.get(b"other")) == (b"1", b"2")


def test_values_that_grow_count_as_what_they_are() -> None:
    view = CountingView({b"%d" % number: b"" for number in range(10)})
    state = CachedState(view, size_bytes_max=4_000)
    state.stand_at(A)
    for number in range(10):
        state.get(b"%d" % number)
    state.follow(B, {b"0": bytes(4_000)})
    state.stand_at(B)
    view.pairs[b"new"] = b""
    state.get(b"new")
    view.asked = 0
    state.get(b"0")
    assert view.asked == 1, "the next value that came in took its place"


def test_what_was_changed_otherwise_is_read_again_when_all_is_forgotten() -> None:
    view = CountingView({b"k": b"1"})
    state = CachedState(view)
    state.stand_at(A)
    state.get(b"k")
    state.follow(B, {b"k": b"2"})
    view.pairs = {b"k": b"damaged"}
    state.forget()
    state.stand_at(B)
    assert state.get(b"k") == b"damaged"


def test_memory_is_bounded() -> None:
    view = CountingView({b"%d" % number: bytes(800) for number in range(100)})
    state = CachedState(view, size_bytes_max=10_000)
    state.stand_at(A)
    for number in range(100):
        assert state.get(b"%d" % number) == bytes(800)
    assert 7_000 <= state._size_bytes <= 10_000
    state = CachedState(view, size_bytes_max=100)
    state.stand_at(A)
    assert state.get(b"1") == state.get(b"1") == bytes(800), "one that is too large is read again"


def test_machines_that_report_in_turn_find_most_of_their_values_though_not_all_fit() -> None:
    names = [b"%03d" % number for number in range(100)]
    view = CountingView(dict.fromkeys(names, bytes(800)))
    state = CachedState(view, size_bytes_max=90_000)  # for 90 of them
    state.stand_at(A)
    for number in range(1_000):
        view.asked = view.asked if number >= 500 else 0
        state.get(names[number % 100])
    assert view.asked < 250, "of 500; with the oldest forgotten first it is all of them"


def test_values_that_grow_are_bounded_too() -> None:
    names = [b"%d" % number for number in range(100)]
    view = CountingView(dict.fromkeys(names, b"small"))
    state = CachedState(view, size_bytes_max=30_000)
    state.stand_at(A)
    for name in names:
        state.get(name)
    grown: Writes = dict.fromkeys(names, bytes(5_000))
    state.follow(B, grown)
    view.write(grown)
    state.stand_at(B)
    assert state._size_bytes <= 30_000
    assert state.get(names[0]) == bytes(5_000)


KEYS = st.sampled_from([b"a", b"b", b"c", b"d"])
WRITES = st.dictionaries(KEYS, st.none() | st.binary(max_size=60))


@given(
    st.lists(st.tuples(st.lists(WRITES, min_size=1, max_size=3), st.booleans(), st.lists(KEYS))),
    st.integers(200, 1000),
)
def test_it_answers_as_the_store(
    steps: list[tuple[list[Writes], bool, list[bytes]]], size_bytes_max: int
) -> None:
    view = CountingView({})
    state = CachedState(view, size_bytes_max)
    for blocks, is_jump, read in steps:
        state.stand_at(root_of(view.pairs))
        for key in read:
            assert state.get(key) == view.pairs.get(key)
        for writes in blocks:
            after = CountingView(dict(view.pairs))
            after.write(writes)
            state.follow(root_of(after.pairs), writes)
        view.write(blocks[-1])
        if is_jump:
            view.write({b"d": b"of a snapshot"})
    state.stand_at(root_of(view.pairs))
    for key in (b"a", b"b", b"c", b"d"):
        assert state.get(key) == view.pairs.get(key)


def root_of(pairs: dict[bytes, bytes]) -> Hash:
    return Hash(sha256(repr(sorted(pairs.items())).encode()).digest())
