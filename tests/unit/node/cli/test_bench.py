"""`veritwin bench`: what it refuses before it measures anything."""

import pytest
from click.testing import CliRunner

from node.bench.options import WORKLOADS
from node.cli import bench as module
from node.cli.bench import command


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["--workload", "single,fast"], "'fast' is none of"),
        (["--validators", "4,x"], "is not a list like"),
        (["--validators", "0"], "from 1 to 64"),
        (["--nodes", "http://a:1"], "--genesis and --identity"),
        (["--rate", "nan"], "finite"),
        (["--rate", "100,0"], "x>0"),
        (["--rate", ","], "not a valid float"),
        (["--rate", "100,fast"], "not a valid float"),
        (["--seconds", "0"], "seconds"),
        (["--genesis", "nowhere.json"], "does not exist"),
    ],
)
def test_what_cannot_be_measured_is_a_usage_error(arguments: list[str], words: str) -> None:
    done = CliRunner().invoke(command, arguments)
    assert done.exit_code == 2
    assert words in done.output


def test_flags_become_options(monkeypatch: pytest.MonkeyPatch) -> None:
    seen = []
    monkeypatch.setattr("node.bench.run.bench", seen.append)
    arguments = ["--workload", "all", "--validators", "1,4", "--rate", "50,100", "--seconds", "2"]
    assert CliRunner().invoke(command, arguments).exit_code == 0
    (options,) = seen
    assert options.workloads == WORKLOADS
    assert (options.validators, options.seconds) == ((1, 4), 2.0)
    assert options.rates == (50.0, 100.0)


def test_it_knows_all_workloads() -> None:
    assert module._WORKLOADS == WORKLOADS
