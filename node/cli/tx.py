"""`veritwin tx`: a transaction's state and receipt."""

import json
from pathlib import Path
from typing import Any

import click

from chain.plain_text import show_text
from chain.scalars import Hash
from node.cli.common import Connection, connect, connection_options, run_async
from node.cli.output import print_result, say, suggest
from node.cli.tx_debug import debug


@click.group(name="tx")
def command() -> None:
    """Show a transaction, wait for it, fetch its receipt, look inside."""


command.add_command(debug)


@command.command()
@click.argument("transaction")
@connection_options
@run_async
async def show(connection: Connection, transaction: str) -> None:
    """Show a TRANSACTION: its state, what it asked for and what came of it."""
    async with connect(connection) as client:
        found = await client.get_json(f"/v1/transactions/{transaction}")
    lines = [
        f"{found['id']}",
        f"state      {found['state']}"
        + (f" at height {found['height']}" if found["height"] is not None else ""),
    ]
    names = ("operation", "organisation", "code", "detail")
    shown = (name for name in names if found.get(name) is not None)
    lines.extend(f"{name:<10} {show_text(str(found[name]))}" for name in shown)
    if found.get("twins"):
        lines.append(f"twins      {', '.join(found['twins'])}")
    lines.extend(f"event      {show_text(describe_event(event))}" for event in found["events"])
    print_result(found, as_json=connection.as_json, text="\n".join(lines))
    failed = any(one["name"] == "contract_failed" for one in found["events"])
    if failed and not connection.as_json:
        suggest(f"veritwin tx debug {found['id']}")


def describe_event(event: dict[str, Any]) -> str:
    """Say in a line what was recorded: what a contract said, or why it stopped."""
    head = f"{event['name']} {event['subject']}"
    if event["source"] != "native":
        return f"{head}, {event['source']}: {json.dumps(event['payload'], ensure_ascii=False)}"
    if event["name"] == "contract_failed":
        return f"{head}: {event['payload']['code']}, {event['payload']['message']}"
    return head


@command.command()
@click.argument("transaction")
@connection_options
@run_async
async def wait(connection: Connection, transaction: str) -> None:
    """Wait until a TRANSACTION is final; exit 5 when it is not in time."""
    async with connect(connection) as client:
        status = await client.wait_final(parse_id(transaction), connection.timeout)
    print_result(
        {"id": status.id, "state": status.state, "height": status.height},
        as_json=connection.as_json,
        text=f"{status.state} at height {status.height}",
    )


@command.command()
@click.argument("transaction")
@click.option("--out", type=click.Path(path_type=Path), help="File to write.")
@connection_options
@run_async
async def receipt(connection: Connection, transaction: str, out: Path | None) -> None:
    """Fetch the receipt of a final TRANSACTION, checked against the genesis."""
    path = out or Path(f"{transaction[:16]}.receipt.json")
    async with connect(connection) as client:
        data = await client.receipt(parse_id(transaction))
    path.write_bytes(data)
    print_result({"receipt": str(path)}, as_json=connection.as_json, text=f"Wrote {path}")
    if not connection.as_json:
        say("It verifies against the genesis; check it yourself, any time, with no network:")
        suggest(f"veritwin verify {path} --genesis {connection.genesis or 'genesis.json'}")


def parse_id(text: str) -> Hash:
    """Read a transaction id.

    Raises: click.UsageError: it is not 64 hex digits.
    """
    try:
        raw = bytes.fromhex(text)
    except ValueError:
        raw = b""
    if len(raw) != 32:
        raise click.UsageError(f"{text!r} is not a transaction id: 64 hex digits are expected.")
    return Hash(raw)
