"""`veritwin blocks`: list and show blocks."""

import click

from node.cli.common import Connection, connect, connection_options, run_async
from node.cli.output import format_table, print_result, shorten
from node.cli.times import format_age


@click.group(name="blocks")
def command() -> None:
    """List and show blocks."""


@command.command(name="list")
@click.option("--limit", default=20, show_default=True, help="How many, the newest first.")
@connection_options
@run_async
async def list_blocks(connection: Connection, limit: int) -> None:
    """List the newest blocks."""
    async with connect(connection) as client:
        page = await client.get_json("/v1/blocks", limit=min(limit, 500))
    rows = [
        (
            block["height"],
            shorten(block["hash"]),
            format_age(block["time_ms"]),
            block["transactions"],
            block["size_bytes"],
            block["round"],
            f"{len(block['signers'])} signed",
        )
        for block in page["items"]
    ]
    heads = ("height", "hash", "time", "transactions", "bytes", "round", "certificate")
    print_result(page, as_json=connection.as_json, text=format_table(heads, rows))


@command.command()
@click.argument("block", default="latest")
@connection_options
@run_async
async def show(connection: Connection, block: str) -> None:
    """Show a BLOCK: a height, a hash, or latest."""
    async with connect(connection) as client:
        found = await client.get_json(f"/v1/blocks/{block}")
    lines = [f"{name:<22} {value}" for name, value in found["header"].items()]
    signers = ", ".join(one["node"] for one in found["certificate"]["signatures"])
    lines.append(f"{'signed by':<22} {signers} in round {found['certificate']['round']}")
    rows = [
        (shorten(one["id"]), one["operation"], one["organisation"], one["code"])
        for one in found["transactions"]
    ]
    table = format_table(("transaction", "operation", "organisation", "code"), rows)
    text = "\n".join((*lines, "", table))
    print_result(found, as_json=connection.as_json, text=text)
