"""The demo from beginning to end: what stands before the nodes start, and what is said at last."""

import asyncio
import os
from pathlib import Path
from typing import Final

from chain.errors import ChainError, InvalidInput
from chain.scalars import UnixMillis
from node.clock import now_ms
from node.demo.cast import Cast, make_cast, plan_nodes
from node.demo.display import Display, choose_mode
from node.demo.home import open_home, writing
from node.demo.keyboard import has_keys
from node.demo.options import DemoOptions
from node.demo.report import Reporter, Scene
from node.demo.running import RunningDemo
from node.demo.stopping import interruptible
from node.ingest.source import Feed, open_data, start_at

WIND_START_MS: Final = UnixMillis(1_423_285_200_000)
"""2015-02-07 05:00 UTC: six hours of normal running before a turbine stops in the wind."""


def play(options: DemoOptions) -> int:
    """Run the demo; give the exit code.

    Raises: ChainError: the data cannot be read, the folder or a port cannot be used, a node did
    not come up or a set-up transaction was refused; KeyboardInterrupt: Ctrl-C before the nodes
    are started.
    """
    display = Display(choose_mode(as_json=options.as_json))
    scene = Scene(has_keys=has_keys() and not options.as_json)
    reporter = Reporter(scene, now_ms, display.listen)
    reporter.begin("Looking at the data", 0.0)
    with interruptible(), open_home(options.home) as folder:
        with display.showing(scene):
            if options.ready_file is not None:
                _clear(options.ready_file)
            feed = _read(options, reporter)
            cast = _found(options, reporter, folder, feed)
            demo = RunningDemo(options, cast, feed, scene, reporter, display)
            try:
                code = asyncio.run(demo.run())
            except BaseExceptionGroup as group:
                raise find_cause(group) from group
        display.write_end(demo.describe_end())
    if display.failure is not None:
        reason = (display.failure.strerror or str(display.failure)).lower()
        raise InvalidInput("VT-8012", path="standard output", reason=reason)
    return code


def find_cause(group: BaseExceptionGroup[BaseException]) -> BaseException:
    """Give the one failure in a group that can be explained to a user, or the whole group."""
    for kind in (ChainError, OSError):
        found = group.subgroup(kind)
        while found is not None:
            first = found.exceptions[0]
            if not isinstance(first, BaseExceptionGroup):
                return first
            found = first
    return group


def _clear(ready_file: Path) -> None:
    """Remove what an earlier demo left, so that nobody takes it for this one's.

    Raises: InvalidInput: VT-8012, no such file could be written later.
    """
    with writing(ready_file):
        ready_file.unlink(missing_ok=True)
    folder = ready_file.parent
    if not folder.is_dir():
        raise InvalidInput("VT-8012", path=ready_file, reason=f"there is no folder {folder}")
    if not os.access(folder, os.W_OK):
        raise InvalidInput("VT-8012", path=ready_file, reason=f"{folder} is not yours to write to")


def _read(options: DemoOptions, reporter: Reporter) -> Feed | None:
    feed = open_data(options.data)
    if feed is None:
        return None
    if options.is_wind:
        feed = start_at(feed, WIND_START_MS)
    if feed.errors:
        first = feed.errors[0]
        many = f"{len(feed.errors)} bad rows are" if len(feed.errors) > 1 else "1 bad row is"
        reporter.tell(
            "bad_rows",
            f"{many} left out; line {first.line}: {first.sentence} ({first.code})",
            bad_rows=feed.count_errors(),
            first={"line": first.line, "code": first.code, "why": first.sentence},
        )
    return feed


def _found(options: DemoOptions, reporter: Reporter, folder: Path, feed: Feed | None) -> Cast:
    reporter.begin("Making keys, certificates and the genesis block", 0.1)
    planned = plan_nodes(options.nodes, options.port)
    with writing(folder):
        return make_cast(folder, planned, feed, now_ms(), options.engine)
