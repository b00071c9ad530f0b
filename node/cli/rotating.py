"""`veritwin member rotate-key`: a new vote key in the node's home, on its card and on the chain."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import click

from node.cli.common import Connection, connect, identity_options, load_identity, run_async
from node.cli.output import print_result, say

if TYPE_CHECKING:
    from chain.keyfile import KeyFile
    from chain.scalars import PublicKey
    from node.client import AsyncClient
    from node.config import NodeConfig
    from node.home import NodeCard


@click.command(name="rotate-key")
@click.option(
    "--home", type=click.Path(path_type=Path, exists=True), required=True, help="The node's folder."
)
@identity_options
@run_async
async def rotate_key(connection: Connection, home: Path) -> None:
    """Give your node a new vote key; needs an administrator of its organisation.

    The key is made in the node's home, and the card there is written anew with it. A running node
    finds the key and changes over at the height that the chain says, without a restart. Keep the
    old file until then. A rotation that is refused leaves the home as it was.

    \b
    Example:
      veritwin member rotate-key --home acme-1 --identity admin.json
    """
    from chain.changes import possession_hash
    from chain.operations import RotateVoteKey
    from node.config import load_config
    from node.home import CARD_NAME

    config = load_config(home / "node.yaml")
    organisation = load_identity(connection).organisation
    card_path = config.home_path / CARD_NAME
    card = _load_own_card(card_path, config)
    async with connect(connection) as client:
        old = await _find_vote_key(client, config.node)
        with _new_vote_key(config, organisation, card_path, card) as (path, file):
            key = file.key
            signed = possession_hash(client.genesis_hash, config.node, old, key.public_key)
            operation = RotateVoteKey(config.node, key.public_key, key.sign(signed))
            done = await client.submit_and_wait(operation, connection.timeout)
    effective = done.result["effective_height"]
    lines = [f"Wrote {path}"]
    if card is not None:
        lines.append(f"Wrote {card_path} anew; a card from before brings the node back no more")
    lines.append(f"{config.node} votes with the new key from height {effective} on")
    print_result(
        {
            "id": done.id,
            "height": done.height,
            "file": str(path),
            "card": None if card is None else str(card_path),
            "vote_key": key.public_key.hex(),
            "effective_height": effective,
        },
        as_json=connection.as_json,
        text="\n".join(lines),
    )
    if not connection.as_json:
        say("Remove the old key file once the chain is past that height.")


@contextmanager
def _new_vote_key(
    config: "NodeConfig", organisation: str, card_path: Path, card: "NodeCard | None"
) -> Iterator[tuple[Path, "KeyFile"]]:
    """Make a vote key and put it on the card; take both back once the chain has refused the key.

    Both are on disk before anything is sent: a key that the chain names must never be lost, and a
    card with a key that it does not name yet brings the node back all the same.
    """
    from msgspec.structs import replace

    from chain.errors import ChainError
    from node.home import save_card
    from node.vote_keys import create_vote_key

    path, file = create_vote_key(config, organisation)
    try:
        if card is not None:
            save_card(card_path, replace(card, vote_key=file.key.public_key))
        yield path, file
    except (ChainError, OSError) as error:
        if isinstance(error, ChainError) and not _is_refusal(error):
            say(
                f"Keep {path}: the chain may still name the key in it. "
                f"See which key votes: veritwin keys list --home {config.home_path}"
            )
        else:
            if card is not None:
                save_card(card_path, card)
            path.unlink()
        raise


def _is_refusal(error: Exception) -> bool:
    """Tell whether a node said no, and no other node can have said yes before.

    One that finds a transaction too late may not know the block yet that holds it.
    """
    from node.client.delivery import EXPIRED
    from node.client.errors import ReportedInvalidInput, ReportedRefused

    if not isinstance(error, ReportedInvalidInput | ReportedRefused):
        return False
    return error.code != EXPIRED


def _load_own_card(path: Path, config: "NodeConfig") -> "NodeCard | None":
    """Give the card that is in a node's home, or None.

    Raises: InvalidInput: VT-1305, it is no card; click.UsageError: it is another node's.
    """
    from node.home import load_card

    if not path.exists():
        return None
    card = load_card(path)
    if card.node != config.node:
        raise click.UsageError(f"{path} is the card of {card.node}, not of {config.node}.")
    return card


async def _find_vote_key(client: "AsyncClient", node: str) -> "PublicKey":
    """Give the newest vote key of a node, planned changes included."""
    from chain.scalars import PublicKey

    shown = await client.get_json("/v1/validators")
    members = shown["planned"][-1]["members"] if shown["planned"] else shown["items"]
    for member in members:
        if member["node"] == node:
            return PublicKey(bytes.fromhex(member["vote_key"]))
    raise click.UsageError(f"The chain has no validator {node}.")
