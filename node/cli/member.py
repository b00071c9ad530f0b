"""`veritwin member`: who votes, what is proposed, and changing both."""

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from node.cli.common import (
    Connection,
    connect,
    connection_options,
    identity_options,
    load_identity,
    run_async,
)
from node.cli.output import format_table, print_result, say, shorten
from node.cli.proposing import decide, propose
from node.cli.tx import parse_id

if TYPE_CHECKING:
    from chain.operations import AnyOperation
    from chain.scalars import PublicKey
    from node.client import AsyncClient


@click.group(name="member")
def command() -> None:
    """Show who votes, and change it: propose, approve, rotate a vote key."""


command.add_command(propose)


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
    print_result({"items": items}, as_json=connection.as_json, text=format_table(heads, rows))


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


@command.command(name="rotate-key")
@click.option(
    "--home", type=click.Path(path_type=Path, exists=True), required=True, help="The node's folder."
)
@identity_options
@run_async
async def rotate_key(connection: Connection, home: Path) -> None:
    """Give your node a new vote key; needs an administrator of its organisation.

    The key is made in the node's home. A running node finds it there and changes over at the height
    that the chain says, without a restart. Keep the old file until then.

    \b
    Example:
      veritwin member rotate-key --home acme-1 --identity admin.json
    """
    from chain.changes import possession_hash
    from chain.operations import RotateVoteKey
    from node.config import load_config
    from node.vote_keys import create_vote_key

    config = load_config(home / "node.yaml")
    organisation = load_identity(connection).organisation
    async with connect(connection) as client:
        old = await _find_vote_key(client, config.node)
        path, file = create_vote_key(config, organisation)
        key = file.key
        signed = possession_hash(client.genesis_hash, config.node, old, key.public_key)
        operation = RotateVoteKey(config.node, key.public_key, key.sign(signed))
        done = await client.submit_and_wait(operation, connection.timeout)
    effective = done.result["effective_height"]
    print_result(
        {
            "id": done.id,
            "height": done.height,
            "file": str(path),
            "vote_key": key.public_key.hex(),
            "effective_height": effective,
        },
        as_json=connection.as_json,
        text=f"Wrote {path}\n{config.node} votes with it from height {effective} on",
    )
    if not connection.as_json:
        say("Remove the old key file once the chain is past that height.")


async def _find_vote_key(client: "AsyncClient", node: str) -> "PublicKey":
    """Give the newest vote key of a node, planned changes included."""
    from chain.scalars import PublicKey

    shown = await client.get_json("/v1/validators")
    members = shown["planned"][-1]["members"] if shown["planned"] else shown["items"]
    for member in members:
        if member["node"] == node:
            return PublicKey(bytes.fromhex(member["vote_key"]))
    raise click.UsageError(f"The chain has no validator {node}.")


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
