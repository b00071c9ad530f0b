"""The engine's durable state: all that a node must still know after a power cut.

It is one frozen value. Every own message is in it before it leaves, together with the lock that
justifies it; a node restarts from it and from nothing else.
"""

from enum import IntEnum
from typing import Final

from msgspec import Struct

from chain.scalars import HashField, Height, HeightField, Round, RoundField
from consensus.bft.messages import (
    MESSAGE_SIZE_BYTES_MAX,
    NO_ROUND,
    Proposal,
    RoundOrNoneField,
    Vote,
)
from consensus.last_signed import (
    NEVER_SIGNED,
    LastSigned,
    decode_last_signed,
    encode_last_signed,
)
from consensus.value import Value

__all__ = [
    "HARD_STATE_SIZE_BYTES_MAX",
    "NEVER_SIGNED",
    "HardState",
    "LastSigned",
    "Step",
    "decode_last_signed",
    "encode_last_signed",
    "initial_state",
]

OWN_VOTES_MAX: Final = 64
"""Own votes of the present height that are kept for sending again, the newest."""
HARD_STATE_SIZE_BYTES_MAX: Final = 2 * MESSAGE_SIZE_BYTES_MAX + (1 << 20)


class Step(IntEnum):
    """Where a node stands in its round; the paper's steps, and before them the wait for work."""

    WAIT = 0
    PROPOSE = 1
    PREVOTE = 2
    PRECOMMIT = 3


class HardState(Struct, tag=1, frozen=True, array_like=True, forbid_unknown_fields=True):
    """The variables of Algorithm 1 (L2 to L9) and the node's own messages of this height.

    `locked_value_id` is all that the rules compare of lockedValue. `valid_prevotes` are the
    prevotes that made `valid_value` valid: with them, nodes that all lost power can still justify
    proposing it again. `proposal` is the newest own one, `votes` are own and in order.
    """

    height: HeightField
    round: RoundField
    step: Step
    locked_value_id: HashField | None
    locked_round: RoundOrNoneField
    valid_value: Value | None
    valid_round: RoundOrNoneField
    valid_prevotes: tuple[Vote, ...]
    proposal: Proposal | None
    votes: tuple[Vote, ...]
    last_signed: LastSigned


def initial_state(height: Height, last_signed: LastSigned) -> HardState:
    """Give the state in which a height begins. Source: L2 to L9, L53."""
    return HardState(
        height=height,
        round=Round(0),
        step=Step.WAIT,
        locked_value_id=None,
        locked_round=NO_ROUND,
        valid_value=None,
        valid_round=NO_ROUND,
        valid_prevotes=(),
        proposal=None,
        votes=(),
        last_signed=last_signed,
    )
