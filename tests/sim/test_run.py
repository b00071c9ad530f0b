"""Runs of the simulator: they pass, they repeat to the last byte, and they tell what went wrong."""

import io
import os
import subprocess
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import ClassVar

import pytest
from click.testing import CliRunner

from chain.validators import EngineName
from node.replica.effects import Commit
from tests.sim.__main__ import main, run_one
from tests.sim.checkers import Agreement, Checker
from tests.sim.faults import ALL_KINDS, DAMAGE_KINDS, LIE_KINDS, Plan, draw_plan
from tests.sim.process import Machine
from tests.sim.report import run_many, tell_failure
from tests.sim.run import Failure, Outcome, draw_genesis, run_seed, shrink
from tests.sim.streams import Streams

REPOSITORY = Path(__file__).absolute().parents[2]
SEEDS = (10, 11, 12, 13)
"""The first one signs with Ed25519."""
GOVERNED_SEED = 13
"""Of Raft; its members let a node in, change keys, and go over to the other engine."""

TELL_DIGESTS = f"""
from hashlib import sha256
from tests.sim.run import run_seed
for seed in {SEEDS[1:3]}:
    story = []
    print(run_seed(seed, "bft", trace=story.append).digest)
    print(sha256(chr(10).join(story).encode()).hexdigest())
"""


class NoThirdBlock(Checker):
    """A promise that cannot be kept."""

    name: ClassVar[str] = "no third block"

    def committed(self, machine: Machine, commit: Commit) -> None:
        if commit.height == 3:
            self.fail(f"machine {machine.index} has a third block")


@pytest.mark.parametrize("seed", SEEDS)
def test_a_seed_keeps_all_promises(seed: int) -> None:
    outcome = run_seed(seed, "bft")
    assert outcome.failure is None
    assert outcome.simulated_ms >= 60_000
    assert outcome.height >= 2


@pytest.mark.parametrize(
    ("engine", "seed"),
    [
        pytest.param("bft", 3163, id="a block time and the clock of a full disk"),
        pytest.param("raft", 1508, id="a step before what the last one said"),
        pytest.param("raft", 1735, id="no multiple of the snapshot interval was kept"),
        pytest.param("raft", 13792, id="blocks came faster than the snapshot"),
    ],
)
def test_a_seed_that_failed_once_keeps_all_promises(engine: EngineName, seed: int) -> None:
    assert run_seed(seed, engine).failure is None


def test_a_seed_is_the_same_run_in_any_process() -> None:
    """Sets of bytes have another order in every process, so what depends on one would show."""
    told = [
        subprocess.run(
            [sys.executable, "-c", TELL_DIGESTS],
            cwd=REPOSITORY,
            check=True,
            capture_output=True,
            text=True,
            env={**os.environ, "PYTHONHASHSEED": hash_seed},
        ).stdout
        for hash_seed in ("1", "2")
    ]
    assert told[0] == told[1]
    assert len(set(told[0].split())) == 4


def test_telling_the_story_changes_nothing() -> None:
    story: list[str] = []
    told = run_seed(SEEDS[1], "bft", trace=story.append)
    assert told == run_seed(SEEDS[1], "bft")
    assert any(" commits " in line for line in story)


def test_a_broken_promise_ends_the_run_and_is_told_with_the_way_back() -> None:
    outcome = run_seed(SEEDS[1], "bft", (NoThirdBlock,))
    assert outcome.failure is not None
    assert outcome.failure.checker == "no third block"
    assert outcome.failure.simulated_ms == outcome.simulated_ms
    said = io.StringIO()
    tell_failure(outcome, said)
    assert f"seed {SEEDS[1]} of bft, commit " in said.getvalue()
    assert "no third block: machine" in said.getvalue()
    assert f"make sim SEED={SEEDS[1]} ENGINE=bft TRACE=1" in said.getvalue()
    assert "commits" in outcome.last[-1]


def test_many_seeds_end_with_one_line_for_programs(capsys: pytest.CaptureFixture[str]) -> None:
    tally = run_many("bft", range(11, 13), jobs=1)
    assert tally.line().startswith('{"engine":"bft","seeds":2,"failed":0,"simulated_hours":0.0')
    assert capsys.readouterr().out == ""


def test_a_fault_of_the_simulator_itself_is_told_once(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def stumble(seed: int, engine: EngineName) -> Outcome:
        raise KeyError("no such machine")

    monkeypatch.setattr("tests.sim.report.run_seed", stumble)
    assert len(run_many("bft", range(11, 14), jobs=1).failures) == 3
    said = capsys.readouterr().err
    assert said.count("KeyError: 'no such machine'") == 2, (
        "in the line that names it, and its trace"
    )
    assert "seed 12 fails just as seed 11\nseed 13 fails just as seed 11\n" in said


@pytest.mark.parametrize("options", [["--seeds", "0"], ["--seeds", "-5"], ["--seed", "-1"]])
def test_a_count_that_makes_no_sense_is_refused(options: list[str]) -> None:
    result = CliRunner().invoke(main, options)
    assert result.exit_code == 2
    assert "is not in the range" in result.stderr


def test_a_quarter_has_no_fault_and_suspects_stay_below_a_third() -> None:
    plans: list[Plan] = []
    for seed in range(400):
        streams = Streams(seed)
        genesis = draw_genesis(streams, "bft")
        plan = draw_plan(streams, genesis)
        plans.append(plan)
        weight = sum(genesis.validators.members[index].weight for index, _ in plan.suspects)
        assert 3 * weight < genesis.validators.total_weight
        assert {kind for _, kind in plan.suspects} == {
            kind for kind in plan.kinds if kind in (*LIE_KINDS, *DAMAGE_KINDS)
        }
    counts = [len(plan.kinds) for plan in plans]
    assert 80 <= counts.count(0) <= 140
    assert counts.count(1) >= 80
    assert {kind for plan in plans for kind in plan.kinds} == set(ALL_KINDS)


def test_a_machine_that_lost_its_disk_loads_a_snapshot() -> None:
    story: list[str] = []
    outcome = run_seed(2, "bft", trace=story.append)
    assert (outcome.failure, outcome.kinds) == (None, ("disk-loss",))
    assert any("has the snapshot of height" in line for line in story)


def test_members_change_their_committee_keys_and_engine() -> None:
    seen: set[str] = set()

    class Changes(Checker):
        name: ClassVar[str] = "changes"

        def committed(self, machine: Machine, commit: Commit) -> None:
            before, after = commit.head.validators, commit.head.next_validators
            names = {member.node for member in before.members}
            seen.update("joins" for member in after.members if member.node not in names)
            seen.update(["engine"] if before.engine != after.engine else [])
            keys = {member.vote_key for member in before.members if member.node in names}
            known = (member for member in after.members if member.node in names)
            seen.update("key" for member in known if member.vote_key not in keys)

    assert run_seed(GOVERNED_SEED, "raft", (Changes, Agreement)).failure is None
    assert seen == {"joins", "engine", "key"}


def test_nobody_lies_under_raft() -> None:
    for seed in range(100):
        streams = Streams(seed)
        plan = draw_plan(streams, draw_genesis(streams, "raft"))
        assert not set(plan.kinds) & set(LIE_KINDS)


def test_a_fault_that_is_left_out_moves_no_other() -> None:
    assert Plan(("loss", "rot"), ((1, "rot"),)).without(("rot",)) == Plan(("loss",), ())
    one, other = Streams(7), Streams(7)
    one.of("fault/loss").random()
    assert one.of("fault/rot").random() == other.of("fault/rot").random()


def test_shrinking_leaves_out_what_a_failure_does_not_need(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    seed = next(seed for seed in range(100) if len(_kinds(seed)) >= 4)
    kept = _kinds(seed)[1]
    monkeypatch.setattr("tests.sim.run.run_seed", _fail_with(kept))
    assert shrink(seed, "bft") == tuple(kind for kind in _kinds(seed) if kind != kept)


def test_a_seed_that_does_not_fail_is_not_said_to(capsys: pytest.CaptureFixture[str]) -> None:
    tally = run_one("bft", SEEDS[1], trace=False, is_shrunk=True, without="")
    assert not tally.failures
    assert capsys.readouterr().err == "it does not fail, so there is nothing to leave out\n"


def _kinds(seed: int) -> tuple[str, ...]:
    streams = Streams(seed)
    return draw_plan(streams, draw_genesis(streams, "bft")).kinds


def _fail_with(needed: str) -> Callable[..., Outcome]:
    def run(seed: int, engine: EngineName, *, without: Sequence[str] = ()) -> Outcome:
        failure = None if needed in without else Failure("test", "it fails", 0)
        return Outcome(seed, engine, failure, 0, 0, "", _kinds(seed), ())

    return run
