"""`veritwin twins register` and `send`: a twin, and readings of it, by hand.

For trying things out. A device's gateway sends many readings at once: `AsyncClient`.
"""

from typing import TYPE_CHECKING, Any, Final, get_args

import click

from chain.operations import TwinKind
from chain.plain_text import show_text
from node.cli.common import Connection, connect, identity_options, run_async
from node.cli.output import print_result, say, shorten, suggest

if TYPE_CHECKING:
    from node.api.views.transactions import EventView


@click.command()
@click.argument("twin")
@click.option("--model", required=True, help="What kind of thing it is; contracts wait for it.")
@click.option(
    "--property",
    "properties",
    multiple=True,
    required=True,
    help="NAME=UNIT, such as temperature=CEL; NAME for a plain number. Repeat it.",
)
@click.option(
    "--kind",
    type=click.Choice(get_args(TwinKind)),
    default="system",
    show_default=True,
    help="What sort of twin it is.",
)
@click.option("--parent", help="Twin that it is a part of.")
@click.option("--description", default="", help="A sentence about it.")
@identity_options
@run_async
async def register(
    connection: Connection,
    *,
    twin: str,
    model: str,
    properties: tuple[str, ...],
    kind: TwinKind,
    parent: str | None,
    description: str,
) -> None:
    """Register a TWIN of your organisation; needs an administrator.

    \b
    Example:
      veritwin twins register pump-7 --model pump --property temperature=CEL --identity ADMIN
    """
    from chain.operations import PropertyDefinition, RegisterTwin
    from chain.scalars import TwinId

    definitions = tuple(
        PropertyDefinition(name, unit)
        for name, _, unit in (one.partition("=") for one in properties)
    )
    above = None if parent is None else TwinId(parent)
    operation = RegisterTwin(TwinId(twin), kind, model, above, definitions, description)
    async with connect(connection) as client:
        done = await client.submit_and_wait(operation, connection.timeout)
    print_result(
        {"id": done.id, "state": done.state, "height": done.height, "twin": twin},
        as_json=connection.as_json,
        text=f"{twin} is registered at height {done.height}",
    )
    if not connection.as_json:
        values = " ".join(f"{one.name}=.." for one in definitions)
        suggest(f"veritwin twins send {twin} {values} --identity KEY")


@click.command()
@click.argument("twin")
@click.argument("values", nargs=-1, required=True)
@click.option("--at", help="When it was measured, RFC 3339 or Unix ms; now unless given.")
@identity_options
@run_async
async def send(connection: Connection, twin: str, values: tuple[str, ...], at: str | None) -> None:
    """Send readings of a TWIN, as NAME=VALUE; NAME= says that there is no value.

    Needs a gateway's key of the twin's organisation, or its administrator. What contracts did about
    it is told.

    \b
    Example:
      veritwin twins send pump-7 temperature=81.5 --identity gateway.json
    """
    from chain.operations import (
        BAD_QUALITY_NO_DATA,
        GOOD_QUALITY,
        Reading,
        Telemetry,
        TwinReadings,
    )
    from chain.scalars import TwinId
    from node.clock import now_ms, parse_time

    measured = parse_values(values)
    time_ms = now_ms() if at is None else parse_time(at)
    async with connect(connection) as client:
        known = (await client.get_json(f"/v1/twins/{twin}"))["properties"]
        strange = [name for name in measured if name not in known]
        if strange:
            raise click.UsageError(f"{twin} has no {strange[0]}; it has {', '.join(known)}.")
        readings = tuple(
            Reading(
                name,
                value,
                time_ms,
                known[name]["unit"],
                GOOD_QUALITY if value else BAD_QUALITY_NO_DATA,
            )
            for name, value in measured.items()
        )
        operation = Telemetry((TwinReadings(TwinId(twin), readings),))
        done = await client.submit_and_wait(operation, connection.timeout)
    counts = ", ".join(f"{count} {what}" for what, count in done.result.items() if count)
    print_result(
        {
            "id": done.id,
            "state": done.state,
            "height": done.height,
            **done.result,
            "events": [{"name": one.name, "payload": one.payload} for one in done.events],
        },
        as_json=connection.as_json,
        text=f"{counts} at height {done.height} (transaction {shorten(done.id)})",
    )
    if not connection.as_json:
        for event in done.events:
            tell_event(event, done.id)


def parse_values(values: tuple[str, ...]) -> dict[str, str]:
    """Read NAME=VALUE.

    Raises: click.UsageError: one has no equals sign, or no number behind it.
    """
    from contracts.runtime.objects import parse_number

    found = {}
    for one in values:
        name, mark, value = one.partition("=")
        if not mark or not name:
            raise click.UsageError(f"{one!r} is not NAME=VALUE.")
        if value and parse_number(value) is None:
            raise click.UsageError(f"{value!r} is no number.")
        found[name] = value
    return found


def tell_event(event: "EventView", transaction: str) -> None:
    """Say what a contract did about readings."""
    payload: Any = event.payload
    match event.source, event.name:
        case "native", "action_opened":
            say(f"{payload['contract']} opened {payload['kind']} for {payload['addressee']}:")
            say(f"  {show_text(payload['title'])}")
            suggest(f"veritwin actions list --twin {payload['twin']}")
        case "native", "contract_failed":
            reason = show_text(payload["message"])
            say(f"{payload['contract']} stopped: {payload['code']}, {reason}")
            suggest(f"veritwin tx debug {transaction}")
        case "native", _:
            pass
        case source, name:
            say(f"{source} says {name}: {payload}")


COMMANDS: Final = (register, send)
