"""Signing of own messages; votes and acknowledgements ask the guard first."""

from typing import TypeVar

from msgspec.structs import replace

from chain.certificate import precommit_hash
from chain.errors import Refused
from chain.keys import Signer
from chain.scalars import Hash, PublicKey, UnixMillis
from consensus.last_signed import LastSigned, Position, SignedStep
from consensus.own_key import OwnKey
from consensus.raft.messages import Message, election_hash, message_hash
from consensus.raft.state import Entry, RaftState
from consensus.value import Value

MessageT = TypeVar("MessageT", bound=Message)


class Author:
    """A node's vote key at one height, and the guard in front of it.

    Members without weight speak too: they say what they hold. There is one guard for all keys of a
    node: positions grow, whichever key signs.
    """

    def __init__(self, genesis: Hash, own: OwnKey | None) -> None:
        self._genesis = genesis
        self._own = own

    @property
    def index(self) -> int | None:
        """Place in the height's set; None for a node that is not in it."""
        return None if self._own is None else self._own.index

    @property
    def key(self) -> PublicKey:
        """The public key that speaks at this height."""
        return self._signer.public_key

    def sign(self, message: MessageT) -> MessageT:
        """Give a message with its signature; what it says has been guarded before."""
        digest = message_hash(self._genesis, message)
        return replace(message, signature=self._signer.sign(digest))

    def vote(self, state: RaftState, candidate: PublicKey) -> RaftState | None:
        """Vote in the present term: give the state that remembers it, or None by the guard."""
        digest = election_hash(self._genesis, state.height, state.term, candidate)
        moved = _move_guard(state, SignedStep.PREVOTE, digest)
        return None if moved is None else replace(moved, voted_for=candidate)

    def hold(self, state: RaftState, value: Value, time_ms: UnixMillis) -> RaftState | None:
        """Precommit a value in the present term: give the state that holds it as the entry.

        Returns: None when the guard refuses.
        """
        digest = precommit_hash(self._genesis, state.height, state.term, value.id, time_ms)
        moved = _move_guard(state, SignedStep.PRECOMMIT, digest)
        if moved is None:
            return None
        signature = self._signer.sign(digest)
        return replace(moved, entry=Entry(state.term, value, time_ms, signature))

    @property
    def _signer(self) -> Signer:
        assert self._own is not None, "only members speak"
        return self._own.signer


def _move_guard(state: RaftState, step: SignedStep, digest: Hash) -> RaftState | None:
    try:
        state.last_signed.check(Position(state.height, state.term, step), digest)
    except Refused:
        return None
    return replace(state, last_signed=LastSigned(state.height, state.term, step, digest))
