"""Signing of own messages: every signature asks the guard first."""

from msgspec.structs import replace

from chain.errors import Refused
from chain.scalars import Hash, Round, Signature, UnixMillis
from consensus.bft.messages import Proposal, Vote, VoteKind, proposal_hash, vote_hash
from consensus.bft.state import OWN_VOTES_MAX, HardState
from consensus.last_signed import LastSigned, Position, SignedStep
from consensus.own_key import OwnKey
from consensus.value import Value, ValueId


class Voter:
    """A node's vote key at one height and the guard in front of it; without a key it only watches.

    There is one guard for all keys of a node: positions grow, whichever key signs.

    Each method gives the state that holds the new message and the moved guard, or None when the
    guard refuses. Nothing may be sent before that state is durable.
    """

    def __init__(self, genesis: Hash, own: OwnKey | None) -> None:
        self._genesis = genesis
        self._own = own

    @property
    def index(self) -> int | None:
        """Place in the height's set; None when this node has no vote there."""
        return None if self._own is None else self._own.index

    def propose(self, state: HardState, value: Value, valid_round: Round) -> HardState | None:
        """Sign a proposal for the state's height and round."""
        own = self._require_own()
        digest = proposal_hash(self._genesis, state.height, state.round, value, valid_round)
        signed = _sign(own, state, SignedStep.PROPOSAL, digest)
        if signed is None:
            return None
        signature, last = signed
        proposal = Proposal(state.height, state.round, value, valid_round, own.index, signature)
        return replace(state, proposal=proposal, last_signed=last)

    def vote(
        self,
        state: HardState,
        kind: VoteKind,
        block: ValueId,
        time_ms: UnixMillis,
    ) -> HardState | None:
        """Sign a vote for the state's height and round; a prevote carries no time."""
        own = self._require_own()
        step = SignedStep.PREVOTE if kind == "prevote" else SignedStep.PRECOMMIT
        said_ms = time_ms if kind == "precommit" else UnixMillis(0)
        digest = vote_hash(self._genesis, kind, state.height, state.round, block, said_ms)
        signed = _sign(own, state, step, digest)
        if signed is None:
            return None
        signature, last = signed
        vote = Vote(kind, state.height, state.round, block, said_ms, own.index, signature)
        votes = (*state.votes, vote)[-OWN_VOTES_MAX:]
        return replace(state, votes=votes, last_signed=last)

    def _require_own(self) -> OwnKey:
        assert self._own is not None, "only a member with a vote signs"
        return self._own


def _sign(
    own: OwnKey, state: HardState, step: SignedStep, digest: Hash
) -> tuple[Signature, LastSigned] | None:
    position = Position(state.height, state.round, step)
    try:
        state.last_signed.check(position, digest)
    except Refused:
        # Signed there in an earlier life whose state is lost: be silent, but follow.
        return None
    last = LastSigned(state.height, state.round, step, digest)
    return own.signer.sign(digest), last
