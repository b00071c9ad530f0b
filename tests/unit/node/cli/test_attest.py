import json
from collections.abc import Callable
from pathlib import Path

from tests.unit.node.chain_builder import TURBINE
from tests.unit.node.cli.conftest import Command, Served


def test_an_attestation_leaves_a_receipt_that_verifies(
    command: Command,
    served: Served,
    identity: Callable[[str, str], Path],
    genesis_path: Path,
    tmp_path: Path,
) -> None:
    report = tmp_path / "report.txt"
    report.write_text("no damage")
    done = command(
        "attest", "--twin", TURBINE, "--file", report, "--set", "result=pass", "--set", "ok=true",
        "--identity", identity("certis", "certis"), "--node", served.address,
        "--genesis", genesis_path, "--json",
    )  # fmt: skip
    assert done.code == 0, done.err
    assert done.json["state"] == "final"
    receipt = tmp_path / "report.txt.receipt.json"
    good = command("verify", receipt, "--genesis", genesis_path, "--json")
    assert good.code == 0, good.err
    assert good.json["sentences"][-1] == "File report.txt is the one that was attested"
    assert json.loads(receipt.read_text())["attested_file"]["name"] == "report.txt"
    report.write_text("no damagE")
    bad = command("verify", receipt, "--genesis", genesis_path)
    assert bad.code == 6
    assert "attested file" in bad.err


def test_attesting_for_an_unknown_twin_is_refused(
    command: Command, served: Served, identity: Callable[[str, str], Path], tmp_path: Path
) -> None:
    report = tmp_path / "report.txt"
    report.write_text("no damage")
    done = command(
        "attest", "--twin", "NOPE", "--file", report, "--identity", identity("certis", "certis"),
        "--node", served.address,
    )  # fmt: skip
    assert done.code == 3
    assert "error VT-2020: The twin is not registered" in done.err
    assert not (tmp_path / "report.txt.receipt.json").exists()


def test_a_fact_without_a_value_is_a_usage_error(
    command: Command, served: Served, identity: Callable[[str, str], Path], tmp_path: Path
) -> None:
    report = tmp_path / "report.txt"
    report.write_text("x")
    done = command(
        "attest", "--twin", TURBINE, "--file", report, "--set", "pass",
        "--identity", identity("certis", "certis"), "--node", served.address,
    )  # fmt: skip
    assert done.code == 2
    assert "--set 'pass' is not NAME=VALUE." in done.err
