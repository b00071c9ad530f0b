"""`veritwin member`: who votes, what is proposed, and changing both."""

from typing import TYPE_CHECKING, Any

import click

from node.cli.common import Connection, connect, connection_options, identity_options, run_async
from node.cli.output import format_table, print_list, print_result, shorten
from node.cli.proposing import decide, propose
from node.cli.rotating import rotate_key
from node.cli.tx import parse_id

if TYPE_CHECKING:
    from chain.operations import AnyOperation


@click.group(name="member")
def command() -> None:
    """Show who votes, and change it: propose, approve, rotate a vote key."""


command.add_command(propose)
command.add_command(rotate_key)


@command.command(name="list")
@click.option("--at", type=click.IntRange(1), help="Height; the next one unless given.")
@connection_options
@run_async
async def list_members(connection: Connection, at: int | None) -> None:
    """List the validators with their weights and votes, and the changes that are planned.

    \b
    Example:
      veritwin member list
    """
    async with connect(connection) as client:
        shown = await client.get_json("/v1/validators", at=at)
    rows = [
        (
            one["index"],
            one["node"],
            one["organisation"],
            one["weight"] or "none",
            shorten(one["vote_key"]),
            one["last_signed_height"] or "-",
            one["missed_last_100"],
            one["offences"],
        )
        for one in shown["items"]
    ]
    heads = ("index", "node", "organisation", "weight", "key", "last signed", "missed", "offences")
    lines = [
        f"Height {shown['height']}, by {shown['engine']}: weight {shown['quorum']} of "
        f"{shown['total_weight']} decides; the same since height {shown['since']}.",
        format_table(heads, rows),
        *(f"From height {one['height']} on: {_describe(one)}." for one in shown["planned"]),
    ]
    print_result(shown, as_json=connection.as_json, text="\n".join(lines))


@command.command()
@connection_options
@run_async
async def changes(connection: Connection) -> None:
    """List how the validators changed since genesis, newest first."""
    async with connect(connection) as client:
        items = [item async for item in client.pages("/v1/validators/changes", limit=500)]
    rows = [
        (one["height"], _describe(one), one["decided_height"], shorten(one["transaction"]))
        for one in items
    ]
    heads = ("from height", "what", "decided at", "transaction")
    print_result({"items": items}, as_json=connection.as_json, text=format_table(heads, rows))


@command.command()
@click.option(
    "--status", type=click.Choice(["open", "closed"]), help="Only those that wait, or the others."
)
@connection_options
@run_async
async def proposals(connection: Connection, status: str | None) -> None:
    """List proposed changes and who approved them, newest first."""
    async with connect(connection) as client:
        items = [item async for item in client.pages("/v1/proposals", limit=500, status=status)]
    rows = [
        (
            one["id"],
            one["about"],
            "expired" if one["expired"] else one["status"],
            f"{len(one['approvals'])} of {one['needed']}",
            ", ".join(approval["organisation"] for approval in one["approvals"]),
            one["effective_height"] or "-",
        )
        for one in items
    ]
    heads = ("proposal", "change", "status", "approved", "by", "in force from")
    print_list(
        items,
        heads,
        rows,
        as_json=connection.as_json,
        empty="There are no such proposals. Make one: veritwin member propose --help",
    )


@command.command()
@click.argument("proposal")
@identity_options
@run_async
async def approve(connection: Connection, proposal: str) -> None:
    """Approve a PROPOSAL for your organisation; needs an administrator.

    The approval that makes them more than two thirds of all organisations makes the change.

    \b
    Example:
      veritwin member approve ID --identity admin.json
    """
    from chain.operations import ApproveChange

    await _submit(connection, ApproveChange(parse_id(proposal)))


@command.command()
@click.argument("proposal")
@identity_options
@run_async
async def withdraw(connection: Connection, proposal: str) -> None:
    """Take back a PROPOSAL of your organisation; needs an administrator."""
    from chain.operations import WithdrawChange

    await _submit(connection, WithdrawChange(parse_id(proposal)))


async def _submit(connection: Connection, operation: "AnyOperation") -> None:
    async with connect(connection) as client:
        await decide(connection, client, operation)


def _describe(committee: dict[str, Any]) -> str:
    """Say what brought a set of validators."""
    cause, node = committee["cause"], committee["node"]
    if cause == "genesis":
        return f"genesis, {len(committee['members'])} validators"
    if cause == "set_engine":
        return f"agreed by {committee['engine']}"
    weights = {member["node"]: member["weight"] for member in committee["members"]}
    words = {
        "add_validator": f"{node} added with weight {weights.get(node)}",
        "remove_validator": f"{node} removed",
        "set_weight": f"{node} has weight {weights.get(node)}",
        "rotate_vote_key": f"{node} has a new vote key",
        "suspend": f"{node} suspended",
    }
    return words[cause]
