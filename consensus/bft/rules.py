"""The rules of Tendermint, one predicate for each `upon` and `if` of Algorithm 1.

Source: arXiv 1807.04938, "The latest gossip on BFT consensus", Algorithm 1; L22 is its line 22.
"2f + 1" is read as more than two thirds of the weight and "f + 1" as more than one third. The
predicates decide nothing else and change nothing; `core.py` performs what stands under them.
"""

from collections.abc import Callable

from chain.genesis import Timing
from chain.scalars import Hash, Height, Round
from chain.validators import ValidatorSet, compute_proposer
from consensus.bft.messages import NO_ROUND, Proposal
from consensus.bft.proposals import ProposalBook
from consensus.bft.state import HardState, Step
from consensus.bft.votes import VoteBook
from consensus.value import RoundStep, Timer, Value


def is_proposer(
    validators: ValidatorSet, height: Height, round_: Round, own_index: int | None
) -> bool:
    """L14: proposer(h, round) = p."""
    return own_index is not None and compute_proposer(validators, height, round_) == own_index


def choose_value(state: HardState) -> Value | None:
    """L15 to L18: propose the valid value again if there is one, else (None) a new one."""
    return state.valid_value


def is_fresh_proposal(state: HardState, proposal: Proposal) -> bool:
    """L22: a proposal of this round with valid round -1, while step = propose."""
    return (
        state.step == Step.PROPOSE
        and proposal.round == state.round
        and proposal.valid_round == NO_ROUND
    )


def accepts_fresh(state: HardState, proposal: Proposal, is_valid: bool) -> bool:
    """L23: valid(v) and (not locked, or locked on v)."""
    return is_valid and (
        state.locked_round == NO_ROUND or state.locked_value_id == proposal.value.id
    )


def is_justified_proposal(state: HardState, proposal: Proposal, votes: VoteBook) -> bool:
    """L28: a proposal of this round and 2f+1 prevotes for it in its valid round, in propose."""
    return (
        state.step == Step.PROPOSE
        and proposal.round == state.round
        and 0 <= proposal.valid_round < state.round
        and votes.has_quorum("prevote", proposal.valid_round, proposal.value.id)
    )


def accepts_justified(state: HardState, proposal: Proposal, is_valid: bool) -> bool:
    """L29: valid(v) and (locked no later than its valid round, or locked on v)."""
    return is_valid and (
        state.locked_round <= proposal.valid_round or state.locked_value_id == proposal.value.id
    )


def has_any_prevotes(state: HardState, votes: VoteBook) -> bool:
    """L34: 2f+1 prevotes of this round for whatever, while step = prevote."""
    return state.step == Step.PREVOTE and votes.has_quorum_any("prevote", state.round)


def has_prevotes_for_value(
    state: HardState, proposal: Proposal, votes: VoteBook, is_valid: bool
) -> bool:
    """L36: the proposal and 2f+1 prevotes for it, while valid(v) and step >= prevote, once.

    "For the first time" is the valid round: L43 sets it to this round.
    """
    return (
        is_valid
        and state.step >= Step.PREVOTE
        and proposal.round == state.round
        and state.valid_round < state.round
        and votes.has_quorum("prevote", state.round, proposal.value.id)
    )


def may_lock(state: HardState) -> bool:
    """L37: step = prevote; a node that has precommitted nil only learns the valid value."""
    return state.step == Step.PREVOTE


def has_nil_prevotes(state: HardState, votes: VoteBook) -> bool:
    """L44: 2f+1 prevotes of this round for nil, while step = prevote."""
    return state.step == Step.PREVOTE and votes.has_quorum("prevote", state.round, None)


def is_lost(state: HardState, votes: VoteBook, validators: ValidatorSet) -> bool:
    """f+1 prevotes of this round are for nil, so the rest cannot lock on anything in it.

    Not in the paper, which waits for the time-outs of L57 and L61. See ADR 0017.
    """
    return votes.tally("prevote", state.round).weight_for(None) >= validators.honest_weight


def is_over(state: HardState, votes: VoteBook, proposals: ProposalBook) -> bool:
    """The proposer was silent, and 2f+1 prevoted and precommitted nil: nobody learns a value.

    Not in the paper, which waits for the time-out of L65 even then. Were there a proposal, or fewer
    prevotes for nil, somebody might be locked, and the wait is what lets all others hear of it.
    """
    return (
        proposals.get(state.round) is None
        and votes.has_quorum("prevote", state.round, None)
        and votes.has_quorum("precommit", state.round, None)
    )


def has_any_precommits(state: HardState, votes: VoteBook) -> bool:
    """L47: 2f+1 precommits of this round for whatever."""
    return votes.has_quorum_any("precommit", state.round)


def find_decision(
    votes: VoteBook, find_value: Callable[[Hash], Value | None]
) -> tuple[Round, Value] | None:
    """L49: a known value and 2f+1 precommits for it in one round, this one or any other.

    The value may have come with a proposal of another round: the same name is the same value.
    """
    for round_, value_id in votes.decisions():
        value = find_value(value_id)
        if value is not None:
            return round_, value
    return None


def find_skip_round(
    state: HardState, votes: VoteBook, proposals: ProposalBook, validators: ValidatorSet
) -> Round | None:
    """L55: the highest round above this one in which f+1 of the weight said something."""
    for round_ in sorted({*votes.rounds(), *proposals.rounds()}, reverse=True):
        if round_ <= state.round:
            return None
        if _holds_correct(validators, _senders(round_, votes, proposals)):
            return round_
    return None


def ends_wait(votes: VoteBook, proposals: ProposalBook, validators: ValidatorSet) -> bool:
    """Others work on this height: round 0 has its proposal, or f+1 of the weight said something.

    Not in the paper, whose rounds begin at once. What a single other member says is not enough, or
    one liar could make everybody build empty blocks without a pause.
    """
    if proposals.get(Round(0)) is not None:
        return True
    rounds = {*votes.rounds(), *proposals.rounds()}
    heard = {sender for round_ in rounds for sender in _senders(round_, votes, proposals)}
    return _holds_correct(validators, heard)


def _senders(round_: Round, votes: VoteBook, proposals: ProposalBook) -> set[int]:
    proposal = proposals.get(round_)
    proposer = set() if proposal is None else {proposal.proposer}
    return votes.voters(round_) | proposer


def _holds_correct(validators: ValidatorSet, senders: set[int]) -> bool:
    return sum(validators.members[i].weight for i in senders) >= validators.honest_weight


def is_present(state: HardState, timer: Timer) -> bool:
    """L58, L62, L66: the timer is of this height and round, and the step it guards lasts still.

    OnTimeoutPrecommit asks for no step: L65 moves on from wherever the round is stuck.
    """
    if (timer.height, timer.round) != (state.height, state.round):
        return False
    match timer.step:
        case "propose":
            return state.step == Step.PROPOSE
        case "prevote":
            return state.step == Step.PREVOTE
        case "precommit":
            return state.step != Step.WAIT
        case "heartbeat":
            return state.step == Step.WAIT
        case "tick":
            return False


def compute_timeout_ms(timing: Timing, step: RoundStep, round_: Round) -> int:
    """Give timeoutX(round) of L21, L35 and L48: it grows with the round and is capped."""
    match step:
        case "propose":
            return min(timing.propose_ms + round_ * timing.propose_step_ms, timing.round_ms_max)
        case "prevote" | "precommit":
            return min(timing.vote_ms + round_ * timing.vote_step_ms, timing.round_ms_max)
        case "heartbeat":
            return timing.heartbeat_ms
