"""The machine's own limits: plausible, and of all cores."""

from pathlib import Path

from node.bench.limits import MachineLimits, count_cores, measure_fsync_ms, measure_limits


def test_limits_are_measured(tmp_path: Path) -> None:
    limits = measure_limits(tmp_path, seconds=0.1)
    assert limits.cores == count_cores() >= 1
    assert 100 < limits.signature_checks_per_s < limits.hashes_per_s
    assert 0 < limits.fsync_ms_p50 < 10_000


def test_limits_before_and_after_meet_half_way() -> None:
    before, after = MachineLimits(2, 100.0, 10.0, 1.0), MachineLimits(2, 200.0, 30.0, 2.0)
    assert before.meet(after) == MachineLimits(2, 150.0, 20.0, 1.5) == after.meet(before)


def test_syncing_leaves_nothing_behind(tmp_path: Path) -> None:
    assert measure_fsync_ms(tmp_path, count=3) > 0
    assert list(tmp_path.iterdir()) == []
