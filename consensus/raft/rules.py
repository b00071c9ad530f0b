"""The rules of Raft, one function for each, with its section of the thesis.

Source: Diego Ongaro, "Consensus: Bridging Theory and Practice", 2014. The functions decide nothing
else and change nothing; the modules beside this one perform what stands under them. What differs
from the thesis follows from one entry per height and stands in ADR 0013.
"""

from collections.abc import Iterable, Mapping
from typing import Final, NamedTuple

from chain.genesis import Timing
from chain.hashing import hash_tagged
from chain.scalars import Hash, Height, PublicKey, Round, to_bytes
from chain.validators import ValidatorSet
from consensus.last_signed import ROUND_LAST
from consensus.raft.messages import CampaignKind
from consensus.raft.state import Entry, RaftState

TICKS_PER_TIMEOUT: Final = 10
"""Heartbeats in the shortest election time-out."""
TERMS_AHEAD_MAX: Final = 100_000
"""Days of failed elections; nothing correct is further ahead, but in a certificate."""


class LogPosition(NamedTuple):
    """Where a log ends; compares as section 3.6.1 says: by term, then by length."""

    term: Round
    height: Height


# Terms (thesis 3.3).


def is_later(term: Round, state: RaftState) -> bool:
    """3.3: whoever sees a later term goes to it and follows; absurd leaps are not believed."""
    return state.term < term <= state.term + TERMS_AHEAD_MAX


def is_stale(term: Round, state: RaftState) -> bool:
    """3.3: a message of an earlier term is refused."""
    return term < state.term


def next_term(state: RaftState) -> Round:
    """3.4: a candidate stands in the term after its own."""
    assert state.term < ROUND_LAST, "decades of elections, many in each second"
    return Round(state.term + 1)


# Elections (thesis 3.4 and 3.6).


def compute_position(state: RaftState, previous_term: Round) -> LogPosition:
    """3.6.1: the end of a log is its entry, or the last block under the term that decided it."""
    if state.entry is not None:
        return LogPosition(state.entry.term, state.height)
    return LogPosition(previous_term, Height(state.height - 1))


def is_up_to_date(candidate: LogPosition, own: LogPosition) -> bool:
    """3.6.1, the election restriction: the candidate's log ends no earlier than one's own."""
    return candidate >= own


def is_voter(validators: ValidatorSet, index: int | None) -> bool:
    """4.2.1: members without weight receive entries, but neither vote nor count."""
    member = None if index is None else validators.get(index)
    return member is not None and member.weight > 0


def may_sign(state: RaftState) -> bool:
    """3.8: votes and entries must be on disk; who lost them is mute where they mattered."""
    return state.height > state.mute_height


def is_vote_free(state: RaftState, candidate: PublicKey) -> bool:
    """3.4: one vote in a term, first come, first served."""
    return state.voted_for in (None, candidate)


def grants(
    state: RaftState,
    kind: CampaignKind,
    asked_term: Round,
    candidate: PublicKey,
    is_log_good: bool,
) -> bool:
    """3.4, 3.6.1 and, for a pre-vote, 9.6: vote once in a term, for a log that is good enough."""
    if not is_log_good or not may_sign(state):
        return False
    if kind == "pre-vote":
        return asked_term > state.term
    return asked_term == state.term and is_vote_free(state, candidate)


def is_disturbance(kind: CampaignKind, hears_leader: bool) -> bool:
    """4.2.3 and 3.10: who hears a leader gives no vote, unless that leader asked for it."""
    return hears_leader and kind != "transfer"


def has_quorum(validators: ValidatorSet, members: Iterable[int]) -> bool:
    """3.4, 3.5: more than half of the weight; members without weight add nothing."""
    weight = sum(validators.members[index].weight for index in set(members))
    return weight >= validators.quorum_weight


# Entries (thesis 3.5 and 3.6).


def matches(previous: Hash, own_previous: Hash) -> bool:
    """3.5: an entry is taken only where the logs below it are the same.

    Blocks name their predecessors, so equal names are equal logs. Terms would be too strict here:
    two leaders may have decided the same block, each in its own term.
    """
    return previous == own_previous


def contradicts(entry: Entry | None, term: Round, block: Hash) -> bool:
    """3.5: a leader makes one entry for a position in its term, and never another."""
    return entry is not None and entry.term == term and entry.value.id != block


def is_own_term(entry: Entry | None, state: RaftState) -> bool:
    """3.6.2: only an entry of one's own term is committed by counting; see Figure 3.7 there."""
    return entry is not None and entry.term == state.term


def may_build(state: RaftState, *, is_leader: bool, is_wanted: bool, is_handing_over: bool) -> bool:
    """3.5 and 3.10: a leader appends what clients bring, but nothing while it hands over."""
    return is_leader and is_wanted and not is_handing_over and state.entry is None


# Time (thesis 3.9 and 6.2).


def compute_tick_ms(timing: Timing) -> int:
    """3.9: heartbeats come much more often than the election time-out."""
    return max(1, timing.propose_ms // TICKS_PER_TIMEOUT)


def compute_election_ticks(
    timing: Timing, genesis: Hash, key: PublicKey, term: Round, attempt: int
) -> int:
    """3.4: a time-out between one and two times the base, differing by member and attempt.

    The base grows with failed attempts, as time-outs of rounds do, so that elections also end on a
    slow network. A hash stands for chance: pure code has none.
    """
    grown_ms = min(timing.propose_ms + attempt * timing.propose_step_ms, timing.round_ms_max)
    base = max(TICKS_PER_TIMEOUT, grown_ms // compute_tick_ms(timing))
    drawn = hash_tagged("raft-timeout", genesis, key, to_bytes(term), to_bytes(attempt))
    return base + int.from_bytes(drawn[:8], "big") % base


def is_silent(ticks: int) -> bool:
    """4.2.3: the shortest time-out has passed since a leader was heard."""
    return ticks >= TICKS_PER_TIMEOUT


# Handing over (thesis 3.10) and reading (thesis 6.4).


def choose_successor(
    heights: Mapping[int, Height], validators: ValidatorSet, next_validators: ValidatorSet
) -> int | None:
    """3.10: the voter whose log is longest; it must vote at the next height, too."""
    staying = {member.node for member in next_validators.members if member.weight > 0}
    candidates = [
        (-height, index)
        for index, height in heights.items()
        if is_voter(validators, index) and validators.members[index].node in staying
    ]
    return min(candidates)[1] if candidates else None


def may_read(*, holds_inherited_entry: bool) -> bool:
    """6.4, step 1: a new leader knows what is committed once the entry it found is decided.

    Without one there is nothing to wait for: were the height decided already, one of those that
    elected this leader would hold the entry, and would not have voted for a log without it.
    """
    return not holds_inherited_entry


def find_confirmed_beat(
    beats: Mapping[int, int], validators: ValidatorSet, own_index: int, own_beat: int
) -> int:
    """6.4, step 3: the latest heartbeat that a majority has answered, oneself included."""
    answered = {**beats, own_index: own_beat}
    for beat in sorted(set(answered.values()), reverse=True):
        if has_quorum(validators, (index for index, at in answered.items() if at >= beat)):
            return beat
    return -1
