"""The key file: one Ed25519 key as JSON text, encrypted with a passphrase or not.

Here are only its bytes; `node/keystore.py` puts them on disk. Salt, nonce and secret come in as
arguments, because this package has no chance of its own.
"""

from typing import Annotated, Final, Literal

import msgspec
import nacl.exceptions
from msgspec import Meta, Struct
from nacl import bindings, pwhash

from chain.errors import InvalidInput
from chain.keys import SEED_SIZE, SigningKey
from chain.scalars import NameField, OrganisationField, OrganisationId

FORMAT: Final = "veritwin-key/1"
KEY_FILE_SIZE_BYTES_MAX: Final = 4096
SALT_SIZE: Final = 16
NONCE_SIZE: Final = 24
_BOX_SIZE: Final = SEED_SIZE + 16

Encryption = Literal["none", "argon2id-xsalsa20poly1305"]


class Cost(Struct, frozen=True, forbid_unknown_fields=True):
    """What one try of a passphrase costs with Argon2id.

    The default is the second choice of RFC 9106 on one lane. The upper limits keep a hostile file
    from eating the machine.
    """

    passes: Annotated[int, Meta(ge=1, le=10)] = 3
    memory_bytes: Annotated[int, Meta(ge=8192, le=256 << 20)] = 64 << 20


class KeyFile(Struct, frozen=True):
    """An opened key file; `key` does not show its secret when printed."""

    label: str
    organisation: OrganisationId
    key: SigningKey


class _Text(Struct, frozen=True, forbid_unknown_fields=True):
    """The JSON of a key file, in this order; byte strings are in hex."""

    format: Literal["veritwin-key/1"]
    label: NameField
    organisation: OrganisationField
    public_key: str
    encryption: Encryption
    parameters: Cost | None
    salt: str
    nonce: str
    secret: str


def seal_key(
    seed: bytes,
    label: str,
    organisation: str,
    passphrase: bytes | None,
    salt: bytes,
    nonce: bytes,
    cost: Cost | None = None,
) -> bytes:
    """Write a key file.

    Args: seed: the 32 secret bytes; label, organisation: names as on the chain; passphrase: None
    leaves the secret in the clear; salt, nonce: 16 and 24 fresh random bytes, unused without a
    passphrase; cost: None for the default.
    Returns: JSON text, at most 4096 bytes.
    Raises: InvalidInput: VT-1302, a label or organisation that is not a name.
    """
    if passphrase is None:
        secret, salt, nonce, cost = seed, b"", b"", None
        encryption: Encryption = "none"
    else:
        assert len(salt) == SALT_SIZE, "the salt has 16 bytes"
        assert len(nonce) == NONCE_SIZE, "the nonce has 24 bytes"
        cost = cost or Cost()
        encryption = "argon2id-xsalsa20poly1305"
        secret = bindings.crypto_secretbox(seed, nonce, _derive(passphrase, salt, cost))
    text = _Text(
        format="veritwin-key/1",
        label=label,
        organisation=OrganisationId(organisation),
        public_key=SigningKey(seed).public_key.hex(),
        encryption=encryption,
        parameters=cost,
        salt=salt.hex(),
        nonce=nonce.hex(),
        secret=secret.hex(),
    )
    data = msgspec.json.format(msgspec.json.encode(text), indent=2) + b"\n"
    _read_text(data, "the new key file")
    return data


def open_key(data: bytes, passphrase: bytes | None, path: str = "the key file") -> KeyFile:
    """Read a key file.

    Args: data: its bytes; passphrase: not used when the file is not encrypted; path: its name, for
    errors.
    Raises: InvalidInput: VT-1302 damaged or of another format, VT-1303 the passphrase is missing
    or does not fit.
    """
    text = _read_text(data, path)
    public_key = _unhex(text.public_key, 32, "public_key", path)
    if text.encryption == "none":
        if text.parameters is not None or text.salt or text.nonce:
            raise InvalidInput(
                "VT-1302", path=path, reason="it is not encrypted, yet names a salt or parameters"
            )
        seed = _unhex(text.secret, SEED_SIZE, "secret", path)
    else:
        seed = _decrypt(text, passphrase, path)
    key = SigningKey(seed)
    if key.public_key != public_key:
        raise InvalidInput(
            "VT-1302", path=path, reason="the public key in it does not fit the secret"
        )
    return KeyFile(text.label, text.organisation, key)


def is_encrypted(data: bytes, path: str = "the key file") -> bool:
    """Tell whether a passphrase is needed to open a key file.

    Raises: InvalidInput: VT-1302 damaged or of another format.
    """
    return _read_text(data, path).encryption != "none"


class KeyDescription(Struct, frozen=True):
    """What a key file says in the clear; nothing of it was checked against the secret."""

    label: str
    organisation: str
    public_key: str
    encryption: Encryption


def describe_key(data: bytes, path: str = "the key file") -> KeyDescription:
    """Read what a key file says in the clear, without opening it.

    Raises: InvalidInput: VT-1302 damaged or of another format.
    """
    text = _read_text(data, path)
    return KeyDescription(text.label, text.organisation, text.public_key, text.encryption)


def _read_text(data: bytes, path: str) -> _Text:
    if len(data) > KEY_FILE_SIZE_BYTES_MAX:
        raise InvalidInput(
            "VT-1302", path=path, reason=f"it has {len(data)} bytes; a key file has at most 4096"
        )
    try:
        return msgspec.json.decode(data, type=_Text, strict=True)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise InvalidInput("VT-1302", path=path, reason=f"it is damaged: {error}") from error


def _decrypt(text: _Text, passphrase: bytes | None, path: str) -> bytes:
    if text.parameters is None:
        raise InvalidInput("VT-1302", path=path, reason="it is encrypted, yet has no parameters")
    salt = _unhex(text.salt, SALT_SIZE, "salt", path)
    nonce = _unhex(text.nonce, NONCE_SIZE, "nonce", path)
    box = _unhex(text.secret, _BOX_SIZE, "secret", path)
    if passphrase is None:
        raise InvalidInput("VT-1303", path=path)
    try:
        box_key = _derive(passphrase, salt, text.parameters)
    except nacl.exceptions.RuntimeError as error:
        size = text.parameters.memory_bytes >> 20
        raise InvalidInput(
            "VT-1302", path=path, reason=f"opening it needs {size} MiB of memory"
        ) from error
    try:
        return bindings.crypto_secretbox_open(box, nonce, box_key)
    except nacl.exceptions.CryptoError as error:
        raise InvalidInput("VT-1303", path=path) from error


def _derive(passphrase: bytes, salt: bytes, cost: Cost) -> bytes:
    return pwhash.argon2id.kdf(32, passphrase, salt, cost.passes, cost.memory_bytes)


def _unhex(text: str, size: int, field: str, path: str) -> bytes:
    try:
        value = bytes.fromhex(text)
    except ValueError:
        value = b""
    if len(value) != size or value.hex() != text:
        raise InvalidInput(
            "VT-1302", path=path, reason=f"{field} is not {size} bytes in small hex digits"
        )
    return value
