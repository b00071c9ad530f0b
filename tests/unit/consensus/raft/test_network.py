"""Whole networks of Raft engines under faults, and planted bugs that this must find."""

import os
from collections.abc import Callable
from typing import Any

import pytest
from msgspec.structs import replace

from chain.errors import ChainError
from chain.validators import ValidatorSet
from consensus.effects import Decide, Persist
from consensus.raft import core, rules
from consensus.raft.following import Following
from consensus.raft.member import Member
from consensus.raft.offers import OfferBook
from consensus.raft.state import RaftState, choose_state
from consensus.verdicts import Verdict
from tests.unit.consensus.raft.network import Network, Violation

SEEDS = int(os.environ.get("CONSENSUS_SEEDS", "200"))
MUTANT_SEEDS = 2_000
"""Where the search gives up; each planted bug is found far below."""
Patch = pytest.MonkeyPatch


def test_a_calm_network_keeps_its_first_leader_and_answers_its_reads() -> None:
    network = Network(seed=5, calm=True)
    network.play(heights=3)
    assert set(network._leaders) == {1}
    assert network.final_height() >= 10
    assert network.reads_answered > 10 * network.reads_refused


@pytest.mark.parametrize("block", range(10))
def test_agreement_fresh_reads_and_progress_under_faults(block: int) -> None:
    for seed in range(block * SEEDS // 10, (block + 1) * SEEDS // 10):
        Network(seed).play()


def test_the_same_seed_tells_the_same_story() -> None:
    def play() -> list[tuple[bytes, ...]]:
        network = Network(seed=11)
        network.play()
        return [tuple(value.id for value, _ in node.disk.chain) for node in network.nodes]

    assert play() == play()


# ---------------------------------------------------------------------- planted bugs


def send_before_persist(patch: Patch) -> None:
    take = Member.take_effects

    def taken(self: Member) -> list[Any]:
        return sorted(take(self), key=lambda effect: isinstance(effect, Persist))

    patch.setattr(Member, "take_effects", taken)


def vote_without_comparing_logs(patch: Patch) -> None:
    patch.setattr(rules, "is_up_to_date", lambda candidate, own: True)


def half_is_a_majority(patch: Patch) -> None:
    half = property(lambda self: self.total_weight // 2)
    patch.setattr(ValidatorSet, "quorum_weight", half)


def forget_term_and_vote_over_a_restart(patch: Patch) -> None:
    def forgetful(*arguments: Any) -> RaftState:
        state = choose_state(*arguments)
        return replace(state, term=max(0, state.term - 1), voted_for=None)

    patch.setattr(core, "choose_state", forgetful)


def forget_the_entry_over_a_restart(patch: Patch) -> None:
    patch.setattr(core, "choose_state", lambda *given: replace(choose_state(*given), entry=None))


def sign_on_after_the_state_was_lost(patch: Patch) -> None:
    patch.setattr(rules, "may_sign", lambda state: True)


def give_up_the_entry_when_elected(patch: Patch) -> None:
    """A new leader builds its own block where it should bring what it found."""
    lead = Member.lead

    def fresh(self: Member) -> None:
        self.state = replace(self.state, entry=None)
        lead(self)

    patch.setattr(Member, "lead", fresh)


def commit_an_older_term_by_counting(patch: Patch) -> None:
    """Figure 3.7 of the thesis: an acknowledgement of an older term counts in the new one."""
    patch.setattr(rules, "is_own_term", lambda entry, state: entry is not None)


def follow_a_leader_of_an_older_term(patch: Patch) -> None:
    patch.setattr(rules, "is_stale", lambda term, state: False)


def hold_before_the_check(patch: Patch) -> None:
    patch.setattr(OfferBook, "verdict", lambda self, value: Verdict.VALID)


def decide_whatever_is_held(patch: Patch) -> None:
    """Commit what is in the log when the leader says so, without looking at what it names."""

    def decide(self: Any) -> None:
        m, entry = self._member, self._member.state.entry
        if self._certificate is not None and entry is not None and not m.is_decided:
            m.is_decided = True
            named = self._certificate
            m.effects.append(Decide(m.height, named.round, entry.value, named))

    patch.setattr(Following, "_try_decide", decide)


def answer_reads_without_asking(patch: Patch) -> None:
    patch.setattr(rules, "find_confirmed_beat", lambda beats, validators, index, beat: beat)


def read_before_the_inherited_entry_is_decided(patch: Patch) -> None:
    patch.setattr(rules, "may_read", lambda *, holds_inherited_entry: True)


def take_an_old_answer_for_a_new_read(patch: Patch) -> None:
    """Any answer confirms all reads, whichever heartbeat it answers."""

    def confirm(beats: Any, validators: Any, own_index: int, own_beat: int) -> int:
        answered = {index for index, beat in beats.items() if beat >= 0} | {own_index}
        return own_beat if rules.has_quorum(validators, answered) else -1

    patch.setattr(rules, "find_confirmed_beat", confirm)


def no_election(patch: Patch) -> None:
    patch.setattr(rules, "compute_election_ticks", lambda *arguments: 10**9)


FIRST_SEEDS: dict[Callable[[Patch], None], int] = {
    send_before_persist: 30,
    vote_without_comparing_logs: 170,
    half_is_a_majority: 0,
    forget_term_and_vote_over_a_restart: 70,
    forget_the_entry_over_a_restart: 60,
    sign_on_after_the_state_was_lost: 1_170,
    give_up_the_entry_when_elected: 0,
    commit_an_older_term_by_counting: 0,
    follow_a_leader_of_an_older_term: 0,
    hold_before_the_check: 110,
    decide_whatever_is_held: 0,
    answer_reads_without_asking: 40,
    read_before_the_inherited_entry_is_decided: 10,
    take_an_old_answer_for_a_new_read: 40,
    no_election: 0,
}
"""Each planted bug, and where the search begins: shortly below the first seed that finds it."""


@pytest.mark.parametrize("plant", FIRST_SEEDS, ids=lambda plant: plant.__name__)
def test_a_planted_bug_is_found(plant: Callable[[Patch], None], monkeypatch: Patch) -> None:
    plant(monkeypatch)
    for seed in range(FIRST_SEEDS[plant], FIRST_SEEDS[plant] + MUTANT_SEEDS):
        try:
            Network(seed).play()
        except (Violation, ChainError):
            return
    pytest.fail(f"{plant.__name__} was not found in {MUTANT_SEEDS} seeds")
