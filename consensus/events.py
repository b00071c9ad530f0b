"""What happens to an engine: the closed union of its inputs. Time comes in here and only here."""

from dataclasses import dataclass

from chain.certificate import QuorumCertificate
from chain.scalars import Height, Round, UnixMillis
from chain.validators import ValidatorSet
from consensus.chain import Tip
from consensus.messages import Message
from consensus.value import Timer, Value


@dataclass(frozen=True, slots=True)
class Started:
    """The node is up; always the first event, and never repeated."""

    now_ms: UnixMillis


@dataclass(frozen=True, slots=True)
class Received:
    """A peer sent a message; who relayed it does not matter, who signed it does."""

    message: Message
    now_ms: UnixMillis


@dataclass(frozen=True, slots=True)
class TimerFired:
    """A timer of `SetTimer` ran out; stale ones are ignored."""

    timer: Timer
    now_ms: UnixMillis


@dataclass(frozen=True, slots=True)
class WorkAvailable:
    """The mempool holds something to order. Sent when that becomes true; repeats are harmless."""

    now_ms: UnixMillis


@dataclass(frozen=True, slots=True)
class PayloadBuilt:
    """The answer to `BuildPayload`: an executed, therefore valid, value of this node's own."""

    height: Height
    round: Round
    value: Value


@dataclass(frozen=True, slots=True)
class PayloadChecked:
    """The answer to `CheckPayload`.

    `is_valid`: the payload is what the value's id names and executing it gave what its header says.
    `is_mismatched`: it is not valid because payload, time and name do not belong together, so the
    block of that name may still be good. A quorum for a value that is invalid otherwise stops the
    node; a quorum for a mismatched one only means that its proposer lied to this node.
    """

    height: Height
    value: Value
    is_valid: bool
    is_mismatched: bool = False


@dataclass(frozen=True, slots=True)
class HeightCommitted:
    """A block is on disk: after `Decide`, or brought by catch-up.

    `validators` decide the next height, `next_validators` the one after it.
    `time_ms` is the block's time. `has_work` says whether the mempool still holds something.
    """

    height: Height
    certificate: QuorumCertificate
    validators: ValidatorSet
    next_validators: ValidatorSet
    time_ms: UnixMillis
    has_work: bool
    now_ms: UnixMillis

    @property
    def tip(self) -> Tip:
        """What the block leaves to an engine that begins above it."""
        return Tip(
            Height(self.height + 1),
            self.certificate,
            self.time_ms,
            self.validators,
            self.next_validators,
        )


@dataclass(frozen=True, slots=True)
class TransferLeadership:
    """Hand the lead over, to the member at index `to` or to the one that is furthest.

    Only the leader of a Raft committee has something to hand over; all others ignore it.
    """

    to: int | None
    now_ms: UnixMillis


@dataclass(frozen=True, slots=True)
class ReadRequested:
    """Someone wants to read what is final now; answered by `ReadReady` or `ReadRefused`, once."""

    ticket: int


Event = (
    Started
    | Received
    | TimerFired
    | WorkAvailable
    | PayloadBuilt
    | PayloadChecked
    | HeightCommitted
    | TransferLeadership
    | ReadRequested
)
