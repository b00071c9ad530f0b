from hypothesis import given
from hypothesis import strategies as st

from contracts.kit.state import GrowingState
from contracts.state import MemoryView

KEYS = st.binary(min_size=1, max_size=2)


@given(st.lists(st.dictionaries(KEYS, st.none() | st.binary(max_size=2), max_size=8), max_size=6))
def test_it_is_the_plain_view_block_by_block(blocks):
    growing, plain = GrowingState(), MemoryView()
    for writes in blocks:
        copied = growing.copy()
        growing.write(writes)
        whole = (b"\0", b"\xff\xff\xff", 1_000)
        assert copied.range(*whole) == plain.range(*whole)
        plain = plain.apply(writes)
        assert growing.range(*whole) == plain.range(*whole)
        assert growing.range(b"\1", b"\x80", 2) == plain.range(b"\1", b"\x80", 2)
        assert all(growing.get(key) == plain.get(key) for key in writes)
