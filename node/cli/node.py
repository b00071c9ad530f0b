"""`veritwin node`: set up and run a node."""

from pathlib import Path

import click

from node.cli.output import print_result, say, suggest

HOME_OPTION = click.option(
    "--home", type=click.Path(path_type=Path), required=True, help="The node's folder."
)


@click.group(name="node")
def command() -> None:
    """Set up and run a node."""


@command.command()
@HOME_OPTION
@click.option("--chain", "chain_name", required=True, help="Name of the chain to be founded.")
@click.option("--organisation", required=True, help="Id of your organisation.")
@click.option("--organisation-name", help="Its name for people; the id unless given.")
@click.option(
    "--organisation-dir",
    type=click.Path(path_type=Path),
    required=True,
    help="Your organisation's folder with its CA; made when it does not exist.",
)
@click.option("--name", required=True, help="Name of the node.")
@click.option("--host", required=True, help="Host name or address where the others dial it.")
@click.option("--port", default=9000, show_default=True, help="Port where the others dial it.")
@click.option("--json", "as_json", is_flag=True, help="One JSON object.")
def card(  # noqa: PLR0913 - one argument for each option
    home: Path,
    chain_name: str,
    organisation: str,
    organisation_name: str | None,
    organisation_dir: Path,
    name: str,
    host: str,
    port: int,
    as_json: bool,
) -> None:
    """Make a node's keys, and the card that the other members need.

    Only the card leaves your machine; it holds public keys and an address.

    \b
    Example:
      veritwin node card --home node --chain demo --organisation acme \\
        --organisation-dir acme --name acme-1 --host node.acme.example
    """
    from chain.scalars import NodeName, OrganisationId
    from node.clock import now_ms
    from node.home import AUTHORITY, CARD_NAME, NodePlan, create_node, create_organisation
    from node.p2p.settings import Address

    if not (organisation_dir / f"{AUTHORITY}.crt").exists():
        create_organisation(organisation_dir, OrganisationId(organisation), now_ms())
        say(f"Made the CA and the administrator key of {organisation} in {organisation_dir}")
    create_node(
        home,
        organisation_dir,
        NodePlan(
            chain_name,
            OrganisationId(organisation),
            organisation_name or organisation,
            NodeName(name),
            Address(host, port),
        ),
        now_ms(),
    )
    path = home / CARD_NAME
    print_result({"card": str(path)}, as_json=as_json, text=f"Wrote {path}")
    if not as_json:
        suggest("veritwin network new --card card.json --card ...   (one member, with all cards)")


@command.command()
@HOME_OPTION
@click.option(
    "--network",
    type=click.Path(path_type=Path, exists=True),
    required=True,
    help="Network file, from `veritwin network new`.",
)
@click.option("--name", required=True, help="Name of the node.")
@click.option(
    "--listen", default="127.0.0.1", show_default=True, help="Address to listen on for other nodes."
)
@click.option("--api-host", default="127.0.0.1", show_default=True, help="Address of the API.")
@click.option("--api-port", default=8000, show_default=True, help="Port of the API.")
@click.option("--json", "as_json", is_flag=True, help="One JSON object.")
def init(
    home: Path,
    network: Path,
    name: str,
    listen: str,
    api_host: str,
    api_port: int,
    as_json: bool,
) -> None:
    """Write a node's settings for a network that was founded.

    A node that is not in the network file needs its card in its home, from `veritwin node card`. It
    follows the chain once the members have added it: `veritwin member propose add-node`.

    \b
    Example:
      veritwin node init --home node --network network.json --name acme-1
    """
    from chain.genesis import compute_genesis_hash
    from chain.scalars import NodeName
    from node.founding import load_network
    from node.home import CARD_NAME, load_card, write_node_files
    from node.p2p.settings import Address

    genesis, addresses = load_network(network)
    if genesis.validators.index_of(NodeName(name)) is None or name not in addresses:
        path = home / CARD_NAME
        card = load_card(path) if path.exists() else None
        if card is None or (card.node, card.chain_name) != (name, genesis.chain_id):
            known = ", ".join(member.node for member in genesis.validators.members)
            raise click.UsageError(
                f"The network has no node {name}; it has {known}. A node that joins later has its "
                "card in its home."
            )
        addresses[card.node] = Address(card.host, card.port)
    write_node_files(
        home,
        genesis,
        NodeName(name),
        addresses,
        listen_host=listen,
        api=Address(api_host, api_port),
    )
    hash_ = compute_genesis_hash(genesis).hex()
    print_result({"home": str(home), "genesis": hash_}, as_json=as_json, text=f"Genesis {hash_}")
    if not as_json:
        suggest(f"veritwin node run --home {home}")


@command.command()
@HOME_OPTION
@click.option("--stop-on-eof", is_flag=True, help="Stop when standard input ends, too.")
def run(home: Path, stop_on_eof: bool) -> None:
    """Run a node until it is told to stop (Ctrl-C or SIGTERM).

    \b
    Example:
      veritwin node run --home try-out/acme/acme-1
    """
    from node.service import run_node

    run_node(home / "node.yaml", stop_on_eof=stop_on_eof)


@command.command()
@HOME_OPTION
@click.option(
    "--retain-blocks",
    type=click.IntRange(min=1),
    help="How many of the newest blocks to keep; storage.retain_blocks unless given.",
)
@click.option("--json", "as_json", is_flag=True, help="One JSON object.")
def prune(home: Path, retain_blocks: int | None, as_json: bool) -> None:
    """Delete old blocks of a stopped node at once, and give the disk back.

    A running node does this by itself, little by little, when storage.retain_blocks is set. What
    was deleted cannot be asked of this node any more; receipts that were issued stay good.

    \b
    Example:
      veritwin node prune --home node --retain-blocks 100000
    """
    from node.config import load_config
    from node.offline_pruning import prune_home

    pruned = prune_home(load_config(home / "node.yaml"), retain_blocks)
    freed = pruned.bytes_before - pruned.bytes_after
    result = {
        "kept_above": pruned.base,
        "height": pruned.head,
        "bytes_before": pruned.bytes_before,
        "bytes_after": pruned.bytes_after,
    }
    text = f"Blocks are kept above {pruned.base}, up to {pruned.head}; {max(0, freed)} bytes freed"
    print_result(result, as_json=as_json, text=text)
