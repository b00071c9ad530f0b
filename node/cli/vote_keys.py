"""`veritwin keys list`: which of a node's vote keys the chain names, and when."""

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import click

from node.cli.common import Connection, connect, connection_options, run_async
from node.cli.output import format_table, print_result, shorten


@dataclass(frozen=True, slots=True)
class _Use:
    """Heights at which the chain names a key for a node; `up_to` is None while nobody ends it."""

    first: int
    up_to: int | None

    def state(self, height: int) -> str:
        """Say how it stands with the key at a height."""
        if self.first > height:
            return "planned"
        return "in_force" if self.up_to is None or self.up_to >= height else "past"


@click.command(name="list")
@click.option(
    "--home", type=click.Path(path_type=Path, exists=True), required=True, help="The node's folder."
)
@connection_options
@run_async
async def list_keys(connection: Connection, home: Path) -> None:
    """List the vote keys in a node's home, and which of them the chain names when.

    A file whose key was replaced, or never named although no rotation is under way, may be deleted.

    \b
    Example:
      veritwin keys list --home acme-1
    """
    from node.config import load_config
    from node.keystore import load_key
    from node.vote_keys import list_vote_keys

    config = load_config(home / "node.yaml")
    files = {path: load_key(path).key.public_key.hex() for path in list_vote_keys(home / "keys")}
    async with connect(connection) as client:
        height = (await client.get_json("/v1/validators"))["height"]
        newest_first = [one async for one in client.pages("/v1/validators/changes", limit=500)]
    uses = _find_uses(reversed(newest_first), config.node)
    items = [_describe(path, key, uses.get(key), height) for path, key in files.items()]
    newest = next((key for key, use in uses.items() if use.up_to is None), None)
    missing = None if newest in files.values() else newest
    rows = [(item["file"], shorten(item["public_key"]), _say(item, config.node)) for item in items]
    lines = [format_table(("file", "key", "on the chain"), rows)]
    if missing is not None:
        lines.append(
            f"No file holds {missing}, the newest vote key of {config.node}: "
            "without it the node does not vote."
        )
    print_result(
        {"node": config.node, "height": height, "items": items, "missing": missing},
        as_json=connection.as_json,
        text="\n".join(lines),
    )


def _find_uses(committees: Iterable[dict[str, Any]], node: str) -> dict[str, _Use]:
    """Give when the chain names which key for a node, the last time for each key.

    Args: committees: all sets of validators, the oldest first.
    """
    uses: dict[str, _Use] = {}
    present: str | None = None
    for committee in committees:
        named = {one["node"]: one["vote_key"] for one in committee["members"]}.get(node)
        if named == present:
            continue
        if present is not None:
            uses[present] = _Use(uses[present].first, committee["height"] - 1)
        if named is not None:
            uses[named] = _Use(committee["height"], None)
        present = named
    return uses


def _describe(path: Path, key: str, use: _Use | None, height: int) -> dict[str, Any]:
    return {
        "file": str(path),
        "public_key": key,
        "state": "unnamed" if use is None else use.state(height),
        "from_height": None if use is None else use.first,
        "up_to_height": None if use is None else use.up_to,
    }


def _say(item: dict[str, Any], node: str) -> str:
    first, up_to = item["from_height"], item["up_to_height"]
    match item["state"]:
        case "planned":
            return f"will be the vote key of {node} from height {first} on"
        case "in_force" if up_to is None:
            return f"is the vote key of {node} since height {first}"
        case "in_force":
            return f"is the vote key of {node} up to height {up_to}"
        case "past":
            return f"was the vote key of {node} up to height {up_to}"
        case _:
            return "never named by the chain"
