"""Signing of own messages: every signature asks the guard first."""

from msgspec.structs import replace

from chain import keys
from chain.errors import Refused
from chain.scalars import Hash, Round, Signature, UnixMillis
from chain.validators import ValidatorSet
from consensus.bft.last_signed import LastSigned, Position, SignedStep
from consensus.bft.messages import Proposal, Vote, VoteKind, proposal_hash, vote_hash
from consensus.bft.state import OWN_VOTES_MAX, HardState
from consensus.value import Value, ValueId


class Voter:
    """A vote key and the guard in front of it; without a key it only watches.

    Each method gives the state that holds the new message and the moved guard, or None when the
    guard refuses. Nothing may be sent before that state is durable.
    """

    def __init__(self, genesis: Hash, signer: keys.Signer | None) -> None:
        self._genesis = genesis
        self._signer = signer

    def find_index(self, validators: ValidatorSet) -> int | None:
        """Give this key's index in a set; None when it does not vote there."""
        if self._signer is None:
            return None
        for index, member in enumerate(validators.members):
            if member.vote_key == self._signer.public_key:
                return index
        return None

    def propose(
        self, state: HardState, index: int, value: Value, valid_round: Round
    ) -> HardState | None:
        """Sign a proposal for the state's height and round."""
        digest = proposal_hash(self._genesis, state.height, state.round, value, valid_round)
        signed = self._sign(state, SignedStep.PROPOSAL, digest)
        if signed is None:
            return None
        signature, last = signed
        proposal = Proposal(state.height, state.round, value, valid_round, index, signature)
        return replace(state, proposal=proposal, last_signed=last)

    def vote(
        self,
        state: HardState,
        index: int,
        kind: VoteKind,
        block: ValueId,
        time_ms: UnixMillis,
    ) -> HardState | None:
        """Sign a vote for the state's height and round; a prevote carries no time."""
        step = SignedStep.PREVOTE if kind == "prevote" else SignedStep.PRECOMMIT
        said_ms = time_ms if kind == "precommit" else UnixMillis(0)
        digest = vote_hash(self._genesis, kind, state.height, state.round, block, said_ms)
        signed = self._sign(state, step, digest)
        if signed is None:
            return None
        signature, last = signed
        vote = Vote(kind, state.height, state.round, block, said_ms, index, signature)
        votes = (*state.votes, vote)[-OWN_VOTES_MAX:]
        return replace(state, votes=votes, last_signed=last)

    def _sign(
        self, state: HardState, step: SignedStep, digest: Hash
    ) -> tuple[Signature, LastSigned] | None:
        assert self._signer is not None, "only a key that is in the set has an index"
        position = Position(state.height, state.round, step)
        try:
            state.last_signed.check(position, digest)
        except Refused:
            # Signed there in an earlier life whose state is lost: be silent, but follow.
            return None
        last = LastSigned(state.height, state.round, step, digest)
        return self._signer.sign(digest), last
