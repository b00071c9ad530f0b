"""What a node's folder on this machine tells, whether the node runs or not."""

from pathlib import Path

from chain.errors import ChainError
from chain.genesis import Genesis
from node.alarm import load_alarm
from node.api.views.consensus import CertificateExpiryView
from node.config import NodeConfig, load_config
from node.describing import list_certificates
from node.diagnosis.asking import Address
from node.diagnosis.observation import HomeSight
from node.home import load_genesis
from node.storage.space import free_bytes

_EVERYWHERE = {"0.0.0.0": "127.0.0.1", "::": "[::1]"}  # noqa: S104 - where a home says it listens


def find_homes(network: Path) -> list[Path]:
    """Give the node folders under a network's folder, as `veritwin network new` makes them."""
    found = [path.parent for depth in ("*", "*/*") for path in network.glob(f"{depth}/node.yaml")]
    return sorted(found)


def read_home(home: Path) -> tuple[HomeSight, Genesis, Address | None]:
    """Read a node's folder: what it tells, its chain, and where its API should answer.

    Returns: no address when the node lets the system choose its port.
    Raises: InvalidInput: VT-8001 or VT-1305, it is no node's folder.
    """
    config = load_config(home / "node.yaml")
    genesis = load_genesis(config.genesis_path)
    index = genesis.validators.index_of(config.node)
    organisation = "" if index is None else genesis.validators.members[index].organisation
    sight = HomeSight(
        node=config.node,
        organisation=organisation,
        folder=str(home),
        alarm=load_alarm(config.home_path),
        free_bytes=_measure_room(config.home_path),
        free_bytes_min=config.storage.free_bytes_min,
        certificates=_read_certificates(config, genesis),
    )
    host = _EVERYWHERE.get(config.api.host, config.api.host)
    url = f"http://{host}:{config.api.port}"
    return sight, genesis, Address(url, config.node) if config.api.port else None


def _measure_room(folder: Path) -> int | None:
    try:
        return free_bytes(folder)
    except OSError:
        return None


def _read_certificates(config: NodeConfig, genesis: Genesis) -> tuple[CertificateExpiryView, ...]:
    try:
        return tuple(list_certificates(config, genesis))
    except ChainError:
        return ()  # Whoever asks may not be allowed to read the node's files.
