"""Ed25519 with libsodium's rules, also on public edge cases."""

import json
from pathlib import Path
from typing import Final

import pytest

from chain.errors import InvalidInput
from chain.keys import SigningKey, check_public_key, verify
from chain.scalars import PublicKey, Signature

ORDER: Final = 2**252 + 27742317777372353535851937790883648493
WYCHEPROOF_BITMAP: Final = "ffc000000000000001fffbfffffffffffffffe"
"""A leading 1, then 1 for each signature that libsodium accepts, in the order of the file."""
SMALL_ORDER: Final = (
    "0000000000000000000000000000000000000000000000000000000000000000",
    "0100000000000000000000000000000000000000000000000000000000000000",
    "26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc05",
    "c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac037a",
    "ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
)


def test_a_signature_fits_its_message_and_key_only() -> None:
    key, other = SigningKey(b"a" * 32), SigningKey(b"b" * 32)
    signature = key.sign(b"message")
    assert len(signature) == 64
    assert verify(key.public_key, b"message", signature)
    assert not verify(key.public_key, b"massage", signature)
    assert not verify(other.public_key, b"message", signature)


def test_signing_is_deterministic() -> None:
    key = SigningKey(b"a" * 32)
    assert key.sign(b"message") == SigningKey(key.seed).sign(b"message")


def test_the_secret_is_not_shown() -> None:
    key = SigningKey(b"a" * 32)
    assert repr(key) == f"SigningKey(public={key.public_key.hex()})"


def test_rfc_8032_test_1() -> None:
    key = SigningKey(
        bytes.fromhex("9d61b19deffd5a60ba844af492ec2cc44449c5697b326919703bac031cae7f60")
    )
    assert key.public_key.hex() == (
        "d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a"
    )
    assert key.sign(b"").hex() == (
        "e5564300c360ac729086e2cc806e828a84877f1eb8e5d974d873e06522490155"
        "5fb8821590a33bacc61e39701cf9b46bd25bf5f0595bbe24655141438e7a100b"
    )


def test_a_second_form_of_the_same_signature_is_refused() -> None:
    key = SigningKey(b"a" * 32)
    signature = key.sign(b"message")
    scalar = int.from_bytes(signature[32:], "little") + ORDER
    other_form = Signature(signature[:32] + scalar.to_bytes(32, "little"))
    assert not verify(key.public_key, b"message", other_form)


@pytest.mark.parametrize("size", [0, 31, 33, 64])
def test_a_key_or_signature_of_another_size_is_false_not_an_error(size: int) -> None:
    key = SigningKey(b"a" * 32)
    assert not verify(PublicKey(b"\1" * size), b"m", key.sign(b"m"))
    if size != 64:
        assert not verify(key.public_key, b"m", Signature(b"\1" * size))


def test_a_normal_key_may_be_registered() -> None:
    key = SigningKey(b"a" * 32).public_key
    assert check_public_key(key) == key


@pytest.mark.parametrize("key", [*SMALL_ORDER, "02" + "00" * 31, "ff" * 32, "01" * 31, ""])
def test_a_weak_or_malformed_key_may_not_be_registered(key: str) -> None:
    with pytest.raises(InvalidInput) as caught:
        check_public_key(bytes.fromhex(key))
    assert caught.value.code == "VT-1301"
    assert caught.value.why == f"The key {key} is not a canonical Ed25519 point of large order."


def test_a_key_of_small_order_verifies_nothing() -> None:
    for key in SMALL_ORDER:
        assert not verify(PublicKey(bytes.fromhex(key)), b"m", Signature(bytes(64)))
        identity = bytes.fromhex(SMALL_ORDER[1])
        assert not verify(PublicKey(bytes.fromhex(key)), b"m", Signature(identity + bytes(32)))


def test_libsodium_decides_wycheproof_as_it_always_did(shared: Path) -> None:
    path = shared / "vectors" / "wycheproof" / "testvectors_v1" / "ed25519_test.json"
    if not path.is_file():
        pytest.skip("needs the Wycheproof vectors in shared/vectors beside the repository")
    bits = "1"
    for group in json.loads(path.read_bytes())["testGroups"]:
        key = PublicKey(bytes.fromhex(group["publicKey"]["pk"]))
        for case in group["tests"]:
            message, signature = bytes.fromhex(case["msg"]), bytes.fromhex(case["sig"])
            is_good = verify(key, message, Signature(signature))
            assert is_good == (case["result"] == "valid"), case
            bits += str(int(is_good))
    assert f"{int(bits, 2):x}" == WYCHEPROOF_BITMAP
