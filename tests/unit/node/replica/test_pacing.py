"""Blocks fill under load, and nobody waits who is alone."""

import pytest

from chain.scalars import UnixMillis
from chain.validators import EngineName
from node.replica import effects, events
from node.replica.pacing import FULL_COUNT, PAUSE_MS, Pacing
from tests.unit.node.replica.alone import Alone

NOW_MS = UnixMillis(1_000_000)


def test_after_a_full_block_the_next_one_waits_a_moment() -> None:
    pacing = Pacing()
    assert pacing.wait_ms(NOW_MS) == 0, "nothing was decided yet"
    pacing.committed(FULL_COUNT, NOW_MS)
    assert pacing.wait_ms(NOW_MS) == PAUSE_MS
    assert pacing.wait_ms(UnixMillis(NOW_MS + PAUSE_MS - 1)) == 1
    assert pacing.wait_ms(UnixMillis(NOW_MS + PAUSE_MS)) == 0
    pacing.committed(FULL_COUNT - 1, UnixMillis(NOW_MS + 1))
    assert pacing.wait_ms(UnixMillis(NOW_MS + 1)) == 0


def test_a_clock_that_is_set_back_makes_nobody_wait_longer() -> None:
    pacing = Pacing()
    pacing.committed(FULL_COUNT, NOW_MS)
    assert pacing.wait_ms(UnixMillis(NOW_MS - 3_600_000)) == PAUSE_MS


def timers_in(done: list[effects.Effect], step: str) -> list[effects.SetTimer]:
    return [
        effect
        for effect in done
        if isinstance(effect, effects.SetTimer) and effect.timer.step == step
    ]


def commits_in(done: list[effects.Effect]) -> list[effects.Commit]:
    return [effect for effect in done if isinstance(effect, effects.Commit)]


@pytest.mark.parametrize("engine", ["bft", "raft"])
def test_what_comes_after_a_full_block_shares_the_next_one(engine: EngineName) -> None:
    alone = Alone(engine)
    alone.world.run(5_000)
    for number in range(FULL_COUNT - 1):
        alone.submit(number, more=True)
    (full,) = commits_in(alone.submit(FULL_COUNT))
    assert len(full.transactions) == FULL_COUNT
    alone.confirm(full)
    done = [*alone.submit(101), *alone.submit(102)]
    assert commits_in(done) == []
    (pause,) = [each for each in timers_in(done, "heartbeat") if each.delay_ms == PAUSE_MS]
    (later,) = commits_in(alone.handle(events.TimerFired(pause.timer, alone.world.now_ms)))
    assert len(later.transactions) == 2
    alone.confirm(later)
    assert len(commits_in(alone.submit(103))) == 1, "it was no full block"


def test_what_waited_while_a_full_block_was_written_waits_for_the_pause() -> None:
    alone = Alone()
    for number in range(FULL_COUNT - 1):
        alone.submit(number, more=True)
    (full,) = commits_in(alone.submit(FULL_COUNT))
    assert alone.submit(101) == []
    done = alone.confirm(full)
    assert commits_in(done) == []
    pause = next(each for each in timers_in(done, "heartbeat") if each.delay_ms == PAUSE_MS)
    (later,) = commits_in(alone.handle(events.TimerFired(pause.timer, alone.world.now_ms)))
    assert len(later.transactions) == 1
