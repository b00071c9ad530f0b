"""`veritwin explain CODE`: the catalogue of errors, offline."""

import click

from chain.catalogue import CATALOGUE
from chain.catalogue_entry import Entry
from node.cli.output import CommandFailed, ExitCode, format_table, print_result, say


@click.command(name="explain")
@click.argument("code", required=False)
@click.option("--json", "as_json", is_flag=True, help="One JSON object.")
def command(code: str | None, as_json: bool) -> None:
    """Explain the error CODE, or list all codes.

    \b
    Example:
      veritwin explain VT-2020
    """
    if code is None:
        entries = [entry._asdict() for entry in CATALOGUE.values()]
        rows = [(entry.code, entry.name, entry.title) for entry in CATALOGUE.values()]
        table = format_table(("code", "name", "title"), rows)
        print_result({"items": entries}, as_json=as_json, text=table)
        return
    entry = find_entry(code)
    if entry is None:
        say(f"There is no error {code}. List them all: veritwin explain")
        raise CommandFailed(ExitCode.NOT_FOUND)
    text = f"{entry.code} {entry.name}\n\n{entry.title}.\n\nwhy:  {entry.why}\nfix:  {entry.fix}"
    print_result(entry._asdict(), as_json=as_json, text=text)


def find_entry(code: str) -> Entry | None:
    """Find an entry by code, with or without VT-, or by name."""
    wanted = code.strip()
    by_code = CATALOGUE.get(wanted.upper()) or CATALOGUE.get(f"VT-{wanted}")
    if by_code is not None:
        return by_code
    return next((entry for entry in CATALOGUE.values() if entry.name == wanted.lower()), None)
