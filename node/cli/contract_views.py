"""`veritwin contract list`, `show` and `diff`: what is in force, who approved it, what changes."""

import difflib
from typing import TYPE_CHECKING, Any, Final

import click

from node.cli.common import Connection, connect, connection_options, run_async
from node.cli.output import format_table, print_result, shorten
from node.cli.tx import parse_id

if TYPE_CHECKING:
    from node.client import AsyncClient


@click.command(name="list")
@connection_options
@run_async
async def list_contracts(connection: Connection) -> None:
    """List the contracts that are deployed."""
    async with connect(connection) as client:
        found = await client.get_json("/v1/contracts")
    rows = [
        (
            one["name"],
            one["version"],
            "active" if one["active"] else "paused",
            one["owner"],
            one["summary"],
        )
        for one in found["items"]
    ]
    heads = ("contract", "version", "status", "owner", "what it does")
    print_result(found, as_json=connection.as_json, text=format_table(heads, rows))


@click.command()
@click.argument("name")
@click.option("--version", type=click.IntRange(1), help="Show this version's source.")
@connection_options
@run_async
async def show(connection: Connection, name: str, version: int | None) -> None:
    """Show contract NAME: its versions, and who approved what, when, with which key.

    \b
    Examples:
      veritwin contract show pump_watch
      veritwin contract show pump_watch --version 1
    """
    async with connect(connection) as client:
        if version is not None:
            details = await client.get_json(f"/v1/contracts/{name}/versions/{version}")
            print_result(details, as_json=connection.as_json, text=details["source"])
            return
        life = await client.get_json(f"/v1/contracts/{name}/versions")
    lines = [f"{name}: contracts here need {life['policy']}.", ""]
    for one in life["versions"]:
        lines += _describe(one)
    print_result(life, as_json=connection.as_json, text="\n".join(lines).rstrip())


@click.command()
@click.argument("name")
@click.option("--proposal", help="Compare with what this proposal would put in force.")
@click.option("--version", type=click.IntRange(1), help="Compare with this version.")
@connection_options
@run_async
async def diff(
    connection: Connection, name: str, proposal: str | None, version: int | None
) -> None:
    """Show what would change in contract NAME, or did: sources, verdict and report.

    \b
    Examples:
      veritwin contract diff pump_watch --proposal ID
      veritwin contract diff pump_watch --version 1
    """
    if (proposal is None) == (version is None):
        raise click.UsageError("Give either --proposal or --version.")
    async with connect(connection) as client:
        present = await _present_source(client, name)
        if proposal is not None:
            other = await _proposed(client, proposal)
            before, after, titles = present, other, ("in force", f"proposal {proposal[:10]}")
        else:
            other = await client.get_json(f"/v1/contracts/{name}/versions/{version}")
            before, after, titles = other, present, (f"version {version}", "in force")
    lines = list(
        difflib.unified_diff(
            before["source"].splitlines(), after["source"].splitlines(), *titles, lineterm=""
        )
    )
    for part in ("check", "report"):
        if other.get(part):
            lines += ["", f"{part}:", *other[part].rstrip().splitlines()]
    answer = {"from": titles[0], "to": titles[1], "diff": lines, "package": other}
    text = "\n".join(lines) if lines else "The sources are the same."
    print_result(answer, as_json=connection.as_json, text=text)


async def _present_source(client: "AsyncClient", name: str) -> dict[str, Any]:
    """Give the contract as it is in force, with an empty source where there is none."""
    from chain.errors import ChainError

    try:
        return await client.get_json(f"/v1/contracts/{name}")
    except ChainError as error:
        if error.code == "VT-7004":
            return {"source": ""}
        raise


async def _proposed(client: "AsyncClient", proposal: str) -> dict[str, Any]:
    """Give the package that a proposal would install.

    Raises: click.UsageError: it is about something else.
    """
    found = await client.get_json(f"/v1/proposals/{parse_id(proposal).hex()}")
    package = found["change"].get("package")
    if package is None:
        raise click.UsageError(f"That proposal is to {found['about']}; it holds no source.")
    return await client.get_json(f"/v1/contract-packages/{package}")


def _describe(version: dict[str, Any]) -> list[str]:
    cause = version["cause"].replace("_", " ")
    like = f", as version {version['like']}" if version["like"] != version["number"] else ""
    until = f" to {version['ended_height']}" if version["ended_height"] is not None else " on"
    when = f"from height {version['active_height']}{until}"
    lines = [
        f"version {version['number']}: {version['status']}, {cause}{like}, {when}",
        f"  source {version['source_hash']}",
    ]
    if version["failure"]:
        lines.append(f"  failed: {version['failure']}")
    rows = [
        (
            "  " + one["organisation"],
            f"height {one['height']}",
            f"key {shorten(one['key'])}",
            f"signature {shorten(one['signature'])}",
        )
        for one in version["approvals"]
    ]
    heads = ("  approved by", "at", "key", "signature")
    return [*lines, format_table(heads, rows), ""]


COMMANDS: Final = (list_contracts, show, diff)
