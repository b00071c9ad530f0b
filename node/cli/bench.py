"""`veritwin bench`: how fast a network is on this machine."""

from pathlib import Path
from typing import Any

import click

from node.cli.common import Finite

_WORKLOADS = ("single", "batch100", "contract", "mixed", "lone")


def _numbers(_context: click.Context, parameter: click.Parameter, text: str) -> tuple[int, ...]:
    """Read numbers with commas between them. Raises: click.BadParameter."""
    try:
        numbers = tuple(int(part) for part in text.split(","))
    except ValueError as error:
        raise click.BadParameter(f"{text!r} is not a list like 1,4,7.", param=parameter) from error
    if not all(1 <= number <= 64 for number in numbers):
        raise click.BadParameter("Each must be from 1 to 64.", param=parameter)
    return numbers


def _rates(context: click.Context, parameter: click.Parameter, text: str) -> tuple[float, ...]:
    """Read rates with commas between them. Raises: click.BadParameter."""
    kind = Finite(min=0, min_open=True)
    return tuple(kind.convert(part, parameter, context) for part in text.split(",") if text)


def _names(_context: click.Context, parameter: click.Parameter, text: str) -> tuple[str, ...]:
    """Read workloads with commas between them. Raises: click.BadParameter."""
    names = _WORKLOADS if text == "all" else tuple(text.split(","))
    for name in names:
        if name not in _WORKLOADS:
            known = ", ".join(_WORKLOADS)
            raise click.BadParameter(f"{name!r} is none of {known}, all.", param=parameter)
    return names


@click.command(name="bench")
@click.option(
    "--workload",
    "workloads",
    default="single,batch100,lone",
    show_default=True,
    callback=_names,
    help="What is sent, with commas: single, batch100, contract, mixed, lone, or all.",
)
@click.option(
    "--validators",
    default="4",
    show_default=True,
    callback=_numbers,
    help="Sizes of the network, with commas.",
)
@click.option(
    "--engine",
    type=click.Choice(["bft", "raft"]),
    default="bft",
    show_default=True,
    help="How nodes agree.",
)
@click.option(
    "--seconds",
    type=Finite(min=1, max=86_400),
    default=15.0,
    show_default=True,
    help="How long each measurement takes, after the warm-up.",
)
@click.option(
    "--warm-up",
    "warm_up_seconds",
    type=Finite(min=0, max=3_600),
    default=3.0,
    show_default=True,
    help="Seconds of load before the measurement.",
)
@click.option(
    "--rate",
    "rates",
    default="",
    callback=_rates,
    help="Open loop: offer so many transactions per second, whatever becomes of them; "
    "several with commas.",
)
@click.option(
    "--in-flight",
    type=click.IntRange(1, 90_000),
    help="Closed loop: keep so many under way. Default: what suits the workload.",
)
@click.option(
    "--per-request",
    type=click.IntRange(1, 500),
    help="Transactions in one HTTP request. Default: what suits the workload.",
)
@click.option(
    "--twins",
    type=click.IntRange(1, 1_000_000),
    default=1_000,
    show_default=True,
    help="How many twins the updates are of.",
)
@click.option(
    "--history",
    type=click.IntRange(0, 10_000_000),
    default=0,
    show_default=True,
    help="Commit so many updates of one reading before the measurement.",
)
@click.option("--nodes", default="", help="Addresses of a running network, with commas.")
@click.option(
    "--genesis",
    type=click.Path(path_type=Path, exists=True),
    help="Its genesis.json, with --nodes.",
)
@click.option(
    "--identity",
    type=click.Path(path_type=Path, exists=True),
    help="Key file of an administrator, with --nodes.",
)
@click.option(
    "--plot", type=click.Path(path_type=Path), help="Picture to write: .svg, .png or .pdf."
)
@click.option("--json", "as_json", is_flag=True, help="One JSON object a measurement.")
def command(*, nodes: str, **flags: Any) -> None:
    """Measure a network of real processes on this machine.

    Transactions are signed before the measurement and counted in blocks, beside what the machine
    itself allows. Latency is from the POST of a single transaction to the answer `final`.

    \b
    Examples:
      veritwin bench
      veritwin bench --workload single --rate 500,1000,1500 --plot load.svg
      veritwin bench --workload lone --validators 1,4,7 --json
    """
    from node.bench.options import BenchOptions
    from node.bench.plots import check_plotting
    from node.bench.run import bench

    addresses = tuple(address.rstrip("/") for address in nodes.split(",") if address)
    if addresses and (flags["genesis"] is None or flags["identity"] is None):
        raise click.UsageError("--nodes needs --genesis and --identity.")
    if flags["plot"] is not None:
        check_plotting()
    bench(BenchOptions(nodes=addresses, **flags))
