"""Who plays in the demo: organisations, nodes, identities and the twins of the wind farm."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import count, cycle
from pathlib import Path
from typing import Final

from chain.genesis import Timing
from chain.keyfile import KeyFile
from chain.operations import RegisterTwin, Role
from chain.scalars import NAME_PATTERN, NodeName, OrganisationId, TwinId, UnixMillis
from chain.validators import EngineName
from node.founding import LocalNetwork, PlannedNode, found_local
from node.home import Terms
from node.ingest.source import Feed
from node.keystore import create_key
from node.local.ports import check_ports, choose_ports

CHAIN_NAME: Final = "haute-borne"
OPERATOR: Final = OrganisationId("borne-energie")
GRID: Final = OrganisationId("gridlink")
WORKSHOP: Final = OrganisationId("windcare")
INSPECTOR: Final = OrganisationId("certis")
NAMES: Final = {
    OPERATOR: "Borne Energie, wind farm operator",
    GRID: "GridLink, grid operator",
    WORKSHOP: "WindCare, maintenance workshop",
    INSPECTOR: "Certis, inspection",
}
TIMING: Final = Timing(heartbeat_ms=5_000)
SITE: Final = TwinId("haute-borne-site")
GENERATION: Final = TwinId("haute-borne-generation")
NAME_SIZE_MAX: Final = 64
"""The limit of `chain.scalars.NameField`."""
_is_name: Final = re.compile(NAME_PATTERN).fullmatch


@dataclass(frozen=True, slots=True)
class Identity:
    """A key that acts for an organisation, and the file it is in."""

    name: str
    organisation: OrganisationId
    path: Path
    file: KeyFile
    roles: tuple[Role, ...]


@dataclass(frozen=True, slots=True)
class Cast:
    """Everything that stands on disk before the first node starts."""

    folder: Path
    network: LocalNetwork
    planned: tuple[PlannedNode, ...]
    identities: dict[str, Identity]

    def node_of(self, organisation: OrganisationId) -> PlannedNode:
        """Give the node that an organisation's people and gateways speak to: its own, if any."""
        for plan in self.planned:
            if plan.organisation == organisation:
                return plan
        return self.planned[0]


def plan_nodes(node_count: int, first_api_port: int) -> tuple[PlannedNode, ...]:
    """Plan `node_count` nodes: the four organisations in turn, one node each, then a second one.

    Args: first_api_port: port of the first node's API and explorer, the others follow it; 0 takes
    any free ones.
    Raises: InvalidInput: VT-8011, one of them cannot be used.
    """
    if first_api_port:
        api_ports = list(range(first_api_port, first_api_port + node_count))
        check_ports(api_ports)
    else:
        api_ports = choose_ports(node_count)
    p2p_ports = choose_ports(node_count, taken=api_ports)
    turns: dict[OrganisationId, int] = dict.fromkeys(NAMES, 0)
    planned = []
    for index, organisation in zip(range(node_count), cycle(NAMES), strict=False):
        turns[organisation] += 1
        planned.append(
            PlannedNode(
                organisation,
                NAMES[organisation],
                NodeName(f"{organisation}-{turns[organisation]}"),
                p2p_ports[index],
                api_ports[index],
            )
        )
    return tuple(planned)


def make_cast(
    folder: Path,
    planned: Sequence[PlannedNode],
    feed: Feed | None,
    now_ms: UnixMillis,
    engine: EngineName = "bft",
) -> Cast:
    """Found the network and make all keys.

    Raises: InvalidInput: a file exists already or cannot be written.
    """
    network = found_local(folder, CHAIN_NAME, planned, now_ms, Terms(engine, timing=TIMING))
    identities: dict[str, Identity] = {}
    for organisation, file in network.administrators.items():
        name = f"administrator-{organisation}"
        path = network.organisations[organisation] / "keys" / "administrator.json"
        identities[name] = Identity(name, organisation, path, file, ("administrator",))
    present = list(network.organisations)
    for name, wanted, roles in _people(feed):
        organisation = wanted if wanted in network.organisations else present[0]
        path = network.organisations[organisation] / "keys" / f"{name}.json"
        file = create_key(path, name, organisation)
        identities[name] = Identity(name, organisation, path, file, roles)
    return Cast(folder, network, tuple(planned), identities)


def _people(feed: Feed | None) -> list[tuple[str, OrganisationId, tuple[Role, ...]]]:
    people: list[tuple[str, OrganisationId, tuple[Role, ...]]] = [
        ("workshop", WORKSHOP, ("operator",)),
        ("inspector", INSPECTOR, ("partner",)),
    ]
    gateways = gateway_names(feed)
    people.extend((gateway, OPERATOR, ("gateway",)) for gateway in gateways.values())
    return people


def gateway_names(feed: Feed | None) -> dict[TwinId, str]:
    """Name the gateway of each twin that rows of the data are about.

    It is called like its twin, or numbered when that makes no name that keys may have.
    """
    names: dict[TwinId, str] = {}
    used: set[str] = set()
    for record in feed.records if feed else ():
        if record.twin in names:
            continue
        name = f"gateway-{record.twin}"
        if len(name) > NAME_SIZE_MAX or not _is_name(name) or name in used:
            name = next(other for n in count(1) if (other := f"gateway-{n}") not in used)
        names[record.twin] = name
        used.add(name)
    return names


def twins_to_register(feed: Feed | None, *, is_wind: bool) -> list[RegisterTwin]:
    """Give the registrations for the data, parents first.

    The wind farm's turbines stand in their plant: environment, process, system, component.
    """
    twins: list[RegisterTwin] = []
    top: TwinId | None = None
    if is_wind:
        top = GENERATION
        twins.append(
            RegisterTwin(
                SITE, "environment", "wind-site", None, (),
                "La Haute Borne, Meuse, France: the site of the wind farm",
            )
        )  # fmt: skip
        twins.append(
            RegisterTwin(
                GENERATION, "process", "power-generation", SITE, (),
                "Generation of electricity by four Senvion MM82 turbines",
            )
        )  # fmt: skip
    for outline in feed.twins if feed else ():
        parent = outline.parent if outline.parent is not None else top
        twins.append(
            RegisterTwin(outline.twin, outline.kind, outline.model, parent, outline.properties)
        )
    return twins
