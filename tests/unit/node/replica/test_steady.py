"""A time for waits that no set clock can stretch."""

from chain.scalars import Height, NodeName, Round, UnixMillis
from consensus.value import Timer
from node.replica.events import FrameReceived, Tick, TimerFired, WriteDone
from node.replica.messages import is_vote
from node.replica.steady import SteadyTime

VOTE = b"\x91\x92\x01\x97\x02"

HOUR_MS = 3_600_000
NOON_MS = 1_700_000_000_000


class Bench:
    """A steady time, told of events by how far their time is after noon."""

    def __init__(self) -> None:
        self.time = SteadyTime()
        self.first = self.time.follow(Tick(UnixMillis(NOON_MS)))

    def arrived(self, ms: int) -> int:
        return self.time.follow(Tick(UnixMillis(NOON_MS + ms))) - self.first

    def confirmed(self, ms: int) -> int:
        return self.time.follow(WriteDone(UnixMillis(NOON_MS + ms))) - self.first


def test_it_goes_forward_with_the_wall_clock() -> None:
    assert Bench().arrived(2_000) == 2_000


def test_a_clock_that_is_set_back_stretches_no_wait() -> None:
    bench = Bench()
    assert bench.arrived(-HOUR_MS) == 0
    assert bench.arrived(-HOUR_MS + 2_000) == 2_000


def test_events_that_waited_bring_no_new_time() -> None:
    """A node works for two seconds, and again; meanwhile events came in, which it handles then."""
    bench = Bench()
    for now in (2_000, 4_000):
        assert bench.confirmed(now) == now
        for late in (1_500, 1_000, 500):
            assert bench.arrived(now - late) == now
    assert bench.arrived(4_100) == 4_100


def test_a_clock_that_is_set_back_while_a_node_works_stretches_no_wait() -> None:
    bench = Bench()
    assert bench.confirmed(2_000 - HOUR_MS) == 0
    assert bench.arrived(500) == 500, "it came in before"
    assert bench.arrived(1_500 - HOUR_MS) == 500
    assert bench.arrived(3_500 - HOUR_MS) == 2_500


def test_what_overtakes_others_is_no_clock_that_was_set_back() -> None:
    """Transactions wait for a second, and a vote is handled before each of them."""
    assert is_vote(VOTE)
    bench = Bench()
    pause = Timer(Height(7), Round(0), "heartbeat")
    for now in range(2_000, 12_000, 20):
        time_ms = UnixMillis(NOON_MS + now)
        assert bench.time.follow(FrameReceived(NodeName("a"), VOTE, time_ms)) - bench.first == now
        assert bench.time.follow(TimerFired(pause, time_ms)) - bench.first == now
        assert bench.arrived(now - 1_000) == now
