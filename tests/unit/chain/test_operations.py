"""Operations: a closed union whose tags never change."""

import msgspec
import pytest

from chain.codec import decode, encode
from chain.errors import InvalidInput
from chain.hashing import hash_tagged
from chain.merkle import leaf_hash, root_of_hashes
from chain.operations import (
    AnyOperation,
    Reading,
    RegisterKey,
    Telemetry,
    TwinReadings,
    digest_operation,
    digest_readings,
    encode_reading_leaf,
    name_of,
    reading_leaves,
)
from chain.scalars import Hash, TwinId, UnixMillis, to_bytes
from tests.vectors.sample import make_key, make_operations, make_telemetry


def test_tags_are_fixed_for_ever() -> None:
    tags = {
        name_of(operation): msgspec.msgpack.decode(encode(operation))[0]
        for _, operation in make_operations()
    }
    assert tags == {
        "register_twin": 1,
        "telemetry": 2,
        "update_twin": 3,
        "register_key": 4,
        "revoke_key": 5,
        "attest": 6,
        "deploy_contract": 7,
        "call": 8,
        "acknowledge": 9,
    }


def test_an_unknown_tag_is_refused() -> None:
    with pytest.raises(InvalidInput, match="VT-1001"):
        decode(b"\x92\x0a\xc0", AnyOperation, 100)  # type: ignore[arg-type]


def test_a_reading_leaf_is_twin_and_reading_encoded() -> None:
    telemetry = make_telemetry()
    twin, reading = telemetry.batches[1].twin, telemetry.batches[1].readings[0]
    assert encode_reading_leaf(twin, reading) == encode(twin) + encode(reading)
    assert reading_leaves(telemetry)[5] == leaf_hash(encode(twin) + encode(reading))


def test_the_digest_of_telemetry_is_over_root_and_count() -> None:
    telemetry = make_telemetry()
    leaves = reading_leaves(telemetry)
    assert len(leaves) == 7
    assert digest_operation(telemetry) == digest_readings(root_of_hashes(leaves), 7)
    assert digest_readings(root_of_hashes(leaves), 7) != digest_readings(root_of_hashes(leaves), 8)
    for root in (leaves[0], Hash(b"short")):
        assert digest_readings(root, 300) == hash_tagged("telemetry", root, to_bytes(300))


def refuse(operation: msgspec.Struct) -> str:
    with pytest.raises(InvalidInput) as caught:
        decode(encode(operation), type(operation), 1 << 20)
    return str(caught.value.values["reason"])


READING = Reading("active_power", "1", UnixMillis(0), "KWT")


def test_limits_of_a_batch() -> None:
    assert "length >= 1" in refuse(Telemetry(()))
    assert "length >= 1" in refuse(Telemetry((TwinReadings(TwinId("a"), ()),)))
    assert "length <= 4096" in refuse(Telemetry((TwinReadings(TwinId("a"), (READING,) * 4097),)))
    batch = TwinReadings(TwinId("a"), (READING,))
    assert "length <= 1024" in refuse(Telemetry((batch,) * 1025))


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"value": "1" * 42}, "length <= 41"),
        ({"unit": "kw"}, "matching regex"),
        ({"unit": "KWT\n"}, "matching regex"),
        ({"quality": 2**32}, "<= 4294967295"),
        ({"time_ms": -1}, ">= 0"),
        ({"sequence": 2**53}, "<= 9007199254740991"),
        ({"property": "two words"}, "matching regex"),
    ],
)
def test_limits_of_a_reading(changes: dict[str, object], reason: str) -> None:
    with pytest.raises(InvalidInput) as caught:
        decode(encode_batch(msgspec.structs.replace(READING, **changes)), TwinReadings, 1 << 20)
    assert reason in str(caught.value.values["reason"])


def encode_batch(reading: Reading) -> bytes:
    """Encode a batch of one reading, past what its constructor checks."""
    return encode(("a", (reading,)))


def test_a_role_is_one_of_four() -> None:
    key = make_key("gateway").public_key
    assert "Invalid enum value 'king'" in refuse(RegisterKey(key, "label", ("king",)))  # type: ignore[arg-type]
    assert "length >= 1" in refuse(RegisterKey(key, "label", ()))
