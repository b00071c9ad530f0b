"""Founding a network: from cards to a network file, from a network file to a node's home.

A network file is public: the genesis and where each node can be reached.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import msgspec

from chain.errors import InvalidInput
from chain.genesis import Genesis, genesis_from_json, genesis_to_json
from chain.keyfile import KeyFile
from chain.scalars import NodeName, OrganisationId, UnixMillis
from node.home import (
    DEFAULT_TERMS,
    NodeCard,
    NodePlan,
    Terms,
    create_node,
    create_organisation,
    make_genesis,
    write_node_files,
)
from node.p2p.settings import LOOPBACK, Address

NETWORK_SIZE_BYTES_MAX: Final = 8 << 20
FORMAT: Final = "veritwin-network/1"
_UNREADABLE: Final = (
    OSError,
    msgspec.MsgspecError,
    AttributeError,
    KeyError,
    RecursionError,
    TypeError,
    ValueError,
)
"""What reading a file that is JSON, but no network file, may end in."""


@dataclass(frozen=True, slots=True)
class PlannedNode:
    """A node of a network that is founded on one machine; `host` is where the others dial it."""

    organisation: OrganisationId
    organisation_name: str
    node: NodeName
    p2p_port: int
    api_port: int
    host: str = LOOPBACK.host


@dataclass(frozen=True, slots=True)
class LocalNetwork:
    """A network whose folders are all on this machine; for trying out and for tests."""

    genesis: Genesis
    genesis_path: Path
    homes: dict[NodeName, Path]
    organisations: dict[OrganisationId, Path]
    administrators: dict[OrganisationId, KeyFile]


def found_local(
    folder: Path,
    chain_name: str,
    planned: Sequence[PlannedNode],
    now_ms: UnixMillis,
    terms: Terms = DEFAULT_TERMS,
    *,
    listen_host: str = LOOPBACK.host,
) -> LocalNetwork:
    """Make all folders of a network on this machine, each organisation's apart.

    Args: listen_host: where every node listens, for the others and for its API.
    Raises: InvalidInput: the folder holds a network already, or a name is not allowed.
    """
    organisations: dict[OrganisationId, Path] = {}
    administrators: dict[OrganisationId, KeyFile] = {}
    homes: dict[NodeName, Path] = {}
    cards = []
    for plan in planned:
        own = folder / plan.organisation
        if plan.organisation not in organisations:
            organisations[plan.organisation] = own
            administrators[plan.organisation] = create_organisation(own, plan.organisation, now_ms)
        homes[plan.node] = own / plan.node
        cards.append(
            create_node(
                homes[plan.node],
                own,
                NodePlan(
                    chain_name,
                    plan.organisation,
                    plan.organisation_name,
                    plan.node,
                    Address(plan.host, plan.p2p_port),
                ),
                now_ms,
            )
        )
    genesis = make_genesis(cards, now_ms, terms)
    for plan in planned:
        write_node_files(
            homes[plan.node],
            genesis,
            plan.node,
            addresses_of(cards),
            listen_host=listen_host,
            api=Address(listen_host, plan.api_port),
        )
    genesis_path = folder / "genesis.json"
    genesis_path.write_bytes(genesis_to_json(genesis))
    save_network(folder / "network.json", genesis, cards)
    return LocalNetwork(genesis, genesis_path, homes, organisations, administrators)


def addresses_of(cards: Sequence[NodeCard]) -> dict[NodeName, Address]:
    """Give where each node is dialled."""
    return {card.node: Address(card.host, card.port) for card in cards}


def save_network(path: Path, genesis: Genesis, cards: Sequence[NodeCard]) -> None:
    """Write a network file: the genesis and the nodes' addresses."""
    document = {
        "format": FORMAT,
        "genesis": msgspec.json.decode(genesis_to_json(genesis)),
        "addresses": {card.node: {"host": card.host, "port": card.port} for card in cards},
    }
    path.write_bytes(msgspec.json.format(msgspec.json.encode(document), indent=2) + b"\n")


def load_network(path: Path) -> tuple[Genesis, dict[NodeName, Address]]:
    """Read a network file: the genesis, and where each node is dialled.

    Raises: InvalidInput: VT-1305, it is not a network file.
    """
    try:
        data = path.read_bytes()
        if len(data) > NETWORK_SIZE_BYTES_MAX:
            raise InvalidInput("VT-1305", reason=f"{path} is too large for a network file")
        document: dict[str, Any] = msgspec.json.decode(data, type=dict[str, Any])
        if document.get("format") != FORMAT:
            raise InvalidInput("VT-1305", reason=f"{path} is not a {FORMAT} file")
        genesis = genesis_from_json(msgspec.json.encode(document["genesis"]))
        addresses = {
            NodeName(node): Address(str(place["host"]), int(place["port"]))
            for node, place in document["addresses"].items()
        }
    except _UNREADABLE as error:
        raise InvalidInput("VT-1305", reason=f"{path} is not a network file: {error}") from error
    return genesis, addresses
