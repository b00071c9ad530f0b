"""What a member of a Raft committee must still know after a power cut.

Term, vote and entry are written before any message that rests on them leaves. The committed part
of the log is the chain itself.
"""

from typing import Final

from msgspec import Struct
from msgspec.structs import replace

from chain.errors import Corruption
from chain.scalars import (
    CountField,
    Height,
    HeightField,
    MillisField,
    PublicKey,
    PublicKeyField,
    Round,
    RoundField,
    SignatureField,
)
from consensus.chain import Tip
from consensus.last_signed import NEVER_SIGNED, LastSigned
from consensus.raft.messages import Acknowledgement
from consensus.value import PAYLOAD_SIZE_BYTES_MAX, Value

RAFT_STATE_SIZE_BYTES_MAX: Final = PAYLOAD_SIZE_BYTES_MAX + 4096
NOBODY: Final = PublicKey(bytes(32))
"""No member's key: stands for a vote that is given, nobody knows to whom."""


class Entry(Struct, frozen=True, array_like=True, forbid_unknown_fields=True):
    """The one entry above the chain, and this member's own precommit for it in that term."""

    term: RoundField
    value: Value
    time_ms: MillisField
    signature: SignatureField

    @property
    def acknowledgement(self) -> Acknowledgement:
        """The precommit as it is sent."""
        return Acknowledgement(self.value.id, self.time_ms, self.signature)


class RaftState(Struct, tag=2, frozen=True, array_like=True, forbid_unknown_fields=True):
    """The durable variables of a server (thesis, Figure 3.1), and the guard of the vote key.

    `height` is the one above the chain; unlike it, `term` and `voted_for` outlive a commit. The
    vote is kept as the candidate's key, because places in the committee change. `mute_height`: up
    to there nothing is signed, because a state was lost. `lives` counts the starts.
    """

    height: HeightField
    term: RoundField
    voted_for: PublicKeyField | None
    entry: Entry | None
    last_signed: LastSigned
    mute_height: HeightField
    lives: CountField


def initial_state(height: Height, last_signed: LastSigned = NEVER_SIGNED) -> RaftState:
    """Give the state of a member that knows of no term yet."""
    return RaftState(
        height=height,
        term=Round(0),
        voted_for=None,
        entry=None,
        last_signed=last_signed,
        mute_height=Height(0),
        lives=0,
    )


def enter_term(state: RaftState, term: Round) -> RaftState:
    """Go to a later term, where the vote is still free; the present one keeps its vote."""
    if term <= state.term:
        return state
    return replace(state, term=term, voted_for=None)


def enter_height(state: RaftState, tip: Tip) -> RaftState:
    """Go to the height above the chain; the term is at least that of the last block."""
    state = replace(state, height=tip.height, entry=None)
    return state if tip.previous is None else enter_term(state, tip.previous.round)


def choose_state(tip: Tip, stored: RaftState | None, last_signed: LastSigned | None) -> RaftState:
    """Give the state to start from, behind a guard that covers all that was ever signed.

    A guard that is ahead of the state shows that the state was lost: the vote of its term counts as
    given away, and up to its height nothing is signed any more, for an entry may be forgotten.

    Raises: Corruption: VT-3023: the state is of a later height than the chain.
    """
    state = initial_state(tip.height) if stored is None else stored
    if state.height > tip.height:
        raise Corruption("VT-3023", state=state.height, height=tip.height)
    if last_signed is not None and last_signed.position > state.last_signed.position:
        state = replace(
            enter_term(state, last_signed.round),
            voted_for=NOBODY,
            entry=None,
            last_signed=last_signed,
            mute_height=last_signed.height,
        )
    if state.height < tip.height:
        state = enter_height(state, tip)
    elif tip.previous is not None:
        state = enter_term(state, tip.previous.round)
    return replace(state, lives=state.lives + 1)
