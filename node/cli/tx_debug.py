"""`veritwin tx debug`: execute a transaction again, exactly as it was, and look inside."""

from typing import TYPE_CHECKING, Any, Final

import click

from node.cli.common import Connection, connect, connection_options, run_async
from node.cli.output import print_result
from node.cli.replay import replay_on, replay_to

if TYPE_CHECKING:
    from contracts.kit.debugger import Debugged, Watched

LINE_SIZE_MAX: Final = 70


@click.command()
@click.argument("transaction")
@connection_options
@run_async
async def debug(connection: Connection, transaction: str) -> None:
    """Execute a TRANSACTION again on the state right before it, and show what its contracts did.

    Shown are where a contract stopped, with its lines and locals, what it read and wrote, and the
    gas of each line; each contract that another one called by itself, too. The chain is executed
    again on this machine up to there.

    \b
    Example:
      veritwin tx debug ID
    """
    from contracts.kit.debugger import debug_transaction
    from contracts.kit.rehearsal import Rehearsal
    from node.cli.tx import parse_id

    id_ = parse_id(transaction)
    async with connect(connection) as client:
        shown = await client.get_json(f"/v1/transactions/{id_.hex()}")
        height = shown["height"]
        if height is None:
            raise click.UsageError(f"{transaction} is in no block: it is {shown['state']}.")
        replay = await replay_to(client, height - 1)
        state = replay.state()
        (block,) = await replay_on(client, replay, height)
    index = [one.id for one in block.transactions].index(id_)
    found = debug_transaction(Rehearsal(client.genesis, state), block, index)
    text = render(found, height)
    print_result(to_json(found, height), as_json=connection.as_json, text=text)


def render(found: "Debugged", height: int) -> str:
    """Write what was seen, for people."""
    receipt = found.receipt
    end = receipt.code if receipt.is_ok else f"{receipt.code}: {receipt.message}"
    lines = [f"height {height}, index {receipt.index}: {end}", f"gas {receipt.gas_used:,}"]
    if not found.runs:
        lines.append("No contract ran.")
    for run in found.runs:
        lines += ["", *_render_run(run)]
    return "\n".join(lines)


def _render_run(run: "Watched") -> list[str]:
    from contracts.call_stack import CALLER_PREFIX

    invocation, execution = run.invocation, run.execution
    assert execution is not None, "a run that was watched has ended"
    source = run.source.splitlines()
    end = f"{execution.status} {execution.error}".rstrip()
    name = f"{invocation.contract}.{invocation.handler}"
    caller = invocation.sender.removeprefix(CALLER_PREFIX)
    kind = f"{invocation.kind} by {caller}" if caller != invocation.sender else invocation.kind
    lines = [f"{name} ({kind}): {end}, {execution.gas_used:,} gas"]
    if run.stack:
        lines.append("Traceback (most recent call last):")
        for stop in run.stack:
            lines.append(f'  "{stop.contract}", line {stop.line}, in {stop.function}')
            lines.append(f"    {stop.text.strip()}")
            lines += [f"      {key} = {value}" for key, value in stop.locals.items()]
        if run.message:
            lines.append(f"  {execution.error or execution.status}: {run.message}")
    for title, values in (("read", run.reads), ("written", run.writes)):
        lines += [f"{title:<8} {key} = {value}" for key, value in values.items()]
    lines += [
        f"{gas:>8} gas  {number:>4}  {_line(source, number)[:LINE_SIZE_MAX]}"
        for number, gas in run.gas_by_line.items()
    ]
    return lines


def _line(source: list[str], number: int) -> str:
    return source[number - 1] if 0 < number <= len(source) else ""


def to_json(found: "Debugged", height: int) -> dict[str, Any]:
    """Give what was seen, for programs."""
    return {
        "height": height,
        "code": found.receipt.code,
        "message": found.receipt.message,
        "gas": found.receipt.gas_used,
        "runs": [
            {
                "contract": run.invocation.contract,
                "handler": run.invocation.handler,
                "sender": run.invocation.sender,
                "status": run.execution.status if run.execution is not None else "",
                "error": run.execution.error if run.execution is not None else "",
                "exception": run.message,
                "stack": [
                    {
                        "contract": one.contract,
                        "function": one.function,
                        "line": one.line,
                        "locals": one.locals,
                    }
                    for one in run.stack
                ],
                "reads": run.reads,
                "writes": run.writes,
                "gas_by_line": {str(line): gas for line, gas in run.gas_by_line.items()},
            }
            for run in found.runs
        ],
    }
