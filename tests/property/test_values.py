"""Any value encodes once and comes back; any bytes are either one value's encoding or refused."""

from decimal import Decimal

from hypothesis import given
from hypothesis import strategies as st

from chain.errors import InvalidInput
from chain.values import Value, decode_value, encode_value

decimals = st.builds(
    lambda coefficient, exponent: Decimal(coefficient).scaleb(exponent),
    st.integers(-(10**28) + 1, 10**28 - 1),
    st.integers(-300, 300),
)
scalars = (
    st.none()
    | st.booleans()
    | st.integers(-(2**256) + 1, 2**256 - 1)
    | decimals
    | st.text(st.characters(exclude_categories=["Cs"]), max_size=20)
    | st.binary(max_size=20)
)
values = st.recursive(
    scalars,
    lambda inner: (
        st.lists(inner, max_size=4)
        | st.dictionaries(
            st.text(st.characters(exclude_categories=["Cs"]), max_size=8), inner, max_size=4
        )
    ),
    max_leaves=20,
)


@given(values)
def test_a_value_comes_back(value: Value) -> None:
    data = encode_value(value)
    assert decode_value(data) == value
    assert encode_value(decode_value(data)) == data


@given(st.dictionaries(st.text("abc", max_size=3), st.integers(), max_size=6))
def test_the_order_in_which_a_dict_was_filled_does_not_show(table: dict[str, int]) -> None:
    turned = dict(reversed(table.items()))
    assert encode_value(dict(turned)) == encode_value(dict(table))


@given(st.binary(max_size=60))
def test_bytes_decode_to_what_they_encode_or_are_refused(data: bytes) -> None:
    try:
        value = decode_value(data)
    except InvalidInput:
        return
    assert encode_value(value) == data


@given(values, st.data())
def test_one_changed_byte_is_another_value_or_refused(value: Value, data: st.DataObject) -> None:
    encoded = bytearray(encode_value(value))
    place = data.draw(st.integers(0, len(encoded) - 1))
    encoded[place] ^= data.draw(st.integers(1, 255))
    try:
        changed = decode_value(bytes(encoded))
    except InvalidInput:
        return
    assert encode_value(changed) == bytes(encoded)
