"""Watches the nodes: what they say, whether they live, and what keys do to them."""

import asyncio
from typing import Final

from node.demo.consortium import Consortium
from node.demo.report import Reporter, Scene
from node.local.processes import NodeProcess

LOOK_SECONDS: Final = 1.0


class Watch:
    """Keeps the scene's view of the nodes, and tells what becomes of each."""

    def __init__(self, consortium: Consortium, scene: Scene, reporter: Reporter) -> None:
        self._consortium = consortium
        self._scene = scene
        self._reporter = reporter
        self._down: set[str] = set()
        self._trouble = ""
        self.has_failure = False

    async def run(self) -> None:
        """Look every second until cancelled."""
        while True:
            await self.look()
            await asyncio.sleep(LOOK_SECONDS)

    async def look(self) -> None:
        """Ask all nodes how they are, and tell what is new."""
        scene = self._scene
        scene.statuses = await self._consortium.statuses()
        scene.explorer = self._consortium.explorer
        for node in self._consortium.nodes:
            if not node.is_running and node.name not in self._down:
                self._tell_end(node)
        trouble = scene.trouble
        if trouble and not self._trouble:
            self._reporter.tell("stalled", f"No progress. {trouble}", reason=trouble)
        elif self._trouble and not trouble:
            self._reporter.tell("resumed", "Blocks are committed again.")
        self._trouble = trouble
        self._tell_status()

    async def kill(self) -> None:
        """Kill the last node that runs."""
        node = await self._consortium.kill_one(self._down.add)
        if node is None:
            self._reporter.tell("nothing_to_kill", "All nodes are down already.")
            return
        self._reporter.tell("node_killed", f"{node.name} was killed.", name=node.name)

    async def restart(self) -> None:
        """Start the first node that is down."""
        node = await self._consortium.restart_one()
        if node is None:
            self._reporter.tell("nothing_to_restart", "All nodes run already.")
            return
        self._down.discard(node.name)
        self._reporter.tell(
            "node_restarted", f"{node.name} was started again.", name=node.name, pid=node.pid
        )

    def _tell_end(self, node: NodeProcess) -> None:
        """Tell that a node ended although no key was pressed."""
        self._down.add(node.name)
        code = node.process.returncode if node.process is not None else None
        if node.has_failed:
            self.has_failure = True
            text = f"{node.name} failed: {node.read_last_words() or f'exit code {code}'}"
        else:
            text = f"{node.name} was stopped from outside."
        self._reporter.tell("node_ended", text, name=node.name, exit_code=code)

    def _tell_status(self) -> None:
        scene, best = self._scene, self._scene.best
        height, rate = best.get("height", 0), best.get("updates_per_second", 0.0)
        up, of = scene.nodes_up, len(scene.statuses)
        orders = f"{scene.open_orders} open order{'' if scene.open_orders == 1 else 's'}"
        self._reporter.tell_status(
            f"{up} of {of} nodes up, height {height}, {rate:.0f} updates/s, {orders}",
            height=height,
            commit_latency_ms=best.get("commit_latency_ms"),
            updates_per_second=rate,
            open_orders=scene.open_orders,
            nodes_up=up,
            reason=scene.trouble or None,
            data_time_ms=scene.data_time_ms,
            readings=scene.readings,
        )
