"""What was seen of a network at one moment: the answers of its nodes, and what stands in homes."""

from dataclasses import dataclass, field

from chain.scalars import UnixMillis
from chain.validators import EngineName
from node.alarm import Alarm
from node.api.views.consensus import CertificateExpiryView, ConsensusView, MachineView
from node.api.views.status import StatusView


@dataclass(frozen=True, slots=True)
class Member:
    """A validator of the height that is worked on."""

    node: str
    organisation: str
    weight: int

    def __str__(self) -> str:
        return f"{self.node} ({self.organisation})"


@dataclass(frozen=True, slots=True)
class Sight:
    """What one node answered.

    `clock_ms` is how far its clock is ahead of the clock of whoever asked, give or take
    `margin_ms`, half the time that the question took.
    """

    address: str
    status: StatusView
    consensus: ConsensusView
    machine: MachineView
    clock_ms: float
    margin_ms: float

    @property
    def node(self) -> str:
        """Its name."""
        return self.status.node

    def to_local(self, time_ms: int) -> UnixMillis:
        """Turn a time by its clock into one by the clock of whoever asked; never before 1970."""
        return UnixMillis(max(0, round(time_ms - self.clock_ms)))


@dataclass(frozen=True, slots=True)
class Silence:
    """An address that does not answer.

    `node` is None where nobody knows who should be there; `is_refused`: the machine answers, and
    says that nothing listens there.
    """

    address: str
    node: str | None
    reason: str
    is_refused: bool = False


@dataclass(frozen=True, slots=True)
class OddAnswer:
    """An address that answers, but not as a node of this version should.

    `node` is None where nobody knows who should be there.
    """

    address: str
    reason: str
    node: str | None = None


@dataclass(frozen=True, slots=True)
class Unproven:
    """A node that shows a block which the validators of its height did not decide."""

    address: str
    node: str
    height: int
    reason: str


@dataclass(frozen=True, slots=True)
class HomeSight:
    """What a node's folder on this machine says; `free_bytes` is None where the disk is unknown."""

    node: str
    organisation: str
    folder: str
    alarm: Alarm | None
    free_bytes: int | None
    free_bytes_min: int
    certificates: tuple[CertificateExpiryView, ...]


@dataclass(frozen=True, slots=True)
class StateDifference:
    """Where the state of `node` parts from that of the quorum, found against `other`.

    `key` is the first differing state key by the order of the tree, None where it was not found:
    then `path`, the hash of it, may be known. A value hash is None where the key has no value.
    `own_data` and `other_data` are the values themselves, where they are known. `transaction` is
    the first one with another result, None when all results are alike; `writer` the one that wrote
    the key last at `node`. `damaged` are keys that the node's own disk holds wrong. `is_fork`: both
    blocks were decided.
    """

    node: str
    other: str | None
    height: int
    fields: tuple[str, ...]
    own_root: str
    other_root: str
    key: bytes | None = None
    path: str | None = None
    own_value: str | None = None
    other_value: str | None = None
    own_data: bytes | None = None
    other_data: bytes | None = None
    transaction: str | None = None
    writer: str | None = None
    damaged: tuple[bytes, ...] = ()
    signed_both: tuple[str, ...] = ()
    note: str | None = None
    is_fork: bool = False


@dataclass(frozen=True, slots=True)
class Observation:
    """All that was seen; `asked_ms` is by the clock of whoever asked.

    `members` decide the height after the newest block that any node proves, by `quorum`, as
    `engine` has it. `chain` is the hash of the genesis that this goes back to, empty while nobody
    shows one.
    """

    asked_ms: UnixMillis
    members: tuple[Member, ...]
    quorum: int
    sights: tuple[Sight, ...]
    silences: tuple[Silence, ...] = ()
    oddities: tuple[OddAnswer, ...] = ()
    homes: tuple[HomeSight, ...] = ()
    differences: tuple[StateDifference, ...] = field(default=())
    unproven: tuple[Unproven, ...] = ()
    chain: str = ""
    engine: EngineName = "bft"
