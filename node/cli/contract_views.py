"""`veritwin contract list`, `show` and `diff`: what is in force, who approved it, what changes."""

import difflib
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import click

from chain.plain_text import show_text
from node.cli.common import Connection, connect, connection_options, run_async
from node.cli.contract_files import NAME_ARGUMENT
from node.cli.contract_settings import find_contract
from node.cli.output import format_table, print_list, print_result, say, shorten, suggest
from node.cli.tx import parse_id

if TYPE_CHECKING:
    from node.client import AsyncClient

_TESTS_RUN: Final = (
    "These tests are Python that others wrote, and they run with your rights: read them first, and "
    "run them in a container or on a machine without keys."
)


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
    print_list(
        found["items"],
        heads,
        rows,
        as_json=connection.as_json,
        empty="No contract is deployed. Begin one: veritwin contract new --help",
    )


@click.command()
@NAME_ARGUMENT
@click.option("--version", type=click.IntRange(1), help="Show this version's source.")
@connection_options
@run_async
async def show(connection: Connection, name: str, version: int | None) -> None:
    """Show contract NAME: its versions, their parameters, who approved what, and what waits.

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
        waiting = [
            one
            async for one in client.pages("/v1/proposals", limit=500, status="open")
            if one["change"].get("name") == name and not one["expired"]
        ]
        life = await _find_life(client, name, waiting)
    lines = [f"{name}: contracts here need {life['policy']}.", ""] if life["policy"] else []
    for one in waiting:
        lines += _describe_proposal(one)
    paused = life["paused"]
    lines += [] if paused is None else _describe_pause(paused)
    for one in life["versions"]:
        lines += _describe(one, is_paused=paused is not None)
    print_result(
        {**life, "proposals": waiting},
        as_json=connection.as_json,
        text="\n".join(lines).rstrip(),
    )


@click.command()
@NAME_ARGUMENT
@click.option("--proposal", help="Compare with what this proposal would put in force.")
@click.option("--version", type=click.IntRange(1), help="Compare with this version.")
@click.option(
    "--out",
    type=click.Path(path_type=Path, file_okay=False),
    help="Folder for the other source and its tests, to run them.",
)
@connection_options
@run_async
async def diff(
    connection: Connection,
    *,
    name: str,
    proposal: str | None,
    version: int | None,
    out: Path | None,
) -> None:
    """Show what would change in contract NAME, or did: source, tests, parameters, verdict, report.

    \b
    Examples:
      veritwin contract diff pump_watch --proposal ID
      veritwin contract diff pump_watch --version 1
    """
    if (proposal is None) == (version is None):
        raise click.UsageError("Give either --proposal or --version.")
    async with connect(connection) as client:
        present = await _in_force(client, name)
        if proposal is not None:
            other = await _proposed(client, name, proposal)
            before, after, titles = present, other, ("in force", f"proposal {proposal[:10]}")
        else:
            assert version is not None, "one of the two was given"
            other = await _version(client, name, version)
            before, after, titles = other, present, (f"version {version}", "in force")
    lines = compare(before, after, titles)
    if proposal is not None:
        for part in ("check", "report"):
            lines += _quote(part, other[part])
    answer = {"from": titles[0], "to": titles[1], "diff": lines, "package": other}
    print_result(answer, as_json=connection.as_json, text="\n".join(lines))
    if out is not None:
        write_package(out, name, other)
        if other["tests"] and not connection.as_json:
            say(_TESTS_RUN)
            suggest(f"veritwin contract test {out}")


def compare(before: dict[str, Any], after: dict[str, Any], titles: tuple[str, str]) -> list[str]:
    """Write what differs between two packages: sources, tests and parameters.

    Args: before, after: with `source`, `tests` and `settings`; titles: what they are.
    """
    sources, tests = (
        list(
            difflib.unified_diff(
                before[part].splitlines(), after[part].splitlines(), *titles, lineterm=""
            )
        )
        for part in ("source", "tests")
    )
    lines = sources or ["The sources are the same."]
    if tests:
        lines += ["", "tests:", *tests]
    settings = compare_settings(before["settings"], after["settings"])
    if settings:
        lines += ["", "parameters:", *settings]
    return lines


def compare_settings(before: Sequence[str], after: Sequence[str]) -> list[str]:
    """Write parameters like a difference of files: what goes, what comes, what stays."""
    lines = []
    for setting in sorted({*before, *after}, key=lambda one: (one.partition("=")[0], one in after)):
        mark = {(True, True): " ", (True, False): "-", (False, True): "+"}
        lines.append(f"{mark[setting in before, setting in after]}{setting}")
    return lines


def write_package(folder: Path, name: str, package: dict[str, Any]) -> None:
    """Write a source with its tests into a folder, to run them here."""
    folder.mkdir(parents=True, exist_ok=True)
    (folder / f"{name}.py").write_text(package["source"], encoding="utf-8")
    if package["tests"]:
        (folder / f"test_{name}.py").write_text(package["tests"], encoding="utf-8")


async def _find_life(
    client: "AsyncClient", name: str, waiting: list[dict[str, Any]]
) -> dict[str, Any]:
    """Give the versions of a contract: none where it is only proposed."""
    from chain.errors import ChainError

    try:
        return await client.get_json(f"/v1/contracts/{name}/versions")
    except ChainError as error:
        if error.code != "VT-7004" or not waiting:
            raise
        return {"name": name, "policy": "", "paused": None, "versions": []}


async def _in_force(client: "AsyncClient", name: str) -> dict[str, Any]:
    """Give the version that is in force; an empty one where there is none."""
    present = await find_contract(client, name)
    if present is None:
        return {"source": "", "tests": "", "settings": []}
    return await _version(client, name, present["version"])


async def _version(client: "AsyncClient", name: str, number: int) -> dict[str, Any]:
    """Give a version with its tests and parameters."""
    shown = await client.get_json(f"/v1/contracts/{name}/versions/{number}")
    tests = "" if shown["package"] is None else shown["package"]["tests"]
    return {**shown, "tests": tests, "settings": shown["version"]["settings"]}


async def _proposed(client: "AsyncClient", name: str, proposal: str) -> dict[str, Any]:
    """Give the package that a proposal would install, with its parameters.

    Raises: click.UsageError: it is about something else, or about another contract.
    """
    found = await client.get_json(f"/v1/proposals/{parse_id(proposal).hex()}")
    package = found["change"].get("package")
    if package is None:
        raise click.UsageError(f"That proposal is to {found['about']}; it holds no source.")
    shown = await client.get_json(f"/v1/contract-packages/{package}")
    if shown["name"] != name:
        raise click.UsageError(f"That proposal is about contract {shown['name']}, not {name}.")
    return {**shown, "settings": found["settings"]}


def _quote(part: str, text: str) -> list[str]:
    """Write a proposer's text so that none of its lines looks like one of ours."""
    lines = [f"| {line}" for line in text.rstrip().split("\n")]
    return ["", f"{part}, as the proposer wrote it:", *lines] if text.strip() else []


def _describe_proposal(proposal: dict[str, Any]) -> list[str]:
    approved = [one["organisation"] for one in proposal["approvals"]]
    lines = [
        f"proposal {proposal['id']}: {show_text(proposal['about'])}",
        f"  approved by {len(approved)} of {proposal['needed']}: {', '.join(approved)}",
    ]
    return [*lines, *_describe_settings(proposal["settings"]), ""]


def _describe_settings(settings: list[str]) -> list[str]:
    return [f"  parameters {', '.join(settings)}"] if settings else []


def _describe_pause(paused: dict[str, Any]) -> list[str]:
    approved = [one["organisation"] for one in paused["approvals"]]
    told = f"paused since height {paused['height']}, as {paused['organisation']} proposed"
    return [f"{told}: {paused['proposal']}", f"  approved by {', '.join(approved)}", ""]


def _describe(version: dict[str, Any], *, is_paused: bool) -> list[str]:
    status = "paused" if is_paused and version["status"] == "active" else version["status"]
    cause = version["cause"].replace("_", " ")
    like = f", as version {version['like']}" if version["like"] != version["number"] else ""
    until = f" to {version['ended_height']}" if version["ended_height"] is not None else " on"
    when = f"from height {version['active_height']}{until}"
    lines = [
        f"version {version['number']}: {status}, {cause}{like}, {when}",
        f"  source {version['source_hash']}",
    ]
    lines += _describe_settings(version["settings"])
    if version["failure"]:
        lines.append(f"  failed: {show_text(version['failure'])}")
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
