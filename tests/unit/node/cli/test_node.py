from pathlib import Path

from tests.unit.node.cli.conftest import Command


def test_init_names_the_nodes_that_exist(command: Command, tmp_path: Path) -> None:
    folder = tmp_path / "net"
    command("network", "new", "--org", "acme", "--org", "bolt", "--dir", folder)
    done = command(
        "node", "init", "--home", tmp_path / "x", "--network", folder / "network.json",
        "--name", "core-1",
    )  # fmt: skip
    assert done.code == 2
    assert "The network has no node core-1; it has acme-1, bolt-1." in done.err


def test_init_refuses_a_file_that_is_no_network(command: Command, tmp_path: Path) -> None:
    path = tmp_path / "network.json"
    path.write_text("{}")
    done = command("node", "init", "--home", tmp_path, "--network", path, "--name", "a")
    assert done.code == 1
    assert done.err.startswith("error VT-1305: ")


def test_run_without_a_home_says_what_is_missing(command: Command, tmp_path: Path) -> None:
    done = command("node", "run", "--home", tmp_path / "nothing")
    assert done.code == 1
    assert done.err.startswith("error VT-8001: ")
