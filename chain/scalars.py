"""Named scalar types, so that a height is never mistaken for a count.

The plain name (`Hash`) is for signatures of functions. The name with `Field` (`HashField`) is the
same type with its limits attached, for fields of Structs that come from outside.
"""

from typing import Annotated, Final, NewType

from msgspec import Meta

Hash = NewType("Hash", bytes)
"""32 bytes of SHA-256."""
PublicKey = NewType("PublicKey", bytes)
"""32 bytes: an Ed25519 public key."""
Signature = NewType("Signature", bytes)
"""64 bytes: an Ed25519 signature."""
Height = NewType("Height", int)
"""Position of a block in the chain; genesis is 0, the first block 1."""
Round = NewType("Round", int)
"""Attempt to agree within one height, from 0."""
Weight = NewType("Weight", int)
"""Voting weight of a validator; a member of weight 0 follows, but neither votes nor proposes."""
UnixMillis = NewType("UnixMillis", int)
"""Milliseconds since 1970-01-01T00:00:00Z, without leap seconds."""
Gas = NewType("Gas", int)
"""Units of metered contract work."""
TwinId = NewType("TwinId", str)
"""Name of a digital twin, unique on its chain."""
OrganisationId = NewType("OrganisationId", str)
"""Name of a member organisation, unique on its chain."""
NodeName = NewType("NodeName", str)
"""Name of a node, unique on its chain."""

HASH_SIZE: Final = 32
GENESIS_HEIGHT: Final = Height(0)
HEIGHT_MAX: Final = 2**53 - 1
"""Every integer in a format stays exact in a browser's number."""
NAME_PATTERN: Final = r"^[A-Za-z0-9][A-Za-z0-9._-]*(?!\n)$"
"""The look-ahead is there because Python's `$` also matches before a line end; JavaScript's not."""
TWIN_ID_PATTERN: Final = r"^[A-Za-z0-9][A-Za-z0-9:._-]*(?!\n)$"
DECIMAL_PATTERN: Final = r"^-?(0|[1-9][0-9]*)(\.[0-9]+)?(?!\n)$"
HashField = Annotated[Hash, Meta(min_length=32, max_length=32)]
PublicKeyField = Annotated[PublicKey, Meta(min_length=32, max_length=32)]
SignatureField = Annotated[Signature, Meta(min_length=64, max_length=64)]
HeightField = Annotated[Height, Meta(ge=0, le=HEIGHT_MAX)]
RoundField = Annotated[Round, Meta(ge=0, le=2**31 - 1)]
WeightField = Annotated[Weight, Meta(ge=0, le=2**31 - 1)]
MillisField = Annotated[UnixMillis, Meta(ge=0, le=HEIGHT_MAX)]
GasField = Annotated[Gas, Meta(ge=0, le=HEIGHT_MAX)]
CountField = Annotated[int, Meta(ge=0, le=HEIGHT_MAX)]
TwinIdField = Annotated[TwinId, Meta(min_length=1, max_length=128, pattern=TWIN_ID_PATTERN)]
OrganisationField = Annotated[
    OrganisationId, Meta(min_length=1, max_length=64, pattern=NAME_PATTERN)
]
NodeNameField = Annotated[NodeName, Meta(min_length=1, max_length=64, pattern=NAME_PATTERN)]
NameField = Annotated[str, Meta(min_length=1, max_length=64, pattern=NAME_PATTERN)]
TextField = Annotated[str, Meta(max_length=1024)]
"""Free text for people."""


def to_bytes(number: int) -> bytes:
    """Give `number` (0 .. 2**64-1) as 8 bytes, most significant first: sorts as numbers do."""
    return number.to_bytes(8, "big")
