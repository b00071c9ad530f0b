"""Key files: sealed and opened, refused when damaged, hostile or locked."""

import json
from typing import Any, Final

import pytest

from chain import keyfile
from chain.errors import InvalidInput
from chain.keyfile import Cost, is_encrypted, open_key, seal_key
from chain.keys import SigningKey

SEED: Final = b"s" * 32
CHEAP: Final = Cost(passes=1, memory_bytes=8192)


def seal(passphrase: bytes | None = b"correct horse") -> bytes:
    return seal_key(SEED, "gateway-1", "borne-energie", passphrase, b"a" * 16, b"n" * 24, CHEAP)


def change(data: bytes, **fields: Any) -> bytes:
    return json.dumps({**json.loads(data), **fields}).encode()


def refuse(data: bytes, passphrase: bytes | None = b"correct horse") -> tuple[str, str]:
    with pytest.raises(InvalidInput) as caught:
        open_key(data, passphrase, "gateway.key")
    return caught.value.code, caught.value.why


@pytest.mark.parametrize("passphrase", [None, b"correct horse", b""])
def test_a_key_file_gives_back_what_was_put_in(passphrase: bytes | None) -> None:
    opened = open_key(seal(passphrase), passphrase)
    assert (opened.label, opened.organisation) == ("gateway-1", "borne-energie")
    assert opened.key.seed == SEED
    assert is_encrypted(seal(passphrase)) == (passphrase is not None)


def test_the_text_is_for_people_and_hides_the_secret() -> None:
    text = seal().decode()
    assert json.loads(text) == {
        "format": "veritwin-key/1",
        "label": "gateway-1",
        "organisation": "borne-energie",
        "public_key": SigningKey(SEED).public_key.hex(),
        "encryption": "argon2id-xsalsa20poly1305",
        "parameters": {"passes": 1, "memory_bytes": 8192},
        "salt": "61" * 16,
        "nonce": "6e" * 24,
        "secret": json.loads(text)["secret"],
    }
    assert SEED.hex() not in text


def test_an_opened_key_does_not_print_its_secret() -> None:
    assert SEED.hex() not in repr(open_key(seal(None), None))


def test_a_key_in_the_clear_ignores_a_passphrase() -> None:
    assert open_key(seal(None), b"anything").key.seed == SEED


def test_a_wrong_or_missing_passphrase_says_so() -> None:
    why = "gateway.key is encrypted and the passphrase given does not fit."
    assert refuse(seal(), b"wrong") == ("VT-1303", why)
    assert refuse(seal(), None) == ("VT-1303", why)


def test_a_hostile_cost_is_refused_before_memory_is_taken(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(keyfile, "_derive", lambda *_: pytest.fail("the cost was paid"))
    for parameters in (
        {"passes": 3, "memory_bytes": (256 << 20) + 1},
        {"passes": 11, "memory_bytes": 8192},
        {"passes": 0, "memory_bytes": 8192},
        {"passes": 1, "memory_bytes": 8191},
    ):
        code, why = refuse(change(seal_text(), parameters=parameters))
        assert code == "VT-1302"
        assert "Expected `int`" in why


def seal_text() -> bytes:
    """A sealed file as text, made without paying the cost."""
    fields = {
        "encryption": "argon2id-xsalsa20poly1305",
        "parameters": {"passes": 1, "memory_bytes": 8192},
        "salt": "61" * 16,
        "nonce": "6e" * 24,
        "secret": "00" * 48,
    }
    return change(seal(None), **fields)


@pytest.mark.parametrize(
    ("fields", "reason"),
    [
        ({"format": "veritwin-key/2"}, "it is damaged: Invalid enum value 'veritwin-key/2'"),
        ({"extra": 1}, "it is damaged: Object contains unknown field `extra`"),
        ({"encryption": "rot13"}, "it is damaged: Invalid enum value 'rot13'"),
        ({"label": "two words"}, "it is damaged: Expected `str` matching regex"),
        ({"label": "line\n"}, "it is damaged: Expected `str` matching regex"),
        ({"public_key": "00"}, "public_key is not 32 bytes in small hex digits"),
        ({"public_key": "0" * 64}, "the public key in it does not fit the secret"),
        ({"salt": "6A" * 16}, "salt is not 16 bytes in small hex digits"),
        ({"salt": "61 " * 16}, "salt is not 16 bytes in small hex digits"),
        ({"nonce": "6e" * 23}, "nonce is not 24 bytes in small hex digits"),
        ({"secret": "00" * 47}, "secret is not 48 bytes in small hex digits"),
        ({"secret": "no hex"}, "secret is not 48 bytes in small hex digits"),
        ({"parameters": None}, "it is encrypted, yet has no parameters"),
        ({"encryption": "none"}, "it is not encrypted, yet names a salt or parameters"),
    ],
)
def test_a_damaged_file_says_what_is_wrong(fields: dict[str, Any], reason: str) -> None:
    code, why = refuse(change(seal(), **fields))
    assert code == "VT-1302"
    assert why.startswith(f"gateway.key: {reason}")


def test_every_changed_byte_of_the_secret_is_noticed() -> None:
    sealed = json.loads(seal())
    secret = bytes.fromhex(sealed["secret"])
    for index in range(len(secret)):
        changed = bytearray(secret)
        changed[index] ^= 1
        assert refuse(change(seal(), secret=changed.hex()))[0] == "VT-1303"


@pytest.mark.parametrize("data", [b"", b"{}", b"[]", b"\xff", b"[" * 4000])
def test_what_is_no_key_file_is_refused(data: bytes) -> None:
    assert refuse(data)[0] == "VT-1302"


def test_a_large_file_is_not_even_parsed() -> None:
    assert refuse(b" " * 4097) == (
        "VT-1302",
        "gateway.key: it has 4097 bytes; a key file has at most 4096.",
    )


def test_a_file_that_could_not_be_opened_is_never_sealed() -> None:
    with pytest.raises(InvalidInput, match="VT-1302"):
        seal_key(SEED, "two words", "borne-energie", None, b"", b"")
