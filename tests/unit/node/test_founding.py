"""Founding a network: what stands where, and what a network file says."""

from pathlib import Path

import msgspec
import pytest

from chain.errors import InvalidInput
from chain.scalars import NodeName, OrganisationId
from node.config import load_config
from node.founding import (
    NETWORK_SIZE_BYTES_MAX,
    LocalNetwork,
    PlannedNode,
    found_local,
    load_network,
)
from node.home import load_genesis, vote_key_of
from node.keystore import load_key
from node.p2p.settings import Address
from tests.unit.node.conftest import FOUNDED_MS, found

NAMES = ("acme", "bolt", "core")


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("network")


@pytest.fixture(scope="module")
def network(folder: Path) -> LocalNetwork:
    planned = [
        PlannedNode(
            OrganisationId(name), name.title(), NodeName(f"{name}-1"), 9_100 + at, 8_100 + at
        )
        for at, name in enumerate(NAMES)
    ]
    return found_local(folder, "test", planned, FOUNDED_MS)


def test_every_node_has_the_same_genesis_and_a_key_of_its_own(network: LocalNetwork) -> None:
    keys = []
    for index, member in enumerate(network.genesis.validators.members):
        config = load_config(network.homes[member.node] / "node.yaml")
        assert load_genesis(config.genesis_path) == network.genesis
        assert vote_key_of(config).key.public_key == member.vote_key
        assert {peer.node for peer in config.peers} == {f"{name}-1" for name in NAMES} - {
            member.node
        }
        assert (config.p2p.port, config.api.port) == (9_100 + index, 8_100 + index)
        keys.append(member.vote_key)
    assert len(set(keys)) == 3


def test_administrators_are_those_of_genesis(folder: Path, network: LocalNetwork) -> None:
    for organisation in network.genesis.organisations:
        stored = load_key(folder / organisation.id / "keys" / "administrator.json", None)
        assert stored.key.public_key == organisation.administrator
        known = network.administrators[organisation.id]
        assert known.key.public_key == organisation.administrator


def test_two_nodes_of_one_organisation_stand_side_by_side(tmp_path: Path) -> None:
    acme = OrganisationId("acme")
    planned = [PlannedNode(acme, "Acme", NodeName(f"acme-{n}"), 9_000 + n, 0) for n in (1, 2)]
    network = found_local(tmp_path, "test", planned, FOUNDED_MS)
    assert len(network.genesis.organisations) == 1
    assert sorted(network.homes) == ["acme-1", "acme-2"]


def test_a_network_is_not_founded_over_another(tmp_path: Path) -> None:
    before = found(tmp_path, "acme")
    with pytest.raises(InvalidInput):
        found(tmp_path, "acme")
    home = before.homes[NodeName("acme-1")]
    assert load_genesis(home / "genesis.json") == before.genesis


def test_a_network_file_reads_back(folder: Path, network: LocalNetwork) -> None:
    genesis, addresses = load_network(folder / "network.json")
    assert genesis == network.genesis
    assert addresses == {
        f"{name}-1": Address("127.0.0.1", 9_100 + at) for at, name in enumerate(NAMES)
    }


def test_what_is_no_network_file_is_refused_with_its_name(
    folder: Path, network: LocalNetwork, tmp_path: Path
) -> None:
    good = msgspec.json.decode((folder / "network.json").read_bytes())
    path = tmp_path / "network.json"
    wrong: list[object] = [
        [],
        {},
        {**good, "format": "veritwin-network/2"},
        {**good, "addresses": []},
        {**good, "addresses": {"acme-1": []}},
        {**good, "addresses": {"acme-1": {"host": "h"}}},
        {**good, "addresses": {"acme-1": {"host": "h", "port": "many"}}},
        {**good, "genesis": None},
        {"format": good["format"]},
    ]
    for document in wrong:
        path.write_bytes(msgspec.json.encode(document))
        with pytest.raises(InvalidInput, match=r"^VT-1305: "):
            load_network(path)
    for data in (b"", b"\xff", b'{"format": ', b'{"format": ' + b"[" * 100_000):
        path.write_bytes(data)
        with pytest.raises(InvalidInput, match=rf"^VT-1305: {path} is not a network file: "):
            load_network(path)
    with pytest.raises(InvalidInput, match=r"^VT-1305: "):
        load_network(tmp_path / "missing")
    path.write_bytes(bytes(NETWORK_SIZE_BYTES_MAX + 1))
    with pytest.raises(InvalidInput, match=rf"^VT-1305: {path} is too large for a network file"):
        load_network(path)
