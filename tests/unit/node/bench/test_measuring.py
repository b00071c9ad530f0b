"""A whole measurement, of a node whose consensus is a switch."""

from dataclasses import replace

import pytest

from chain.keyfile import KeyFile
from chain.keys import SigningKey
from chain.scalars import Height, OrganisationId
from node.bench import history, measuring, supply
from node.bench.limits import MachineLimits
from node.bench.measuring import Curve, Measurement
from node.bench.network import Measured
from node.bench.options import BenchOptions, Case, WorkloadName
from node.bench.supply import Supply
from tests.unit.node.api.fake_node import FakeNode
from tests.unit.node.chain_builder import START_MS, seed_of

LIMITS = MachineLimits(2, 400.0, 1e6, 0.2)
OPTIONS = BenchOptions(seconds=0.5, warm_up_seconds=0.1, twins=3, in_flight=40, per_request=10)


@pytest.fixture(autouse=True)
def _at_the_time_of_the_chain(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(measuring, "now_ms", lambda: START_MS)


async def measure(case: Case, options: BenchOptions = OPTIONS) -> tuple[list[str], Curve]:
    node = FakeNode()
    owner = KeyFile(
        "administrator",
        OrganisationId("borne-energie"),
        SigningKey(seed_of("borne-energie")),
    )
    steps: list[str] = []

    def on_progress(what: str, share: float) -> None:
        assert 0.0 <= share <= 1.001
        if steps[-1:] != [what]:
            steps.append(what)

    async with node.serve() as address:
        measured = Measured((address,), node.genesis, owner)
        curve = await Measurement(options, case, measured, LIMITS, on_progress).run()
    return steps, curve


@pytest.mark.parametrize("name", ["single", "lone"])
async def test_a_measurement_counts_what_is_in_blocks(name: WorkloadName) -> None:
    # A block for each transaction: as fast as it can, it would outrun their expiry.
    steps, curve = await measure(Case(name, rate=200.0))
    line = curve.line
    assert line.refused == {}
    assert line.committed_tx_per_s > 0
    assert line.blocks == len(curve.blocks) > 0
    assert line.ratio_to_limit == pytest.approx(
        line.committed_tx_per_s / (LIMITS.signature_checks_per_s / line.validators), rel=0.01
    )
    assert line.probes > 0
    assert line.latency_ms["p50"] is not None
    assert [step.split(": ")[1].split()[0] for step in steps] == [
        "setting",
        "signing",
        "warming",
        "measuring",
        "reading",
    ]
    assert line.lost == 0
    assert line.read_ms["p95"] is not None
    assert (line.read_under_load_ms["p95"] is None) == (name == "lone"), "one at a time is alone"
    assert len(line.block_ms_by_quarter) == 4
    assert line.start_seconds is None, "it is not a network of our own"
    assert line.rss_slope_mb_per_h is None, "half a second tells nothing"


async def test_few_under_way_are_handed_in_by_few_at_a_time() -> None:
    # A node of one block for each transaction must not outrun their expiry: so, few and briefly.
    options = replace(OPTIONS, in_flight=2, per_request=50, seconds=0.3)
    _, curve = await measure(Case("single"), options)
    assert curve.line.committed_tx_per_s > 2 * curve.line.probes / 0.3


async def test_a_long_run_finds_the_pace_of_blocks_first(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(supply, "LONG_SECONDS", 0.2)
    monkeypatch.setattr(measuring, "PACE_SECONDS", 0.3)
    followed: list[tuple[float, int]] = []
    follow = Supply.follow

    def note(self: Supply, pace: float, height: Height) -> None:
        followed.append((pace, height))
        follow(self, pace, height)

    monkeypatch.setattr(Supply, "follow", note)
    steps, curve = await measure(Case("single", rate=200.0))
    ((pace, height),) = followed
    assert 50 < pace < 250, "a block for each transaction"
    assert height > 3
    assert [step.split(": ")[1].split()[0] for step in steps][1:5] == [
        "signing",
        "finding",
        "signing",
        "warming",
    ]
    assert curve.line.refused == {}
    assert curve.line.lost == 0
    assert curve.line.probes > 0


async def test_a_history_of_single_updates_comes_first(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(history, "SETTLE_LOOK_S", 0.01)
    # Of a test's own process something always goes on.
    monkeypatch.setattr(history, "IDLE_SHARE", 1e9)
    taken: list[int] = []
    count_lost = Measurement._count_lost

    async def note(self: Measurement, wanted: int) -> int:
        taken.append(wanted)
        return await count_lost(self, wanted)

    monkeypatch.setattr(Measurement, "_count_lost", note)
    steps, curve = await measure(Case("batch100", rate=50.0), replace(OPTIONS, history=700))
    line = curve.line
    assert taken[0] >= 700 + line.probes
    assert [step.split(": ")[1].split()[0] for step in steps] == [
        "setting",
        "committing",
        "signing",
        "letting",
        "warming",
        "measuring",
        "reading",
    ]
    assert line.history == 700
    assert line.refused == {}
    assert line.lost == 0
    assert line.committed_tx_per_s > 0


async def test_what_is_signed_as_it_goes_never_falls_back_behind_the_chain(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    heights: list[int] = []
    monkeypatch.setattr(Supply, "top_up", lambda _, height: heights.append(height))
    await measure(Case("single", rate=100.0))
    assert heights[0] >= 3, "before a block was heard of it stands where the node said"
    assert heights == sorted(heights)


async def test_an_open_loop_says_what_was_offered() -> None:
    _, curve = await measure(Case("single", rate=100.0))
    line = curve.line
    assert line.offered_per_s == 100.0
    assert 20 < line.committed_tx_per_s < 200
