"""The live screen of the demo, drawn with rich to fit the terminal it is on.

From 80 columns and 24 lines on everything has its place; on less, the suggestions go first, then
all but the newest events.
"""

import textwrap
from collections.abc import Iterable
from typing import Any, Final

from rich import box
from rich.console import Console, ConsoleOptions, Group, RenderableType, RenderResult
from rich.panel import Panel
from rich.progress_bar import ProgressBar
from rich.table import Table
from rich.text import Text

from chain.scalars import UnixMillis
from chain.wording import format_time
from node.demo.display import format_clock
from node.demo.report import Message, Scene

FRAME_LINES: Final = 2
FRAME_COLUMNS: Final = 4
MESSAGES_MIN: Final = 3
NODES_MAX: Final = 8
TROUBLE_LINES_MAX: Final = 3
BAR_COLUMNS: Final = 40
BEHIND_SECONDS: Final = 3.0
KEYS: Final = "k kill a node   r restart it   q quit"
START_KEYS: Final = "q quit"
NO_KEYS: Final = "Ctrl-C stops everything"


class Screen:
    """Draws a scene anew for each refresh."""

    def __init__(self, scene: Scene) -> None:
        self._scene = scene

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> RenderResult:
        """Give the frame for a terminal of this size."""
        scene = self._scene
        lines = max(1, console.height - FRAME_LINES)
        body = draw(scene, options.max_width - FRAME_COLUMNS, lines)
        keys = START_KEYS if scene.step else KEYS
        yield Panel(
            Group(*body),
            # Without sides, a line can be copied by clicking on it.
            box=box.HORIZONTALS,
            title=f"[bold]Veritwin demo[/]: consortium {scene.chain_id}".rstrip(": "),
            title_align="left",
            subtitle=f"[bold]{keys if scene.has_keys else NO_KEYS}[/]",
            subtitle_align="left",
            border_style="dim",
            height=min(console.height, lines + FRAME_LINES),
        )


def draw(scene: Scene, width: int, lines: int) -> list[RenderableType]:
    """Draw what stands inside the frame, one element a line, at most about `lines` of them."""
    if scene.step:
        start = _draw_start(scene)
        return [*start, Text(), *_draw_messages(scene.messages, lines - len(start) - 1)]
    top = [*_draw_figures(scene), Text(), *_draw_nodes(scene)]
    trouble = _draw_trouble(scene, width)
    data = _draw_data(scene)
    suggestions = _draw_suggestions(scene)
    middle = [*(trouble or [Text()]), *data, Text()]
    left = lines - len(top) - len(middle) - len(suggestions) - 1
    if left < MESSAGES_MIN:
        middle.pop()
        left += 1
    if left < MESSAGES_MIN - 1:
        left += len(suggestions) + 1
        suggestions = []
    messages = _draw_messages(scene.messages, max(1, left))
    if suggestions:
        # The suggestions stay at the bottom, however few events there are yet.
        suggestions = [Text()] * (left - len(messages) + 1) + suggestions
    return [*top, *middle, *messages, *suggestions]


def _draw_start(scene: Scene) -> list[RenderableType]:
    done = [
        Text("done  ", style="green", no_wrap=True).append(step, style="default")
        for step in scene.steps_done
    ]
    now = Text("now   ", style="dim", no_wrap=True, overflow="ellipsis")
    now.append(scene.step, style="bold not dim").append(f"  {scene.step_detail}")
    bar = ProgressBar(total=1.0, completed=scene.start_share, width=BAR_COLUMNS)
    return [*done, now, Text(), bar]


def _draw_figures(scene: Scene) -> list[RenderableType]:
    best = scene.best
    latency = best.get("commit_latency_ms")
    rates = [float(status["updates_per_second"]) for status in scene.statuses.values() if status]
    figures = (
        ("height", str(best.get("height", "-"))),
        ("latency", f"{latency} ms" if latency is not None else "-"),
        ("updates/s", f"{max(rates, default=0.0):.0f}"),
        ("orders", f"{scene.open_orders} open, {scene.acknowledged} acknowledged"),
    )
    line = Text("   ", no_wrap=True, overflow="ellipsis").join(
        Text(f"{name} ", style="dim").append(value, style="bold not dim") for name, value in figures
    )
    explorer = Text("explorer ", style="dim", no_wrap=True).append(scene.explorer, style="cyan")
    return [line, explorer]


def _draw_nodes(scene: Scene) -> list[RenderableType]:
    table = Table(box=None, padding=(0, 3, 0, 0), pad_edge=False)
    for head in ("node", "state", "height", "peers", "state root"):
        table.add_column(head, header_style="dim", no_wrap=True)
    shown = list(scene.statuses.items())[:NODES_MAX]
    for name, status in shown:
        table.add_row(name, *_describe_node(status))
    more = len(scene.statuses) - len(shown)
    lines = _split(table, len(shown) + 1)
    return [*lines, Text(f"and {more} more", style="dim")] if more else lines


def _split(table: Table, count: int) -> list[RenderableType]:
    """Stand for the lines of a table: itself, and nothing for all lines but the first."""
    return [table, *[Group()] * (count - 1)]


def _describe_node(status: dict[str, Any] | None) -> tuple[Text, str, str, str]:
    if status is None:
        return Text("down", style="bold red"), "-", "-", "-"
    state = Text("ready", style="green") if status["ready"] else Text("waiting", style="yellow")
    connected = sum(1 for peer in status["peers"] if peer["connected"])
    peers = f"{connected} of {len(status['peers'])}"
    return state, str(status["height"]), peers, str(status["state_root"])[:10]


def _draw_trouble(scene: Scene, width: int) -> list[RenderableType]:
    if not scene.trouble:
        return []
    text = scene.trouble
    if scene.has_keys and scene.nodes_up < len(scene.statuses):
        text += " Press r to restart a node."
    lines = textwrap.wrap(f"No progress. {text}", max(20, width), max_lines=TROUBLE_LINES_MAX)
    return [Text(line, style="bold yellow", no_wrap=True) for line in lines]


def _draw_data(scene: Scene) -> list[RenderableType]:
    if not scene.data_name:
        return [Text("No data is played.", style="dim")]
    line = Text(scene.data_name, style="bold", no_wrap=True, overflow="ellipsis")
    line.append(
        f"  {scene.readings} readings in {scene.transactions} transactions", style="not bold"
    )
    if scene.refused:
        line.append(f", {scene.refused} rows refused", style="red")
    if scene.bad_rows:
        line.append(f", {scene.bad_rows} bad rows left out", style="yellow")
    table = Table.grid(padding=(0, 2))
    bar = ProgressBar(total=1.0, completed=scene.data_share, width=BAR_COLUMNS)
    table.add_row(bar, Text(_describe_play(scene), style="dim", no_wrap=True))
    return [line, table]


def _describe_play(scene: Scene) -> str:
    if scene.is_data_finished:
        return "played to its end"
    if scene.data_time_ms is None:
        return ""
    at = format_time(UnixMillis(scene.data_time_ms))[:16].replace("T", " ") + " UTC"
    if scene.behind_s >= BEHIND_SECONDS:
        return f"{at}, {scene.behind_s:.0f} s behind"
    return at


def _draw_messages(messages: Iterable[Message], count: int) -> list[RenderableType]:
    newest = list(messages)[-count:] if count > 0 else []
    return [
        Text(no_wrap=True, overflow="ellipsis")
        .append(f"{format_clock(message)}  ", style="dim")
        .append(message.text)
        for message in newest
    ]


def _draw_suggestions(scene: Scene) -> list[RenderableType]:
    if not scene.suggestions:
        return []
    return [
        Text("Try in another terminal:", style="dim", no_wrap=True),
        *(Text(f"  {line}", no_wrap=True, overflow="ellipsis") for line in scene.suggestions),
    ]
