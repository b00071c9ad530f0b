"""What is known of a block when a quorum decided another result of it than this node gets."""

from dataclasses import dataclass

from chain.block import Header
from chain.errors import Corruption
from node.replica.transition import ExecutedBlock


@dataclass(frozen=True, slots=True)
class Divergence:
    """One block with two results: the header that others made, and what this node gets."""

    decided: Header
    executed: ExecutedBlock

    @property
    def fields(self) -> tuple[str, ...]:
        """Name the fields of the header that differ, in their order."""
        own = self.executed.header
        return tuple(
            name
            for name in Header.__struct_fields__
            if getattr(self.decided, name) != getattr(own, name)
        )


class Diverged(Corruption):
    """A quorum decided what this node does not get; it must stop, and keep what is known of it."""

    def __init__(self, code: str, divergence: Divergence, **values: object) -> None:
        super().__init__(code, **values)
        self.divergence = divergence
