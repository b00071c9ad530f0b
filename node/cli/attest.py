"""`veritwin attest`: a signed statement about a twin, and the receipt for it."""

import json
from hashlib import file_digest
from pathlib import Path
from typing import Final

import click

from chain.scalars import Hash, TwinId
from node.cli.common import Connection, connect, identity_options, load_identity, run_async
from node.cli.output import print_result, suggest

PREDICATE_BASE: Final = "https://veritwin.dev/predicates/"


@click.command(name="attest")
@click.option("--twin", required=True, help="Twin that the statement is about.")
@click.option(
    "--file",
    "file",
    type=click.Path(path_type=Path, exists=True, dir_okay=False),
    required=True,
    help="File to attest; only its hash is put on the chain.",
)
@click.option(
    "--type",
    "kind",
    default="inspection",
    show_default=True,
    help="What it is: a word such as inspection, or a full predicate type (a URI).",
)
@click.option("--set", "facts", multiple=True, help="NAME=VALUE to state. Repeat it.")
@identity_options
@run_async
async def command(
    connection: Connection, twin: str, file: Path, kind: str, facts: tuple[str, ...]
) -> None:
    """Put a signed statement about a twin and a file on record.

    The file stays here. The receipt is written beside it, as FILE.receipt.json.

    \b
    Example:
      veritwin attest --twin R80790 --file report.pdf --set result=pass \\
        --identity inspector.json
    """
    from chain.dsse import FileSubject, build_envelope, build_statement
    from chain.operations import Attest

    digest, size = _hash_file(file)
    predicate_type = kind if ":" in kind else PREDICATE_BASE + kind
    identity = load_identity(connection)
    payload = build_statement(
        TwinId(twin), predicate_type, _read_facts(facts), [FileSubject(file.name, digest, size)]
    )
    operation = Attest(TwinId(twin), build_envelope(identity.key, payload))
    async with connect(connection) as client:
        status = await client.submit_and_wait(operation, connection.timeout)
        receipt = await client.receipt(Hash(bytes.fromhex(status.id)), attested_name=file.name)
    path = file.with_name(file.name + ".receipt.json")
    path.write_bytes(receipt)
    print_result(
        {
            "id": status.id,
            "state": status.state,
            "height": status.height,
            "twin": twin,
            "sha256": digest.hex(),
            "receipt": str(path),
        },
        as_json=connection.as_json,
        text=f"{file.name} is attested for {twin}: final at height {status.height}\n"
        f"Transaction {status.id}\nReceipt     {path}",
    )
    if not connection.as_json:
        suggest(f"veritwin verify {path} --genesis {connection.genesis or 'genesis.json'}")


def _hash_file(file: Path) -> tuple[Hash, int]:
    """Give SHA-256 and size of a file of any size."""
    with file.open("rb") as opened:
        digest = file_digest(opened, "sha256").digest()
        return Hash(digest), opened.tell()


def _read_facts(facts: tuple[str, ...]) -> dict[str, object]:
    read: dict[str, object] = {}
    for fact in facts:
        name, mark, value = fact.partition("=")
        if not mark or not name:
            raise click.UsageError(f"--set {fact!r} is not NAME=VALUE.")
        try:
            read[name] = json.loads(value) if value in ("true", "false", "null") else value
        except ValueError:
            read[name] = value
    return read
