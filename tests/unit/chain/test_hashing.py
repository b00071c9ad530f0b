"""Tagged hashes: computed a second time here, from the words of docs/PROTOCOL.md."""

import re
from hashlib import sha256
from pathlib import Path

import pytest

from chain.hashing import EMPTY_HASH, hash_tagged, signing_hash, tag_prefix


def length_prefixed(*parts: bytes) -> bytes:
    return b"".join(len(part).to_bytes(8, "big") + part for part in parts)


@pytest.mark.parametrize("parts", [(), (b"",), (b"a",), (b"a", b""), (b"x" * 300, b"y")])
def test_a_tagged_hash_is_sha256_over_length_prefixed_tag_and_parts(
    parts: tuple[bytes, ...],
) -> None:
    expected = sha256(length_prefixed(b"veritwin/1/header", *parts)).digest()
    assert hash_tagged("header", *parts) == expected


def test_a_boundary_between_parts_counts() -> None:
    assert hash_tagged("header", b"ab", b"c") != hash_tagged("header", b"a", b"bc")
    assert hash_tagged("header", b"abc") != hash_tagged("header", b"abc", b"")


def test_the_tag_counts() -> None:
    assert hash_tagged("header", b"a") != hash_tagged("receipt", b"a")


def test_a_signing_hash_ties_to_purpose_and_chain() -> None:
    one, other = b"\1" * 32, b"\2" * 32
    hashes = {
        signing_hash(purpose, genesis, b"m")  # type: ignore[arg-type]
        for purpose in ("transaction", "precommit")
        for genesis in (one, other)
    }
    assert len(hashes) == 4
    assert signing_hash("x", one, b"m") == hash_tagged("sign/x", one, b"m")  # type: ignore[arg-type]


def test_a_tag_prefix_is_what_a_tagged_hash_begins_with() -> None:
    assert sha256(tag_prefix("t")).digest() == hash_tagged("t")


def test_every_tag_in_use_stands_in_the_protocol(repository: Path) -> None:
    protocol = (repository / "docs" / "PROTOCOL.md").read_text(encoding="utf-8")
    use = re.compile(r'\b(hash_tagged|tag_prefix|signing_hash)\(\s*"([^"]+)"')
    found: set[tuple[str, str]] = set()
    for package in ("chain", "consensus", "contracts", "node"):
        for path in (repository / package).rglob("*.py"):
            found |= set(use.findall(path.read_text(encoding="utf-8")))
    found.discard(("tag_prefix", "sign/"))
    assert len(found) >= 12
    for function, tag in found:
        shown = f"| {tag} |" if function == "signing_hash" else f"`{tag}`"
        assert shown in protocol, f"{function}({tag!r})"


def test_the_empty_hash_is_zeros() -> None:
    assert EMPTY_HASH == b"\0" * 32
