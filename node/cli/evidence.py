"""`veritwin evidence`: what is proven against validators."""

import click

from node.cli.common import Connection, connect, connection_options, run_async
from node.cli.output import print_list, shorten
from node.cli.times import format_age


@click.group(name="evidence")
def command() -> None:
    """List proven offences of validators."""


@command.command(name="list")
@click.option("--of", "node", help="Only those of this node.")
@connection_options
@run_async
async def list_evidence(connection: Connection, node: str | None) -> None:
    """List who signed two things at one place, and what followed, newest first.

    Nodes report by themselves what they see; there is nothing to do.

    \b
    Example:
      veritwin evidence list
    """
    async with connect(connection) as client:
        items = [item async for item in client.pages("/v1/evidence", limit=500, node=node)]
    rows = [
        (
            shorten(one["id"]),
            one["node"],
            one["organisation"],
            f"two {one['kind']}s at height {one['offence_height']} round {one['round']}",
            one["consequence"],
            one["effective_height"] or "-",
            f"{one['height']}, {format_age(one['time_ms'])}",
        )
        for one in items
    ]
    heads = (
        "evidence",
        "node",
        "organisation",
        "what",
        "consequence",
        "from height",
        "recorded at",
    )
    print_list(
        items,
        heads,
        rows,
        as_json=connection.as_json,
        empty="No offence was proven." if node is None else f"No offence of {node} was proven.",
    )
