"""Rules about single nodes: faults, disks, mempools, workers, certificates, versions."""

from collections.abc import Iterator
from statistics import median_high
from typing import Final

from chain.catalogue import CATALOGUE
from chain.scalars import UnixMillis
from chain.wording import format_time
from node.diagnosis.finding import Finding, make_finding
from node.diagnosis.scene import Scene
from node.diagnosis.wording import format_size, format_span

ROOM_TIMES_MIN: Final = 4
"""A disk is nearly full below this many times of what the node must have."""
MEMPOOL_PERCENT_MAX: Final = 90
WORKER_RECENT_MS: Final = 3_600_000
CERTIFICATE_DAYS_MIN: Final = 30
_DAY_MS: Final = 86_400_000


def find_faults(scene: Scene) -> Iterator[Finding]:
    """Tell which nodes stopped by themselves, and which of them are not past it yet."""
    diverged = {one.node for one in scene.observation.differences}
    for home in scene.homes.values():
        alarm = home.alarm
        if alarm is None or home.node in scene.sights or home.node in diverged:
            continue  # Where it runs it tells by itself; where states differ, that is the reason.
        place = "before it began" if alarm.height is None else f"at height {alarm.height}"
        times = "once" if alarm.count == 1 else f"{alarm.count} times"
        yield make_finding(
            "VT-8110",
            [home.node],
            since_ms=UnixMillis(alarm.first_ms),
            evidence=[
                f"{place}, {times}, the last time {_ago(scene, alarm.last_ms)}",
                f"written down in {home.folder}",
            ],
            node=home.node,
            code=alarm.code,
            title=alarm.title,
            why=alarm.why,
        )
    for sight in scene.sights.values():
        fault = sight.machine.fault
        if fault is not None:
            entry = CATALOGUE.get(fault.code)
            yield make_finding(
                "VT-8127",
                [sight.node],
                since_ms=sight.to_local(fault.first_ms),
                evidence=[fault.why, f"it is at height {sight.status.height}"],
                node=sight.node,
                code=fault.code,
                title=fault.code if entry is None else entry.title,
            )


def find_full_disks(scene: Scene) -> Iterator[Finding]:
    """Tell which disks are full or nearly so."""
    rooms = {
        sight.node: (sight.machine.disk_free_bytes, sight.machine.disk_free_bytes_min)
        for sight in scene.sights.values()
    }
    for home in scene.homes.values():
        if home.node not in rooms and home.free_bytes is not None:
            rooms[home.node] = (home.free_bytes, home.free_bytes_min)
    for node, (free, least) in rooms.items():
        if free < ROOM_TIMES_MIN * least:
            code = "VT-8118" if free < least else "VT-8122"
            yield make_finding(
                code, [node], node=node, free=format_size(free), least=format_size(least)
            )


def find_full_mempools(scene: Scene) -> Iterator[Finding]:
    """Tell which nodes hold nearly as many waiting transactions as they may."""
    for sight in scene.sights.values():
        now = sight.machine
        by_count = 100 * now.mempool_transactions // max(1, now.mempool_transactions_max)
        by_size = 100 * now.mempool_bytes // max(1, now.mempool_bytes_max)
        if max(by_count, by_size) < MEMPOOL_PERCENT_MAX:
            continue
        limit = str(now.mempool_transactions_max)
        if by_size > by_count:
            limit = format_size(now.mempool_bytes_max)
        yield make_finding(
            "VT-8119",
            [sight.node],
            evidence=[f"{max(by_count, by_size)} % of its room is taken"],
            node=sight.node,
            transactions=now.mempool_transactions,
            size=format_size(now.mempool_bytes),
            limit=limit,
        )


def find_restarted_workers(scene: Scene) -> Iterator[Finding]:
    """Tell where contract workers died of late."""
    for sight in scene.sights.values():
        now = sight.machine
        last_ms = now.worker_restarted_ms
        if last_ms is not None and now.now_ms - last_ms < WORKER_RECENT_MS:
            yield make_finding(
                "VT-8125",
                [sight.node],
                evidence=[
                    f"the last time {format_span(now.now_ms - last_ms)} ago",
                    f"transactions that it could not execute: {now.transactions_set_aside}",
                ],
                node=sight.node,
                count=now.worker_restarts,
            )


def find_ending_certificates(scene: Scene) -> Iterator[Finding]:
    """Tell which TLS certificates end soon or have ended, each once."""
    said: dict[str, list[int]] = {}
    for sight in scene.sights.values():
        for one in sight.machine.certificates:
            said.setdefault(one.name, []).append(one.expires_ms)
        for seen in sight.consensus.validators:
            if seen.certificate_expires_ms is not None:
                said.setdefault(f"node {seen.node}", []).append(seen.certificate_expires_ms)
    # Of several nodes that tell of one certificate, one may be wrong.
    ends = {name: median_high(times) for name, times in said.items()}
    for home in scene.homes.values():
        ends |= {one.name: one.expires_ms for one in home.certificates}
    for name, expires_ms in ends.items():
        left_ms = expires_ms - scene.now_ms
        nodes = [name.removeprefix("node ")] if name.startswith("node ") else []
        ended = format_time(UnixMillis(expires_ms))
        if left_ms <= 0:
            yield make_finding("VT-8120", nodes, since_ms=UnixMillis(expires_ms), name=name)
        elif left_ms < CERTIFICATE_DAYS_MIN * _DAY_MS:
            days, evidence = left_ms // _DAY_MS, [f"it ends {ended}"]
            yield make_finding("VT-8123", nodes, evidence=evidence, name=name, days=days)


def find_versions(scene: Scene) -> Iterator[Finding]:
    """Tell when not all nodes run one version."""
    by_version: dict[str, list[str]] = {}
    for sight in scene.sights.values():
        by_version.setdefault(sight.status.version, []).append(sight.node)
    if len(by_version) > 1:
        yield make_finding(
            "VT-8124",
            [node for nodes in by_version.values() for node in nodes],
            evidence=[f"{version}: {', '.join(nodes)}" for version, nodes in by_version.items()],
            versions=" and ".join(sorted(by_version)),
        )


def find_strangers(scene: Scene) -> Iterator[Finding]:
    """Tell which nodes run another chain, and which are no members of this one."""
    for sight in scene.observation.sights:
        theirs = sight.status.genesis
        if theirs != scene.chain:
            ours = scene.chain[:16]
            yield make_finding(
                "VT-8101", [sight.node], node=sight.node, theirs=theirs[:16], ours=ours
            )
    newest = max((sight.status.height for sight in scene.sights.values()), default=0)
    for node in scene.outsiders:
        yield make_finding("VT-8129", [node], node=node, height=newest)


def find_unproven(scene: Scene) -> Iterator[Finding]:
    """Tell which nodes show blocks that nobody decided, or answers that cannot be."""
    for one in scene.observation.unproven:
        yield make_finding(
            "VT-8140",
            [one.node],
            evidence=[one.reason],
            node=one.node,
            address=one.address,
            height=one.height,
        )
    for odd in scene.observation.oddities:
        nodes = [] if odd.node is None else [odd.node]
        yield make_finding("VT-8128", nodes, address=odd.address, reason=odd.reason)


def find_unready(scene: Scene) -> Iterator[Finding]:
    """Tell what nodes say against themselves; asked last, when no rule found a reason."""
    for sight in scene.sights.values():
        for reason in sight.status.reasons[:1]:
            yield make_finding(
                "VT-8126",
                [sight.node],
                evidence=sight.status.reasons[1:],
                node=sight.node,
                organisation=sight.status.organisation,
                reason=reason,
            )


def _ago(scene: Scene, time_ms: int) -> str:
    return f"{format_span(scene.now_ms - time_ms)} ago"
