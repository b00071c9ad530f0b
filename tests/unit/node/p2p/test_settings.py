"""Addresses as people write them, and defaults that fit together."""

from node.p2p.settings import Address, Clock, NetworkLimits, Timeouts, draw_jitter


def test_an_address_is_written_as_in_a_url() -> None:
    assert str(Address("node.example", 9000)) == "node.example:9000"
    assert str(Address("::1", 9000)) == "[::1]:9000"


def test_the_clock_counts_milliseconds_of_a_clock_that_never_jumps() -> None:
    clock = Clock(wall_ms=lambda: 5, monotonic_us=lambda: 12_999)
    assert (clock.wall_ms(), clock.now_ms()) == (5, 12)
    real = Clock(wall_ms=lambda: 5)
    assert real.monotonic_us() <= real.monotonic_us()


def test_jitter_lies_below_one() -> None:
    drawn = {draw_jitter() for _ in range(100)}
    assert len(drawn) > 90
    assert all(0 <= one < 1 for one in drawn)


def test_one_largest_frame_fits_into_queue_and_budget() -> None:
    limits = NetworkLimits()
    assert limits.frame_size_bytes_max < limits.queue_size_bytes_max
    assert limits.frame_size_bytes_max < limits.budget.bytes_burst


def test_a_peer_is_pinged_several_times_before_it_counts_as_dead() -> None:
    timeouts = Timeouts()
    assert timeouts.silence_ms >= 3 * timeouts.ping_ms
