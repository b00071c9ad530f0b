"""The tree of commands, and the one place where a failure becomes an exit code."""

import importlib
import io
import sys
from typing import Final

import click

from chain.errors import Busy, ChainError, Corruption, InvalidInput, Refused
from node.cli.output import EXIT_CODES_HELP, CommandFailed, ExitCode, print_error, say

SECTIONS: Final = (
    ("Start", ("demo", "status", "diagnose", "bench", "explain")),
    ("Members", ("network", "node", "member", "keys", "contract")),
    ("Partners", ("attest", "actions", "tx")),
    ("Auditors", ("twins", "blocks", "evidence", "verify", "replay")),
)
MODULES: Final = {name: f"node.cli.{name}" for _, names in SECTIONS for name in names}
NOT_FOUND_CODES: Final = frozenset(
    {"VT-7004", "VT-7015", "VT-2020", "VT-2040", "VT-2050", "VT-2060"}
)
UNREACHABLE_CODES: Final = frozenset({"VT-7020"})
NOT_FINAL_CODES: Final = frozenset({"VT-7021"})
VERIFICATION_CODES: Final = frozenset({"VT-1304", "VT-1306", "VT-1307", "VT-1311"})

EXAMPLES: Final = """\b
Examples:
  veritwin demo                        four organisations and a real wind farm, here
  veritwin twins show R80790           what a twin says now
  veritwin verify report.receipt.json  check a receipt with no network
"""


class Tree(click.Group):
    """Finds a command's module when it is asked for, and groups the help."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        """Name all commands."""
        return list(MODULES)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """Import the module of a command."""
        if cmd_name not in MODULES:
            return None
        module = importlib.import_module(MODULES[cmd_name])
        command = module.command
        assert isinstance(command, click.Command)
        return command

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        """Find the command, or name the nearest one."""
        try:
            return super().resolve_command(ctx, args)
        except click.UsageError as error:
            import difflib

            near = difflib.get_close_matches(args[0], MODULES, 1)
            if near:
                raise click.UsageError(f"{error.message} Did you mean '{near[0]}'?", ctx) from error
            raise

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Write the commands in their sections."""
        for title, names in SECTIONS:
            with formatter.section(title):
                formatter.write_dl([(name, SUMMARIES[name]) for name in names])


SUMMARIES: Final = {
    "demo": "Run four organisations and a real wind farm on this machine.",
    "status": "Show a node's chain, height and health.",
    "diagnose": "Find what is wrong with a network, since when, and what to do.",
    "bench": "Measure a network of real processes on this machine.",
    "explain": "Explain an error code.",
    "network": "Found a network from the members' cards.",
    "node": "Set up and run a node.",
    "member": "Show who votes; propose and approve changes; rotate a vote key.",
    "keys": "Make, show, list, register and revoke keys.",
    "contract": "Write and test contracts; propose, approve and look at them.",
    "attest": "Put a signed statement about a twin on record.",
    "actions": "List and answer the actions that contracts opened.",
    "tx": "Show a transaction, wait for it, fetch its receipt.",
    "twins": "List, show and watch digital twins; register and feed one.",
    "blocks": "List and show blocks.",
    "evidence": "List proven offences of validators.",
    "verify": "Check a receipt offline.",
    "replay": "Execute the chain again here, and compare every root.",
}


@click.command(
    cls=Tree, epilog=EXIT_CODES_HELP, context_settings={"help_option_names": ["-h", "--help"]}
)
@click.version_option(package_name="veritwin", prog_name="veritwin")
def command() -> None:
    """A permissioned ledger for digital twins. It sends nothing about you to anybody."""


command.help = f"{command.help}\n\n{EXAMPLES}"


def exit_code_of(error: ChainError) -> ExitCode:
    """Say which exit code an error ends a command with."""
    for codes, exit_code in (
        (NOT_FOUND_CODES, ExitCode.NOT_FOUND),
        (UNREACHABLE_CODES, ExitCode.UNREACHABLE),
        (NOT_FINAL_CODES, ExitCode.NOT_FINAL),
        (VERIFICATION_CODES, ExitCode.VERIFICATION_FAILED),
    ):
        if error.code in codes:
            return exit_code
    if isinstance(error, Refused):
        return ExitCode.DENIED
    assert isinstance(error, Busy | Corruption | InvalidInput | ChainError)
    return ExitCode.FAILED


def find_known(group: BaseExceptionGroup[BaseException]) -> ChainError | OSError | None:
    """Find the failure inside a group of tasks that can be told in words, or None."""
    from node.alarm import find_cause

    cause = find_cause(group)
    return cause if isinstance(cause, ChainError | OSError) else None


def main(args: list[str] | None = None) -> None:
    """Run a command and exit with its code."""
    sys.exit(run(args))


def run(args: list[str] | None = None) -> int:
    """Run a command and give its exit code.

    Args: args: the words after `veritwin`; None takes them from the command line.
    """
    words = sys.argv[1:] if args is None else args
    as_json = "--json" in words
    try:
        result = command.main(args=words, standalone_mode=False, prog_name="veritwin")
    except click.Abort:
        return ExitCode.INTERRUPTED
    except KeyboardInterrupt:
        return ExitCode.INTERRUPTED
    except click.ClickException as error:
        told = io.StringIO()
        error.show(told)
        say(told.getvalue().rstrip())
        return ExitCode.USAGE
    except CommandFailed as failed:
        if failed.error is not None:
            print_error(failed.error, as_json=as_json)
        return failed.exit_code
    except ChainError as error:
        print_error(error, as_json=as_json)
        return exit_code_of(error)
    except BrokenPipeError:
        return ExitCode.OK
    except OSError as error:
        say(f"error: {error}")
        return ExitCode.FAILED
    except ExceptionGroup as group:
        known = find_known(group)
        if known is None:
            raise
        if isinstance(known, ChainError):
            print_error(known, as_json=as_json)
            return exit_code_of(known)
        say(f"error: {known}")
        return ExitCode.FAILED
    return int(result) if isinstance(result, int) else ExitCode.OK
