import stat
from pathlib import Path

from chain.genesis import compute_genesis_hash
from chain.scalars import NodeName
from node.config import PeerConfig, load_config
from node.founding import load_network
from node.home import load_genesis
from tests.unit.node.cli.conftest import Command


def test_a_network_on_this_machine_has_a_home_for_each_node(
    command: Command, tmp_path: Path
) -> None:
    folder = tmp_path / "net"
    done = command("network", "new", "--org", "acme", "--org", "bolt", "--dir", folder, "--json")
    assert done.code == 0, done.err
    assert set(done.json["nodes"]) == {"acme-1", "bolt-1"}
    genesis = load_genesis(folder / "genesis.json")
    assert compute_genesis_hash(genesis).hex() == done.json["genesis"]
    for key in folder.rglob("*.key"):
        assert stat.S_IMODE(key.stat().st_mode) == 0o600
    for key in folder.rglob("keys/*.json"):
        assert stat.S_IMODE(key.stat().st_mode) == 0o600


def test_containers_are_dialled_by_name_and_share_the_ports(
    command: Command, tmp_path: Path
) -> None:
    folder = tmp_path / "net"
    words = ("--org", "acme", "--org", "bolt", "--dir", folder, "--container")
    done = command("network", "new", *words)
    assert done.code == 0, done.err
    assert "Mount each home in a container that the others reach by the node's name." in done.out
    assert "node run" not in done.out + done.err
    for own, other in (("acme", "bolt"), ("bolt", "acme")):
        config = load_config(folder / own / f"{own}-1" / "node.yaml")
        assert (config.p2p.host, config.p2p.port) == ("0.0.0.0", 9000)
        assert (config.api.host, config.api.port) == ("0.0.0.0", 8000)
        assert config.peers == (
            PeerConfig(node=NodeName(f"{other}-1"), host=f"{other}-1", port=9000),
        )
    _, addresses = load_network(folder / "network.json")
    assert addresses == {"acme-1": ("acme-1", 9000), "bolt-1": ("bolt-1", 9000)}


def test_processes_of_one_machine_stay_on_loopback_with_ports_of_their_own(
    command: Command, tmp_path: Path
) -> None:
    done = command("network", "new", "--org", "acme", "--org", "bolt", "--dir", tmp_path / "net")
    assert "veritwin node run --home" in done.out + done.err
    config = load_config(tmp_path / "net" / "bolt" / "bolt-1" / "node.yaml")
    assert (config.p2p.host, config.p2p.port) == ("127.0.0.1", 9001)
    assert (config.api.host, config.api.port) == ("127.0.0.1", 8001)
    assert [(peer.host, peer.port) for peer in config.peers] == [("127.0.0.1", 9000)]


def test_cards_say_themselves_where_they_are_dialled(command: Command, tmp_path: Path) -> None:
    card = tmp_path / "card.json"
    card.touch()
    done = command("network", "new", "--card", card, "--container")
    assert done.code == 2
    assert "--container goes with --org; a card says where its node is dialled." in done.err


def test_members_found_a_network_from_cards_alone(command: Command, tmp_path: Path) -> None:
    for name in ("acme", "bolt"):
        done = command(
            "node", "card", "--home", tmp_path / name / "node", "--chain", "pumps",
            "--organisation", name, "--organisation-dir", tmp_path / name / "org",
            "--name", f"{name}-1", "--host", f"{name}.example",
        )  # fmt: skip
        assert done.code == 0, done.err
    cards = [tmp_path / name / "node" / "card.json" for name in ("acme", "bolt")]
    assert "secret" not in "".join(card.read_text() for card in cards)
    network = tmp_path / "network.json"
    done = command("network", "new", "--card", cards[0], "--card", cards[1], "--out", network)
    assert done.code == 0, done.err
    genesis, addresses = load_network(network)
    assert genesis.chain_id == "pumps"
    assert addresses["bolt-1"] == ("bolt.example", 9000)
    home = tmp_path / "acme" / "node"
    done = command("node", "init", "--home", home, "--network", network, "--name", "acme-1")
    assert done.code == 0, done.err
    assert load_genesis(home / "genesis.json") == genesis


def test_cards_and_organisations_do_not_mix(command: Command) -> None:
    done = command("network", "new")
    assert done.code == 2
    assert "Give either --card (members' cards) or --org (all on this machine)." in done.err


def test_a_network_is_never_written_over_another(command: Command, tmp_path: Path) -> None:
    words = ("network", "new", "--org", "acme", "--dir", tmp_path / "net")
    assert command(*words).code == 0
    done = command(*words)
    assert done.code == 1
    assert "error VT-" in done.err
