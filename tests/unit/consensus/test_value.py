import msgspec
import pytest

from chain.codec import decode, encode
from chain.errors import InvalidInput
from chain.scalars import Height, Round
from consensus.value import PAYLOAD_SIZE_BYTES_MAX, Timer, Value
from tests.unit.consensus.world import make_value


def test_a_value_reads_back() -> None:
    value = make_value("v")
    assert decode(encode(value), Value, 1 << 10) == value


def test_a_payload_above_the_limit_is_refused() -> None:
    value = msgspec.structs.replace(make_value("v"), payload=bytes(PAYLOAD_SIZE_BYTES_MAX))
    decode(encode(value), Value, PAYLOAD_SIZE_BYTES_MAX + 100)
    larger = msgspec.structs.replace(value, payload=bytes(PAYLOAD_SIZE_BYTES_MAX + 1))
    with pytest.raises(InvalidInput, match="VT-1001"):
        decode(encode(larger), Value, PAYLOAD_SIZE_BYTES_MAX + 100)


def test_values_and_timers_are_frozen() -> None:
    with pytest.raises(AttributeError):
        make_value("v").payload = b""  # type: ignore[misc]
    with pytest.raises(AttributeError):
        Timer(Height(1), Round(0), "propose").round = Round(1)  # type: ignore[misc]
