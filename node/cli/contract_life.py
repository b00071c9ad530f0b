"""`veritwin contract propose`, `approve` and what else changes a contract on the chain."""

import json
from pathlib import Path
from typing import TYPE_CHECKING, Final

import click

from node.cli.common import Connection, connect, identity_options, run_async
from node.cli.contract_files import NAME_ARGUMENT, SOURCE_ARGUMENT, check_name, read_text
from node.cli.contract_settings import (
    SET_OPTION,
    Settings,
    choose_arguments,
    choose_parameters,
    find_contract,
    settings_options,
)
from node.cli.output import print_result, say, suggest
from node.cli.proposing import NOTE_OPTION, decide
from node.cli.tx import parse_id

if TYPE_CHECKING:
    from chain.changes import AnyContractChange
    from chain.operations import AnyOperation

_STATE_STAYS: Final = (
    "The state stays as it is: no @upgrade runs, and what one version wrote, the other one finds."
)


@click.command()
@SOURCE_ARGUMENT
@click.option("--name", help="The contract's name; the file's unless given.")
@settings_options
@click.option(
    "--tests",
    type=click.Path(path_type=Path, exists=True, dir_okay=False),
    help="Tests to show the others; test_NAME.py beside the source unless given.",
)
@click.option(
    "--report",
    type=click.Path(path_type=Path, exists=True, dir_okay=False),
    help="What it would have done, from `veritwin contract simulate --out`.",
)
@click.option(
    "--at-height", type=click.IntRange(0), default=0, help="First height at which it may start."
)
@NOTE_OPTION
@identity_options
@run_async
async def propose(
    connection: Connection,
    *,
    source: Path,
    name: str | None,
    settings: Settings,
    tests: Path | None,
    report: Path | None,
    at_height: int,
    note: str,
) -> None:
    """Propose the contract in SOURCE, or an upgrade to it; your organisation has approved it.

    Published are source, tests, typed stubs, what the checker says and the report. The ledger
    tries it on the spot, with its migration, and refuses what could not start. An upgrade keeps the
    parameters that are not set or unset.

    \b
    Examples:
      veritwin contract propose pump_watch.py --set limit=75.0 --identity admin.json
      veritwin contract propose new.py --name pump_watch --identity admin.json
    """
    from chain.operations import ProposeContract
    from chain.package import PART_SIZE_MAX, REPORT_SIZE_MAX
    from chain.scalars import Height
    from chain.values import encode_value
    from contracts.packaging import make_package

    known_as = check_name(source.stem, "Give it one: --name.") if name is None else check_name(name)
    beside = tests or source.with_name(f"test_{source.name}")
    text = read_text(source)
    package = make_package(
        known_as,
        text,
        read_text(beside, PART_SIZE_MAX) if beside.exists() else "",
        read_text(report, REPORT_SIZE_MAX) if report is not None else "",
    )
    async with connect(connection) as client:
        present = await find_contract(client, known_as)
        parameters = encode_value(choose_parameters(text, settings, present))
        replaces = 0 if present is None else present["version"]
        operation = ProposeContract(package, parameters, replaces, Height(at_height), note)
        proposal = await decide(connection, client, operation)
    if not connection.as_json and proposal["status"] == "open":
        suggest(
            f"veritwin contract diff {known_as} --proposal {proposal['id']}",
            f"veritwin contract approve {proposal['id']} --identity ADMIN   (other members)",
        )


@click.command()
@click.argument("proposal")
@identity_options
@run_async
async def approve(connection: Connection, proposal: str) -> None:
    """Approve a PROPOSAL for your organisation; needs an administrator.

    It is your consent, too, to its running for your own twins. Read it before:
    `veritwin contract diff NAME --proposal PROPOSAL`.
    """
    from chain.operations import ApproveChange

    await _submit(connection, ApproveChange(parse_id(proposal)))


@click.command()
@NAME_ARGUMENT
@NOTE_OPTION
@identity_options
@run_async
async def pause(connection: Connection, name: str, note: str) -> None:
    """Propose to pause contract NAME: nothing calls it and nothing wakes it; its state stays."""
    from chain.changes import PauseContract

    await _propose(connection, PauseContract(name), note)


@click.command()
@NAME_ARGUMENT
@NOTE_OPTION
@identity_options
@run_async
async def resume(connection: Connection, name: str, note: str) -> None:
    """Propose to let the paused contract NAME go on."""
    from chain.changes import ResumeContract

    await _propose(connection, ResumeContract(name), note)


@click.command(name="roll-back")
@NAME_ARGUMENT
@click.option("--to", "version", type=click.IntRange(1), required=True, help="Version to go to.")
@NOTE_OPTION
@identity_options
@run_async
async def roll_back(connection: Connection, name: str, version: int, note: str) -> None:
    """Propose to put an earlier version of contract NAME in force again.

    The state stays as it is: no `@upgrade` runs, whichever way, and what the version in force now
    wrote, the other one finds.
    """
    from chain.changes import RollBackContract

    async with connect(connection) as client:
        present = await find_contract(client, name)
    replaces = 0 if present is None else present["version"]
    await _propose(connection, RollBackContract(name, version, replaces), note)
    if not connection.as_json:
        say(_STATE_STAYS)


@click.command()
@click.argument("approvals", type=click.IntRange(0, 256))
@click.option("--among", multiple=True, help="Organisation that counts; all unless given.")
@click.option("--required", multiple=True, help="Organisation that must be among them.")
@NOTE_OPTION
@identity_options
@run_async
async def policy(
    connection: Connection,
    *,
    approvals: int,
    among: tuple[str, ...],
    required: tuple[str, ...],
    note: str,
) -> None:
    """Propose that APPROVALS organisations must approve contracts; 0 for more than two thirds.

    All members decide on this, whatever the policy says.
    """
    from chain.changes import SetContractPolicy
    from chain.genesis import ContractPolicy
    from chain.operations import ProposeChange
    from chain.scalars import OrganisationId

    counted, needed = (tuple(OrganisationId(one) for one in many) for many in (among, required))
    change = SetContractPolicy(ContractPolicy(approvals, counted, needed))
    await _submit(connection, ProposeChange(change, note))


@click.command()
@NAME_ARGUMENT
@SOURCE_ARGUMENT
@SET_OPTION
@identity_options
@run_async
async def deploy(
    connection: Connection, name: str, source: Path, settings: tuple[str, ...]
) -> None:
    """Deploy a contract under NAME at once, where your organisation's approval is enough."""
    from chain.operations import DeployContract
    from chain.values import encode_value

    text = read_text(source)
    parameters = encode_value(choose_parameters(text, Settings(settings)))
    operation = DeployContract(name, text, parameters)
    async with connect(connection) as client:
        status = await client.submit_and_wait(operation, connection.timeout)
    print_result(
        {"id": status.id, "state": status.state, "height": status.height},
        as_json=connection.as_json,
        text=f"{name} is deployed at height {status.height}",
    )


@click.command()
@NAME_ARGUMENT
@click.argument("method")
@SET_OPTION
@identity_options
@run_async
async def call(connection: Connection, name: str, method: str, settings: tuple[str, ...]) -> None:
    """Call METHOD of contract NAME, and write what it gave.

    \b
    Example:
      veritwin contract call pump_watch forget --set twin=pump-7 --identity admin.json
    """
    from chain.operations import Call
    from chain.values import encode_value

    async with connect(connection) as client:
        arguments = choose_arguments(method, settings, await find_contract(client, name))
        operation = Call(name, method, encode_value(arguments))
        done = await client.submit_and_wait(operation, connection.timeout)
    print_result(
        {"id": done.id, "state": done.state, "height": done.height, "result": done.result},
        as_json=connection.as_json,
        text=json.dumps(done.result, ensure_ascii=False),
    )


@click.command()
@NAME_ARGUMENT
@SOURCE_ARGUMENT
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

    source_hash = Hash(compute_source_hash(read_text(source)))
    operation = Consent(name, source_hash, not withdraw)
    async with connect(connection) as client:
        status = await client.submit_and_wait(operation, connection.timeout)
    told = "no more consent to" if withdraw else "consent to"
    print_result(
        {"id": status.id, "state": status.state, "height": status.height},
        as_json=connection.as_json,
        text=f"{told} {name} with source {source_hash.hex()} at height {status.height}",
    )


async def _propose(connection: Connection, change: "AnyContractChange", note: str) -> None:
    from chain.operations import ProposeChange

    await _submit(connection, ProposeChange(change, note))


async def _submit(connection: Connection, operation: "AnyOperation") -> None:
    async with connect(connection) as client:
        proposal = await decide(connection, client, operation)
    if not connection.as_json and proposal["status"] == "open":
        waiting = f"veritwin contract approve {proposal['id']} --identity ADMIN"
        suggest(f"{waiting}   (other members)")


COMMANDS: Final = (propose, approve, pause, resume, roll_back, policy, deploy, call, consent)
