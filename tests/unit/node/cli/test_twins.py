from pathlib import Path

from tests.unit.node.chain_builder import TURBINE
from tests.unit.node.cli.conftest import Command, Served


def test_twins_are_listed_and_filtered(command: Command, served: Served) -> None:
    every = command("twins", "list", "--node", served.address, "--json")
    assert {twin["id"] for twin in every.json["items"]} == {"haute-borne", TURBINE, "R80721"}
    farms = command("twins", "list", "--model", "wind-farm", "--node", served.address, "--json")
    assert [twin["id"] for twin in farms.json["items"]] == ["haute-borne"]


def test_a_twin_is_shown_as_it_was_at_a_height(command: Command, served: Served) -> None:
    now = command("twins", "show", TURBINE, "--node", served.address)
    assert now.code == 0, now.err
    assert f"{TURBINE}  system of model" in now.out
    then = command("twins", "show", TURBINE, "--at", "2", "--node", served.address, "--json")
    assert then.json["height"] == 2
    assert then.json["properties"]["active_power"]["value"] == "1500"


def test_an_action_of_a_part_is_shown_with_the_whole(command: Command, served: Served) -> None:
    before = command("twins", "show", "haute-borne", "--at", "3", "--node", served.address)
    then = command("twins", "show", "haute-borne", "--at", "4", "--node", served.address)
    line = f"its part {TURBINE} has unfinished actions: 1"
    assert (line in before.out, line in then.out) == (False, True)


def test_a_twins_history_is_newest_first(command: Command, served: Served) -> None:
    done = command("twins", "history", TURBINE, "--limit", "3", "--node", served.address, "--json")
    heights = [item["height"] for item in done.json["items"]]
    assert heights == sorted(heights, reverse=True)
    assert len(heights) == 3


def test_an_unknown_twin_ends_with_exit_code_3(command: Command, served: Served) -> None:
    done = command("twins", "show", "NOPE", "--node", served.address)
    assert done.code == 3


def test_a_genesis_of_another_chain_is_noticed(
    command: Command, served: Served, tmp_path: Path
) -> None:
    other = tmp_path / "net"
    command("network", "new", "--org", "acme", "--dir", other)
    done = command(
        "tx", "wait", "00" * 32, "--node", served.address, "--genesis", other / "genesis.json",
        "--timeout", "0.1",
    )  # fmt: skip
    assert done.code == 1
    assert done.err.startswith("error VT-7023: The node belongs to another chain\n")
