"""What nodes say they used: CPU by part, memory, bytes on the wire and on disk."""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass

import aiohttp
from prometheus_client.parser import text_string_to_metric_families

_BOTH_WAYS = frozenset({"veritwin_peer_bytes_total", "veritwin_peer_messages_total"})


@dataclass(frozen=True, slots=True)
class Usage:
    """What one node has used since its start: seconds of CPU and bytes; `rss_bytes` is now."""

    cpu_seconds: dict[str, float]
    process_cpu_seconds: float
    rss_bytes: float
    wire_bytes: float
    messages: float
    disk_bytes: float
    readings: float
    outcomes: dict[str, float]


async def read_usage(session: aiohttp.ClientSession, nodes: Sequence[str]) -> list[Usage]:
    """Ask all nodes for their metrics.

    Raises: aiohttp.ClientError: a node does not answer.
    """

    async def ask(node: str) -> Usage:
        async with session.get(f"{node}/metrics") as response:
            response.raise_for_status()
            return parse_usage(await response.text())

    async with asyncio.TaskGroup() as tasks:
        asked = [tasks.create_task(ask(node)) for node in nodes]
    return [task.result() for task in asked]


def parse_usage(text: str) -> Usage:
    """Read what is wanted from a node's metrics; what is not there is 0."""
    cpu: dict[str, float] = {}
    outcomes: dict[str, float] = {}
    sums: dict[str, float] = {}
    for family in text_string_to_metric_families(text):
        for sample in family.samples:
            if sample.name == "veritwin_cpu_seconds_total":
                cpu[sample.labels["part"]] = sample.value
            elif sample.name == "veritwin_transactions_total":
                outcomes[sample.labels["outcome"]] = sample.value
            elif sample.name not in _BOTH_WAYS or sample.labels["direction"] == "out":
                sums[sample.name] = sums.get(sample.name, 0.0) + sample.value
    return Usage(
        cpu,
        sums.get("process_cpu_seconds_total", 0.0),
        sums.get("process_resident_memory_bytes", 0.0),
        sums.get("veritwin_peer_bytes_total", 0.0),
        sums.get("veritwin_peer_messages_total", 0.0),
        sums.get("veritwin_store_size_bytes", 0.0),
        sums.get("veritwin_readings_total", 0.0),
        outcomes,
    )


@dataclass(frozen=True, slots=True)
class Spent:
    """What the nodes of a network spent between two looks, per transaction and node.

    `messages` are those that all nodes together sent to each other.
    """

    cpu_us: dict[str, float]
    wire_bytes: float
    disk_bytes: float
    messages: float


def compare(before: Sequence[Usage], after: Sequence[Usage], transactions: int) -> Spent:
    """Give what was spent per transaction and node; the contract worker is a process of its own
    and not in it.
    """
    share = max(1, transactions) * len(after)
    pairs = list(zip(before, after, strict=True))
    parts = {part for usage in after for part in usage.cpu_seconds}
    cpu_us = {
        part: sum(b.cpu_seconds.get(part, 0.0) - a.cpu_seconds.get(part, 0.0) for a, b in pairs)
        / share
        * 1e6
        for part in sorted(parts)
    }
    whole = sum(b.process_cpu_seconds - a.process_cpu_seconds for a, b in pairs) / share * 1e6
    cpu_us["other"] = max(0.0, whole - sum(cpu_us.values()))
    return Spent(
        cpu_us,
        sum(b.wire_bytes - a.wire_bytes for a, b in pairs) / share,
        sum(b.disk_bytes - a.disk_bytes for a, b in pairs) / share,
        sum(b.messages - a.messages for a, b in pairs),
    )
