"""`veritwin twins`: list, show, watch, register and feed digital twins."""

import click

from chain.plain_text import show_text
from node.cli.common import Connection, connect, connection_options, run_async
from node.cli.output import (
    format_table,
    print_json,
    print_list,
    print_result,
    shorten,
    suggest,
)
from node.cli.times import format_age
from node.cli.twin_data import COMMANDS


@click.group(name="twins")
def command() -> None:
    """List, show and watch digital twins; register one, and send readings by hand."""


for one in COMMANDS:
    command.add_command(one)


@command.command(name="list")
@click.option("--model", help="Only twins of this model.")
@click.option("--owner", help="Only twins of this organisation.")
@click.option(
    "--kind", type=click.Choice(["component", "system", "process", "environment"]), help="Only."
)
@connection_options
@run_async
async def list_twins(
    connection: Connection, model: str | None, owner: str | None, kind: str | None
) -> None:
    """List twins.

    \b
    Example:
      veritwin twins list --model wind-turbine
    """
    wanted = {"model": model, "owner": owner, "kind": kind}
    params = {name: value for name, value in wanted.items() if value is not None}
    async with connect(connection) as client:
        twins = [twin async for twin in client.pages("/v1/twins", limit=500, **params)]
    rows = [
        (
            twin["id"],
            twin["kind"],
            twin["model"],
            twin["owner"],
            twin["open_actions"],
            twin["updates"],
            format_age(twin["updated_time_ms"]),
        )
        for twin in twins
    ]
    heads = ("twin", "kind", "model", "owner", "open actions", "updates", "updated")
    empty = (
        "No twin is like that; without options all are listed."
        if params
        else "There is no twin yet. Register one: veritwin twins register --help"
    )
    print_list(twins, heads, rows, as_json=connection.as_json, empty=empty)


@command.command()
@click.argument("twin")
@click.option("--at", help="Height, RFC 3339 time or Unix ms: show the twin as it was then.")
@connection_options
@run_async
async def show(connection: Connection, twin: str, at: str | None) -> None:
    """Show what a TWIN says now, or said at an earlier height or time.

    \b
    Example:
      veritwin twins show R80790 --at 40
    """
    params = {"at": at} if at else {}
    async with connect(connection) as client:
        found = await client.get_json(f"/v1/twins/{twin}", **params)
    rows = [
        (name, value["value"], value["unit"], value["time"], shorten(value["transaction"]))
        for name, value in found["properties"].items()
    ]
    lines = [
        f"{found['id']}  {found['kind']} of model {found['model']}, owned by {found['owner']}",
        show_text(found["description"]),
        f"at height {found['height']}; open actions: {len(found['open_actions'])}",
        *(
            f"its part {part['id']} has unfinished actions: {len(part['actions'])}"
            for part in found["busy_parts"]
        ),
        "",
        format_table(("property", "value", "unit", "measured", "transaction"), rows),
    ]
    print_result(found, as_json=connection.as_json, text="\n".join(lines))
    if not connection.as_json:
        suggest(f"veritwin twins history {twin}", f"veritwin twins watch {twin}")


@command.command()
@click.argument("twin")
@click.option("--limit", default=20, show_default=True, help="How many, the newest first.")
@connection_options
@run_async
async def history(connection: Connection, twin: str, limit: int) -> None:
    """List the transactions about a TWIN, newest first."""
    items = []
    async with connect(connection) as client:
        async for item in client.pages(f"/v1/twins/{twin}/history", limit=min(limit, 500)):
            items.append(item)
            if len(items) >= limit:
                break
    rows = [
        (item["height"], item["organisation"], item["summary"], shorten(item["transaction"]))
        for item in items
    ]
    table = format_table(("height", "organisation", "what happened", "transaction"), rows)
    print_result({"items": items}, as_json=connection.as_json, text=table)


@command.command()
@click.argument("twin")
@connection_options
@run_async
async def watch(connection: Connection, twin: str) -> None:
    """Write a line for every change of a TWIN, until Ctrl-C."""
    async with connect(connection) as client:
        await client.get_json(f"/v1/twins/{twin}")
        async for event in client.events(("transaction", "action", "attestation")):
            about = [*event.data.get("twins", ()), event.data.get("twin")]
            if twin not in about:
                continue
            if connection.as_json:
                print_json({"id": event.id, "topic": event.topic, **event.data})
            elif event.topic == "transaction":
                state = await client.get_json(f"/v1/twins/{twin}")
                values = ", ".join(
                    f"{name} {value['value']} {value['unit']}"
                    for name, value in state["properties"].items()
                )
                click.echo(show_text(f"{event.id}  {event.data['operation']}  {values}"))
            else:
                title = event.data.get("title", "")
                click.echo(show_text(f"{event.id}  {event.topic}  {title}"))
