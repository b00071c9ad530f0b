"""`veritwin member propose`: put a change of members or validators up for approval."""

from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import click

from node.cli.common import Connection, connect, identity_options, run_async
from node.cli.output import print_result, suggest

if TYPE_CHECKING:
    from chain.changes import AnyChange
    from chain.operations import AnyOperation
    from node.client import AsyncClient

CARD_OPTION = click.option(
    "--card",
    type=click.Path(path_type=Path, exists=True, dir_okay=False),
    required=True,
    help="Card of the node, from `veritwin node card`.",
)
NOTE_SIZE_MAX: Final = 1024


def _check_note(context: click.Context, parameter: click.Parameter, note: str) -> str:
    if len(note) > NOTE_SIZE_MAX:
        told = f"it has {len(note):,} characters; at most {NOTE_SIZE_MAX:,} are allowed."
        raise click.BadParameter(told, context, parameter)
    return note


NOTE_OPTION = click.option(
    "--note", default="", callback=_check_note, help="A sentence for the others: why."
)


@click.group(name="propose")
def propose() -> None:
    """Propose a change; it counts as your organisation's approval. Needs an administrator."""


@propose.command(name="add-organisation")
@CARD_OPTION
@NOTE_OPTION
@identity_options
@run_async
async def add_organisation(connection: Connection, card: Path, note: str) -> None:
    """Let the organisation of a card in: its administrator and its CA.

    \b
    Example:
      veritwin member propose add-organisation --card card.json --identity admin.json
    """
    from chain.changes import AddOrganisation
    from node.home import load_card, organisation_of

    await _propose(connection, AddOrganisation(organisation_of(load_card(card))), note)


@propose.command(name="add-node")
@CARD_OPTION
@click.option(
    "--weight",
    type=click.IntRange(0, 2**31 - 1),
    default=0,
    show_default=True,
    help="0 lets it follow first; give it a weight once it has caught up.",
)
@NOTE_OPTION
@identity_options
@run_async
async def add_node(connection: Connection, card: Path, weight: int, note: str) -> None:
    """Add the node of a card to the validators.

    \b
    Example:
      veritwin member propose add-node --card card.json --identity admin.json
    """
    from msgspec.structs import replace

    from chain.changes import AddValidator
    from node.home import load_card, validator_of

    found = load_card(card)
    validator = replace(validator_of(found), weight=weight)
    await _propose(connection, AddValidator(validator, found.host, found.port), note)


@propose.command()
@click.argument("node")
@NOTE_OPTION
@identity_options
@run_async
async def remove(connection: Connection, node: str, note: str) -> None:
    """Remove NODE from the validators; its connections are closed."""
    from chain.changes import RemoveValidator
    from chain.scalars import NodeName

    await _propose(connection, RemoveValidator(NodeName(node)), note)


@propose.command(name="set-weight")
@click.argument("node")
@click.argument("weight", type=click.IntRange(0, 2**31 - 1))
@NOTE_OPTION
@identity_options
@run_async
async def set_weight(connection: Connection, node: str, weight: int, note: str) -> None:
    """Give NODE another WEIGHT; 0 takes its vote and lets it follow.

    \b
    Example:
      veritwin member propose set-weight acme-2 1 --identity admin.json
    """
    from chain.changes import SetWeight
    from chain.scalars import NodeName, Weight

    await _propose(connection, SetWeight(NodeName(node), Weight(weight)), note)


@propose.command(name="set-engine")
@click.argument("engine", type=click.Choice(["bft"]))
@NOTE_OPTION
@identity_options
@run_async
async def set_engine(connection: Connection, engine: str, note: str) -> None:
    """Let a chain that agrees by Raft agree by another ENGINE; there is no way back."""
    from chain.changes import SetEngine

    del engine  # click lets only one through
    await _propose(connection, SetEngine("bft"), note)


async def decide(
    connection: Connection, client: "AsyncClient", operation: "AnyOperation"
) -> dict[str, Any]:
    """Submit a proposal, or an answer to one, and write what became of it.

    Returns: the proposal as the API shows it.
    """
    done = await client.submit_and_wait(operation, connection.timeout)
    decided = done.result
    proposal = await client.get_json(f"/v1/proposals/{decided['proposal']}")
    approved = [one["organisation"] for one in proposal["approvals"]]
    if decided["status"] == "open":
        text = (
            f"Proposal {proposal['id']} waits for more approvals: "
            f"{len(approved)} of {proposal['needed']} ({', '.join(approved)})"
        )
    elif decided["effective_height"] is not None:
        text = f"Approved: in force from height {decided['effective_height']} on"
    else:
        text = f"{decided['status'].capitalize()} at height {done.height}"
    print_result(
        {
            "id": done.id,
            "height": done.height,
            **decided,
            "approved": approved,
            "needed": proposal["needed"],
        },
        as_json=connection.as_json,
        text=text,
    )
    return proposal


async def _propose(connection: Connection, change: "AnyChange", note: str) -> None:
    from chain.operations import ProposeChange

    async with connect(connection) as client:
        proposal = await decide(connection, client, ProposeChange(change, note))
    if not connection.as_json and proposal["status"] == "open":
        suggest(f"veritwin member approve {proposal['id']} --identity ADMIN   (other members)")
