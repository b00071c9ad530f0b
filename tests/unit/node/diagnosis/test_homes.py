"""Node folders on this machine, read without their nodes."""

from pathlib import Path

import msgspec
import pytest

from chain.errors import InvalidInput
from chain.scalars import NodeName
from node.alarm import NAME
from node.diagnosis.asking import Address
from node.diagnosis.homes import find_homes, read_home
from node.founding import LocalNetwork
from tests.unit.node.conftest import found
from tests.unit.node.diagnosis.scenes import alarm


@pytest.fixture
def network(tmp_path: Path) -> LocalNetwork:
    return found(tmp_path / "network", "acme", "bolt")


def settle(home: Path, api: str) -> None:
    """Give a home's API another address."""
    path = home / "node.yaml"
    text = path.read_text()
    assert text.count("api:\n  host: 127.0.0.1\n  port: 0\n") == 1
    path.write_text(text.replace("api:\n  host: 127.0.0.1\n  port: 0\n", api))


def test_all_homes_of_a_network_are_found(network: LocalNetwork, tmp_path: Path) -> None:
    folder = tmp_path / "network"
    assert find_homes(folder) == [folder / "acme" / "acme-1", folder / "bolt" / "bolt-1"]
    assert find_homes(folder / "acme") == [folder / "acme" / "acme-1"]
    assert find_homes(tmp_path / "network" / "acme" / "acme-1") == []


def test_a_home_tells_whose_it_is_and_how_its_machine_is(network: LocalNetwork) -> None:
    home = network.homes[NodeName("bolt-1")]
    settle(home, "api:\n  host: 0.0.0.0\n  port: 8123\n")
    sight, genesis, address = read_home(home)
    assert (sight.node, sight.organisation, sight.folder) == ("bolt-1", "bolt", str(home))
    assert sight.alarm is None
    assert sight.free_bytes is not None
    assert (sight.free_bytes > 0, sight.free_bytes_min) == (True, 128 << 20)
    names = [one.name for one in sight.certificates]
    assert names == ["node bolt-1", "CA of acme", "CA of bolt"]
    assert genesis == network.genesis
    assert address == Address("http://127.0.0.1:8123", "bolt-1")


def test_a_home_whose_port_the_system_chooses_has_no_address(network: LocalNetwork) -> None:
    assert read_home(network.homes[NodeName("bolt-1")])[2] is None


def test_a_home_tells_why_its_node_stopped(network: LocalNetwork) -> None:
    home = network.homes[NodeName("bolt-1")]
    (home / NAME).write_bytes(msgspec.json.encode(alarm()))
    assert read_home(home)[0].alarm == alarm()


def test_a_certificate_that_cannot_be_read_hides_nothing_else(network: LocalNetwork) -> None:
    home = network.homes[NodeName("bolt-1")]
    (home / "tls" / "node.crt").unlink()
    assert read_home(home)[0].certificates == ()


def test_a_folder_that_is_no_home_is_refused(tmp_path: Path) -> None:
    with pytest.raises(InvalidInput, match="VT-8001"):
        read_home(tmp_path)
