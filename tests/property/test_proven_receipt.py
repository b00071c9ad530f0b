"""A receipt file with any damage drawn is refused, never accepted and never a crash."""

import hypothesis.strategies as st
import pytest
from hypothesis import given

from chain.errors import InvalidInput
from chain.proven_receipt import check_receipt, receipt_from_json, receipt_to_json
from tests.vectors.sample import REPORT_NAME, make_chain, make_proven_receipt

CHAIN = make_chain()
TEXT = receipt_to_json(make_proven_receipt(CHAIN, 2, 2, REPORT_NAME))


@given(st.integers(0, len(TEXT)), st.integers(0, 30), st.binary(max_size=30))
def test_any_stretch_put_in_the_place_of_another_is_refused(
    start: int, length: int, new: bytes
) -> None:
    changed = TEXT[:start] + new + TEXT[start + length :]
    if changed == TEXT:
        return
    with pytest.raises(InvalidInput) as caught:
        check_receipt(receipt_from_json(changed), CHAIN.genesis)
    assert caught.value.code == "VT-1304"
