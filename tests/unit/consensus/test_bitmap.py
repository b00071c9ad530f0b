import pytest
from hypothesis import given
from hypothesis import strategies as st

from chain.errors import PeerFault
from consensus.bitmap import decode_bitmap, encode_bitmap


@given(st.integers(1, 300).flatmap(lambda n: st.tuples(st.just(n), st.sets(st.integers(0, n - 1)))))
def test_a_bitmap_reads_back(case: tuple[int, set[int]]) -> None:
    count, indexes = case
    data = encode_bitmap(indexes, count)
    assert len(data) == -(-count // 8)
    assert decode_bitmap(data, count, "prevote") == indexes


def test_the_first_validator_is_the_lowest_bit_of_the_first_byte() -> None:
    assert encode_bitmap([0], 4) == b"\x01"
    assert encode_bitmap([1, 8], 9) == b"\x02\x01"


@pytest.mark.parametrize("data", [b"", b"\0\0", b"\x10", b"\xff"])
def test_a_bitmap_that_does_not_fit_its_set_is_refused(data: bytes) -> None:
    with pytest.raises(PeerFault, match="VT-3024"):
        decode_bitmap(data, 4, "prevote")
