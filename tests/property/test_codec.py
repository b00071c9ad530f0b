"""The codec on drawn values and drawn damage."""

from typing import Any

import hypothesis.strategies as st
import msgspec
import pytest
from hypothesis import given

from chain.block import Block, Header
from chain.certificate import QuorumCertificate
from chain.codec import decode, encode
from chain.errors import InvalidInput
from chain.json_view import from_plain, to_plain
from chain.merkle import Frontier
from chain.operations import Reading, Telemetry, TwinReadings
from chain.receipt import Receipt
from chain.scalars import Hash, Height, PublicKey, TwinId, UnixMillis
from chain.state_tree import StateProof
from chain.transaction import SignedTransaction, TransactionBody
from chain.validators import ValidatorSet
from tests.vectors.sample import make_chain

CHAIN = make_chain()
KINDS: tuple[Any, ...] = (
    Block,
    Header,
    QuorumCertificate,
    Frontier,
    Receipt,
    StateProof,
    SignedTransaction,
    TransactionBody,
    ValidatorSet,
)
SAMPLES: list[Any] = [
    *(transaction.body for transaction in CHAIN.transactions),
    *(decided.block for decided in CHAIN.blocks),
    *(receipt for decided in CHAIN.blocks for receipt in decided.receipts),
    CHAIN.genesis,
]

names = st.from_regex(r"[A-Za-z0-9][A-Za-z0-9._-]{0,20}", fullmatch=True)
readings = st.builds(
    Reading,
    property=names,
    value=st.text(max_size=41),
    time_ms=st.integers(0, 2**53 - 1).map(UnixMillis),
    unit=st.from_regex(r"[A-Z0-9]{0,8}", fullmatch=True),
    quality=st.integers(0, 2**32 - 1),
    sequence=st.integers(0, 2**53 - 1),
)
bodies = st.builds(
    TransactionBody,
    genesis=st.binary(min_size=32, max_size=32).map(Hash),
    sender=st.binary(min_size=32, max_size=32).map(PublicKey),
    operation=st.builds(
        Telemetry,
        st.lists(
            st.builds(
                TwinReadings,
                names.map(TwinId),
                st.lists(readings, min_size=1, max_size=3).map(tuple),
            ),
            min_size=1,
            max_size=3,
        ).map(tuple),
    ),
    expiry_height=st.integers(0, 2**53 - 1).map(Height),
    salt=st.binary(min_size=8, max_size=16),
)


def decode_or_refuse(data: bytes, kind: Any) -> Any:
    """Decode; None when the bytes are refused as they should be, any other error comes through."""
    try:
        return decode(data, kind, 1 << 20)
    except InvalidInput as error:
        if error.code not in ("VT-1001", "VT-1002"):
            raise
        return None


@given(bodies)
def test_what_is_encoded_decodes_to_itself(body: TransactionBody) -> None:
    data = encode(body)
    assert decode(data, TransactionBody, len(data)) == body


@given(bodies)
def test_the_json_view_loses_nothing(body: TransactionBody) -> None:
    text = msgspec.json.encode(to_plain(body))
    assert from_plain(msgspec.json.decode(text), TransactionBody) == body


@given(st.data())
def test_changed_bytes_never_decode_to_the_same_value(data: st.DataObject) -> None:
    value = data.draw(st.sampled_from(SAMPLES))
    good = encode(value)
    changed = bytearray(good)
    for _ in range(data.draw(st.integers(1, 4))):
        index = data.draw(st.integers(0, len(changed) - 1))
        match data.draw(st.integers(0, 2)):
            case 0:
                changed[index] = data.draw(st.integers(0, 255))
            case 1 if len(changed) > 1:
                del changed[index]
            case _:
                changed.insert(index, data.draw(st.integers(0, 255)))
    if bytes(changed) == good:
        return
    other = decode_or_refuse(bytes(changed), type(value))
    if other is not None:
        assert other != value
        assert encode(other) == bytes(changed)


@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.__name__)
@given(data=st.binary(max_size=200))
def test_any_bytes_are_decoded_or_refused(kind: Any, data: bytes) -> None:
    value = decode_or_refuse(data, kind)
    if value is not None:
        assert encode(value) == data


longer_forms = st.sampled_from(["array", "bytes", "text", "number"])


@given(bodies, longer_forms)
def test_a_longer_way_to_write_the_same_is_refused(body: TransactionBody, form: str) -> None:
    """MessagePack can write one value in several ways; only one of them counts."""
    good = encode(body)
    head, rest = good[:1], good[1:]
    assert head == b"\x95"
    changed = {
        "array": b"\xdc\x00\x05" + rest,
        "bytes": head + b"\xc5\x00\x20" + rest[2:],
        "text": head + rest.replace(encode(body.operation), _with_long_text(body), 1),
        "number": head + _with_long_number(body),
    }[form]
    with pytest.raises(InvalidInput) as caught:
        decode(changed, TransactionBody, 1 << 20)
    assert caught.value.code == "VT-1002"


def _with_long_text(body: TransactionBody) -> bytes:
    operation = encode(body.operation)
    assert isinstance(body.operation, Telemetry)
    twin = body.operation.batches[0].twin
    text = encode(twin)
    return operation.replace(text, b"\xda" + len(twin).to_bytes(2, "big") + twin.encode(), 1)


def _with_long_number(body: TransactionBody) -> bytes:
    parts = [encode(getattr(body, name)) for name in body.__struct_fields__]
    number = b"\xcf" + body.expiry_height.to_bytes(8, "big")
    if parts[3] == number:
        # It needs nine bytes anyhow; as a signed number it is another form of the same.
        number = b"\xd3" + body.expiry_height.to_bytes(8, "big")
    return b"".join([*parts[:3], number, parts[4]])
