"""The benchmark as a person runs it: a network of its own, real processes, lines of JSON."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(180)]
REPOSITORY = Path(__file__).parents[2]
PARTS = {"http", "gossip", "verify", "consensus", "execute", "commit"}


def test_each_workload_is_measured_and_nothing_is_refused(tmp_path: Path) -> None:
    done = subprocess.run(
        [
            *(
                sys.executable,
                "-m",
                "node",
                "bench",
                "--json",
                "--workload",
                "single,batch100,contract,lone",
            ),
            *("--validators", "2", "--seconds", "3", "--warm-up", "1", "--twins", "8"),
            # Small blocks: a busy machine, too, decides some in this time.
            *("--in-flight", "100", "--per-request", "10"),
        ],
        cwd=REPOSITORY,
        env=os.environ | {"TMPDIR": str(tmp_path)},
        capture_output=True,
        text=True,
        timeout=170,
        check=True,
    )
    lines = [json.loads(line) for line in done.stdout.splitlines()]
    assert [line["workload"] for line in lines] == [
        "single",
        "batch100",
        "contract",
        "lone",
    ]
    for line in lines:
        assert line["validators"] == 2
        assert line["refused"] == {}
        assert line["committed_tx_per_s"] > 0
        assert line["readings_per_s"] > 0
        assert set(line["cpu_us_per_tx_per_node"]) >= PARTS
        assert line["limit"]["signature_checks_per_s"] > 0
        assert line["rss_mb_max"] > 1
        assert line["probes"] > 0
    assert lines[1]["readings_per_s"] > 10 * lines[1]["committed_tx_per_s"]
    assert list(tmp_path.iterdir()) == []
