"""`veritwin contract`: check and deploy contracts."""

import json
from pathlib import Path

import click

from node.cli.common import Connection, connect, identity_options, run_async
from node.cli.output import CommandFailed, ExitCode, print_result, suggest


@click.group(name="contract")
def command() -> None:
    """Check and deploy contracts."""


@command.command()
@click.argument("source", type=click.Path(path_type=Path, exists=True, dir_okay=False))
@click.option("--json", "as_json", is_flag=True, help="One JSON object.")
def check(source: Path, as_json: bool) -> None:
    """Check a contract's SOURCE against the contract language.

    Each refusal names the line, the rule, the reason and what to write instead.

    \b
    Example:
      veritwin contract check my_contract.py
    """
    from contracts.compiler import check_contract

    verdict = check_contract(source.read_text(encoding="utf-8"))
    findings = [finding._asdict() for finding in verdict.findings]
    if verdict.findings:
        text = "\n".join(
            f"{source}:{one.line}:{one.column}: {one.rule}: {one.reason}. "
            f"Write instead: {one.instead}"
            for one in verdict.findings
        )
    else:
        text = f"{source} is a valid contract."
    print_result({"valid": not verdict.findings, "findings": findings}, as_json=as_json, text=text)
    if verdict.findings:
        raise CommandFailed(ExitCode.FAILED)
    if not as_json:
        suggest(f"veritwin contract deploy {source.stem} {source} --identity ADMIN")


@command.command()
@click.argument("name")
@click.argument("source", type=click.Path(path_type=Path, exists=True, dir_okay=False))
@click.option("--set", "settings", multiple=True, help="NAME=JSON parameter. Repeat it.")
@identity_options
@run_async
async def deploy(
    connection: Connection, name: str, source: Path, settings: tuple[str, ...]
) -> None:
    """Deploy a contract under NAME; needs an administrator."""
    from chain.operations import DeployContract
    from chain.values import encode_value

    parameters = {}
    for setting in settings:
        key, mark, value = setting.partition("=")
        if not mark:
            raise click.UsageError(f"--set {setting!r} is not NAME=JSON.")
        try:
            parameters[key] = json.loads(value, parse_float=lambda text: _decimal(text))
        except ValueError:
            parameters[key] = value
    operation = DeployContract(name, _read(source), encode_value(parameters))
    async with connect(connection) as client:
        status = await client.submit_and_wait(operation, connection.timeout)
    print_result(
        {"id": status.id, "state": status.state, "height": status.height},
        as_json=connection.as_json,
        text=f"{name} is deployed at height {status.height}",
    )


@command.command()
@click.argument("name")
@click.argument("source", type=click.Path(path_type=Path, exists=True, dir_okay=False))
@click.option("--withdraw", is_flag=True, help="Take the consent back.")
@identity_options
@run_async
async def consent(connection: Connection, name: str, source: Path, withdraw: bool) -> None:
    """Let another organisation's contract run on, and act on, your twins; needs an administrator.

    The consent holds for contract NAME with exactly this SOURCE, so read it first.

    \b
    Example:
      veritwin contract consent oil-watch oil_watch.py --identity ADMIN
    """
    from chain.operations import Consent
    from chain.scalars import Hash
    from contracts.manifest import compute_source_hash

    source_hash = Hash(compute_source_hash(_read(source)))
    operation = Consent(name, source_hash, not withdraw)
    async with connect(connection) as client:
        status = await client.submit_and_wait(operation, connection.timeout)
    told = "no more consent to" if withdraw else "consent to"
    print_result(
        {"id": status.id, "state": status.state, "height": status.height},
        as_json=connection.as_json,
        text=f"{told} {name} with source {source_hash.hex()} at height {status.height}",
    )


def _read(source: Path) -> str:
    return source.read_text(encoding="utf-8")


def _decimal(text: str) -> object:
    from decimal import Decimal

    return Decimal(text)
