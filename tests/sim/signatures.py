"""Signing in a simulation: Ed25519, or behind the same seam a keyed hash, a hundred times faster.

A keyed hash is no secret here, and needs none: a liar of the simulator signs with its own key only.
"""

from dataclasses import dataclass
from functools import lru_cache
from hashlib import sha256
from typing import Final

from chain import keys
from chain.keys import Signer, SigningKey, Verifier
from chain.scalars import Hash, PublicKey, Signature
from tests.unit.node.replica.network import key_of

REAL_EVERY: Final = 10
"""One seed in so many uses Ed25519."""


class HashKey:
    """Signs by hashing; the public key is that of the Ed25519 key with the same name."""

    def __init__(self, name: str) -> None:
        self._public_key = real_key(name).public_key

    @property
    def public_key(self) -> PublicKey:
        """The public half, a point of the curve like any other."""
        return self._public_key

    def sign(self, message: Hash) -> Signature:
        """Hash the message with the key."""
        return _hash(self._public_key, message)


@dataclass(frozen=True, slots=True)
class Scheme:
    """How all keys of a run sign, and how all nodes check."""

    is_real: bool
    verify: Verifier

    def key(self, name: str) -> Signer:
        """Give the key of that name, the same one always."""
        return real_key(name) if self.is_real else _hash_key(name)


def choose_scheme(seed: int) -> Scheme:
    """Give Ed25519 to every tenth seed, the keyed hash to the others."""
    is_real = seed % REAL_EVERY == 0
    return Scheme(is_real, _verify_once if is_real else _verify_hash)


@lru_cache(maxsize=256)
def real_key(name: str) -> SigningKey:
    """Give the Ed25519 key of that name."""
    return key_of(name)


@lru_cache(maxsize=256)
def _hash_key(name: str) -> HashKey:
    return HashKey(name)


def _hash(key: PublicKey, message: bytes) -> Signature:
    return Signature(sha256(key + message).digest() * 2)


@lru_cache(maxsize=4096)
def _verify_once(key: PublicKey, message: bytes, signature: Signature) -> bool:
    """Check as a node does; what one machine has checked, the others need not work out again."""
    return keys.verify(key, message, signature)


def _verify_hash(key: PublicKey, message: bytes, signature: Signature) -> bool:
    return signature == _hash(key, message)
