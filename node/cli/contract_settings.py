"""Parameters on the command line, `--set` and `--unset`, held against the source of a contract."""

import functools
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, TypeVar

import click

from node.cli.output import say

if TYPE_CHECKING:
    from chain.values import Value
    from node.client import AsyncClient

SET_OPTION = click.option(
    "--set", "settings", multiple=True, help="NAME=JSON parameter. Repeat it."
)
_UNSET_OPTION = click.option(
    "--unset", multiple=True, help="Present parameter to do without. Repeat it."
)
R = TypeVar("R")


@dataclass(frozen=True, slots=True)
class Settings:
    """What `--set` and `--unset` said."""

    given: tuple[str, ...] = ()
    unset: tuple[str, ...] = ()


def settings_options(command: Callable[..., R]) -> Callable[..., R]:
    """Add --set and --unset, for what may take the place of a contract; it gets one `Settings`."""

    @functools.wraps(command)
    def wrapped(*words: Any, **given: Any) -> R:
        chosen = Settings(given.pop("settings"), given.pop("unset"))
        return command(*words, settings=chosen, **given)

    return SET_OPTION(_UNSET_OPTION(wrapped))


def parse_settings(settings: Iterable[str]) -> "dict[str, Value]":
    """Read NAME=JSON parameters.

    Raises: click.UsageError: one has no equals sign, or is given twice.
    """
    from contracts.settings import read_settings

    try:
        return read_settings(settings)
    except ValueError as error:
        raise click.UsageError(f"--set {error}.") from error


def choose_parameters(
    source: str, settings: Settings, present: dict[str, Any] | None = None
) -> "dict[str, Value]":
    """Give the parameters of a deployment: the present ones, but for those that are set or unset.

    One that the new source does not read any more is left out, and that is said.

    Args: present: the contract in force, as the API shows it; None for a new one.
    Raises: InvalidInput: VT-4002, one does not fit the source; click.UsageError: one to unset is
    not there.
    """
    from contracts.settings import carry_over

    kept = parse_settings(present["settings"] if present is not None else ())
    for name in settings.unset:
        if name not in kept:
            raise click.UsageError(f"--unset {name}: there is no such parameter now.")
        del kept[name]
    chosen, gone = carry_over(kept, parse_settings(settings.given), source)
    for name in gone:
        say(f"Left out: the source does not read {name} any more.")
    return chosen


def choose_arguments(
    method: str, settings: Iterable[str], contract: dict[str, Any] | None
) -> "dict[str, Value]":
    """Give the arguments of a call, held against what the method declares.

    What is not there is left to the ledger to refuse.

    Args: contract: as the API shows it.
    Raises: InvalidInput: VT-4003, they do not fit; click.UsageError: one has no equals sign, or
    is given twice.
    """
    from contracts.arguments import fit_arguments
    from contracts.manifest import Parameter

    methods = contract["methods"] if contract is not None else ()
    found = next((one for one in methods if one["name"] == method), None)
    if contract is None or found is None:
        return parse_settings(settings)
    parameters = [
        Parameter(one["name"], one["type"], one["required"]) for one in found["parameters"]
    ]
    try:
        return fit_arguments(contract["name"], method, settings, parameters)
    except ValueError as error:
        raise click.UsageError(f"--set {error}.") from error


async def find_contract(client: "AsyncClient", name: str) -> dict[str, Any] | None:
    """Give a contract as it is in force; None when there is none."""
    from chain.errors import ChainError

    try:
        return await client.get_json(f"/v1/contracts/{name}")
    except ChainError as error:
        if error.code == "VT-7004":
            return None
        raise
