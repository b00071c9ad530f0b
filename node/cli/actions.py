"""`veritwin actions`: what contracts asked people to do, and their answers."""

from typing import Any

import click

from chain.operations import Outcome
from chain.wording import format_time
from node.cli.common import Connection, connect, connection_options, identity_options, run_async
from node.cli.output import print_list, print_result, shorten
from node.cli.tx import parse_id


@click.group(name="actions")
def command() -> None:
    """List and answer the actions that contracts opened."""


@command.command(name="list")
@click.option("--status", help="Only open, acknowledged, completed or declined ones.")
@click.option("--twin", help="Only actions about this twin.")
@click.option("--addressee", help="Only actions for this organisation.")
@connection_options
@run_async
async def list_actions(
    connection: Connection, status: str | None, twin: str | None, addressee: str | None
) -> None:
    """List actions, newest first.

    \b
    Example:
      veritwin actions list --status open
    """
    wanted = {"status": status, "twin": twin, "addressee": addressee}
    params = {name: value for name, value in wanted.items() if value is not None}
    async with connect(connection) as client:
        items = [item async for item in client.pages("/v1/actions", limit=500, **params)]
    rows = [
        (
            shorten(item["id"]),
            item["kind"],
            item["twin"],
            item["status"] if item["overdue_height"] is None else f"{item['status']}, overdue",
            item["addressee"],
            _describe_deadline(item),
            item["opened_height"],
            item["title"],
        )
        for item in items
    ]
    heads = ("action", "kind", "twin", "status", "for", "until", "height", "title")
    empty = (
        "No action is like that; without options all are listed."
        if params
        else "No contract has asked for an action yet. What is deployed: veritwin contract list"
    )
    print_list(items, heads, rows, as_json=connection.as_json, empty=empty)


@command.command()
@click.argument("action")
@click.option(
    "--outcome",
    type=click.Choice(["acknowledged", "completed", "declined"]),
    default="acknowledged",
    show_default=True,
    help="What to answer.",
)
@click.option("--note", default="", help="A sentence for the others.")
@identity_options
@run_async
async def answer(connection: Connection, action: str, outcome: Outcome, note: str) -> None:
    """Answer an ACTION that is addressed to your organisation, or has escalated to it.

    First it is acknowledged, then completed; or it is declined.

    \b
    Examples:
      veritwin actions answer ID --identity workshop.json --note "On the way"
      veritwin actions answer ID --outcome completed --identity workshop.json
    """
    from chain.operations import Acknowledge

    operation = Acknowledge(parse_id(action), outcome, note)
    async with connect(connection) as client:
        status = await client.submit_and_wait(operation, connection.timeout)
    print_result(
        {"id": status.id, "state": status.state, "height": status.height},
        as_json=connection.as_json,
        text=f"{outcome} at height {status.height} (transaction {shorten(status.id)})",
    )


def _describe_deadline(action: dict[str, Any]) -> str:
    if action["deadline_ms"] is None:
        return "-"
    until = format_time(action["deadline_ms"])
    return f"{until}, then {action['escalate_to']}, too" if action["escalate_to"] else until
