"""The Twins search: its space, that it finds what is planted, and a small part of it."""

from collections.abc import Callable

import pytest
from click.testing import CliRunner

from chain.certificate import QuorumCertificate
from chain.errors import PeerFault
from chain.scalars import Hash, Height, Round
from chain.validators import ValidatorSet
from consensus.bft import repair, rules
from consensus.bft.messages import Message
from consensus.bft.votes import Tally, VoteBook
from consensus.effects import Accuse
from consensus.last_signed import LastSigned
from tests.sim import twins
from tests.sim.twins import ENUMERATED, all_turns, enumerated, find_violation, named, sampled
from tests.sim.twins_cluster import Cluster, Scenario, Turn
from tests.unit.consensus.world import make_value, make_vote

APART = (0, 1, 2, 3, 4)


def trace_of(scenario: Scenario) -> list[str]:
    trace: list[str] = []
    Cluster(scenario, trace).play()
    return trace


# ---------------------------------------------------------------------- the space


def test_every_partition_of_five_engines_under_every_leader_is_a_round() -> None:
    turns = all_turns(5)
    assert len(set(turns)) == 52 * 4
    assert len({enumerated(index).turns for index in range(ENUMERATED)}) == 43_264 == ENUMERATED


@pytest.mark.parametrize("first", range(4))
@pytest.mark.parametrize("second", range(4))
def test_each_round_has_the_leader_that_the_scenario_names(first: int, second: int) -> None:
    scenario = Scenario("led", tuple(Turn(n, (APART, APART, APART)) for n in (first, second)))
    trace = trace_of(scenario)
    healed = trace.index("the network is whole")
    leaders = [line.split()[0] for line in trace[:healed] if " says proposal" in line]
    expected = {"0": ["0", "0'"]}
    assert leaders == [name for n in (first, second) for name in expected.get(str(n), [str(n)])]


def test_a_scenario_is_told_the_same_way_each_time() -> None:
    assert trace_of(sampled(7)) == trace_of(sampled(7))
    assert trace_of(named("index:777")) == trace_of(enumerated(777))


def test_a_tenth_of_the_scenarios_has_real_keys() -> None:
    scenarios = [*map(enumerated, range(100)), *map(sampled, range(100))]
    assert sum(scenario.has_real_keys for scenario in scenarios) == 20


@pytest.mark.parametrize("name", ["index:43264", "index:-1", "round:1", "seed:x", ""])
def test_a_name_of_no_scenario_is_refused(name: str) -> None:
    with pytest.raises(ValueError, match=r"no such scenario|invalid literal"):
        named(name)


# ---------------------------------------------------------------------- the search


@pytest.mark.parametrize("start", range(4))
def test_no_promise_is_broken(start: int) -> None:
    names = [f"index:{index}" for index in range(start, ENUMERATED, 421)][::4]
    names += [f"seed:{seed}" for seed in range(start, 240, 4)]
    assert twins.search(names) == []


def test_the_scenarios_reach_what_they_are_for() -> None:
    """Twins caught, locks that others do not share, decisions before and after healing."""
    reached = set()
    for seed in range(60):
        trace = trace_of(sampled(seed))
        healed = trace.index("the network is whole")
        for line in trace[:healed]:
            for word in ("accuses 0", "decides", "locked on", "valid in"):
                if word in line:
                    reached.add(word)
        if any("decides" in line for line in trace[healed:]):
            reached.add("decides when healed")
    assert reached == {"accuses 0", "decides", "locked on", "valid in", "decides when healed"}


def test_two_pairs_of_twins_among_four_break_agreement() -> None:
    """The canary: with more than a third of the weight lying the search must find a fork."""
    assert any(
        "two values were decided" in (find_violation(scenario) or "")
        for scenario in (Scenario("canary", (turn,), twins=(0, 1)) for turn in all_turns(6))
    )


def test_the_command_tells_one_scenario() -> None:
    result = CliRunner().invoke(twins.main, ["--replay", "seed:7"])
    assert result.exit_code == 0
    assert result.output.splitlines()[:-1] == trace_of(sampled(7))
    assert result.output.endswith("seed:7: nothing was broken\n")


def test_the_command_fails_when_a_promise_is_broken(monkeypatch: pytest.MonkeyPatch) -> None:
    no_repair(monkeypatch)
    result = CliRunner().invoke(twins.main, ["--replay", "seed:7"])
    assert result.exit_code == 1
    assert result.output.endswith("seed:7: no decision 0 rounds after the network was whole\n")


def test_the_command_refuses_a_name_of_nothing() -> None:
    assert CliRunner().invoke(twins.main, ["--replay", "seven"]).exit_code == 2


# ---------------------------------------------------------------------- planted bugs


def ignore_the_lock(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(rules, "accepts_fresh", lambda state, proposal, is_valid: is_valid)
    patch.setattr(rules, "accepts_justified", lambda state, proposal, is_valid: is_valid)


def half_is_a_majority(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(ValidatorSet, "quorum_weight", property(lambda self: self.total_weight // 2))


def sign_twice(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(rules, "may_lock", lambda state: True)
    patch.setattr(Tally, "first", lambda self, validator: None)
    patch.setattr(LastSigned, "check", lambda *_: None)


def accuse_another(patch: pytest.MonkeyPatch) -> None:
    said = make_vote("prevote", 1, None), make_vote("prevote", 1, make_value("x").id)
    patch.setattr("consensus.bft.height.Accuse", lambda first, second: Accuse(*said))


def accuse_of_saying_it_again(patch: pytest.MonkeyPatch) -> None:
    patch.setattr("consensus.bft.height.Accuse", lambda first, second: Accuse(first, first))


def sign_certificates_with_nothing(patch: pytest.MonkeyPatch) -> None:
    def make(votes: VoteBook, height: Height, round_: Round, block: Hash) -> QuorumCertificate:
        return QuorumCertificate(height, round_, block, ())

    patch.setattr("consensus.bft.height.make_certificate", make)


def name_another_block(patch: pytest.MonkeyPatch) -> None:
    def make(votes: VoteBook, height: Height, round_: Round, block: Hash) -> QuorumCertificate:
        return QuorumCertificate(height, round_, make_value("x").id, ())

    patch.setattr("consensus.bft.height.make_certificate", make)


def never_leave_a_round(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(rules, "is_present", lambda state, timer: False)


def no_repair(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(repair, "find_missing", lambda known, summary: [])


def stop_at_a_lie(patch: pytest.MonkeyPatch) -> None:
    def stop(first: Message, second: Message) -> None:
        raise PeerFault("VT-3030", reason="it lies")

    patch.setattr("consensus.bft.height.Accuse", stop)


PLANTED: list[tuple[Callable[[pytest.MonkeyPatch], None], int, str]] = [
    (ignore_the_lock, 425, "two values were decided: 1-0 and 2-1"),
    (half_is_a_majority, 0, "two of four decided"),
    (sign_twice, 0, "signed two messages"),
    (accuse_another, 0, "engine 1 is correct and was accused"),
    (accuse_of_saying_it_again, 0, "an accusation of what is no contradiction"),
    (sign_certificates_with_nothing, 0, "the certificate does not hold"),
    (name_another_block, 0, "the certificate is for something else"),
    (stop_at_a_lie, 0, "stopped: "),
    (never_leave_a_round, 0, "does not leave round 0"),
    (no_repair, 0, "no decision 0 rounds after the network was whole"),
]


@pytest.mark.parametrize(("plant", "seed", "fault"), PLANTED)
def test_a_planted_bug_is_found(
    plant: Callable[[pytest.MonkeyPatch], None],
    seed: int,
    fault: str,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Each in the first hundred seeds from `seed`; without the plant they are clean."""
    plant(monkeypatch)
    found = (find_violation(sampled(seed)) for seed in range(seed, seed + 100))
    assert any(fault in said for said in found if said)
