"""`veritwin keys`: make, show, list, register and revoke keys."""

from pathlib import Path
from typing import get_args

import click

from chain.operations import Role
from chain.scalars import PublicKey
from node.cli.common import Connection, connect, identity_options, run_async
from node.cli.output import print_result, suggest
from node.cli.vote_keys import list_keys


@click.group(name="keys")
def command() -> None:
    """Make, show, list, register and revoke keys."""


command.add_command(list_keys)


@command.command()
@click.argument("name")
@click.option("--organisation", required=True, help="Organisation that the key acts for.")
@click.option(
    "--out", type=click.Path(path_type=Path), help="File to write; NAME.json unless given."
)
@click.option(
    "--passphrase-file",
    type=click.Path(path_type=Path),
    envvar="VERITWIN_PASSPHRASE_FILE",
    help="File whose first line encrypts the key.",
)
@click.option("--no-passphrase", is_flag=True, help="Leave the key in the clear (mode 0600).")
@click.option("--json", "as_json", is_flag=True, help="One JSON object.")
def new(
    name: str,
    organisation: str,
    out: Path | None,
    passphrase_file: Path | None,
    no_passphrase: bool,
    as_json: bool,
) -> None:
    """Make a new key called NAME in a file that only you can read.

    \b
    Example:
      veritwin keys new gateway-7 --organisation acme
    """
    from node.keystore import create_key, load_passphrase

    path = out or Path(f"{name}.json")
    passphrase: bytes | None = None
    if passphrase_file is not None:
        passphrase = load_passphrase(passphrase_file)
    elif not no_passphrase:
        text = click.prompt("Passphrase", hide_input=True, confirmation_prompt=True, err=True)
        passphrase = text.encode()
    file = create_key(path, name, organisation, passphrase)
    public = file.key.public_key.hex()
    print_result(
        {"file": str(path), "public_key": public},
        as_json=as_json,
        text=f"Wrote {path}\nPublic key {public}",
    )
    if not as_json:
        suggest(f"veritwin keys register {public} --label {name} --role gateway --identity ADMIN")


@command.command()
@click.argument("file", type=click.Path(path_type=Path, exists=True, dir_okay=False))
@click.option("--json", "as_json", is_flag=True, help="One JSON object.")
def show(file: Path, as_json: bool) -> None:
    """Show what a key FILE says about itself; the secret stays closed."""
    import msgspec

    from chain.keyfile import describe_key

    shown = msgspec.to_builtins(describe_key(file.read_bytes(), str(file)))
    text = "\n".join(f"{name:<13} {value}" for name, value in shown.items())
    print_result(shown, as_json=as_json, text=text)


@command.command()
@click.argument("key")
@click.option("--label", required=True, help="Name of the key on the chain.")
@click.option(
    "--role",
    "roles",
    multiple=True,
    required=True,
    type=click.Choice(get_args(Role)),
    help="What it may do. Repeat it.",
)
@identity_options
@run_async
async def register(connection: Connection, key: str, label: str, roles: tuple[Role, ...]) -> None:
    """Register a public KEY (64 hex digits) for your organisation; needs an administrator.

    \b
    Example:
      veritwin keys register 1f..9a --label gateway-7 --role gateway --identity admin.json
    """
    from chain.operations import RegisterKey

    operation = RegisterKey(parse_key(key), label, roles)
    async with connect(connection) as client:
        status = await client.submit_and_wait(operation, connection.timeout)
    print_result(
        {"id": status.id, "state": status.state, "height": status.height},
        as_json=connection.as_json,
        text=f"{label} is registered at height {status.height}",
    )


@command.command()
@click.argument("key")
@click.option("--reason", default="", help="Why, for the record.")
@identity_options
@run_async
async def revoke(connection: Connection, key: str, reason: str) -> None:
    """Revoke a public KEY of your organisation; needs an administrator."""
    from chain.operations import RevokeKey

    operation = RevokeKey(parse_key(key), reason)
    async with connect(connection) as client:
        status = await client.submit_and_wait(operation, connection.timeout)
    print_result(
        {"id": status.id, "state": status.state, "height": status.height},
        as_json=connection.as_json,
        text=f"The key is revoked from height {status.height} on",
    )


def parse_key(text: str) -> PublicKey:
    """Read a public key.

    Raises: click.UsageError: it is not 64 hex digits.
    """
    try:
        raw = bytes.fromhex(text)
    except ValueError:
        raw = b""
    if len(raw) != 32:
        raise click.UsageError(f"{text!r} is not a public key: 64 hex digits are expected.")
    return PublicKey(raw)
