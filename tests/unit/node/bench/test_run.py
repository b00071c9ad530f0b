"""A benchmark from options to what is printed."""

import itertools
from pathlib import Path

import msgspec
import pytest

from node.bench import measuring, run
from node.bench.limits import MachineLimits
from node.bench.options import BenchOptions, Case
from node.client import Unreachable
from node.keystore import create_key
from tests.unit.node.api.fake_node import FakeNode
from tests.unit.node.bench.test_result import LINE


@pytest.fixture(autouse=True)
def _known_limits(monkeypatch: pytest.MonkeyPatch) -> None:
    checks = itertools.cycle((300.0, 500.0))
    monkeypatch.setattr(run, "measure_limits", lambda _: MachineLimits(2, next(checks), 1e6, 0.2))


@pytest.fixture
def options(tmp_path: Path) -> BenchOptions:
    genesis, identity = tmp_path / "genesis.json", tmp_path / "key.json"
    genesis.write_bytes(FakeNode().genesis_json)
    create_key(identity, "administrator", "borne-energie")
    return BenchOptions(
        workloads=("single", "lone"),
        nodes=("http://127.0.0.1:1",),
        genesis=genesis,
        identity=identity,
        as_json=True,
    )


def test_each_measurement_is_a_line_of_json(
    options: BenchOptions, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    class Quick:
        def __init__(self, _options: object, case: Case, *_: object) -> None:
            self._name = case.workload

        async def run(self) -> measuring.Curve:
            line = msgspec.structs.replace(LINE, workload=self._name)
            return measuring.Curve(line, [], [])

    monkeypatch.setattr(run, "Measurement", Quick)
    run.bench(options)
    captured = capsys.readouterr()
    lines = [msgspec.json.decode(line) for line in captured.out.splitlines()]
    assert [line["workload"] for line in lines] == ["single", "lone"]
    for line in lines:
        assert line["limit"]["signature_checks_per_s"] == 400, "half-way from before to after"
        assert line["ratio_to_limit"] == pytest.approx(2_345.6 * 4 / 400)
    assert "asking the nodes" in captured.err


def test_a_node_that_is_not_there_is_told_of(
    options: BenchOptions, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Failing:
        def __init__(self, *_: object) -> None:
            pass

        async def run(self) -> measuring.Curve:
            raise OSError("connection refused")

    monkeypatch.setattr(run, "Measurement", Failing)
    with pytest.raises(Unreachable) as caught:
        run.bench(options)
    assert caught.value.code == "VT-7020"
    assert "connection refused" in str(caught.value)
