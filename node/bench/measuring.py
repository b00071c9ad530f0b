"""One measurement: prepare, warm up, look, wait, look again."""

import asyncio
import secrets
from collections import Counter
from collections.abc import Callable
from contextlib import closing
from dataclasses import dataclass, replace
from functools import partial
from typing import Final

import aiohttp
from msgspec.structs import replace as replace_line

from chain.genesis import compute_genesis_hash
from chain.keys import SEED_SIZE, SigningKey
from chain.scalars import Height, UnixMillis
from node.bench.blocks import BlockCount, Window, cut_window
from node.bench.history import History, earlier_updates, settle
from node.bench.limits import MachineLimits
from node.bench.load import Signing
from node.bench.network import Measured, restart, set_up
from node.bench.options import BenchOptions, Case
from node.bench.result import (
    BenchLine,
    block_gaps,
    describe_limits,
    percentiles,
    round_spent,
)
from node.bench.sending import Probe, Sender, Sent
from node.bench.supply import (
    ALONG_SECONDS,
    PACE_SECONDS,
    PROBE_PAUSE_S,
    Demand,
    Supply,
    good_expiries,
)
from node.bench.usage import Usage, compare, read_usage
from node.bench.watching import READS, Readers, Watch, gaps_by_quarter
from node.bench.workloads import Workload
from node.clock import monotonic_seconds, now_ms

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
        self._demand = Demand(
            options.seconds + options.warm_up_seconds,
            case.rate,
            limits.signature_checks_per_s / measured.validators,
            self._in_flight,
            name == "lone",
        )
        self._count = BlockCount()
        self._begun_at = Height(0)
        self._taken = 0
        """Transactions that nodes took for the history."""

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
            self._begun_at = Height((await client.status()).height)
            if self._options.history:
                await self._commit_history(session)
            with closing(self._make_supply()) as supply:
                await asyncio.to_thread(supply.prepare, self._say_signed)
                if self._options.history:
                    tell = partial(self._progress, f"{self._name}: letting the databases merge")
                    await settle(session, self._measured.nodes, tell)
                curve = await self._measure(session, supply)
            following.cancel()
            return await self._look_again(session, curve)

    # ------------------------------------------------------------------ parts

    def _make_supply(self) -> Supply:
        workloads = self._workload, self._probed
        genesis = self._measured.genesis
        return Supply(self._demand, genesis, self._gateway.seed, workloads, self._height)

    def _say_signed(self, count: int, share: float) -> None:
        self._progress(f"{self._name}: signing {count:,} transactions", share)

    async def _keep_pace(self, sender: Sender, single: Sender, supply: Supply) -> None:
        """See how fast blocks come at the rate of a long run, and sign it to that measure.

        Args: single: hands in as often as probes are made, which have blocks of their own.
        """
        rate = self._demand.paced_rate
        if rate is None:
            return
        begun, before = monotonic_seconds(), len(self._count.blocks)
        async with asyncio.TaskGroup() as tasks:
            tasks.create_task(single.offer_for(1 / PROBE_PAUSE_S, PACE_SECONDS))
            tasks.create_task(sender.offer_for(rate, PACE_SECONDS))
            await self._let_pass(f"{self._name}: finding the pace of blocks", PACE_SECONDS, supply)
        blocks = len(self._count.blocks) - before
        supply.follow(blocks / (monotonic_seconds() - begun), self._height)
        await asyncio.to_thread(supply.prepare, self._say_signed)

    @property
    def _height(self) -> Height:
        """The newest block that was heard of."""
        return Height(self._count.blocks[-1].height) if self._count.blocks else self._begun_at

    async def _commit_history(self, session: aiohttp.ClientSession) -> None:
        """Let the chain have its history."""
        options, genesis = self._options, self._measured.genesis
        workload = earlier_updates(self._workload)

        def expiries() -> range:
            return good_expiries(genesis, self._height)

        history = History(
            options.history,
            Signing(
                workload,
                compute_genesis_hash(genesis),
                self._gateway.seed,
                Height(expiries()[-1]),
            ),
            options.in_flight or workload.in_flight,
            options.per_request or workload.per_request,
            int(ALONG_SECONDS * self._demand.rate_max),
        )
        tell = partial(self._progress, f"{self._name}: committing a history")
        self._taken = await history.commit(
            session, self._measured.nodes, self._count, expiries, tell
        )

    async def _measure(self, session: aiohttp.ClientSession, supply: Supply) -> Curve:
        options, nodes = self._options, self._measured.nodes
        per_request = options.per_request or self._workload.per_request
        if self._rate is None:
            per_request = min(per_request, self._in_flight)
        sender = Sender(session, nodes, iter(supply.load), per_request)
        single = Sender(session, nodes, iter(supply.probes), 1)
        await self._keep_pace(sender, single, supply)
        # What was taken is in blocks, which are counted from the start; the rest is not of the run.
        sender.sent = Sent(accepted=sender.sent.accepted)
        is_lone = self._name == "lone"
        probe = Probe(session, nodes, iter(supply.probes), 0.0 if is_lone else PROBE_PAUSE_S)
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
            await self._let_pass(f"{self._name}: warming up", options.warm_up_seconds, supply)
            before, begun = await read_usage(session, nodes), monotonic_seconds()
            await self._let_pass(f"{self._name}: measuring", options.seconds, supply)
            after, ended = await read_usage(session, nodes), monotonic_seconds()
            for task in beside:
                task.cancel()
            sender.stop()
            probe.stop()
        window = cut_window(self._count.blocks, begun, ended)
        curve = self._conclude(sender, probe, window, (before, after), (begun, ended))
        line = replace_line(
            curve.line,
            lost=await self._count_lost(
                self._taken
                + sender.sent.accepted
                + single.sent.accepted
                + probe.count()
                + probe.pending
            ),
            block_ms_by_quarter=gaps_by_quarter([b.at_s for b in window.blocks], begun, ended),
            rss_slope_mb_per_h=watch.slope_mb_per_h(begun, ended),
            read_under_load_ms=percentiles(readers.took_ms(begun, ended)),
            refused=dict(Counter(curve.line.refused) + Counter(readers.failed)),
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

    async def _let_pass(self, what: str, seconds: float, supply: Supply) -> None:
        """Wait, and see to it that what is signed does not run out, and will not be refused."""
        begun = monotonic_seconds()
        while (passed := monotonic_seconds() - begun) < seconds:
            self._progress(what, passed / seconds)
            supply.top_up(self._height)
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
            refused=dict(Counter(sender.sent.refused) + Counter(probe.failed)),
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
