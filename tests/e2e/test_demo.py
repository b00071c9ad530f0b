"""The demo as a script runs it: a real stoppage becomes an order, and the nodes agree."""

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from tests.e2e.network import veritwin, wait_for

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(300)]
REPOSITORY = Path(__file__).parents[2]


def start_demo(tmp_path: Path, *words: str) -> tuple[subprocess.Popen[str], Path]:
    ready = tmp_path / "ready.json"
    process = subprocess.Popen(
        [
            sys.executable,
            "-m",
            "node",
            "demo",
            "--no-open",
            "--json",
            "--ready-file",
            ready,
            *words,
        ],
        cwd=REPOSITORY,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    return process, ready


def pids_of(ready: dict[str, object]) -> list[int]:
    nodes = ready["nodes"]
    assert isinstance(nodes, list)
    return [int(node["pid"]) for node in nodes]


def is_alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return True


def test_the_wind_farm_opens_an_order_that_the_workshop_acknowledges(tmp_path: Path) -> None:
    process, ready_file = start_demo(tmp_path, "--for", "45")
    out, _ = process.communicate(timeout=200)
    assert process.returncode == 0, out
    events = [json.loads(line) for line in out.splitlines()]
    summary = events[-1]
    assert summary["event"] == "summary"
    assert summary["state_roots_agree"]
    assert len(summary["state_roots"]) == 4
    assert summary["orders_acknowledged"] >= 1
    opened = [event for event in events if event["event"] == "order_opened"]
    assert "R80790" in {event["twin"] for event in opened}
    assert summary["refused"] == {}
    ready = json.loads(ready_file.read_text())
    assert set(ready) >= {"chain_id", "genesis", "nodes", "explorer", "identities"}
    assert not any(is_alive(pid) for pid in pids_of(ready))


def test_ctrl_c_stops_everything_within_three_seconds(tmp_path: Path) -> None:
    process, ready_file = start_demo(tmp_path)
    wait_for(ready_file.exists, 60)
    ready = json.loads(ready_file.read_text())
    time.sleep(2)
    began = time.monotonic()
    process.send_signal(signal.SIGINT)
    process.communicate(timeout=20)
    assert time.monotonic() - began < 3
    assert not any(is_alive(pid) for pid in pids_of(ready))


def test_a_killed_demo_leaves_no_node_behind(tmp_path: Path) -> None:
    process, ready_file = start_demo(tmp_path, "--data", "none", "--home", str(tmp_path / "home"))
    wait_for(ready_file.exists, 60)
    ready = json.loads(ready_file.read_text())
    process.kill()
    process.communicate(timeout=20)
    wait_for(lambda: not any(is_alive(pid) for pid in pids_of(ready)), 5)


def test_an_attestation_verifies_offline_and_any_changed_byte_is_refused(tmp_path: Path) -> None:
    home = tmp_path / "home"
    process, ready_file = start_demo(tmp_path, "--home", str(home))
    try:
        wait_for(ready_file.exists, 60)
        ready = json.loads(ready_file.read_text())
        api = ready["nodes"][3]["api"]
        wait_for(lambda: veritwin("twins", "show", "R80790", "--node", api, "--json").code == 0, 60)
        report = tmp_path / "report.txt"
        report.write_text("Blades inspected, no damage.\n")
        done = veritwin(
            "attest", "--twin", "R80790", "--file", report, "--set", "result=pass",
            "--identity", ready["identities"]["inspector"], "--node", api, "--json",
        )  # fmt: skip
        assert done.code == 0, done.err
    finally:
        process.send_signal(signal.SIGINT)
        process.communicate(timeout=20)
    receipt = tmp_path / "report.txt.receipt.json"
    genesis = home / "genesis.json"
    good = veritwin("verify", receipt, "--genesis", genesis)
    assert good.code == 0, good.err
    assert good.out.startswith("Verified.")
    data = receipt.read_bytes()
    for place in range(40, len(data), len(data) // 12):
        receipt.write_bytes(data[:place] + bytes([data[place] ^ 1]) + data[place + 1 :])
        bad = veritwin("verify", receipt, "--genesis", genesis)
        assert bad.code == 6, (place, bad)
        assert bad.err.startswith("error VT-1304: ")
        assert "Broken link: " in bad.err
    receipt.write_bytes(data)
    report.write_text("Blades inspected, no damagE.\n")
    changed = veritwin("verify", receipt, "--genesis", genesis)
    assert changed.code == 6
    assert "attested file" in changed.err
