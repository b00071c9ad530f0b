"""The contract worker is killed a hundred times: no root changes, nothing is lost.

One death in a run is the node's own affair: it starts another worker and runs the same again. Two
for the same run set its transaction aside (`tests/unit/node/replica/test_aside.py`), so kills are
spaced such that no run meets two of them.
"""

import asyncio
import os
import signal
import threading
from collections import Counter
from pathlib import Path
from random import Random
from typing import Any, Final, Literal, get_args

import pytest

from contracts.executor import Execution, Executor, Host, Invocation
from contracts.inprocess import InProcessExecutor
from contracts.sandbox import SandboxExecutor
from tests.e2e.network import Network, NodeProcess, veritwin
from tests.e2e.running import say, under_load, until
from tests.unit.node.contract_chain import install
from tests.unit.node.standard_chain import StandardChain, build_standard_chain

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(300)]
KILLS: Final = 100
SEED: Final = int(os.environ.get("SEED", "1"))
ROUNDS_MAX: Final = 100
COMPUTING_SECONDS: Final = 0.002
"""About what a run takes."""
QUESTIONS: Final = frozenset(
    ("source", "get", "range", "twin", "open_action", "history", "attestations", "begin_call")
)

WATCHED: Final = ("machine", "cold-box", "bridge-girder", "turbofan")
ORDERS: Final = '''"""Asks for something whenever it is woken, and reads on after that."""

from contracts.author import Map, Update, ctx, on_update

opened = Map(int)


def ask(update: Update) -> None:
    for name in ("first", "second"):
        order = ctx.open_action(
            kind="look",
            twin=update.twin,
            key=f"{name}-{update.readings[0].time_ms}",
            title=name,
            addressee="inspector",
        )
        opened[name] = opened.get(name, 0) + (0 if order is None else 1)
''' + "".join(
    f"""

@on_update(model="{model}", properties=["temperature", "strain", "t50"])
def watch_{number}(update: Update) -> None:
    ask(update)
"""
    for number, model in enumerate(WATCHED)
)

Moment = Literal["before", "asked", "answered", "computing", "after"]
"""Before a run, when it has asked something, when its answer is made, at some time, after it."""


class KilledExecutor:
    """A node's worker that is killed at moments drawn from a seed, never twice for one run."""

    def __init__(self, random: Random) -> None:
        self.worker = SandboxExecutor()
        self.moments: Counter[Moment] = Counter()
        self._random = random

    @property
    def restarts(self) -> int:
        """How many deaths were noticed."""
        return self.worker.restarts

    @property
    def kills(self) -> int:
        """How many there were."""
        return self.moments.total()

    def execute(self, invocation: Invocation, host: Host) -> Execution:
        """Run one handler to its end, over the worker's dead body if need be."""
        # A death that was not noticed yet is the next run's, which then has to live.
        if self.kills == KILLS or self.restarts < self.kills or self._random.random() < 0.4:
            return self.worker.execute(invocation, host)
        moment: Moment = self._random.choice(get_args(Moment))
        if moment == "before":
            self.kill(moment)
            return self.worker.execute(invocation, host)
        if moment == "computing":
            return self._kill_while(invocation, host)
        watched: Any = WatchedHost(host, self, moment, self._random.randint(1, 4))
        execution = self.worker.execute(invocation, watched)
        if not watched.has_killed:
            self.kill("after")
        return execution

    def _kill_while(self, invocation: Invocation, host: Host) -> Execution:
        """Run one handler; the kill may come too late for it."""
        has_ended = threading.Event()
        timer = threading.Timer(
            self._random.uniform(0, COMPUTING_SECONDS),
            lambda: self.kill("after" if has_ended.is_set() else "computing"),
        )
        timer.start()
        execution = self.worker.execute(invocation, host)
        has_ended.set()
        timer.join()
        return execution

    def kill(self, moment: Moment) -> None:
        """Kill the worker."""
        assert self.worker.process_id is not None
        os.kill(self.worker.process_id, signal.SIGKILL)
        self.moments[moment] += 1

    def fences(self) -> tuple[str, ...]:
        """Say which fences are up."""
        return self.worker.fences()

    def close(self) -> None:
        """Stop the worker."""
        self.worker.close()


class WatchedHost:
    """A host that has the worker killed at one of its questions, once."""

    def __init__(self, host: Host, executor: KilledExecutor, moment: Moment, number: int) -> None:
        self._host = host
        self._executor = executor
        self._moment: Moment = moment
        self._left = number if moment != "after" else 0
        self.has_killed = False

    def __getattr__(self, name: str) -> Any:
        method = getattr(self._host, name)
        return self._watch(method) if name in QUESTIONS else method

    def _watch(self, method: Any) -> Any:
        def ask(*arguments: Any) -> Any:
            self._left -= 1
            if self._left == 0 and self._moment == "asked":
                self._kill()
            answer = method(*arguments)
            if self._left == 0 and self._moment == "answered":
                self._kill()
            return answer

        return ask

    def _kill(self) -> None:
        self.has_killed = True
        self._executor.kill(self._moment)


def build_chain(executor: Executor) -> StandardChain:
    chain = build_standard_chain(executor)
    install(chain, ORDERS, 0, "orders")
    return chain


def test_a_hundred_deaths_change_no_root_and_no_receipt() -> None:
    executor = KilledExecutor(Random(SEED))
    try:
        killed = build_chain(executor)
        rounds = 0
        while executor.restarts < KILLS:
            assert rounds < ROUNDS_MAX, f"only {executor.kills} kills hit"
            killed.measure_again(days=2 + rounds)
            rounds += 1
    finally:
        executor.close()
    say(f"{rounds} rounds, kills: {dict(executor.moments)}")
    assert executor.kills == executor.restarts == KILLS
    assert set(executor.moments) == set(get_args(Moment))
    calm = build_chain(InProcessExecutor())
    for number in range(rounds):
        calm.measure_again(days=2 + number)
    for one, other in zip(killed.blocks, calm.blocks, strict=True):
        assert one.header == other.header
        assert one.receipts == other.receipts
        assert all(receipt.is_ok for receipt in one.receipts)


def find_worker(node: NodeProcess) -> int:
    """Give the process id of a node's contract worker; 0 while it has none that lives."""
    assert node.process is not None
    for task in Path(f"/proc/{node.process.pid}/task").iterdir():
        for child in (task / "children").read_text().split():
            try:
                command = Path(f"/proc/{child}/cmdline").read_bytes()
            except OSError:
                continue
            if b"contracts.sandbox.worker" in command:  # One that has died has no words any more.
                return int(child)
    return 0


async def await_worker(node: NodeProcess, last: int) -> int:
    """Wait for a worker after the last one, and until it has ended the run that it began with."""
    worker = await until(lambda: found if (found := find_worker(node)) != last else 0)
    height = node.height
    await until(lambda: node.height > height)
    return worker


async def kill_workers(node: NodeProcess, random: Random, count: int) -> None:
    """Kill a node's worker again and again, never twice for one run."""
    worker = 0
    for _ in range(count):
        worker = await await_worker(node, worker)
        await asyncio.sleep(random.uniform(0, 0.2))
        os.kill(worker, signal.SIGKILL)
    await await_worker(node, worker)


async def kill_under_load(network: Network, folder: Path) -> None:
    """Kill the workers of all nodes at once while clients call contracts, and judge the run."""
    count = KILLS // len(network.nodes)
    async with under_load(network, folder, SEED) as workload:
        async with asyncio.TaskGroup() as tasks:
            for node in network.nodes:
                tasks.create_task(kill_workers(node, Random(f"{SEED}/{node.name}"), count))
        operations = len(workload.attempts)
    say(f"{count * len(network.nodes)} workers killed over {operations} operations")


def test_a_hundred_deaths_under_load_break_no_promise(network: Network, tmp_path: Path) -> None:
    if not Path("/proc/self/task").is_dir():
        pytest.skip("needs /proc to find the workers")
    nodes = [node.process for node in network.nodes]
    asyncio.run(kill_under_load(network, tmp_path))
    assert [node.process for node in network.nodes] == nodes, "a node was started again"
    for node in network.nodes:
        assert node.is_running
        found = node.get("/v1/machine")
        assert found["worker_restarts"] == KILLS // len(nodes), f"not each kill of {node.name} hit"
        assert (found["transactions_set_aside"], found["fault"]) == (0, None)
    replayed = veritwin("replay", "--json", "--node", network.apis[0])
    assert replayed.code == 0, replayed.err
