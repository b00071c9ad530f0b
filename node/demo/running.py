"""A demo whose nodes run: it starts them, sets the stage, plays, watches, and stops them."""

import asyncio
import json
from collections.abc import Coroutine
from typing import Any, Final

from chain.genesis import compute_genesis_hash
from chain.scalars import TwinId
from node.client import AsyncClient
from node.demo.browser import open_browser
from node.demo.cast import Cast, gateway_names
from node.demo.consortium import COMPARE_SECONDS, Agreement, Consortium
from node.demo.display import Display
from node.demo.gateways import Counts, Gateways
from node.demo.home import write_whole
from node.demo.keyboard import read_keys
from node.demo.options import DemoOptions
from node.demo.orders import Orders
from node.demo.report import Reporter, Scene
from node.demo.speed import choose_speed
from node.demo.stage import agree_on_contract, contract_proposal, set_up, setup_operations
from node.demo.stopping import EXIT_FAILED, Stop
from node.demo.suggestions import suggest, write_environment
from node.demo.watch import Watch
from node.demo.workshop import Workshop
from node.ingest.source import Feed

ARRIVE_SECONDS: Final = 3.0
URGENT_SECONDS: Final = 0.6
"""How long readings on their way may take to arrive at the end, and nodes to compare; shorter when
somebody waits, or when there is no hope.
"""
COUNT_SECONDS: Final = 0.25
KEYS_WAITING_MAX: Final = 8
WIND_TWIN: Final = TwinId("R80790")


class RunningDemo:
    """One run of the demo, from the start of the nodes to their end."""

    def __init__(
        self,
        options: DemoOptions,
        cast: Cast,
        feed: Feed | None,
        scene: Scene,
        reporter: Reporter,
        display: Display,
    ) -> None:
        self._options = options
        self._cast = cast
        self._feed = feed
        self._scene = scene
        self._reporter = reporter
        self._display = display
        self._consortium = Consortium(cast)
        self._watch = Watch(self._consortium, scene, reporter)
        self._stop = Stop()
        self._keys: asyncio.Queue[str] = asyncio.Queue(KEYS_WAITING_MAX)
        self._gateways: Gateways | None = None
        self._agreement: Agreement | None = None
        scene.chain_id = cast.network.genesis.chain_id
        scene.bad_rows = len(feed.errors) if feed else 0

    async def run(self) -> int:
        """Play until time is up, `q` or a signal; give the exit code.

        Raises: ChainError: a node did not come up, or the set-up was refused; it may be in a group.
        """
        self._stop.listen(self._display.close_output)
        self._display.on_broken = self._stop.ask
        try:
            with read_keys(self._on_key):
                if not await self._until_stopped(self._start()):
                    return self._stop.exit_code
                await self._play()
            return await self._compare()
        finally:
            await self._consortium.stop()

    def describe_end(self) -> list[str]:
        """Say what became of it all, in lines for people."""
        agreement = self._agreement
        if agreement is None:
            return ["Stopped before the first block."]
        scene, counts = self._scene, self._counts
        lines = [
            agreement.describe(),
            f"{count(counts.readings, 'reading')} in {count(counts.transactions, 'transaction')}; "
            f"{count(scene.orders, 'order')} opened, {scene.acknowledged} acknowledged.",
        ]
        if counts.unsettled:
            lines.append(f"On their way at the end: {count(counts.unsettled, 'reading')}.")
        for what, codes in (("refused", counts.refusals), ("left out", self._bad_rows)):
            if codes:
                listed = ", ".join(f"{code} {number}" for code, number in codes.items())
                first = next(iter(codes))
                rows = count(sum(codes.values()), "row")
                lines.append(f"{rows} {what}: {listed}; more: veritwin explain {first}")
        if self._options.home is not None:
            lines.append(f"Everything is kept in {self._cast.folder}")
        return lines

    # The start

    async def _start(self) -> None:
        reporter, nodes = self._reporter, self._consortium.nodes
        step = f"Starting {count(len(nodes), 'node')} and waiting for the first block"

        def on_progress(up: int, ready: int) -> None:
            detail = f"{up} up" if ready == 0 else f"{ready} ready"
            share = 0.2 + 0.3 * (up + ready) / len(nodes)
            reporter.begin(step, share, f"{detail} of {len(nodes)}")

        on_progress(0, 0)
        await self._consortium.start(on_progress)
        self._scene.statuses = await self._consortium.statuses()
        self._scene.explorer = self._consortium.explorer
        ready = self._describe_ready()
        if self._options.ready_file is not None:
            write_whole(self._options.ready_file, json.dumps(ready, indent=2) + "\n")
        self._suggest()
        self._reporter.tell(
            "ready", f"The first block is decided. Explorer: {self._scene.explorer}", **ready
        )
        if self._options.opens_browser:
            open_browser(self._scene.explorer)

    def _describe_ready(self) -> dict[str, Any]:
        network = self._cast.network
        return {
            "chain_id": network.genesis.chain_id,
            "genesis": compute_genesis_hash(network.genesis).hex(),
            "genesis_file": str(network.genesis_path),
            "nodes": [
                {
                    "name": node.name,
                    "org": node.organisation,
                    "api": node.api,
                    "pid": node.pid,
                    "home": str(node.home),
                }
                for node in self._consortium.nodes
            ],
            "explorer": self._scene.explorer,
            "identities": {
                name: str(identity.path) for name, identity in self._cast.identities.items()
            },
        }

    def _suggest(self) -> None:
        environment = write_environment(
            self._cast.folder,
            [node.api for node in self._consortium.nodes],
            self._cast.network.genesis_path,
            self._cast.identities["inspector"].path,
        )
        first = self._feed.records[0].twin if self._feed and self._feed.records else None
        self._scene.suggestions = suggest(
            environment, WIND_TWIN if self._options.is_wind else first
        )

    # The play

    async def _play(self) -> None:
        async with asyncio.TaskGroup() as tasks:
            data = tasks.create_task(self._play_data())
            working = [
                data,
                tasks.create_task(self._serve_workshop()),
                tasks.create_task(self._follow_orders()),
                tasks.create_task(self._watch.run()),
                tasks.create_task(self._serve_keys()),
                tasks.create_task(self._keep_counts()),
            ]
            try:
                async with asyncio.timeout(self._options.seconds):
                    await self._stop.wait()
            except TimeoutError:
                self._stop.ask()
            if self._gateways is not None:
                self._gateways.close()
                seconds = URGENT_SECONDS if self._scene.trouble else ARRIVE_SECONDS
                await asyncio.wait((data,), timeout=self._grace(seconds))
            for task in working:
                task.cancel()

    async def _play_data(self) -> None:
        reporter, scene = self._reporter, self._scene
        step = "Registering keys, twins and contract"
        reporter.begin(step, 0.8)
        administrators = {
            organisation: await self._consortium.client_for(organisation, file.key)
            for organisation, file in self._cast.network.administrators.items()
        }
        await set_up(
            setup_operations(self._cast, self._feed, is_wind=self._options.is_wind),
            administrators,
            lambda share: reporter.begin(step, 0.8 + 0.2 * share),
            self._on_obstacle,
        )
        if self._options.is_wind:
            owner = self._cast.planned[0].organisation
            proposal = contract_proposal(self._cast)
            await agree_on_contract(proposal, owner, administrators, self._on_obstacle)
        reporter.end_start()
        feed = self._feed
        what = "Keys, twins and the contract" if self._options.is_wind else "Keys and twins"
        reporter.tell("set_up", f"{what if feed else 'Keys'} are on the chain.")
        if feed is None or not feed.records or self._stop.is_asked:
            return
        speed = self._options.speed or choose_speed(feed)
        self._gateways = Gateways(feed, await self._gateway_clients(feed), speed, self._on_obstacle)
        scene.data_name = "La Haute Borne" if self._options.is_wind else feed.path.name
        first, last = feed.records[0].time_ms, feed.records[-1].time_ms

        def on_time(time_ms: int) -> None:
            scene.data_time_ms = time_ms
            scene.data_share = (time_ms - first) / max(1, last - first)

        if await self._gateways.run(on_time):
            scene.is_data_finished, scene.data_share = True, 1.0
            reporter.tell("data_finished", "All data has been played; the chain goes on.")

    def _on_obstacle(self, why: str) -> None:
        self._scene.obstacle = why

    async def _gateway_clients(self, feed: Feed) -> dict[TwinId, AsyncClient]:
        clients = {}
        for twin, name in gateway_names(feed).items():
            identity = self._cast.identities[name]
            clients[twin] = await self._consortium.client_for(
                identity.organisation, identity.file.key
            )
        return clients

    async def _keep_counts(self) -> None:
        while True:
            self._take_counts()
            await asyncio.sleep(COUNT_SECONDS)

    def _take_counts(self) -> None:
        """Set the scene's counts to what the gateways have counted."""
        if self._gateways is None:
            return
        scene, counts = self._scene, self._gateways.counts
        scene.transactions, scene.readings = counts.transactions, counts.readings
        scene.refused = sum(counts.refusals.values())
        scene.behind_s = self._gateways.behind_s

    async def _serve_workshop(self) -> None:
        identity = self._cast.identities["workshop"]
        client = await self._consortium.client_for(identity.organisation, identity.file.key)
        await Workshop(client, identity.organisation).run()

    async def _follow_orders(self) -> None:
        identity = self._cast.identities["workshop"]
        client = await self._consortium.client_for(identity.organisation, identity.file.key)
        await Orders(client, self._scene, self._reporter).run()

    # Keys and the end

    def _on_key(self, key: str) -> None:
        if key == "q":
            self._stop.ask()
        elif key in "kr" and not self._scene.step and not self._keys.full():
            self._keys.put_nowait(key)

    async def _serve_keys(self) -> None:
        # One after the other: a node must not be started twice because r was pressed twice.
        while True:
            key = await self._keys.get()
            await (self._watch.kill() if key == "k" else self._watch.restart())
            await self._watch.look()

    async def _compare(self) -> int:
        agreement = await self._consortium.compare_roots(self._grace(COMPARE_SECONDS))
        self._agreement = agreement
        self._take_counts()
        scene, counts = self._scene, self._counts
        self._reporter.tell(
            "summary",
            agreement.describe(),
            height=agreement.height,
            state_roots=agreement.roots,
            state_roots_agree=agreement.holds,
            orders_opened=scene.orders,
            orders_acknowledged=scene.acknowledged,
            transactions_sent=counts.transactions,
            readings_sent=counts.readings,
            readings_unsettled=counts.unsettled,
            refused=counts.refusals,
            bad_rows=self._bad_rows,
        )
        if agreement.holds is False or self._watch.has_failure:
            return EXIT_FAILED
        return self._stop.exit_code

    @property
    def _counts(self) -> Counts:
        return self._gateways.counts if self._gateways is not None else Counts()

    @property
    def _bad_rows(self) -> dict[str, int]:
        return self._feed.count_errors() if self._feed is not None else {}

    def _grace(self, seconds: float) -> float:
        """Give how long something may take at the end."""
        return URGENT_SECONDS if self._stop.is_urgent else seconds

    async def _until_stopped(self, work: Coroutine[Any, Any, None]) -> bool:
        """Do some work, unless somebody asks to stop; say whether it was done.

        Raises: what the work raises.
        """
        async with asyncio.TaskGroup() as tasks:
            working = tasks.create_task(work)
            stopping = tasks.create_task(self._stop.wait())
            await asyncio.wait((working, stopping), return_when=asyncio.FIRST_COMPLETED)
            is_done = working.done()
            working.cancel()
            stopping.cancel()
        return is_done


def count(number: int, thing: str) -> str:
    """Write a number of things: 1 order, 2 orders."""
    return f"{number} {thing}{'' if number == 1 else 's'}"
