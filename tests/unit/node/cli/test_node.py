from pathlib import Path

from node.config import load_config
from tests.unit.node.cli.conftest import Command


def test_init_names_the_nodes_that_exist(command: Command, tmp_path: Path) -> None:
    folder = tmp_path / "net"
    command("network", "new", "--org", "acme", "--org", "bolt", "--dir", folder)
    done = command(
        "node", "init", "--home", tmp_path / "x", "--network", folder / "network.json",
        "--name", "core-1",
    )  # fmt: skip
    assert done.code == 2
    assert "The network has no node core-1; it has acme-1, bolt-1. A node that" in done.err


def test_a_node_that_joins_later_is_set_up_with_its_card(command: Command, tmp_path: Path) -> None:
    folder, home = tmp_path / "net", tmp_path / "core"
    command("network", "new", "--org", "acme", "--org", "bolt", "--dir", folder)
    made = command(
        "node", "card", "--home", home, "--chain", "consortium", "--organisation", "core",
        "--organisation-dir", tmp_path / "organisation", "--name", "core-1",
        "--host", "core.example", "--port", "9007",
    )  # fmt: skip
    assert made.code == 0, made.err
    done = command(
        "node", "init", "--home", home, "--network", folder / "network.json", "--name", "core-1"
    )
    assert done.code == 0, done.err
    config = load_config(home / "node.yaml")
    assert (config.node, config.p2p.port) == ("core-1", 9007)
    assert [peer.node for peer in config.peers] == ["acme-1", "bolt-1"]


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


def test_prune_needs_to_be_told_how_much_to_keep(command: Command, tmp_path: Path) -> None:
    folder = tmp_path / "net"
    command("network", "new", "--org", "acme", "--org", "bolt", "--dir", folder)
    home = folder / "acme" / "acme-1"
    done = command("node", "prune", "--home", home)
    assert done.code == 1
    assert done.err.startswith("error VT-6031: ")
    done = command("node", "prune", "--home", home, "--retain-blocks", "10")
    assert done.err.startswith("error VT-6030: ")


def test_prune_says_what_is_kept(command: Command, tmp_path: Path) -> None:
    folder = tmp_path / "net"
    command("network", "new", "--org", "acme", "--org", "bolt", "--dir", folder)
    home = folder / "acme" / "acme-1"
    done = command("node", "prune", "--home", home, "--retain-blocks", "2000")
    assert done.code == 0, done.err
    assert done.out.startswith("Blocks are kept above 0, up to 0; ")
