"""What a contract is given: dicts, and parameters of the types that it reads."""

import pytest

from chain.errors import InvalidInput
from chain.values import encode_value
from contracts.parameters import decode_dict


def test_a_dict_is_decoded() -> None:
    assert decode_dict(encode_value({"limit": 5}), "the parameters") == {"limit": 5}


@pytest.mark.parametrize(
    ("data", "code"), [(encode_value([5]), "VT-2043"), (b"", "VT-1205"), (b"\xc1", "VT-1205")]
)
def test_anything_else_is_refused(data: bytes, code: str) -> None:
    with pytest.raises(InvalidInput, match=code):
        decode_dict(data, "the parameters")
