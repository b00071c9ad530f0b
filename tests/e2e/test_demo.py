"""The demo as a script and as a person runs it: real records, real processes, real trouble."""

import json
import os
import pty
import re
import signal
import time
from pathlib import Path

import pytest

from tests.e2e.demo import REPOSITORY, is_alive, running
from tests.e2e.network import NodeProcess, veritwin, wait_for

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(120)]
DATA = REPOSITORY.parent / "shared" / "data"
MAPS = REPOSITORY / "tests" / "unit" / "node" / "ingest" / "maps"
TURBINES = ("R80711", "R80721", "R80736", "R80790")
PARIS = """
id: {column: machine}
model: press
time: {column: time, format: "%d/%m/%Y %H:%M", zone: ZONE}
properties:
  heat: {property: temperature, unit: CEL}
  turns: {property: speed, unit: RPM, part: motor}
"""
ROWS = """machine,time,heat,turns
press-1,25/10/2015 01:30,20.5,900
press-1,25/10/2015 02:30,20.6,901
press-1,25/10/2015 02:30,20.7,902
press-1,25/10/2015 03:30,warm,903
press-1,31/31/2015 04:30,20.8,904
press-1,25/10/2015 05:30,20.9
press-1,25/10/2015 06:30,,905
"""


def count_updates(home: Path, twins: tuple[str, ...]) -> int:
    """Start one node of a kept demo and ask it how many readings its chain holds."""
    ready = json.loads((home.parent / "ready.json").read_text())["nodes"][0]
    node = NodeProcess(ready["name"], Path(ready["home"]), ready["api"])
    node.start()
    try:
        wait_for(lambda: node.height > 0)
        return sum(node.get(f"/v1/twins/{twin}")["updates"] for twin in twins)
    finally:
        node.kill(signal.SIGTERM)


def test_the_wind_farm_opens_an_order_that_the_workshop_acknowledges(tmp_path: Path) -> None:
    with running(tmp_path, "--json", "--for", "25") as demo:
        assert demo.end(90) == 0, demo.errors.read_text()
    assert demo.summary["state_roots_agree"]
    assert len(demo.summary["state_roots"]) == 4
    assert demo.summary["orders_acknowledged"] >= 1
    assert demo.summary["refused"] == {}
    assert "R80790" in {event["twin"] for event in demo.named("order_opened")}
    assert demo.named("order_acknowledged")[0]["organisation"] == "windcare"
    assert demo.events[0]["event"] == "ready"
    ready = json.loads(demo.ready_file.read_text())
    assert set(ready) >= {"chain_id", "genesis", "nodes", "explorer", "identities"}
    assert not Path(ready["nodes"][0]["home"]).exists()
    assert demo.errors.read_text() == ""


def test_nodes_that_are_killed_and_restarted_lose_no_reading(tmp_path: Path) -> None:
    near, far = pty.openpty()
    home = tmp_path / "home"
    with running(tmp_path, "--json", "--home", home, "--speed", "9600", keys=far) as demo:

        def press(keys: str, event: str, count: int) -> None:
            os.write(near, keys.encode())
            wait_for(lambda: len(demo.named(event)) >= count, 30)

        wait_for(lambda: demo.named("set_up"), 60)
        press("k", "node_killed", 1)
        press("k", "stalled", 1)
        assert demo.named("stalled")[0]["reason"].startswith("2 of 4 validators are not reachable")
        press("r", "resumed", 1)
        press("kkk", "nothing_to_kill", 0)
        wait_for(lambda: len(demo.named("node_killed")) == 5, 30)
        press("rrrr", "resumed", 2)
        readings = demo.events[-1].get("readings", 0)
        wait_for(lambda: demo.named("status")[-1]["readings"] > readings + 500, 30)
        os.write(near, b"q")
        assert demo.end() == 0
    os.close(near)
    os.close(far)
    assert demo.summary["readings_unsettled"] == 0
    assert demo.summary["refused"] == {}
    twins = (*TURBINES, *(f"{twin}-rotor" for twin in TURBINES))
    assert count_updates(home, twins) == demo.summary["readings_sent"]


def test_ctrl_c_stops_everything_within_three_seconds(tmp_path: Path) -> None:
    with running(tmp_path, "--json") as demo:
        demo.wait_ready()
        wait_for(lambda: demo.named("set_up"), 30)
        began = time.monotonic()
        demo.process.send_signal(signal.SIGINT)
        assert demo.end() == 130
        assert time.monotonic() - began < 3
    assert demo.summary["state_roots_agree"]


def test_a_killed_demo_leaves_no_node_behind(tmp_path: Path) -> None:
    words = ("--json", "--data", "none", "--home", tmp_path / "home")
    with running(tmp_path, *words) as demo:
        pids = [node["pid"] for node in demo.wait_ready()["nodes"]]
        demo.process.kill()
        wait_for(lambda: not any(is_alive(pid) for pid in pids), 5)


def test_an_attestation_verifies_offline_and_any_changed_byte_is_refused(tmp_path: Path) -> None:
    home = tmp_path / "home"
    with running(tmp_path, "--json", "--home", home) as demo:
        ready = demo.wait_ready()
        api = ready["nodes"][3]["api"]
        wait_for(lambda: veritwin("twins", "show", "R80790", "--node", api, "--json").code == 0, 60)
        report = tmp_path / "report.txt"
        report.write_text("Blades inspected, no damage.\n")
        done = veritwin(
            "attest", "--twin", "R80790", "--file", report, "--set", "result=pass",
            "--identity", ready["identities"]["inspector"], "--node", api, "--json",
        )  # fmt: skip
        assert done.code == 0, done.err
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


@pytest.mark.parametrize(
    ("zone", "updates", "last"),
    [
        # That night the clocks in Paris went back: the second 02:30 is an hour after the first.
        ("Europe/Paris", 4, "2015-10-25T05:30:00.000Z"),
        # In UTC it is one time with two values, and the first of them holds.
        ("UTC", 3, "2015-10-25T06:30:00.000Z"),
    ],
)
def test_a_users_own_file_plays_and_bad_rows_are_told(
    zone: str, updates: int, last: str, tmp_path: Path
) -> None:
    data = tmp_path / "presses.csv"
    data.write_text(ROWS)
    (tmp_path / "presses.csv.map.yaml").write_text(PARIS.replace("ZONE", zone))
    words = ("--nodes", "1", "--data", f"csv:{data}", "--speed", "1e6", "--home", tmp_path / "home")
    with running(tmp_path, *words) as demo:
        ready = demo.wait_ready()["nodes"][0]
        node = NodeProcess(ready["name"], Path(ready["home"]), ready["api"])
        wait_for(lambda: "All data has been played" in demo.text, 30)
        twin = node.get("/v1/twins/press-1")
        motor = node.get("/v1/twins/press-1-motor")
        demo.process.send_signal(signal.SIGTERM)
        assert demo.end() == 0
    assert (twin["updates"], motor["updates"]) == (updates, updates)
    temperature, speed = twin["properties"]["temperature"], motor["properties"]["speed"]
    assert (temperature["value"], speed["value"]) == (None, "905")
    assert temperature["time"] == speed["time"] == last
    lines = demo.text.splitlines()
    assert "\x1b" not in demo.text
    assert re.search(r"3 bad rows are left out; line 5: .*'warm'.* \(VT-9013\)", demo.text)
    assert "3 rows left out: VT-9013 1, VT-9011 1, VT-9010 1" in demo.text
    assert "8 readings in " in demo.text
    assert lines[-1] == f"Everything is kept in {tmp_path / 'home'}"


@pytest.mark.parametrize(
    ("data", "mapping", "readings"),
    [
        (
            "machine-temperature-nab/machine_temperature_system_failure.csv",
            "machine-temperature.map.yaml",
            100,
        ),
        ("turbofan-cmapss-fd001/train_FD001.txt", "turbofan.map.yaml", 10_000),
    ],
)
def test_other_machines_play_through_the_same_path(
    data: str, mapping: str, readings: int, tmp_path: Path
) -> None:
    if not (DATA / data).exists():
        pytest.skip(f"the shared data set {data} is not here")
    words = ("--data", f"csv:{DATA / data}:{MAPS / mapping}", "--json", "--for", "6")
    with running(tmp_path, *words, "--speed", "345600") as demo:
        assert demo.end(90) == 0, demo.errors.read_text()
    assert demo.summary["state_roots_agree"]
    assert (demo.summary["refused"], demo.summary["bad_rows"]) == ({}, {})
    assert demo.summary["readings_sent"] >= readings
