"""`veritwin demo`: a whole consortium on this machine."""

from pathlib import Path
from typing import Any

import click

from node.cli.common import Finite


@click.command(name="demo")
@click.option(
    "--nodes", type=click.IntRange(1, 32), default=4, show_default=True, help="How many nodes."
)
@click.option(
    "--engine",
    type=click.Choice(["bft", "raft"]),
    default="bft",
    show_default=True,
    help="How nodes agree: bft stands lying members, raft only crashes.",
)
@click.option(
    "--data",
    default="wind",
    show_default=True,
    help="What to play: wind, none, or csv:PATH with PATH.map.yaml beside it.",
)
@click.option(
    "--speed",
    type=Finite(min=0, min_open=True),
    help="Times as fast as it was measured. Default: a record every quarter of a second.",
)
@click.option(
    "--home", type=click.Path(path_type=Path), help="Folder to keep; a temporary one otherwise."
)
@click.option(
    "--port",
    type=click.IntRange(0, 65000),
    default=0,
    show_default=True,
    help="Port of the first node's API and explorer; 0 chooses.",
)
@click.option(
    "--ready-file",
    type=click.Path(path_type=Path),
    help="JSON file to write once all nodes have committed a block.",
)
@click.option(
    "--for", "seconds", type=Finite(min=0), help="Stop so many seconds after the first block."
)
@click.option("--no-open", is_flag=True, help="Do not open the explorer in a browser.")
@click.option("--json", "as_json", is_flag=True, help="JSON Lines instead of the screen.")
def command(*, no_open: bool, **flags: Any) -> int:
    """Run four organisations and a real wind farm on this machine.

    Keys: k kills a node, r restarts it, q quits. Ctrl-C stops everything.

    \b
    Examples:
      veritwin demo
      veritwin demo --for 90 --no-open --json --ready-file ready.json
      veritwin demo --data csv:machine.csv --speed 600
    """
    from node.demo.options import DemoOptions
    from node.demo.play import play

    return play(DemoOptions(opens_browser=not no_open, **flags))
