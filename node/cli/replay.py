"""`veritwin replay`: execute a whole chain again on this machine, and compare."""

from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING

import click

from node.cli.common import Connection, connect, connection_options, load_signer, run_async
from node.cli.output import CommandFailed, ExitCode, format_table, print_result, say

if TYPE_CHECKING:
    from chain.keys import SigningKey
    from contracts.kit.rehearsal import RecordedBlock
    from node.client import AsyncClient
    from node.replaying import Certificate, Replay, SignedCertificate

TOLD_EVERY = 1_000


@click.command(name="replay")
@click.option(
    "--to",
    "last",
    type=click.IntRange(1),
    help="Last height; that of the certificate to --check, or the newest, unless given.",
)
@click.option("--out", type=click.Path(path_type=Path), help="Certificate to write.")
@click.option(
    "--sign-with",
    type=click.Path(path_type=Path, exists=True, dir_okay=False),
    help="Key file to sign the certificate with.",
)
@click.option(
    "--passphrase-file",
    type=click.Path(path_type=Path, exists=True, dir_okay=False),
    help="File whose first line opens the key file.",
)
@click.option(
    "--check",
    "checked",
    type=click.Path(path_type=Path, exists=True, dir_okay=False),
    help="Compare with this signed certificate, and say whose it is.",
)
@connection_options
@run_async
async def command(
    connection: Connection,
    *,
    last: int | None,
    out: Path | None,
    sign_with: Path | None,
    checked: Path | None,
) -> None:
    """Execute the chain again from genesis on, with nothing believed, and list what was decided.

    Blocks come from a node. Every certificate is checked and every block executed here; a root that
    differs ends this with an error.

    \b
    Example:
      veritwin replay --genesis genesis.json --out replay.json --sign-with admin.json
    """
    signed = None if checked is None else load_certificate(checked)
    if last is None and signed is not None:
        last = signed.certificate.height
    async with connect(connection) as client:
        height = last if last is not None else (await client.status()).height
        replay = await replay_to(client, height)
    certificate = replay.certify(f"veritwin {version('veritwin')}")
    if signed is not None:
        _compare(f"{checked}", signed, replay)
    if out is not None:
        signer = None
        if sign_with is not None:
            signer = load_signer(sign_with, connection.passphrase_file).key
        _write(out, certificate, signer)
    rows = [(one.height, one.contract, one.twin, one.title) for one in replay.decisions]
    print_result(
        {
            "height": certificate.height,
            "block": certificate.block.hex(),
            "state_root": certificate.state_root.hex(),
            "transactions": certificate.transactions,
            "decisions": [
                {"height": one[0], "contract": one[1], "twin": one[2], "title": one[3]}
                for one in rows
            ],
            "decisions_hash": certificate.decisions_hash.hex(),
        },
        as_json=connection.as_json,
        text=_render(certificate, rows),
    )
    if out is not None and not connection.as_json:
        say(f"Wrote {out}")


def _render(certificate: "Certificate", rows: "list[tuple[int, str, str, str]]") -> str:
    lines = [
        f"Height      {certificate.height}",
        f"Block       {certificate.block.hex()}",
        f"State root  {certificate.state_root.hex()}",
        f"Executed    {certificate.transactions} transactions, the same roots in every block",
        f"Decisions   {certificate.decisions}, hash {certificate.decisions_hash.hex()}",
    ]
    if rows:
        lines += ["", format_table(("height", "contract", "twin", "decision"), rows)]
    return "\n".join(lines)


def _write(out: Path, certificate: "Certificate", signer: "SigningKey | None") -> None:
    from node.replaying import certificate_to_json, sign_certificate

    made = certificate if signer is None else sign_certificate(certificate, signer)
    out.write_bytes(certificate_to_json(made))


async def replay_to(client: "AsyncClient", last: int) -> "Replay":
    """Execute a chain from genesis up to a height."""
    from node.replaying import Replay

    replay = Replay(client.genesis)
    await replay_on(client, replay, last)
    return replay


async def replay_on(client: "AsyncClient", replay: "Replay", last: int) -> "list[RecordedBlock]":
    """Go on executing a chain up to a height; give the blocks."""
    from node.replaying import fetch_blocks

    first = replay.head.height + 1
    return [replay.execute(decided) async for decided in fetch_blocks(client, first, last, _tell)]


def _tell(height: int) -> None:
    if height % TOLD_EVERY == 0:
        say(f"height {height}")


def load_certificate(path: Path) -> "SignedCertificate":
    """Load somebody's certificate.

    Raises: InvalidInput: VT-1312, it is something else.
    """
    from node.replaying import certificate_from_json

    return certificate_from_json(path.read_bytes())


def _compare(name: str, signed: "SignedCertificate", replay: "Replay") -> None:
    """Compare with a certificate of somebody else.

    Raises: CommandFailed: nobody signed it, or it says something else.
    """
    from node.replaying import is_signed

    there, here = signed.certificate, replay.certify(signed.certificate.program)
    reason = ""
    if not is_signed(signed):
        reason = "it is not signed by its key"
    elif there != here:
        reason = "; ".join(
            f"{field} is {_show(theirs)} there and {_show(own)} here"
            for field in there.__struct_fields__
            if (theirs := getattr(there, field)) != (own := getattr(here, field))
        )
    if reason:
        say(f"{name} does not hold: {reason}.")
        raise CommandFailed(ExitCode.VERIFICATION_FAILED)
    say(f"{name} holds: {_describe_signer(signed, replay)}.")


def _describe_signer(signed: "SignedCertificate", replay: "Replay") -> str:
    """Say who found the same, by what the chain knows at the height of the certificate."""
    from contracts.records import KeyRecord

    found, key = replay.find_key(signed.key), f"key {signed.key.hex()}"
    if found is None:
        unknown = f"no organisation had registered it by height {replay.head.height}"
        return f"{key} found the same, but it is unknown: {unknown}"
    whose = f"{key} of {found.organisation}"
    if not isinstance(found, KeyRecord):
        return f"{whose}, the vote key of {found.node}, found the same"
    if found.revoked_height is not None:
        return f"{whose}, revoked at height {found.revoked_height}, found the same"
    return f"{whose} found the same"


def _show(value: object) -> str:
    return value.hex() if isinstance(value, bytes) else str(value)
