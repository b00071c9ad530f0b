"""A node's own settings: one YAML file into one frozen `NodeConfig`.

Nothing here is agreed between nodes: what consensus depends on stands in genesis or on the chain.
An unknown key is refused with its line and the nearest key that exists.
"""

from pathlib import Path
from typing import Annotated, Final, Literal

import msgspec
from msgspec import Meta, Struct

from chain.errors import InvalidInput
from chain.scalars import NodeName, NodeNameField
from node import strict_yaml

Port = Annotated[int, Meta(ge=0, le=65535)]
"""0 lets the system choose a free one."""
Host = Annotated[str, Meta(min_length=1, max_length=253)]
Count = Annotated[int, Meta(ge=1, le=10_000_000)]
Size = Annotated[int, Meta(ge=0, le=1 << 40)]
Seconds = Annotated[int, Meta(ge=1, le=3600)]


LAST_SIGNED_NAME: Final = "last-signed"


class _Section(Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """Base of all parts of the file."""


class ApiConfig(_Section, frozen=True, kw_only=True):
    """Where the HTTP API and the explorer answer.

    `cors_origins` names web pages of other origins that may read the API.
    """

    host: Host = "127.0.0.1"
    port: Port = 8000
    cors_origins: tuple[str, ...] = ()


class P2pConfig(_Section, frozen=True, kw_only=True):
    """Where other nodes connect, with mutual TLS."""

    host: Host = "127.0.0.1"
    port: Port = 9000


class PeerConfig(_Section, frozen=True, kw_only=True):
    """Another node's address; who it is is known from the chain.

    `card` is the file of its card, for a node that joined after what this one has of the chain.
    """

    node: NodeNameField
    host: Host
    port: Port
    card: str = ""


class LimitsConfig(_Section, frozen=True, kw_only=True):
    """What strangers may ask of this node."""

    connections_max: Count = 2_000
    connections_per_address_max: Count = 500
    requests_per_second: Count = 4_000
    """From one address; short bursts may be twice that."""
    request_size_bytes_max: Annotated[int, Meta(ge=1 << 16, le=256 << 20)] = 16 << 20
    header_seconds_max: Seconds = 5
    body_seconds_max: Seconds = 15
    event_streams_max: Count = 500
    mempool_size_bytes_max: Size = 64 << 20
    mempool_transactions_max: Count = 100_000
    mempool_share_percent: Annotated[int, Meta(ge=1, le=100)] = 50


class LogConfig(_Section, frozen=True, kw_only=True):
    """What is logged, and how: `text` for people, `json` for machines."""

    format: Literal["text", "json"] = "text"
    level: Literal["debug", "info", "warning", "error"] = "info"


class StorageConfig(_Section, frozen=True, kw_only=True):
    """What the database takes of the machine, in bytes."""

    cache_size_bytes: Size = 64 << 20
    write_buffers_size_bytes: Size = 64 << 20
    wal_size_bytes_max: Size = 128 << 20
    open_files_max: Count = 256
    background_jobs: Annotated[int, Meta(ge=1, le=64)] = 2
    background_bytes_per_s_max: Annotated[int, Meta(ge=40 << 20, le=1 << 40)] = 80 << 20
    """What flushes and merges may write a second; a twentieth of it where that keeps up."""
    check_blocks: Annotated[int, Meta(ge=1, le=1_000_000)] = 32
    """How many of the newest blocks are verified at every start."""
    free_bytes_min: Size = 128 << 20
    """With less room than this the node takes no more transactions."""
    ballast_size_bytes: Size = 16 << 20
    retain_blocks: Annotated[int, Meta(ge=0, le=1 << 40)] = 0
    """How many of the newest blocks are kept, with the states since then; 0 keeps everything."""


class CatchUpConfig(_Section, frozen=True, kw_only=True):
    """When a node joins from a snapshot instead of fetching every block, and which it gives."""

    snapshot_interval_blocks: Count = 32
    """Heights that are offered to others are multiples of this."""
    snapshot_behind_blocks: Annotated[int, Meta(ge=0, le=1 << 40)] = 1_000
    """Further behind than this: join from a snapshot. 0: only when nobody has the blocks."""
    snapshot_behind_transactions: Annotated[int, Meta(ge=0, le=1 << 40)] = 20_000
    """The same, in transactions."""


class NodeConfig(_Section, frozen=True, kw_only=True):
    """Everything one node is told.

    `node` is its name in genesis; `home` holds its data and keys and is the folder of the file
    unless it is given.
    """

    node: NodeNameField
    home: str = ""
    api: ApiConfig = ApiConfig()
    p2p: P2pConfig = P2pConfig()
    peers: tuple[PeerConfig, ...] = ()
    limits: LimitsConfig = LimitsConfig()
    log: LogConfig = LogConfig()
    storage: StorageConfig = StorageConfig()
    catch_up: CatchUpConfig = CatchUpConfig()

    @property
    def home_path(self) -> Path:
        """The node's folder."""
        return Path(self.home)

    @property
    def genesis_path(self) -> Path:
        """The chain's genesis file."""
        return self.home_path / "genesis.json"

    @property
    def database_path(self) -> Path:
        """The folder of the database."""
        return self.home_path / "database"

    @property
    def last_signed_path(self) -> Path:
        """The file that keeps the node from signing twice."""
        return self.home_path / LAST_SIGNED_NAME


def load_config(path: Path) -> NodeConfig:
    """Read a node's configuration file.

    Raises: InvalidInput: VT-8001, with the line and what is wrong there.
    """
    config = strict_yaml.load(path, NodeConfig, "VT-8001")
    _check(config, path)
    folder = path.resolve().parent
    return msgspec.structs.replace(config, home=str((folder / config.home).resolve()))


def _check(config: NodeConfig, path: Path) -> None:
    """Check what one value alone cannot show."""
    seen: set[NodeName] = set()
    for peer in config.peers:
        if peer.node == config.node:
            raise InvalidInput("VT-8001", path=path, reason=f"peer {peer.node} is the node itself")
        if peer.node in seen:
            raise InvalidInput("VT-8001", path=path, reason=f"peer {peer.node} stands twice")
        seen.add(peer.node)
    if config.api.port and (config.api.host, config.api.port) == (
        config.p2p.host,
        config.p2p.port,
    ):
        raise InvalidInput("VT-8001", path=path, reason="api and p2p use the same port")
