"""Networks on disk for the tests of the shell: one member alone, and the four of the demo."""

from pathlib import Path
from typing import NamedTuple

import pytest

from chain.genesis import Timing, compute_genesis_hash
from chain.keyfile import KeyFile
from chain.keys import SigningKey
from chain.operations import AnyOperation, RegisterTwin
from chain.scalars import Height, NodeName, OrganisationId, TwinId, UnixMillis
from chain.transaction import Transaction, TransactionBody, sign
from node.config import NodeConfig, load_config
from node.founding import LocalNetwork, PlannedNode, found_local
from node.home import Terms
from tests.unit.node.replica.network import QuietExecutor

FOUNDED_MS = UnixMillis(1_700_000_000_000)


class IdleExecutor(QuietExecutor):
    """An executor that never had to be restarted."""

    restarts = 0


class Place(NamedTuple):
    """A node's folder and who may sign for its organisation."""

    config: NodeConfig
    network: LocalNetwork
    administrator: KeyFile

    def sign(
        self, salt: int = 0, expiry: int = 900, operation: AnyOperation | None = None
    ) -> Transaction:
        """Sign the registration of a twin."""
        key: SigningKey = self.administrator.key
        body = TransactionBody(
            compute_genesis_hash(self.network.genesis),
            key.public_key,
            operation or RegisterTwin(TwinId(f"T{salt}"), "system", "turbine", None, ()),
            Height(expiry),
            salt.to_bytes(8, "big"),
        )
        return sign(body, key)


def found(folder: Path, *names: str) -> LocalNetwork:
    """Found a network with one node for each organisation."""
    planned = [
        PlannedNode(OrganisationId(name), name.title(), NodeName(f"{name}-1"), 0, 0)
        for name in names
    ]
    return found_local(
        folder, "test", planned, FOUNDED_MS, Terms(timing=Timing(heartbeat_ms=2_000))
    )


@pytest.fixture
def alone(tmp_path: Path) -> Place:
    """A network of one node, which decides everything by itself."""
    network = found(tmp_path / "network", "acme")
    home = network.homes[NodeName("acme-1")]
    administrator = network.administrators[OrganisationId("acme")]
    return Place(load_config(home / "node.yaml"), network, administrator)
