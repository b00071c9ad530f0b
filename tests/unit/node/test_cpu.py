"""CPU time by part: sections nest, nothing is counted twice."""

import pytest
from prometheus_client import CollectorRegistry, generate_latest

from node.cpu import CpuCollector, CpuMeter, CpuMeters


class Clock:
    def __init__(self) -> None:
        self.now = 0

    def __call__(self) -> int:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


def test_an_inner_section_takes_its_time_from_the_outer_one(clock: Clock) -> None:
    meter = CpuMeter(clock)
    clock.now = 100  # before any section: nobody's
    with meter.section("consensus"):
        clock.now += 5
        with meter.section("execute"):
            clock.now += 7
        clock.now += 1
    clock.now += 50
    assert meter.spent_ns["consensus"] == 6
    assert meter.spent_ns["execute"] == 7
    assert sum(meter.spent_ns.values()) == 13


def test_a_section_that_fails_ends_all_the_same(clock: Clock) -> None:
    meter = CpuMeter(clock)

    def fail(amount: int) -> None:
        clock.now += amount
        raise ValueError(amount)

    with meter.section("gossip"):
        with pytest.raises(ValueError, match="3"):
            meter.metered("verify", fail)(3)
        clock.now += 2
    assert (meter.spent_ns["verify"], meter.spent_ns["gossip"]) == (3, 2)


def test_one_call_of_many_stands_for_all(clock: Clock) -> None:
    meter = CpuMeter(clock)

    def work() -> None:
        clock.now += 10

    sampled = meter.metered("verify", work, 4)
    with meter.section("gossip"):
        for _ in range(8):
            sampled()
            clock.now += 1
    assert (meter.spent_ns["verify"], meter.spent_ns["gossip"]) == (80, 8)


def test_sums_never_go_down(clock: Clock) -> None:
    meter = CpuMeter(clock)

    def work() -> None:
        clock.now += 10

    sampled = meter.metered("verify", work, 4)
    seen = []
    for _ in range(10):
        with meter.section("gossip"):
            sampled()
        seen.append(meter.spent_ns["gossip"])
    assert seen == sorted(seen)
    assert sum(meter.spent_ns.values()) == pytest.approx(100, abs=20)


def test_the_rest_of_the_event_loop_is_http() -> None:
    meters = CpuMeters()
    with meters.loop.section("gossip"):
        sum(range(200_000))
    with meters.replica.section("commit"):
        sum(range(200_000))
    spent = meters.read()
    assert spent["gossip"] > 0
    assert spent["commit"] > 0
    total = meters.loop.clock() / 1e9
    assert spent["gossip"] + spent["http"] == pytest.approx(total, abs=0.05)


def test_the_metric_names_every_part() -> None:
    registry = CollectorRegistry()
    CpuCollector(CpuMeters(), registry)
    text = generate_latest(registry).decode()
    for part in ("http", "gossip", "verify", "consensus", "execute", "commit"):
        assert f'veritwin_cpu_seconds_total{{part="{part}"}}' in text
