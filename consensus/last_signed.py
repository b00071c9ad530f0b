"""The guard against signing twice: the last position this key signed at, and what it signed.

Positions only grow. The guard is asked before every signature and its state is durable before
the signature leaves, in the engine's state and again in a small file of its own, so that a key
stays safe when the database is lost or restored from an old copy.

The file (`node/storage/last_signed.py`) has two slots that are written and synced in turn, so a
write that a power cut tears leaves the record before it. The engine's state is written before the
file: a file that is ahead of the state means that the state was lost; see `seal`.
"""

from enum import IntEnum
from typing import Final, NamedTuple

from msgspec import Struct

from chain.errors import Corruption, Refused
from chain.hashing import EMPTY_HASH, hash_tagged
from chain.scalars import Hash, HashField, Height, HeightField, Round, RoundField, to_bytes


class SignedStep(IntEnum):
    """What can be signed in a round, in the order of the paper's steps.

    In Raft, where terms are rounds, the vote for a leader stands in the place of the prevote, and
    the acknowledgement of the entry is a precommit.
    """

    PROPOSAL = 1
    PREVOTE = 2
    PRECOMMIT = 3


class Position(NamedTuple):
    """A place in the order of everything one key signs; compares as its parts do."""

    height: Height
    round: Round
    step: SignedStep


class LastSigned(Struct, frozen=True, array_like=True, forbid_unknown_fields=True):
    """The last signature of a key: its position and the 32 bytes that were signed."""

    height: HeightField
    round: RoundField
    step: SignedStep
    digest: HashField

    @property
    def position(self) -> Position:
        """The position as a comparable value."""
        return Position(self.height, self.round, self.step)

    def check(self, position: Position, digest: Hash) -> None:
        """Allow a position above the last one, or the identical message again.

        Raises: Refused: VT-3022: signing could contradict an earlier signature.
        """
        if position > self.position or (position == self.position and digest == self.digest):
            return
        raise Refused(
            "VT-3022",
            wanted=_describe(position),
            last=_describe(self.position),
        )


NEVER_SIGNED: Final = LastSigned(Height(0), Round(0), SignedStep.PROPOSAL, EMPTY_HASH)
"""What a fresh key starts with; heights that are voted on start at 1."""

ROUND_LAST: Final = Round(2**31 - 1)
RECORD_SIZE_BYTES: Final = 88
_SIZE_PLAIN: Final = 8 + 8 + 8 + 32


def _describe(position: Position) -> str:
    return f"{position.step.name.lower()} of height {position.height} round {position.round}"


def seal(last: LastSigned) -> LastSigned:
    """Move a guard to the end of its height.

    For a node whose state is older than its guard: it has forgotten what it locked on at that
    height, so it may not even sign in later rounds of it.
    """
    return LastSigned(last.height, ROUND_LAST, SignedStep.PRECOMMIT, EMPTY_HASH)


def encode_last_signed(last: LastSigned) -> bytes:
    """Give the record for the file: height, round, step (8 bytes each), digest, checksum (32)."""
    plain = to_bytes(last.height) + to_bytes(last.round) + to_bytes(last.step) + last.digest
    return plain + hash_tagged("last-signed", plain)


def decode_last_signed(data: bytes) -> LastSigned:
    """Read the record.

    Raises: Corruption: VT-3021: it is not whole. The key must not sign until someone knows what
    it signed last.
    """
    plain, checksum = data[:_SIZE_PLAIN], data[_SIZE_PLAIN:]
    if len(data) != RECORD_SIZE_BYTES or checksum != hash_tagged("last-signed", plain):
        raise Corruption("VT-3021", size=len(data))
    height, round_, step = (int.from_bytes(plain[at : at + 8], "big") for at in (0, 8, 16))
    return LastSigned(Height(height), Round(round_), SignedStep(step), Hash(plain[24:]))
