"""Names and files of contracts on the command line, looked at before anything is asked or sent."""

import re
from pathlib import Path

import click

SOURCE_ARGUMENT = click.argument(
    "source", type=click.Path(path_type=Path, exists=True, dir_okay=False)
)


def read_text(path: Path, limit: int | None = None) -> str:
    """Read a file of Python or a report.

    Args: limit: most characters that it may have.
    Raises: click.UsageError: it is no UTF-8, or too long.
    """
    try:
        text = path.read_text(encoding="utf-8")
    except UnicodeDecodeError as error:
        found = f"byte {error.start + 1} is {error.object[error.start]:#04x}"
        raise click.UsageError(f"{path} is no UTF-8 text: {found}. Save it as UTF-8.") from error
    if limit is not None and len(text) > limit:
        raise click.UsageError(
            f"{path} has {len(text):,} characters; at most {limit:,} fit into a package."
        )
    return text


def check_name(name: str, instead: str = "") -> str:
    """Check that this can be a contract's name, and give it.

    Args: instead: a sentence about what to do otherwise.
    Raises: click.UsageError: it cannot.
    """
    from chain.scalars import NAME_PATTERN

    if len(name) > 64 or re.fullmatch(NAME_PATTERN, name) is None:
        told = f"{name!r} is no name: at most 64 letters, digits, '.', '_' and '-', no sign first."
        raise click.UsageError(f"{told} {instead}".rstrip())
    return name


def _check(context: click.Context, parameter: click.Parameter, name: str) -> str:
    del context, parameter
    return check_name(name)


NAME_ARGUMENT = click.argument("name", callback=_check)
