"""`veritwin status`: one screen about a node and its chain."""

import asyncio

import click

from node.cli.common import Connection, connect, connection_options, run_async
from node.cli.output import CommandFailed, ExitCode, format_table, print_result, shorten
from node.cli.times import format_age


@click.command(name="status")
@click.option("--watch", is_flag=True, help="Write it again every second until Ctrl-C.")
@connection_options
@run_async
async def command(connection: Connection, watch: bool) -> None:
    """Show a node's chain, height, peers and health; exit 0 only if commits are progressing.

    \b
    Example:
      veritwin status --node http://127.0.0.1:8000
    """
    async with connect(connection) as client:
        while True:
            status = await client.get_json("/v1/status")
            print_result(status, as_json=connection.as_json, text=_describe(status))
            if not watch:
                break
            await asyncio.sleep(1)
    if not status["ready"]:
        raise CommandFailed(ExitCode.FAILED)


def _describe(status: dict[str, object]) -> str:
    latency = status["commit_latency_ms"]
    lines = [
        f"chain     {status['chain_id']}  ({status['engine']}, genesis "
        f"{shorten(str(status['genesis']))})",
        f"node      {status['node']} of {status['organisation']}, version {status['version']}",
        f"height    {status['height']}, committed {format_age(status['last_commit_ms'])}",
        f"state     {shorten(str(status['state_root']))}",
        f"latency   {f'{latency} ms from submission to commit' if latency is not None else '-'}",
        f"traffic   {status['updates_per_second']:.1f} readings/s, "
        f"{status['transactions_total']} transactions, {status['twins_total']} twins",
    ]
    if status["ready"]:
        lines.append("health    ready: commits are progressing")
    else:
        lines.extend(f"health    NOT READY: {reason}" for reason in _items(status["reasons"]))
    rows = [
        (
            peer["node"],
            peer["organisation"],
            "connected" if peer["connected"] else "NOT CONNECTED",
            peer["height"] if peer["height"] is not None else "-",
            peer["address"],
        )
        for peer in _items(status["peers"])
    ]
    table = format_table(("peer", "organisation", "state", "height", "address"), rows)
    return "\n".join((*lines, "", table))


def _items(value: object) -> list[dict[str, object]]:
    return value if isinstance(value, list) else []
