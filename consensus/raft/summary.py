"""What a member of a Raft committee tells about itself, to peers and to status pages."""

from msgspec import Struct

from chain.scalars import CountField, HeightField, Round, RoundField
from consensus.bitmap import BitmapField
from consensus.raft.member import Role


class RaftSummary(Struct, tag=2, frozen=True, array_like=True, forbid_unknown_fields=True):
    """Where a member stands: its height and term, its role there, and whom it follows.

    `leader` is an index in the committee, None while none is known. `has_proposal`: it holds an
    entry that is not committed yet. `precommits` is a bitmap (`consensus.bitmap`) of those that it
    knows to hold that entry in this term: a leader knows of all that told it, a follower of itself.
    Raft has no prevotes.
    """

    height: HeightField
    term: RoundField
    role: Role
    leader: CountField | None
    has_proposal: bool
    precommits: BitmapField

    @property
    def round(self) -> Round:
        """The term: attempts to agree are counted by it."""
        return self.term

    @property
    def prevotes(self) -> bytes:
        """Nobody: there is no such step."""
        return b""

    @property
    def step_name(self) -> str:
        """The role in a word."""
        return self.role.name.lower().replace("_", "-")
