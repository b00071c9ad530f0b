"""One measurement: prepare, warm up, look, wait, look again."""

import asyncio
import secrets
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Final

import aiohttp
from msgspec.structs import replace as replace_line

from chain.genesis import compute_genesis_hash
from chain.keys import SEED_SIZE, SigningKey
from chain.scalars import Height, UnixMillis
from node.bench.blocks import BlockCount, Window, cut_window
from node.bench.limits import MachineLimits
from node.bench.load import AHEAD_MAX, Load, Signing
from node.bench.network import Measured, restart, set_up
from node.bench.options import BenchOptions, Case
from node.bench.result import (
    BenchLine,
    block_gaps,
    describe_limits,
    percentiles,
    round_spent,
)
from node.bench.sending import Probe, Sender
from node.bench.usage import Usage, compare, read_usage
from node.bench.watching import READS, Readers, Watch, gaps_by_quarter
from node.bench.workloads import Workload
from node.clock import monotonic_seconds, now_ms

PROBE_PAUSE_S: Final = 0.1
PROBES_AHEAD: Final = 2_000
TOPPED_UP_SECONDS: Final = 15.0
"""How far ahead of its rate a run is signed that is too long to be signed whole beforehand."""
PROBE_TWINS: Final = 16
LAST_SECONDS: Final = 60.0
"""How long after the end of a run the last transactions may take."""
MONTH_MS: Final = 30 * 86_400_000
Progress = Callable[[str, float], None]
"""Is told what is being done and how much of it, from 0 to 1."""


@dataclass(slots=True)
class Curve:
    """What a plot shows of one measurement: committed transactions and latencies over time."""

    line: BenchLine
    blocks: list[tuple[float, int]]
    latencies: list[tuple[float, float]]


class Measurement:
    """Measures one workload on a running network."""

    def __init__(
        self,
        options: BenchOptions,
        case: Case,
        measured: Measured,
        limits: MachineLimits,
        progress: Progress,
    ) -> None:
        self._options = options
        self._name = name = case.workload
        self._rate = case.rate
        self._measured = measured
        self._limits = limits
        self._progress = progress
        self._gateway = SigningKey(secrets.token_bytes(SEED_SIZE))
        self._workload = Workload(
            name,
            options.twins,
            UnixMillis(now_ms() - MONTH_MS),
            # Names of twins of another run on the same network must not be met again.
            secrets.token_hex(3),
        )
        # Probes have twins of their own: theirs would be later than the load's and make those late.
        self._probed = replace(
            self._workload, first_twin=options.twins, twins=min(options.twins, PROBE_TWINS)
        )
        self._in_flight = options.in_flight or self._workload.in_flight
        self._count = BlockCount()

    async def run(self) -> Curve:
        """Measure.

        Raises: ChainError: the network refused the preparation; aiohttp.ClientError: a node is
        gone; either may be in a group.
        """
        what = f"{self._name}: setting up {self._options.twins} twins"
        operations = [*self._workload.setup(), *self._probed.setup()]

        def on_progress(done: int) -> None:
            self._progress(what, done / (len(operations) + 1))

        self._progress(what, 0.0)
        await set_up(self._measured, self._gateway, operations, on_progress)
        async with (
            self._measured.client() as client,
            open_session() as session,
            asyncio.TaskGroup() as tasks,
        ):
            following = tasks.create_task(self._count.follow(client))
            signing = self._signing(Height((await client.status()).height))
            probes_ahead = PROBES_AHEAD + int(self._options.seconds / PROBE_PAUSE_S)
            probing = Load(replace(signing, workload=self._probed), probes_ahead)
            with Load(signing, self._ahead()) as load, probing as probes:
                await asyncio.to_thread(self._prepare, load, probes)
                curve = await self._measure(session, load, probes)
            following.cancel()
            return await self._look_again(session, curve)

    # ------------------------------------------------------------------ parts

    def _signing(self, height: Height) -> Signing:
        genesis = self._measured.genesis
        expiry = Height(height + genesis.limits.expiry_window_blocks)
        return Signing(self._workload, compute_genesis_hash(genesis), self._gateway.seed, expiry)

    def _ahead(self) -> int:
        """Give how many transactions to sign before the measurement begins."""
        if self._name == "lone":
            return self._options.history
        options = self._options
        seconds = options.seconds + options.warm_up_seconds
        rate = self._rate or self._limits.signature_checks_per_s / self._measured.validators
        return int(seconds * rate) + options.history + self._in_flight

    def _prepare(self, load: Load, probes: Load) -> None:
        what = f"{self._name}: signing {self._ahead():,} transactions"
        self._progress(what, 0.0)
        probes.prepare(lambda _: None)
        load.prepare(lambda done: self._progress(what, done / max(done, self._ahead())))

    async def _measure(self, session: aiohttp.ClientSession, load: Load, probes: Load) -> Curve:
        options, nodes = self._options, self._measured.nodes
        sender = Sender(
            session, nodes, iter(load), options.per_request or self._workload.per_request
        )
        is_lone = self._name == "lone"
        probe = Probe(session, nodes, iter(probes), 0.0 if is_lone else PROBE_PAUSE_S)
        if options.history:
            self._progress(f"{self._name}: committing a history", 0.0)
            await sender.hand_in_all(options.history, self._in_flight, self._count)
        watch = Watch(session, nodes)
        readers = Readers(session, nodes, self._workload.names(), seed=2)
        async with asyncio.TaskGroup() as tasks:
            beside = [tasks.create_task(watch.run())]
            tasks.create_task(probe.run())
            if not is_lone:
                beside.append(tasks.create_task(readers.read_beside()))
                feeding = (
                    sender.offer(self._rate)
                    if self._rate
                    else sender.keep(self._in_flight, self._count, probe.count)
                )
                tasks.create_task(feeding)
            await self._let_pass(f"{self._name}: warming up", options.warm_up_seconds, load)
            before, begun = await read_usage(session, nodes), monotonic_seconds()
            await self._let_pass(f"{self._name}: measuring", options.seconds, load)
            after, ended = await read_usage(session, nodes), monotonic_seconds()
            for task in beside:
                task.cancel()
            sender.stop()
            probe.stop()
        window = cut_window(self._count.blocks, begun, ended)
        curve = self._conclude(sender, probe, window, (before, after), (begun, ended))
        line = replace_line(
            curve.line,
            lost=await self._count_lost(sender.sent.accepted + probe.count() + probe.pending),
            block_ms_by_quarter=gaps_by_quarter([b.at_s for b in window.blocks], begun, ended),
            rss_slope_mb_per_h=watch.slope_mb_per_h(begun, ended),
            read_under_load_ms=percentiles(readers.took_ms(begun, ended)),
            refused=curve.line.refused | readers.failed,
        )
        return replace(curve, line=line)

    async def _look_again(self, session: aiohttp.ClientSession, curve: Curve) -> Curve:
        """Measure what a network with this history can do besides: proven reads, and a start."""
        self._progress(f"{self._name}: reading twins, and starting a node again", 0.0)
        readers = Readers(session, self._measured.nodes, self._workload.names())
        await readers.read(READS)
        seconds = await restart(self._measured)
        start = None if seconds is None else round(seconds, 2)
        line = replace_line(
            curve.line,
            read_ms=percentiles([latency for _, latency in readers.latencies_ms]),
            start_seconds=start,
        )
        return replace(curve, line=line)

    async def _count_lost(self, taken: int) -> int:
        """Wait until all that nodes took is in blocks; give how much still is not."""
        deadline = monotonic_seconds() + LAST_SECONDS
        while self._count.committed < taken and monotonic_seconds() < deadline:
            await self._count.wait(1.0)
        return max(0, taken - self._count.committed)

    async def _let_pass(self, what: str, seconds: float, load: Load) -> None:
        """Wait, and see to it that a long run never runs out of signed transactions."""
        begun = monotonic_seconds()
        while (passed := monotonic_seconds() - begun) < seconds:
            self._progress(what, passed / seconds)
            if self._rate and self._ahead() > AHEAD_MAX:
                load.top_up(int(self._rate * TOPPED_UP_SECONDS))
            await asyncio.sleep(min(0.25, seconds - passed))

    def _conclude(
        self,
        sender: Sender,
        probe: Probe,
        window: Window,
        looks: tuple[list[Usage], list[Usage]],
        span: tuple[float, float],
    ) -> Curve:
        before, after = looks
        seconds = span[1] - span[0]
        spent = compare(before, after, window.transactions)
        latencies = [pair for pair in probe.latencies_ms if span[0] <= pair[0] <= span[1]]
        limit = self._limits.signature_checks_per_s / self._measured.validators
        line = BenchLine(
            workload=self._name,
            engine=self._options.engine,
            validators=self._measured.validators,
            twins=self._options.twins,
            history=self._options.history,
            offered_per_s=self._rate,
            seconds=round(seconds, 2),
            blocks=len(window.blocks),
            committed_tx_per_s=round(window.per_second, 1),
            readings_per_s=round((after[0].readings - before[0].readings) / seconds, 1),
            latency_ms=percentiles([latency for _, latency in latencies]),
            block_ms=percentiles(block_gaps([block.at_s for block in window.blocks])),
            limit=describe_limits(self._limits),
            ratio_to_limit=round(window.per_second / limit, 4),
            cpu_us_per_tx_per_node=round_spent(spent),
            wire_bytes_per_tx_per_node=round(spent.wire_bytes, 1),
            messages_per_block=round(spent.messages / max(1, len(window.blocks)), 1),
            disk_bytes_per_tx_per_node=round(spent.disk_bytes, 1),
            rss_mb_max=round(max(usage.rss_bytes for usage in after) / 1e6, 1),
            probes=len(latencies),
            refused=sender.sent.refused | probe.failed,
            busy=sender.sent.busy,
            late=sender.sent.late,
        )
        begun = span[0]
        return Curve(
            line,
            [(block.at_s - begun, block.transactions) for block in window.blocks],
            [(at - begun, latency) for at, latency in latencies],
        )


def open_session() -> aiohttp.ClientSession:
    """Open the connections that the load goes over."""
    return aiohttp.ClientSession(
        connector=aiohttp.TCPConnector(limit=0), timeout=aiohttp.ClientTimeout(total=90)
    )
