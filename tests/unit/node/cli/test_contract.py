from collections.abc import Callable
from importlib.resources import files
from pathlib import Path

from tests.unit.node.cli.conftest import Command, Served


def test_the_standard_contract_is_valid(command: Command) -> None:
    source = files("contracts.standard").joinpath("maintenance_by_power_curve.py")
    done = command("contract", "check", source, "--json")
    assert done.code == 0
    assert done.json == {"valid": True, "findings": [], "warnings": []}


def test_a_refusal_names_line_rule_reason_and_remedy(command: Command, tmp_path: Path) -> None:
    source = tmp_path / "bad.py"
    source.write_text("from contracts.author import call\n\nX = 0.5\n")
    done = command("contract", "check", source)
    assert done.code == 1
    assert f"{source}:3:5: " in done.out
    assert "Write instead: " in done.out


def test_a_contract_is_deployed_with_parameters(
    command: Command,
    served: Served,
    identity: Callable[[str, str], Path],
) -> None:
    source = files("contracts.standard").joinpath("maintenance_by_power_curve.py")
    done = command(
        "contract", "deploy", "watch-turbines", source, "--set", 'addressee="windcare"',
        "--identity", identity("borne-energie", "borne-energie"), "--node", served.address,
        "--json",
    )  # fmt: skip
    assert done.code == 0, done.err
    assert done.json["state"] == "final"


def test_an_administrator_consents_to_a_foreign_contract(
    command: Command,
    served: Served,
    identity: Callable[[str, str], Path],
) -> None:
    source = files("contracts.standard").joinpath("maintenance_by_power_curve.py")
    where = ("--identity", identity("borne-energie", "borne-energie"), "--node", served.address)
    done = command("contract", "consent", "watch-turbines", source, *where)
    assert done.code == 0, done.err
    assert "consent to watch-turbines with source " in done.out
    done = command("contract", "consent", "watch-turbines", source, "--withdraw", *where)
    assert done.out.startswith("no more consent to watch-turbines")
