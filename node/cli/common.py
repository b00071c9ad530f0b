"""What most commands share: which node, which chain, which key, and how the answer is written."""

import asyncio
import functools
import math
import os
from collections.abc import Callable, Coroutine
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, ParamSpec, TypeVar

import click

from node.cli.output import say

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from chain.genesis import Genesis
    from chain.keyfile import KeyFile
    from node.client import AsyncClient

P = ParamSpec("P")
R = TypeVar("R")

DEFAULT_NODE: Final = "http://127.0.0.1:8000"


class Finite(click.FloatRange):
    """A number that is neither infinite nor none at all."""

    def convert(
        self, value: Any, param: click.Parameter | None, ctx: click.Context | None
    ) -> float:
        """Read the number; Raises: click.BadParameter."""
        number = float(super().convert(value, param, ctx))
        if not math.isfinite(number):
            self.fail(f"{value} is not a finite number.", param, ctx)
        return number


@dataclass(frozen=True, slots=True)
class Connection:
    """Where to connect, as whom, and how to write the answer."""

    nodes: tuple[str, ...]
    genesis: Path | None
    identity: Path | None
    passphrase_file: Path | None
    timeout: float
    as_json: bool


def connection_options(command: Callable[..., R]) -> Callable[..., R]:
    """Add --node, --genesis, --timeout and --json; the command gets one `Connection`."""
    return _with_connection(command, with_identity=False)


def identity_options(command: Callable[..., R]) -> Callable[..., R]:
    """Add what `connection_options` adds, and --identity and --passphrase-file."""
    return _with_connection(command, with_identity=True)


def _with_connection(command: Callable[..., R], *, with_identity: bool) -> Callable[..., R]:
    @functools.wraps(command)
    def wrapped(**given: Any) -> R:
        connection = Connection(
            given.pop("nodes"),
            given.pop("genesis"),
            given.pop("identity", None),
            given.pop("passphrase_file", None),
            given.pop("timeout"),
            given.pop("as_json"),
        )
        return command(connection, **given)

    options = [
        click.option(
            "--node",
            "nodes",
            multiple=True,
            envvar="VERITWIN_NODE",
            default=(DEFAULT_NODE,),
            show_default=True,
            help="Address of a node's API. Repeat it for more; the first that answers serves.",
        ),
        click.option(
            "--genesis",
            type=click.Path(path_type=Path),
            envvar="VERITWIN_GENESIS",
            help="The chain's genesis.json. Without it the node's word is taken for it.",
        ),
        click.option("--timeout", default=30.0, show_default=True, help="Seconds to wait."),
        click.option("--json", "as_json", is_flag=True, help="JSON instead of text."),
    ]
    if with_identity:
        options += [
            click.option(
                "--identity",
                type=click.Path(path_type=Path),
                envvar="VERITWIN_IDENTITY",
                required=True,
                help="Key file to sign with.",
            ),
            click.option(
                "--passphrase-file",
                type=click.Path(path_type=Path),
                envvar="VERITWIN_PASSPHRASE_FILE",
                help="File whose first line opens the key file.",
            ),
        ]
    decorated: Callable[..., R] = wrapped
    for option in reversed(options):
        decorated = option(decorated)
    return decorated


@asynccontextmanager
async def connect(connection: Connection) -> "AsyncIterator[AsyncClient]":
    """Open a client for a command.

    Raises: ChainError: no node answers, or it is of another chain.
    """
    from node.client import AsyncClient

    genesis = await find_genesis(connection)
    signer = load_identity(connection).key if connection.identity else None
    async with AsyncClient(connection.nodes, genesis, signer) as client:
        yield client


async def find_genesis(connection: Connection) -> "Genesis":
    """Load the genesis file that was given, or ask the node for its own and say so."""
    from chain.genesis import compute_genesis_hash, genesis_from_json
    from node.client.transport import Transport
    from node.home import load_genesis

    if connection.genesis is not None:
        return load_genesis(connection.genesis)
    async with Transport(connection.nodes) as transport:
        answer = await transport.request("GET", "/v1/genesis")
    genesis = genesis_from_json(answer.body)
    if not connection.as_json and os.environ.get("VERITWIN_QUIET") is None:
        hash_ = compute_genesis_hash(genesis).hex()
        say(f"Taking the node's word for genesis {hash_[:16]}..; give --genesis to be sure.")
    return genesis


def load_identity(connection: Connection) -> "KeyFile":
    """Load the key file of --identity.

    Raises: InvalidInput: VT-1302 not readable, VT-1303 the passphrase does not fit.
    """
    assert connection.identity is not None, "the command asks for --identity"
    return load_signer(connection.identity, connection.passphrase_file)


def load_signer(path: Path, passphrase_file: Path | None) -> "KeyFile":
    """Load a key file.

    Raises: InvalidInput: VT-1302 not readable, VT-1303 the passphrase does not fit.
    """
    from node.keystore import load_key, load_passphrase

    return load_key(path, load_passphrase(passphrase_file) if passphrase_file else None)


def run_async(work: Callable[P, Coroutine[Any, Any, R]]) -> Callable[P, R]:
    """Let a coroutine function be a command."""

    @functools.wraps(work)
    def run(*args: P.args, **kwargs: P.kwargs) -> R:
        return asyncio.run(work(*args, **kwargs))

    return run
