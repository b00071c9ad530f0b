"""What travels between the node and its worker: length-prefixed MessagePack, both ways.

node -> worker   Run, then one Answer per question (or Abort: the host raised)
worker -> node   Ready once; per run any number of questions, then Done or Fault

A contract may have broken out and be the one who writes to the node. So the frames in that
direction have bounds, which are checked before anything is allocated.
"""

from __future__ import annotations

from typing import Annotated, Any, Final

import msgspec

from contracts.executor import GAS_LIMIT_MAX, ActionRequest, Execution, Invocation
from contracts.language import HISTORY_MAX, NAME_SIZE_MAX
from contracts.runtime.context import (
    ARGUMENTS_SIZE_MAX,
    ATTESTATIONS_MAX,
    TIME_MS_MAX,
    TWIN_ID_SIZE_MAX,
)
from contracts.runtime.session import (
    EVENT_SIZE_MAX,
    EVENTS_MAX,
    KEY_SIZE_MAX,
    RANGE_LIMIT_MAX,
    STATE_VALUE_SIZE_MAX,
    TIMERS_MAX,
    WRITES_MAX,
)

FRAME_SIZE_MAX: Final = 8 << 20
"""Most bytes of a frame for the node; the largest right one is a Done with all its writes."""
LENGTH_SIZE: Final = 4


_Key = Annotated[str, msgspec.Meta(max_length=NAME_SIZE_MAX + 1 + KEY_SIZE_MAX)]
_Data = Annotated[bytes, msgspec.Meta(max_length=STATE_VALUE_SIZE_MAX)]
_Write = tuple[_Key, _Data | None]
_Event = tuple[
    Annotated[str, msgspec.Meta(max_length=NAME_SIZE_MAX)],
    Annotated[bytes, msgspec.Meta(max_length=EVENT_SIZE_MAX)],
]
_Timer = tuple[
    Annotated[str, msgspec.Meta(max_length=NAME_SIZE_MAX)],
    Annotated[int, msgspec.Meta(ge=0, le=TIME_MS_MAX)] | None,
]


class Frame(msgspec.Struct, frozen=True, array_like=True, tag_field="frame"):
    """One message."""


class Ready(Frame, frozen=True, array_like=True, tag=1):
    """The worker is locked; `fences` says how."""

    fences: tuple[str, ...]


class Run(Frame, frozen=True, array_like=True, tag=2):
    """Run this; `reads` are hinted keys, read ahead."""

    invocation: Invocation
    reads: dict[str, bytes | None]


class Answer(Frame, frozen=True, array_like=True, tag=3):
    """The answer to the worker's question."""

    value: Any


class Abort(Frame, frozen=True, array_like=True, tag=4):
    """The host raised: drop what is running."""


class AskSource(Frame, frozen=True, array_like=True, tag=5):
    """Answer: str."""

    source_hash: bytes


class AskKey(Frame, frozen=True, array_like=True, tag=6):
    """Answer: bytes or None."""

    key: _Key


class AskRange(Frame, frozen=True, array_like=True, tag=7):
    """Answer: list of (key, value)."""

    start: _Key
    stop: _Key
    limit: Annotated[int, msgspec.Meta(ge=1, le=RANGE_LIMIT_MAX + WRITES_MAX)]


class AskTwin(Frame, frozen=True, array_like=True, tag=8):
    """Answer: bytes or None."""

    twin: Annotated[str, msgspec.Meta(max_length=TWIN_ID_SIZE_MAX)]


class AskAction(Frame, frozen=True, array_like=True, tag=9):
    """Answer: str or None."""

    request: ActionRequest


class AskAttestations(Frame, frozen=True, array_like=True, tag=12):
    """Answer: bytes."""

    twin: Annotated[str, msgspec.Meta(max_length=TWIN_ID_SIZE_MAX)]
    since: Annotated[int, msgspec.Meta(ge=0, le=TIME_MS_MAX)]
    limit: Annotated[int, msgspec.Meta(ge=1, le=ATTESTATIONS_MAX)]


class AskCall(Frame, frozen=True, array_like=True, tag=13):
    """Answer: an Invocation, or None."""

    contract: Annotated[str, msgspec.Meta(max_length=NAME_SIZE_MAX)]
    method: Annotated[str, msgspec.Meta(max_length=NAME_SIZE_MAX)]
    arguments: Annotated[bytes, msgspec.Meta(max_length=ARGUMENTS_SIZE_MAX)]
    gas_left: Annotated[int, msgspec.Meta(ge=0, le=GAS_LIMIT_MAX)]


class EndCall(Frame, frozen=True, array_like=True, tag=14):
    """The call that was begun last ended well, and leaves this behind. Answer: None."""

    writes: Annotated[list[_Write], msgspec.Meta(max_length=WRITES_MAX)]
    events: Annotated[list[_Event], msgspec.Meta(max_length=EVENTS_MAX)]
    timers: Annotated[list[_Timer], msgspec.Meta(max_length=TIMERS_MAX)]


class AskHistory(Frame, frozen=True, array_like=True, tag=15):
    """Answer: bytes."""

    twin: Annotated[str, msgspec.Meta(max_length=TWIN_ID_SIZE_MAX)]
    name: Annotated[str, msgspec.Meta(max_length=NAME_SIZE_MAX)]
    limit: Annotated[int, msgspec.Meta(ge=1, le=HISTORY_MAX)]


class Done(Frame, frozen=True, array_like=True, tag=10):
    """The run ended; writes, events and timers are empty unless it ended well."""

    execution: Execution
    writes: Annotated[list[_Write], msgspec.Meta(max_length=WRITES_MAX)]
    events: Annotated[list[_Event], msgspec.Meta(max_length=EVENTS_MAX)]
    timers: Annotated[list[_Timer], msgspec.Meta(max_length=TIMERS_MAX)] = []


class Fault(Frame, frozen=True, array_like=True, tag=11):
    """The worker could not run it."""

    reason: str


ToWorker = Run | Answer | Abort
Question = (
    AskHistory
    | AskSource
    | AskKey
    | AskRange
    | AskTwin
    | AskAction
    | AskAttestations
    | AskCall
    | EndCall
)
ToNode = Ready | Question | Done | Fault

_ENCODER: Final = msgspec.msgpack.Encoder()
TO_WORKER: Final[msgspec.msgpack.Decoder[ToWorker]] = msgspec.msgpack.Decoder(ToWorker)
TO_NODE: Final[msgspec.msgpack.Decoder[ToNode]] = msgspec.msgpack.Decoder(ToNode)


def pack(frame: Frame) -> bytes:
    """Encode a frame with its length in front."""
    body = _ENCODER.encode(frame)
    return len(body).to_bytes(LENGTH_SIZE, "big") + body
