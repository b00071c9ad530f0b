"""SHA-256 with a domain tag for every use, so that no hash can stand for another kind of thing."""

from functools import lru_cache
from hashlib import sha256
from typing import Final

from chain.scalars import Hash

PROTOCOL: Final = b"veritwin/1/"
EMPTY_HASH: Final = Hash(b"\0" * 32)
"""Stands for "nothing": the parent of the first block, an empty subtree."""
_LENGTHS: Final = tuple(length.to_bytes(8, "big") for length in range(257))
"""The lengths that most parts have, encoded."""


@lru_cache(maxsize=256)
def tag_prefix(tag: str) -> bytes:
    """Give the bytes that `hash_tagged` puts before the parts, for code that hashes a lot."""
    name = PROTOCOL + tag.encode("ascii")
    return len(name).to_bytes(8, "big") + name


def hash_tagged(tag: str, *parts: bytes) -> Hash:
    """Hash `parts` for the use named `tag`.

    Each part is preceded by its length, so moving a boundary between parts changes the hash.

    Args: tag: name of the use, ASCII; parts: any number of byte strings.
    Returns: 32 bytes: SHA-256(len8 protocol/tag, then len8 part for each part).
    """
    pieces = [tag_prefix(tag)]
    for part in parts:
        length = len(part)
        pieces += (_LENGTHS[length] if length <= 256 else length.to_bytes(8, "big"), part)
    return Hash(sha256(b"".join(pieces)).digest())


def signing_hash(purpose: str, genesis: Hash, *parts: bytes) -> Hash:
    """Give the 32 bytes that are signed for `purpose` on the chain with this genesis hash.

    A signature made for one chain or one purpose is worthless for any other.
    """
    data = _signing_prefix(purpose, genesis)
    for part in parts:
        length = len(part)
        data += (_LENGTHS[length] if length <= 256 else length.to_bytes(8, "big")) + part
    return Hash(sha256(data).digest())


@lru_cache(maxsize=256)
def _signing_prefix(purpose: str, genesis: Hash) -> bytes:
    return tag_prefix("sign/" + purpose) + len(genesis).to_bytes(8, "big") + genesis
