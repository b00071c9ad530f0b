"""What to measure when nothing is said."""

from node.bench.options import WORKLOADS, BenchOptions, Case


def test_the_default_is_a_short_run_of_known_workloads_on_four_nodes() -> None:
    options = BenchOptions()
    assert set(options.workloads) <= set(WORKLOADS)
    assert options.validators == (4,)
    assert options.rates == ()
    assert options.seconds + options.warm_up_seconds < 30


def test_each_size_workload_and_rate_is_a_measurement() -> None:
    options = BenchOptions(workloads=("single", "lone"), validators=(1, 4), rates=(50.0, 100.0))
    assert options.cases() == [
        case
        for size in (1, 4)
        for case in (Case("single", size, 50.0), Case("single", size, 100.0), Case("lone", size))
    ]
    running = BenchOptions(workloads=("mixed",), validators=(1, 4), nodes=("http://a:1",))
    assert running.cases() == [Case("mixed", 0, None)]
