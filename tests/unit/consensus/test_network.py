"""Whole networks of engines under faults, and planted bugs that this must find."""

import os
from collections.abc import Callable
from typing import Any

import pytest
from msgspec.structs import replace

from chain.certificate import CommitSignature, QuorumCertificate
from chain.errors import ChainError, Refused
from chain.scalars import Height, Round
from chain.validators import ValidatorSet
from consensus.bft import core, height, repair, rules
from consensus.bft.messages import NO_ROUND
from consensus.bft.proposals import ProposalBook
from consensus.bft.signing import Voter
from consensus.bft.state import HardState, Step
from consensus.bft.votes import Tally, VoteBook
from consensus.effects import Broadcast, Persist
from consensus.last_signed import NEVER_SIGNED, LastSigned, Position
from tests.unit.consensus.network import Network, Violation

SEEDS = int(os.environ.get("CONSENSUS_SEEDS", "500"))
MUTANT_SEEDS = 3_000
"""Where the search gives up; each planted bug is found far below."""
Patch = pytest.MonkeyPatch


def test_a_calm_network_decides_every_height_in_round_zero() -> None:
    rounds: list[int] = []

    class Watched(Network):
        def note_decided(self, node: Any, height: int, value: Any, certificate: Any) -> None:
            rounds.append(certificate.round)
            super().note_decided(node, height, value, certificate)

    network = Watched(seed=5, calm=True)
    network.play(heights=3)
    assert len(rounds) >= 12
    assert set(rounds) == {0}


@pytest.mark.parametrize("block", range(10))
def test_agreement_single_votes_and_progress_under_faults(block: int) -> None:
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
    def say(self: Any, state: HardState, message: Any) -> None:
        self.state = state
        self.effects += [Broadcast(message), Persist(state)]

    patch.setattr(height.HeightEngine, "_say", say)


def forget_the_lock_over_a_restart(patch: Patch) -> None:
    choose = core._choose_state

    def forgetful(*arguments: Any) -> HardState:
        state = choose(*arguments)
        return replace(
            state,
            locked_value_id=None,
            locked_round=NO_ROUND,
            valid_value=None,
            valid_round=NO_ROUND,
        )

    patch.setattr(core, "_choose_state", forgetful)


def ignore_the_lock(patch: Patch) -> None:
    patch.setattr(rules, "accepts_fresh", lambda state, proposal, is_valid: is_valid)
    patch.setattr(rules, "accepts_justified", lambda state, proposal, is_valid: is_valid)


def half_is_a_majority(patch: Patch) -> None:
    half = property(lambda self: self.total_weight // 2)
    patch.setattr(ValidatorSet, "quorum_weight", half)


def exactly_two_thirds_is_enough(patch: Patch) -> None:
    patch.setattr(ValidatorSet, "quorum_weight", property(lambda s: -(-s.total_weight * 2 // 3)))


def count_heads_not_weights(patch: Patch) -> None:
    patch.setattr(Tally, "_weight_of", lambda self, validator: 2)


def nil_votes_in_the_certificate(patch: Patch) -> None:
    def make(votes: VoteBook, at: Height, round_: Round, block: Any) -> QuorumCertificate:
        found = votes.tally("precommit", round_).votes()
        signatures = (CommitSignature(v.validator, v.time_ms, v.signature) for v in found)
        return QuorumCertificate(at, round_, block, tuple(signatures))

    patch.setattr(height, "make_certificate", make)


def decide_on_prevotes(patch: Patch) -> None:
    def find(votes: VoteBook, find_value: Callable[[Any], Any]) -> Any:
        for round_ in votes.rounds():
            for block in votes.tally("prevote", round_).blocks_with_quorum():
                if find_value(block) is not None:
                    return round_, find_value(block)
        return None

    patch.setattr(rules, "find_decision", find)


def guard_off_by_one(patch: Patch) -> None:
    def check(self: LastSigned, position: Position, digest: Any) -> None:
        if position < self.position:
            raise Refused("VT-3022", wanted=position, last=self.position)

    patch.setattr(LastSigned, "check", check)
    patch.setattr(core, "seal", lambda last: last)


def seal_one_height_too_low(patch: Patch) -> None:
    patch.setattr(
        core, "seal", lambda last: replace(last, height=max(0, last.height - 1), round=2**31 - 1)
    )


def guard_that_never_moves(patch: Patch) -> None:
    vote = Voter.vote

    def unmoved(self: Voter, state: HardState, *rest: Any) -> Any:
        after = vote(self, state, *rest)
        return after and replace(after, last_signed=state.last_signed)

    patch.setattr(Voter, "vote", unmoved)


def vote_before_the_check(patch: Patch) -> None:
    patch.setattr(ProposalBook, "is_valid", lambda self, value: True)


def precommit_the_value_of_another_round(patch: Patch) -> None:
    """Lock without asking whether this node's precommit of the round is out already."""

    def vote(self: Any, kind: Any, block: Any) -> None:
        step = Step.PREVOTE if kind == "prevote" else Step.PRECOMMIT
        self.state = replace(self.state, step=step, last_signed=NEVER_SIGNED)
        state = self._voter.vote(self.state, kind, block, self._compute_vote_time(block))
        self._say(state, state.votes[-1])
        self.log.votes.add(state.votes[-1])

    patch.setattr(rules, "may_lock", lambda state: True)
    patch.setattr(height.HeightEngine, "_vote", vote)


def no_repair(patch: Patch) -> None:
    patch.setattr(repair, "_missing_in_round", lambda known, summary: [])


def timers_do_nothing(patch: Patch) -> None:
    patch.setattr(rules, "is_present", lambda state, timer: timer.step == "heartbeat")


def no_justification_for_old_values(patch: Patch) -> None:
    patch.setattr(repair, "_justification", lambda known, round_: [])


def forget_the_proof_of_the_valid_value(patch: Patch) -> None:
    lock = height.HeightEngine._try_lock

    def forgetful(self: Any) -> bool:
        holds = lock(self)
        self.state = replace(self.state, valid_prevotes=())
        return holds

    patch.setattr(height.HeightEngine, "_try_lock", forgetful)


MUTANTS = [
    send_before_persist,
    forget_the_lock_over_a_restart,
    ignore_the_lock,
    half_is_a_majority,
    exactly_two_thirds_is_enough,
    count_heads_not_weights,
    nil_votes_in_the_certificate,
    decide_on_prevotes,
    guard_off_by_one,
    seal_one_height_too_low,
    guard_that_never_moves,
    vote_before_the_check,
    precommit_the_value_of_another_round,
    forget_the_proof_of_the_valid_value,
    no_justification_for_old_values,
    no_repair,
    timers_do_nothing,
]


@pytest.mark.parametrize("plant", MUTANTS, ids=lambda plant: plant.__name__)
def test_a_planted_bug_is_found(plant: Callable[[Patch], None], monkeypatch: Patch) -> None:
    plant(monkeypatch)
    for seed in range(MUTANT_SEEDS):
        try:
            Network(seed).play()
        except (Violation, ChainError):
            return
    pytest.fail(f"{plant.__name__} was not found in {MUTANT_SEEDS} seeds")
