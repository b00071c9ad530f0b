"""The world of a simulation: machines, a network between them, and one heap of what happens next.

Time is virtual and stands still while something happens. Everything that happens is noted by the
recorder, and what promises are about is told to those who watch (`audience.py`).
"""

from __future__ import annotations

import heapq
from collections.abc import Callable
from dataclasses import dataclass

from chain.genesis import Genesis, compute_genesis_hash
from chain.scalars import Hash, NodeName
from chain.validators import Validator
from contracts.executor import Executor
from contracts.inprocess import InProcessExecutor
from node.replica.commit import build_genesis_batch
from node.replica.head import Head
from tests.sim.audience import Audience
from tests.sim.disk import SortedStore
from tests.sim.network import Network
from tests.sim.process import TICKS_MS, Machine
from tests.sim.signatures import Scheme
from tests.sim.streams import Streams
from tests.sim.trace import Recorder


@dataclass(frozen=True, slots=True)
class Setup:
    """What a world is made from."""

    seed: int
    genesis: Genesis
    scheme: Scheme
    joiner: Validator | None = None
    """A node that members may let in, if they change their committee in this run."""


class World:
    """Machines, the network, the heap."""

    executor: Executor = InProcessExecutor()
    """One for all: it keeps nothing but compiled contracts."""

    def __init__(self, setup: Setup, recorder: Recorder) -> None:
        self.genesis = setup.genesis
        self.scheme = setup.scheme
        self.joiner = setup.joiner
        self.streams = Streams(setup.seed)
        self.recorder = recorder
        self.audience = Audience(self.note)
        self.now_ms = 0
        self.is_healed = False
        self.tick_ms = self.streams.of("beat").choice(TICKS_MS)
        self.genesis_hash: Hash = compute_genesis_hash(setup.genesis)
        self.genesis_head, batch = build_genesis_batch(setup.genesis)
        store = SortedStore()
        store.apply(batch)
        self.genesis_content = store.copy()
        self._heap: list[tuple[int, int, Callable[..., None], tuple[object, ...]]] = []
        self._count = 0
        self.faces: dict[tuple[NodeName, int], int] = {}
        """Which of two machines of one name a machine meets; see `may_meet`."""
        self.machines = [
            Machine(self, index, member.node, [self.scheme.key(f"vote{index}")])
            for index, member in enumerate(self._nodes())
        ]
        self.network = Network(self, self.streams.of("network"))

    # ---------------------------------------------------------------- time

    def at(self, at_ms: int, happening: Callable[..., None], *arguments: object) -> None:
        """Let something happen at a time."""
        self._count += 1
        heapq.heappush(self._heap, (at_ms, self._count, happening, arguments))

    def after(self, delay_ms: int, happening: Callable[..., None], *arguments: object) -> None:
        """Let something happen after a while."""
        self.at(self.now_ms + delay_ms, happening, *arguments)

    def run(self, until_ms: int, is_done: Callable[[], bool] | None = None) -> bool:
        """Let things happen until a time, or until `is_done`; tell whether it was."""
        heap = self._heap
        pop = heapq.heappop
        while heap and heap[0][0] <= until_ms:
            if is_done is not None and heap[0][0] > self.now_ms and is_done():
                return True
            self.now_ms, _, happening, arguments = pop(heap)
            happening(*arguments)
        self.now_ms = until_ms
        return is_done is not None and is_done()

    # ---------------------------------------------------------------- machines

    @property
    def correct(self) -> list[Machine]:
        """The machines that never lie."""
        return [machine for machine in self.machines if not machine.is_faulty]

    @property
    def newest(self) -> Head:
        """The highest head that a correct machine has."""
        return max((machine.head for machine in self.correct), key=lambda head: head.height)

    def _nodes(self) -> list[Validator]:
        joiners = [] if self.joiner is None else [self.joiner]
        return [*self.genesis.validators.members, *joiners]

    def add_twin(self, index: int) -> Machine:
        """Add a machine with the name and the key of another one; the network is not built yet."""
        one = self.machines[index]
        twin = Machine(self, len(self.machines), one.name, one.keys)
        self.machines.append(twin)
        return twin

    def may_meet(self, one: Machine, other: Machine) -> bool:
        """Tell whether two machines may connect: of two with one name, each meets one."""
        return all(
            self.faces.get((named.name, peer.index), named.index) == named.index
            for named, peer in ((one, other), (other, one))
        )

    def by_name(self, name: NodeName) -> Machine:
        """Give the machine of that name, of twins the first."""
        return next(machine for machine in self.machines if machine.name == name)

    # ---------------------------------------------------------------- what is told

    def note(self, machine: int, what: str, thing: object = None) -> None:
        """Note what happened, for the trace."""
        self.recorder.note(self.now_ms, machine, what, thing)
