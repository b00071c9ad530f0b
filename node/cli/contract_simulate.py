"""`veritwin contract simulate`: what another source would have decided on recorded history."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import click

from node.cli.common import Connection, connect, connection_options, run_async
from node.cli.contract_files import SOURCE_ARGUMENT, read_text
from node.cli.contract_settings import Settings, choose_parameters, find_contract, settings_options
from node.cli.output import print_result
from node.cli.replay import replay_on, replay_to

if TYPE_CHECKING:
    from contracts.kit.decisions import Decision
    from contracts.kit.rehearsal import WhatIf
    from contracts.kit.state import GrowingState
    from node.client import AsyncClient

SHOWN_MAX: Final = 1_000
REPORT_SIZE_MAX: Final = 32_768
"""Characters that a package has room for."""
LEFT_OUT_SIZE_MAX: Final = 64


@click.command()
@SOURCE_ARGUMENT
@click.option("--against", "name", required=True, help="The contract that it would replace.")
@click.option("--from", "first", type=click.IntRange(1), required=True, help="First height.")
@click.option("--to", "last", type=click.IntRange(1), help="Last height; the newest unless given.")
@settings_options
@click.option(
    "--approved-by",
    "approvers",
    multiple=True,
    metavar="ORGANISATION",
    help="Who would approve SOURCE, and so consent to it: those who approved the version in force, "
    "unless given. Repeat it.",
)
@click.option(
    "--out", type=click.Path(path_type=Path), help="Report to write, for `contract propose`."
)
@connection_options
@run_async
async def simulate(
    connection: Connection,
    *,
    source: Path,
    name: str,
    first: int,
    last: int | None,
    settings: Settings,
    approvers: tuple[str, ...],
    out: Path | None,
) -> None:
    """Tell what SOURCE would have decided on recorded history in the place of a contract.

    The chain is executed again on this machine up to the first height. From there on it runs twice:
    as it was, and with SOURCE in force and its migration done, whatever was deployed later. Every
    order that differs is listed, with transactions that end in another way, runs that stop, events
    and gas. Parameters are the present ones, but for those that are set or unset.

    \b
    Example:
      veritwin contract simulate new.py --against pump_watch --from 100 --to 5000
    """
    from chain.values import encode_value
    from contracts.kit.rehearsal import rehearse
    from contracts.manifest import compute_source_hash
    from contracts.settings import write_settings

    async with connect(connection) as client:
        head = (await client.status()).height
        end = head if last is None else last
        if not first <= end <= head:
            raise click.UsageError(f"--from and --to are heights up to {head}, in this order.")
        earliest = await find_earliest(client, name)
        if first < earliest:
            raise click.UsageError(
                f"{name} came into force in block {earliest - 1}: --from {earliest} or later."
            )
        replay = await replay_to(client, first - 1)
        state = replay.state()
        recorded = await replay_on(client, replay, end)
        present = await find_contract(client, name)
    text = read_text(source)
    parameters = encode_value(choose_parameters(text, settings, present))
    check_members(approvers, state)
    found = rehearse(client.genesis, state, recorded, name, text, parameters, approvers or None)
    about = [
        f"source {compute_source_hash(text).hex()}",
        f"parameters {', '.join(write_settings(parameters)) or 'none'}",
    ]
    report = render(found, source.name, name, (first, end), about)
    if out is not None:
        write_text(out, report)
    print_result(to_json(found), as_json=connection.as_json, text=report.rstrip())


async def find_earliest(client: "AsyncClient", name: str) -> int:
    """Give the first height before which a contract was in force.

    Raises: ChainError: VT-7004, there is none of this name.
    """
    life = await client.get_json(f"/v1/contracts/{name}/versions")
    return 1 + min(int(one["active_height"]) for one in life["versions"])


def check_members(named: Sequence[str], state: "GrowingState") -> None:
    """Check that those who are said to approve are members.

    Raises: click.UsageError: one is not.
    """
    from contracts.native.policy import list_organisations
    from contracts.state import Overlay

    members = list_organisations(Overlay(state))
    for one in named:
        if one not in members:
            raise click.UsageError(
                f"--approved-by: {one} is no member; members are {', '.join(members)}."
            )


def write_text(path: Path, text: str) -> None:
    """Write a report."""
    path.write_text(text, encoding="utf-8")


def render(
    found: "WhatIf", source: str, name: str, heights: tuple[int, int], about: Sequence[str] = ()
) -> str:
    """Write a report for people; it fits into a package.

    Args: about: lines that say what was tried.
    """
    from contracts.kit.decisions import CHANGES

    counts = Counter(one.change for one in found.differences)
    lines = [
        f"{source} in the place of {name}, heights {heights[0]} to {heights[1]}",
        *about,
        f"orders: {len(found.before.decisions)} were opened, {len(found.after.decisions)} would be",
        "differences: "
        + ", ".join(f"{counts[change]} {change.replace('_', ' ')}" for change in CHANGES),
        f"transactions that end in another way: {len(found.refusals)}",
        f"runs of the contract that stop: {found.before.stopped} -> {found.after.stopped}",
        *_describe_others(found),
        f"gas: {found.before.gas:,} -> {found.after.gas:,}",
        *(
            f"event {one}: {found.before.events.get(one, 0)} -> {found.after.events.get(one, 0)}"
            for one in sorted({*found.before.events, *found.after.events})
        ),
        *found.notes,
        "",
    ]
    lines += [one.describe(name) for one in found.differences[:SHOWN_MAX]]
    lines += [
        f"refused    height {one.height:>6}  {one.transaction.hex()}: {one.before} -> {one.after}"
        for one in found.refusals[:SHOWN_MAX]
    ]
    return _cut("\n".join(lines).rstrip() + "\n")


def _describe_others(found: "WhatIf") -> list[str]:
    counts = found.before.others_stopped, found.after.others_stopped
    if not any(counts):
        return []
    return [f"runs of other contracts that stop: {counts[0]} -> {counts[1]}"]


def _cut(report: str) -> str:
    """Leave out the last lines of a report that fits into no package, and say so."""
    if len(report) <= REPORT_SIZE_MAX:
        return report
    end = report.rindex("\n", 0, REPORT_SIZE_MAX - LEFT_OUT_SIZE_MAX) + 1
    return f"{report[:end]}... and {report.count(chr(10), end):,} lines more\n"


def to_json(found: "WhatIf") -> dict[str, Any]:
    """Give the report for programs."""
    return {
        "differences": [
            {"change": one.change, "before": _view(one.before), "after": _view(one.after)}
            for one in found.differences
        ],
        "refusals": [
            {
                "height": one.height,
                "transaction": one.transaction.hex(),
                "before": one.before,
                "after": one.after,
            }
            for one in found.refusals
        ],
        "orders": {"before": len(found.before.decisions), "after": len(found.after.decisions)},
        "gas": {"before": found.before.gas, "after": found.after.gas},
        "stopped": {"before": found.before.stopped, "after": found.after.stopped},
        "stopped_elsewhere": {
            "before": found.before.others_stopped,
            "after": found.after.others_stopped,
        },
        "events": {"before": dict(found.before.events), "after": dict(found.after.events)},
        "notes": list(found.notes),
    }


def _view(decision: "Decision | None") -> dict[str, Any] | None:
    from node.api.views.common import value_to_json

    if decision is None:
        return None
    return {**asdict(decision), "details": value_to_json(decision.details)}


COMMANDS: Final = (simulate,)
