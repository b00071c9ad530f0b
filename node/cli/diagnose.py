"""`veritwin diagnose`: what is wrong with a network, since when, and what to do."""

import shutil
import textwrap
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import click

from chain.plain_text import show_text
from node.cli.common import DEFAULT_NODE, Finite, run_async
from node.cli.output import CommandFailed, ExitCode, print_json

if TYPE_CHECKING:
    from node.diagnosis.finding import Finding
    from node.diagnosis.observation import Observation

WIDTH_MAX: Final = 100
LABEL_WIDTH: Final = 7
COLOURS: Final = ("red", "red", "yellow")
"""For each severity, the gravest first; a word always stands beside it."""


@click.command(name="diagnose")
@click.option(
    "--node",
    "--nodes",
    "nodes",
    multiple=True,
    envvar="VERITWIN_NODE",
    metavar="URL,...",
    help="Addresses of nodes' APIs, with commas or one by one; http://127.0.0.1:8000 when nothing "
    "else is given.",
)
@click.option(
    "--home",
    "homes",
    multiple=True,
    type=click.Path(path_type=Path, exists=True, file_okay=False),
    help="Folder of a node on this machine: its last fault, its disk, its API. Repeat it for more.",
)
@click.option(
    "--network",
    type=click.Path(path_type=Path, exists=True, file_okay=False),
    help="Folder with the nodes' folders, as `veritwin network new --org` makes it.",
)
@click.option(
    "--timeout",
    "timeout_seconds",
    type=Finite(min=0, max=3600, min_open=True),
    default=3.0,
    show_default=True,
    help="Seconds to wait for an answer.",
)
@click.option("--json", "as_json", is_flag=True, help="JSON instead of text.")
@run_async
async def command(
    nodes: tuple[str, ...],
    homes: tuple[Path, ...],
    network: Path | None,
    timeout_seconds: float,
    as_json: bool,
) -> None:
    """Ask all nodes that can be reached what they see, compare, and say what is wrong.

    Findings are written with the gravest first: what, since when, how one can see it, what to do.
    Exit code 0 when nothing is wrong, 1 with findings, 7 when no node answers.

    \b
    Examples:
      veritwin diagnose --nodes http://a.example:8000,http://b.example:8000
      veritwin diagnose --home node
      veritwin diagnose --network try-out
    """
    from node.diagnosis.homes import find_homes
    from node.diagnosis.looking import look
    from node.diagnosis.rules import find_all

    folders = list(homes)
    for home in homes:
        if not (home / "node.yaml").exists():
            raise click.UsageError(f"There is no node's folder at {home}: it holds no node.yaml.")
    if network is not None:
        found = find_homes(network)
        if not found:
            raise click.UsageError(f"There is no node's folder under {network}.")
        folders += [home for home in found if home not in folders]
    urls = [_with_scheme(url) for text in nodes for url in text.split(",") if url.strip()]
    if not urls and not folders:
        urls = [DEFAULT_NODE]
    seen = await look(urls, folders, timeout_seconds)
    findings = find_all(seen)
    if as_json:
        print_json(_to_json(seen, findings))
    else:
        # It has colours of its own; what nodes said is fit for a terminal already.
        click.echo(_to_text(seen, findings))
    if not seen.sights:
        raise CommandFailed(ExitCode.UNREACHABLE)
    if findings:
        raise CommandFailed(ExitCode.FAILED)


def _with_scheme(url: str) -> str:
    text = url.strip().rstrip("/")
    return text if "://" in text else f"http://{text}"


def _to_json(seen: "Observation", findings: "list[Finding]") -> dict[str, Any]:
    return {
        "healthy": bool(seen.sights) and not findings,
        "asked_ms": seen.asked_ms,
        "nodes": [
            {
                "node": sight.node,
                "organisation": sight.status.organisation,
                "address": sight.address,
                "version": sight.status.version,
                "height": sight.status.height,
                "round": sight.consensus.round,
                "clock_ms": round(sight.clock_ms),
            }
            for sight in seen.sights
        ],
        "silent": [
            {"node": one.node, "address": one.address, "reason": one.reason}
            for one in seen.silences
        ],
        "findings": [
            {
                "code": one.code,
                "name": one.entry.name,
                "severity": one.severity.name.lower(),
                "nodes": list(one.nodes),
                "since_ms": one.since_ms,
                "title": one.entry.title,
                "what": one.what,
                "evidence": list(one.evidence),
                "fix": one.entry.fix,
            }
            for one in findings
        ],
    }


def _to_text(seen: "Observation", findings: "list[Finding]") -> str:
    answered = len(seen.sights)
    asked = answered + len(seen.silences) + len(seen.oddities) + len(_unproven_only(seen))
    if not findings:
        return _describe_health(seen)
    count = "1 finding" if len(findings) == 1 else f"{len(findings)} findings"
    order = "" if len(findings) == 1 else ", the gravest first"
    parts = [f"{answered} of {asked} nodes answer. {count}{order}:"]
    parts += [_describe_finding(seen, finding) for finding in findings]
    parts.append(f"More: veritwin explain {findings[0].code}")
    return "\n\n".join(parts)


def _unproven_only(seen: "Observation") -> set[str]:
    """Name the nodes of which nothing is believed."""
    return {one.node for one in seen.unproven} - {sight.node for sight in seen.sights}


def _describe_health(seen: "Observation") -> str:
    """Say in a line that all is well, with the figures that show it."""
    from node.diagnosis.wording import format_span, join_words

    newest = max(seen.sights, key=lambda sight: sight.status.height)
    now = newest.consensus
    clocks = [sight.clock_ms for sight in seen.sights]
    members = {member.node for member in seen.members}
    followers = [sight.node for sight in seen.sights if sight.node not in members]
    parts = [
        f"{len(seen.sights) - len(followers)} of {len(members)} nodes"
        + (f" and {join_words(followers)}, no member now" if followers else ""),
        f"height {newest.status.height}",
        f"last block {format_span(now.now_ms - (now.committed_ms or now.started_ms))} ago",
        f"{'round' if now.engine == 'bft' else 'term'} {now.round}",
    ]
    if len(clocks) > 1:
        parts.append(f"clocks within {max(1, round(max(clocks) - min(clocks)))} ms")
    parts.append(f"version {newest.status.version}")
    return f"{click.style('Healthy', fg='green')}: {show_text(', '.join(parts))}."


def _describe_finding(seen: "Observation", finding: "Finding") -> str:
    from chain.wording import format_time
    from node.diagnosis.wording import format_span

    width = min(WIDTH_MAX, shutil.get_terminal_size((80, 24)).columns)
    word = click.style(finding.severity.name.lower(), fg=COLOURS[finding.severity], bold=True)
    lines = [f"{finding.code} {word}: {finding.entry.title}"]
    rows = [("what", finding.what)]
    if finding.since_ms is not None:
        span = format_span(seen.asked_ms - finding.since_ms)
        rows.append(("since", f"{format_time(finding.since_ms)}, {span} ago"))
    rows += [("seen" if not index else "", one) for index, one in enumerate(finding.evidence)]
    rows.append(("do", finding.entry.fix))
    for label, text in rows:
        # What stands here comes from nodes; it must not move the cursor.
        lines.append(
            textwrap.fill(
                show_text(text),
                width,
                initial_indent=f"  {label:<{LABEL_WIDTH}}",
                subsequent_indent=" " * (2 + LABEL_WIDTH),
                break_long_words=False,
                break_on_hyphens=False,
            )
        )
    return "\n".join(lines)
