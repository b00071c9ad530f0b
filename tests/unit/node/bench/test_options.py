"""What to measure when nothing is said."""

from node.bench.options import WORKLOADS, BenchOptions


def test_the_default_is_a_short_run_of_known_workloads_on_four_nodes() -> None:
    options = BenchOptions()
    assert set(options.workloads) <= set(WORKLOADS)
    assert options.validators == (4,)
    assert options.rate is None
    assert options.seconds + options.warm_up_seconds < 30
