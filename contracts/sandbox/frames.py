"""What travels between the node and its worker: length-prefixed MessagePack, both ways.

node -> worker   Run, then one Answer per question (or Abort: the host raised)
worker -> node   Ready once; per run any number of questions, then Done or Fault
"""

from __future__ import annotations

from typing import Any, Final

import msgspec

from contracts.executor import ActionRequest, Execution, Invocation

FRAME_SIZE_MAX: Final = 32 << 20
LENGTH_SIZE: Final = 4


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

    key: str


class AskRange(Frame, frozen=True, array_like=True, tag=7):
    """Answer: list of (key, value)."""

    start: str
    stop: str
    limit: int


class AskTwin(Frame, frozen=True, array_like=True, tag=8):
    """Answer: bytes or None."""

    twin: str


class AskAction(Frame, frozen=True, array_like=True, tag=9):
    """Answer: str or None."""

    request: ActionRequest


class Done(Frame, frozen=True, array_like=True, tag=10):
    """The run ended; writes and events are empty unless it ended well."""

    execution: Execution
    writes: list[tuple[str, bytes | None]]
    events: list[tuple[str, bytes]]


class Fault(Frame, frozen=True, array_like=True, tag=11):
    """The worker could not run it."""

    reason: str


ToWorker = Run | Answer | Abort
Question = AskSource | AskKey | AskRange | AskTwin | AskAction
ToNode = Ready | AskSource | AskKey | AskRange | AskTwin | AskAction | Done | Fault

_ENCODER: Final = msgspec.msgpack.Encoder()
TO_WORKER: Final[msgspec.msgpack.Decoder[ToWorker]] = msgspec.msgpack.Decoder(ToWorker)
TO_NODE: Final[msgspec.msgpack.Decoder[ToNode]] = msgspec.msgpack.Decoder(ToNode)


def pack(frame: Frame) -> bytes:
    """Encode a frame with its length in front."""
    body = _ENCODER.encode(frame)
    return len(body).to_bytes(LENGTH_SIZE, "big") + body
