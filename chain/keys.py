"""Ed25519 signing and checking with libsodium's rules, the only verifier of the network.

What libsodium accepts, OpenSSL and WebCrypto accept too, so a browser never calls a committed
signature bad. Nodes must never mix verifiers: on edge cases they disagree, and the chain forks.
"""

from typing import Final, Protocol

import nacl.bindings
import nacl.exceptions

from chain.errors import InvalidInput
from chain.scalars import Hash, PublicKey, Signature

SEED_SIZE: Final = 32


class Verifier(Protocol):
    """Tells whether a signature is good; the simulator may bring a cheaper one."""

    def __call__(self, key: PublicKey, message: bytes, signature: Signature) -> bool:
        """Tell whether `signature` over `message` was made with the private half of `key`."""
        ...


class Signer(Protocol):
    """Signs with one key and says which."""

    @property
    def public_key(self) -> PublicKey:
        """The public half."""
        ...

    def sign(self, message: Hash) -> Signature:
        """Sign the 32 bytes that `hashing.signing_hash` gave."""
        ...


class SigningKey:
    """An Ed25519 private key; it never shows its secret in `repr`.

    Args: seed: 32 secret bytes, from the operating system's generator.
    """

    def __init__(self, seed: bytes) -> None:
        public, self._secret = nacl.bindings.crypto_sign_seed_keypair(seed)
        self._public = PublicKey(public)

    def __repr__(self) -> str:
        return f"SigningKey(public={self._public.hex()})"

    @property
    def public_key(self) -> PublicKey:
        """The public half, 32 bytes."""
        return self._public

    @property
    def seed(self) -> bytes:
        """The 32 secret bytes, for writing a key file and for nothing else."""
        return nacl.bindings.crypto_sign_ed25519_sk_to_seed(self._secret)

    def sign(self, message: bytes) -> Signature:
        """Sign `message`; deterministic, so the same message gives the same 64 bytes."""
        return Signature(nacl.bindings.crypto_sign(message, self._secret)[:64])


def verify(key: PublicKey, message: bytes, signature: Signature) -> bool:
    """Tell whether `signature` over `message` was made with the private half of `key`.

    Source: RFC 8032 with libsodium's stricter rules (canonical S, no small-order points).
    """
    if len(key) != 32 or len(signature) != 64:
        return False
    try:
        nacl.bindings.crypto_sign_open(signature + message, key)
    except (nacl.exceptions.BadSignatureError, ValueError):
        return False
    return True


def check_public_key(key: bytes) -> PublicKey:
    """Return `key` when it may be registered.

    Raises: InvalidInput: VT-1301, the key is not a canonical point of the main subgroup.
    """
    if len(key) != 32 or not nacl.bindings.crypto_core_ed25519_is_valid_point(key):
        raise InvalidInput("VT-1301", key=key)
    return PublicKey(key)
