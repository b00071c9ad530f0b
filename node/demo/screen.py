"""The live screen of the demo, drawn with rich."""

from typing import Any

from rich.console import Group, RenderableType
from rich.panel import Panel
from rich.progress_bar import ProgressBar
from rich.table import Table
from rich.text import Text

from chain.scalars import UnixMillis
from chain.wording import format_time
from node.demo.report import Scene

KEYS = "k kill a node   r restart it   q quit"


def draw(scene: Scene) -> RenderableType:
    """Draw the scene for a terminal of any width."""
    return Panel(
        Group(
            _draw_headline(scene),
            Text(),
            _draw_nodes(scene),
            Text(),
            _draw_data(scene),
            *(Text(message, style="dim", overflow="ellipsis") for message in scene.messages),
            Text(),
            _draw_suggestions(scene),
            Text(KEYS, style="bold"),
        ),
        title=f"Veritwin: consortium {scene.chain_id}",
        title_align="left",
    )


def _draw_headline(scene: Scene) -> RenderableType:
    best = scene.best
    latency = best.get("commit_latency_ms")
    table = Table.grid(padding=(0, 3))
    table.add_row(
        *(Text(name, style="dim") for name in ("height", "commit latency", "updates/s", "orders"))
    )
    rates = [s["updates_per_second"] for s in scene.statuses.values() if s]
    table.add_row(
        Text(str(best.get("height", "-")), style="bold"),
        Text(f"{latency} ms" if latency is not None else "-", style="bold"),
        Text(f"{max(rates, default=0.0):.1f}", style="bold"),
        Text(f"{scene.open_orders} open, {scene.acknowledged} acknowledged", style="bold"),
    )
    return Group(table, Text(f"Explorer  {scene.explorer}", style="cyan"))


def _draw_nodes(scene: Scene) -> RenderableType:
    table = Table(box=None, padding=(0, 2, 0, 0))
    for head in ("node", "state", "height", "peers", "state root"):
        table.add_column(head, header_style="dim", no_wrap=True)
    for name, status in scene.statuses.items():
        table.add_row(name, *_describe_node(status))
    return table


def _describe_node(status: dict[str, Any] | None) -> tuple[Text, str, str, str]:
    if status is None:
        return Text("down", style="red"), "-", "-", "-"
    state = (
        Text("ready", style="green")
        if status["ready"]
        else Text(str(status["reasons"][0]) if status["reasons"] else "not ready", style="yellow")
    )
    connected = sum(1 for peer in status["peers"] if peer["connected"])
    peers = f"{connected} of {len(status['peers'])}"
    return state, str(status["height"]), peers, str(status["state_root"])[:10]


def _draw_data(scene: Scene) -> RenderableType:
    if not scene.data_name:
        return Text("No data is played.", style="dim")
    at = format_time(UnixMillis(scene.data_time_ms)) if scene.data_time_ms is not None else "-"
    line = Text(f"{scene.data_name} at {at[:16].replace('T', ' ')} UTC: ")
    line.append(f"{scene.readings} readings in {scene.sent} signed transactions")
    if scene.refused:
        line.append(f", {scene.refused} refused", style="red")
    if scene.bad_rows:
        line.append(f", {scene.bad_rows} bad rows left out", style="yellow")
    if scene.progress is None:
        return line
    return Group(line, ProgressBar(total=1.0, completed=scene.progress, width=40))


def _draw_suggestions(scene: Scene) -> RenderableType:
    lines = [Text("Try in another terminal:", style="dim")]
    lines.extend(Text(f"  {suggestion}", overflow="fold") for suggestion in scene.suggestions)
    return Group(*lines)
