"""What is agreed on and what is waited for: the two nouns that events and effects share."""

from typing import Annotated, Final, Literal

from msgspec import Meta, Struct

from chain.scalars import Hash, HashField, HeightField, MillisField, RoundField

PAYLOAD_SIZE_BYTES_MAX: Final = 4 << 20
"""Room for a header, 100,000 transaction ids and a certificate."""

RoundStep = Literal["propose", "prevote", "precommit", "heartbeat"]
"""What a timer guards: a step of a round, or the wait for something to order."""
TimerStep = Literal[RoundStep, "tick"]
"""In Raft a beat goes on and on besides: heartbeats are sent and silence is counted in ticks."""


class Value(Struct, frozen=True, array_like=True, forbid_unknown_fields=True):
    """A candidate for one height.

    `id` is the block hash, the value's name in votes. `payload` is opaque to the engine. `time_ms`
    is the block time; precommits are later than it. Whether the three belong together is part of
    `CheckPayload`; the engine uses nothing of a value before that check said yes.
    """

    id: HashField
    payload: Annotated[bytes, Meta(max_length=PAYLOAD_SIZE_BYTES_MAX)]
    time_ms: MillisField


class Timer(Struct, frozen=True, array_like=True, forbid_unknown_fields=True):
    """One time-out; it is stale when its height, round or step has passed. A tick never is."""

    height: HeightField
    round: RoundField
    step: TimerStep


ValueId = Hash | None
"""What a vote names: a value, or nil."""
