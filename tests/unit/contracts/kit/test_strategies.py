from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chain.values import decode_value, encode_value
from contracts.kit.strategies import arguments, rows, values_of

SOURCE = """
from contracts.author import Decimal, call

@call
def f(a: int, b: Decimal | None, c: dict[str, list[int]], d: str = "x") -> None:
    pass
"""


@given(arguments(SOURCE, "f"))
def test_arguments_have_the_types_that_the_method_declares(found):
    assert {"a", "b", "c"} <= found.keys() <= {"a", "b", "c", "d"}
    assert type(found["a"]) is int
    assert found["b"] is None or type(found["b"]) is Decimal
    assert isinstance(found["c"], dict)
    assert all(isinstance(one, list) for one in found["c"].values())
    decode_value(encode_value(found))


@given(st.data())
def test_every_plain_type_has_values(data):
    for annotation in ("int", "str", "bool", "bytes", "Decimal", "list", "dict", "", "tuple"):
        encode_value(data.draw(values_of(annotation)))


@given(rows("power", "wind", step_ms=10, start_ms=5))
def test_rows_go_forward_in_time(found):
    assert [at for at, _ in found] == [5 + 10 * index for index in range(len(found))]
    assert all(row.keys() == {"power", "wind"} for _, row in found)


def test_a_method_that_is_not_there_is_said():
    with pytest.raises(LookupError, match="no method g"):
        arguments(SOURCE, "g")
