"""The demo from beginning to end: found, start, set the stage, play, watch, compare, stop."""

import asyncio
import json
import signal
import sys
import tempfile
import webbrowser
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any, Final

from chain.genesis import compute_genesis_hash
from chain.scalars import TwinId, UnixMillis
from node.client import AsyncClient
from node.clock import now_ms
from node.demo.cast import Cast, gateway_names, make_cast, plan_nodes
from node.demo.consortium import Consortium
from node.demo.gateways import Gateways
from node.demo.keyboard import read_keys
from node.demo.options import DemoOptions
from node.demo.report import Reporter, Scene
from node.demo.speed import choose_speed
from node.demo.stage import set_up
from node.demo.workshop import Workshop
from node.ingest.source import Feed, open_data, start_at

WATCH_SECONDS: Final = 1.0
WIND_START_MS: Final = UnixMillis(1_423_245_600_000)
"""2015-02-06 18:00 UTC: some hours of normal running before a turbine stops in the wind."""
EXIT_OK: Final = 0
EXIT_FAILED: Final = 1


async def play(options: DemoOptions) -> int:
    """Run the demo; give the exit code.

    Raises: ChainError: the data cannot be read or a set-up transaction was refused; StartFailed:
    a node did not come up.
    """
    feed = open_data(options.data)
    if feed is not None and options.is_wind:
        feed = start_at(feed, WIND_START_MS)
    with _folder(options) as folder:
        cast = make_cast(folder, plan_nodes(options.nodes, options.port), feed, now_ms())
        return await Demo(options, cast, feed).run()


class _folder:  # noqa: N801 - used like a function
    """The home that was asked for, or a temporary folder that goes away."""

    def __init__(self, options: DemoOptions) -> None:
        self._home = options.home
        self._temporary: tempfile.TemporaryDirectory[str] | None = None

    def __enter__(self) -> Path:
        if self._home is not None:
            self._home.mkdir(parents=True, exist_ok=True)
            return self._home.resolve()
        self._temporary = tempfile.TemporaryDirectory(prefix="veritwin-demo-")
        return Path(self._temporary.name)

    def __exit__(self, *_: object) -> None:
        if self._temporary is not None:
            self._temporary.cleanup()


class Demo:
    """One run of the demo."""

    def __init__(self, options: DemoOptions, cast: Cast, feed: Feed | None) -> None:
        self._options = options
        self._cast = cast
        self._feed = feed
        self._consortium = Consortium(cast)
        self._scene = Scene(
            chain_id=cast.network.genesis.chain_id,
            folder=str(cast.folder),
            bad_rows=len(feed.errors) if feed else 0,
        )
        self._reporter = Reporter(self._scene, _print_json if options.as_json else None)
        self._stop = asyncio.Event()
        self._gateways: Gateways | None = None

    async def run(self) -> int:
        """Play until time is up, `q` or a signal; give the exit code."""
        loop = asyncio.get_running_loop()
        for number in (signal.SIGINT, signal.SIGTERM):
            loop.add_signal_handler(number, self._stop.set)
        try:
            async with self._showing():
                return await self._run()
        finally:
            await self._consortium.stop()

    async def _run(self) -> int:
        starting = asyncio.TaskGroup()
        async with starting as tasks:
            start = tasks.create_task(self._start())
            stop = tasks.create_task(self._stop.wait())
            await asyncio.wait((start, stop), return_when=asyncio.FIRST_COMPLETED)
            if not start.done():
                start.cancel()
                return EXIT_OK
            stop.cancel()
        async with asyncio.TaskGroup() as tasks:
            working = [
                tasks.create_task(self._play_data()),
                tasks.create_task(self._serve_workshop()),
                tasks.create_task(self._watch()),
                tasks.create_task(self._follow_orders()),
            ]
            try:
                async with asyncio.timeout(self._options.seconds):
                    with read_keys(lambda key: self._on_key(key, tasks)):
                        await self._stop.wait()
            except TimeoutError:
                pass
            for work in working:
                work.cancel()
        return await self._finish()

    async def _start(self) -> None:
        scene = self._scene
        scene.messages.append(f"Starting {len(self._consortium.nodes)} nodes ..")
        await self._consortium.start()
        scene.explorer = self._consortium.explorer + "/"
        ready = self._describe_ready()
        if self._options.ready_file is not None:
            _write_whole(self._options.ready_file, json.dumps(ready, indent=2) + "\n")
        self._reporter.tell("ready", "All nodes have committed the first block.", **ready)
        self._suggest()
        if self._options.opens_browser:
            webbrowser.open(scene.explorer)

    def _describe_ready(self) -> dict[str, Any]:
        genesis = self._cast.network.genesis
        return {
            "chain_id": genesis.chain_id,
            "genesis": compute_genesis_hash(genesis).hex(),
            "genesis_file": str(self._cast.network.genesis_path),
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
        node = f"--node {self._consortium.explorer}"
        twin = "R80790" if self._options.is_wind else "TWIN"
        inspector = self._cast.identities["inspector"].path
        self._scene.suggestions = (
            f"veritwin twins show {twin} {node}",
            f"veritwin actions list {node}",
            f"veritwin attest --twin {twin} --file README.md --identity {inspector} {node}",
            f"veritwin verify README.md.receipt.json --genesis {self._cast.network.genesis_path}",
        )

    async def _play_data(self) -> None:
        administrators = {
            organisation: await self._consortium.client_for(organisation, file.key)
            for organisation, file in self._cast.network.administrators.items()
        }
        await set_up(self._cast, self._feed, administrators, is_wind=self._options.is_wind)
        self._reporter.tell("set_up", "Keys, twins and the contract are on the chain.")
        feed = self._feed
        if feed is None or not feed.records:
            return
        speed = self._options.speed or choose_speed(feed)
        gateways = Gateways(feed, await self._gateway_clients(feed), speed)
        self._gateways = gateways
        self._scene.data_name = "La Haute Borne" if self._options.is_wind else feed.path.name
        first, last = feed.records[0].time_ms, feed.records[-1].time_ms

        def on_time(time_ms: int) -> None:
            self._scene.data_time_ms = time_ms
            self._scene.progress = (time_ms - first) / max(1, last - first)

        await gateways.run(on_time)
        self._reporter.tell("data_finished", "All data has been played; the chain goes on.")

    async def _gateway_clients(self, feed: Feed) -> dict[TwinId, AsyncClient]:
        clients = {}
        for twin, name in gateway_names(feed).items():
            identity = self._cast.identities[name]
            clients[twin] = await self._consortium.client_for(
                identity.organisation, identity.file.key
            )
        return clients

    async def _serve_workshop(self) -> None:
        identity = self._cast.identities["workshop"]
        client = await self._consortium.client_for(identity.organisation, identity.file.key)

        def on_acknowledged(action: dict[str, Any]) -> None:
            self._scene.acknowledged += 1
            self._reporter.tell(
                "order_acknowledged",
                f"{identity.organisation} acknowledged the order for {action['twin']}.",
                id=action["id"],
                twin=action["twin"],
                organisation=identity.organisation,
            )

        await Workshop(client, identity.organisation).run(on_acknowledged)

    async def _follow_orders(self) -> None:
        owner = self._cast.planned[0].organisation
        client = await self._consortium.client_for(owner)
        seen: set[str] = set()
        async for event in client.events(("action",), "1.0"):
            name = str(event.data["id"])
            if event.data["status"] != "open" or name in seen:
                continue
            seen.add(name)
            self._scene.orders += 1
            self._reporter.tell(
                "order_opened",
                f"{event.data['kind'].replace('_', ' ')} for {event.data['twin']}: "
                f"{event.data['title']}",
                id=name,
                kind=event.data["kind"],
                twin=event.data["twin"],
                title=event.data["title"],
            )

    async def _watch(self) -> None:
        while True:
            await self._look()
            await asyncio.sleep(WATCH_SECONDS)

    async def _look(self) -> None:
        scene = self._scene
        scene.statuses = await self._consortium.statuses()
        scene.explorer = self._consortium.explorer + "/"
        scene.open_orders = scene.orders - scene.acknowledged
        if self._gateways is not None:
            counts = self._gateways.counts
            scene.sent, scene.readings = counts.sent, counts.readings
            scene.refused = counts.refused
        if self._options.as_json:
            best = scene.best
            _print_json(
                {
                    "event": "status",
                    "height": best.get("height", 0),
                    "commit_latency_ms": best.get("commit_latency_ms"),
                    "updates_per_second": best.get("updates_per_second", 0.0),
                    "open_orders": scene.open_orders,
                    "nodes_up": sum(1 for status in scene.statuses.values() if status),
                    "data_time_ms": scene.data_time_ms,
                }
            )

    def _on_key(self, key: str, tasks: asyncio.TaskGroup) -> None:
        match key:
            case "q":
                self._stop.set()
            case "k":
                tasks.create_task(self._kill())
            case "r":
                tasks.create_task(self._restart())
            case _:
                pass

    async def _kill(self) -> None:
        node = await self._consortium.kill_one()
        if node is not None:
            self._reporter.tell("node_killed", f"{node.name} was killed.", name=node.name)

    async def _restart(self) -> None:
        node = await self._consortium.restart_one()
        if node is not None:
            self._reporter.tell("node_restarted", f"{node.name} was restarted.", name=node.name)

    async def _finish(self) -> int:
        agreement = await self._consortium.compare_roots()
        scene = self._scene
        counts = self._gateways.counts if self._gateways else None
        summary = {
            "height": agreement.height,
            "state_roots": agreement.roots,
            "state_roots_agree": agreement.holds,
            "orders_opened": scene.orders,
            "orders_acknowledged": scene.acknowledged,
            "transactions_sent": counts.sent if counts else 0,
            "readings_sent": counts.readings if counts else 0,
            "refused": counts.refusals if counts else {},
            "bad_rows": self._feed.count_errors() if self._feed else {},
        }
        verdict = "agree" if agreement.holds else "DISAGREE"
        self._reporter.tell(
            "summary",
            f"{len(agreement.roots)} nodes {verdict} on the state at height {agreement.height}.",
            **summary,
        )
        if not self._options.as_json:
            sys.stdout.write(_describe_end(scene, verdict, agreement.height) + "\n")
        return EXIT_OK if agreement.holds else EXIT_FAILED

    @asynccontextmanager
    async def _showing(self) -> AsyncIterator[None]:
        if self._options.as_json or not sys.stdout.isatty():
            yield
            return
        from rich.live import Live

        from node.demo.screen import draw

        with Live(get_renderable=lambda: draw(self._scene), refresh_per_second=4, screen=False):
            yield


def _describe_end(scene: Scene, verdict: str, height: int) -> str:
    kept = f"\nEverything is kept in {scene.folder}" if Path(scene.folder).exists() else ""
    return (
        f"The nodes {verdict} on the state at height {height}. "
        f"{scene.orders} orders were opened, {scene.acknowledged} acknowledged.{kept}"
    )


def _print_json(value: dict[str, Any]) -> None:
    sys.stdout.write(json.dumps(value) + "\n")
    sys.stdout.flush()


def _write_whole(path: Path, text: str) -> None:
    """Write a file so that a reader sees it whole or not at all."""
    temporary = path.with_name(path.name + ".part")
    temporary.write_text(text, encoding="utf-8")
    temporary.replace(path)
