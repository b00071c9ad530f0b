"""`veritwin network`: found a network."""

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import click

from node.cli.output import print_result, suggest

if TYPE_CHECKING:
    from chain.validators import EngineName
    from node.founding import PlannedNode
    from node.home import Terms

EVERYWHERE: Final = "0.0.0.0"  # noqa: S104 - inside a container; what is published is for its host
API_PORT_BELOW: Final = 1_000


@click.group(name="network")
def command() -> None:
    """Found a network from the members' cards, or a whole one on this machine."""


@command.command()
@click.option(
    "--card",
    "cards",
    multiple=True,
    type=click.Path(path_type=Path, exists=True),
    help="Card of a member's node, from `veritwin node card`. Repeat it.",
)
@click.option(
    "--out",
    type=click.Path(path_type=Path),
    default=Path("network.json"),
    show_default=True,
    help="Network file to write, with --card.",
)
@click.option(
    "--org",
    "organisations",
    multiple=True,
    help="Organisation to make on this machine, for trying out. Repeat it.",
)
@click.option(
    "--dir",
    "folder",
    type=click.Path(path_type=Path),
    default=Path("network"),
    show_default=True,
    help="Folder for everything, with --org.",
)
@click.option(
    "--chain",
    "chain_name",
    default="consortium",
    show_default=True,
    help="Name of the chain, with --org.",
)
@click.option(
    "--base-port",
    type=click.IntRange(2_024, 65_000),
    default=9000,
    show_default=True,
    help="First port to use, with --org: 9000, 9001, .. for nodes, 8000, .. for APIs.",
)
@click.option(
    "--container",
    is_flag=True,
    help="With --org: a container for each node, reached by the node's name, with the same ports.",
)
@click.option(
    "--engine",
    type=click.Choice(["bft", "raft"]),
    default="bft",
    show_default=True,
    help="How nodes agree: bft stands lying members, raft only crashes.",
)
@click.option(
    "--contract-approvals",
    type=click.IntRange(0, 256),
    default=0,
    show_default=True,
    help="Organisations that must approve a contract; 0 for more than two thirds of them.",
)
@click.option("--json", "as_json", is_flag=True, help="One JSON object.")
def new(
    *,
    cards: tuple[Path, ...],
    out: Path,
    organisations: tuple[str, ...],
    container: bool,
    engine: "EngineName",
    contract_approvals: int,
    as_json: bool,
    **local: Any,
) -> None:
    """Found a network.

    \b
    Examples:
      veritwin network new --card a/card.json --card b/card.json --out network.json
      veritwin network new --org acme --org bolt --org core --org dyna --dir try-out
      veritwin network new --org acme --org bolt --org core --org dyna --container
    """
    if bool(cards) == bool(organisations):
        raise click.UsageError(
            "Give either --card (members' cards) or --org (all on this machine)."
        )
    if container and cards:
        raise click.UsageError(
            "--container goes with --org; a card says where its node is dialled."
        )
    rules = _Rules(engine, contract_approvals)
    if cards:
        _from_cards(cards, out, rules, as_json=as_json)
    else:
        _on_this_machine(organisations, rules, container=container, as_json=as_json, **local)


@dataclass(frozen=True, slots=True)
class _Rules:
    """What genesis says besides who the members are."""

    engine: "EngineName"
    approvals: int

    @property
    def terms(self) -> "Terms":
        from chain.genesis import ContractPolicy
        from node.home import Terms

        return Terms(self.engine, ContractPolicy(approvals=self.approvals))


def _from_cards(cards: tuple[Path, ...], out: Path, rules: _Rules, *, as_json: bool) -> None:
    from chain.genesis import compute_genesis_hash
    from node.clock import now_ms
    from node.founding import save_network
    from node.home import load_card, make_genesis

    loaded = [load_card(path) for path in cards]
    genesis = make_genesis(loaded, now_ms(), rules.terms)
    save_network(out, genesis, loaded)
    hash_ = compute_genesis_hash(genesis).hex()
    print_result(
        {"network": str(out), "chain_id": genesis.chain_id, "genesis": hash_},
        as_json=as_json,
        text=f"Wrote {out}: chain {genesis.chain_id}, {len(loaded)} nodes\nGenesis {hash_}\n"
        "Read the genesis hash to each other over another channel before anybody starts.",
    )
    if not as_json:
        suggest(f"veritwin node init --home HOME --network {out} --name NODE   (each member)")


def _on_this_machine(
    organisations: tuple[str, ...],
    rules: _Rules,
    *,
    folder: Path,
    chain_name: str,
    base_port: int,
    container: bool,
    as_json: bool,
) -> None:
    from chain.genesis import compute_genesis_hash
    from node.clock import now_ms
    from node.founding import found_local
    from node.p2p.settings import LOOPBACK

    planned = _plan_nodes(organisations, base_port, container=container)
    listen_host = EVERYWHERE if container else LOOPBACK.host
    network = found_local(
        folder,
        chain_name,
        planned,
        now_ms(),
        rules.terms,
        listen_host=listen_host,
    )
    homes = [f"{name}: {home}" for name, home in network.homes.items()]
    if container:
        homes.append("Mount each home in a container that the others reach by the node's name.")
    print_result(
        {
            "chain_id": chain_name,
            "genesis": compute_genesis_hash(network.genesis).hex(),
            "nodes": {name: str(home) for name, home in network.homes.items()},
        },
        as_json=as_json,
        text="\n".join(homes),
    )
    if not as_json and not container:
        suggest(*(f"veritwin node run --home {home}" for home in network.homes.values()))


def _plan_nodes(
    organisations: tuple[str, ...], base_port: int, *, container: bool
) -> "list[PlannedNode]":
    """One node for each organisation; containers have an address each, so they share the ports."""
    from chain.scalars import NodeName, OrganisationId
    from node.founding import PlannedNode
    from node.p2p.settings import LOOPBACK

    planned = []
    for index, organisation in enumerate(organisations):
        name = NodeName(f"{organisation}-1")
        port = base_port if container else base_port + index
        planned.append(
            PlannedNode(
                OrganisationId(organisation),
                organisation,
                name,
                port,
                port - API_PORT_BELOW,
                name if container else LOOPBACK.host,
            )
        )
    return planned
