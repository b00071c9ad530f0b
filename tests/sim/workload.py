"""The clients of a simulation: they hand in transactions, ask what became of them, and try again.

A client sends one transaction to one node or to several. It asks other nodes until one calls the
transaction final, or says that it never will be. Where no answer comes in time it hands the same
bytes to another node: the id is the same, so it may have one effect only.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from chain.operations import (
    AnyOperation,
    PropertyDefinition,
    Reading,
    RegisterKey,
    RegisterTwin,
    Telemetry,
    TwinReadings,
    UpdateTwin,
)
from chain.scalars import Hash, Height, TwinId, UnixMillis
from chain.transaction import Transaction, TransactionBody, sign
from node.replica import keys
from node.replica.ports import Column
from tests.sim import contract
from tests.sim.audience import Promise
from tests.sim.process import Machine
from tests.sim.world import World
from tests.unit.node.replica.network import START_MS

ASK_MS: Final = 900
"""Between two questions of a client."""
PATIENCE_MS: Final = 6_000
"""After so long without an outcome a client tries another node."""
FIRST_MS: Final = 300
"""When the first transactions are handed in; by then most nodes have started."""
WINDOWS: Final = (5, 30, 900)
"""For how many heights a transaction may be ordered."""
PROPERTY: Final = "power"


@dataclass(slots=True)
class Request:
    """A transaction that a client waits for."""

    transaction: Transaction
    since: Height
    """It is in no block up to here."""
    sent_ms: int
    then: Callable[[Promise], None] | None
    """What to do once its outcome is known."""
    tries: int = 1


class Workload:
    """All clients of a run."""

    def __init__(self, world: World) -> None:
        self._world = world
        self._random = world.streams.of("workload")
        self._of_reads = world.streams.of("reads")
        self._count = 0
        self._waiting: dict[Hash, Request] = {}
        self._ticket = 0
        self._members = len(world.genesis.organisations)
        self._pause_ms = self._random.choice((1_000, 2_500, 5_000, 10_000))
        self._has_contract = self._random.random() < 0.4

    def begin(self) -> None:
        """Let every organisation register a twin, deploy the contract, and begin."""
        for index in range(self._members):
            self._world.after(FIRST_MS, self.send, index, self._register(index), WINDOWS[-1])
        if self._has_contract:
            self._world.after(FIRST_MS, self.send, 0, contract.deploy(), WINDOWS[-1])
        self._world.after(FIRST_MS + self._pause_ms, self._go_on)

    # ---------------------------------------------------------------- sending

    def _go_on(self) -> None:
        """Send a few transactions, and come back."""
        for _ in range(self._random.choice((1, 1, 1, 2, 5))):
            index = self._random.randrange(self._members)
            self.send(index, self._choose(index), self._random.choice(WINDOWS))
        self._read(self._of_reads.choice(self._world.machines))
        self._world.after(self._random.randint(1, 2 * self._pause_ms), self._go_on)

    def _choose(self, index: int) -> AnyOperation:
        kind = self._random.random()
        if kind < 0.2 and self._has_contract:
            return contract.add(self._random.randint(1, 9))
        if kind < 0.3:
            return UpdateTwin(_twin(index), description=f"seen {self._count} times")
        if kind < 0.35:
            label = f"device-{self._count % 8}"
            return RegisterKey(self._world.scheme.key(label).public_key, label, ("gateway",))
        if kind < 0.4:
            return self._measure((index + 1) % self._members)  # Not its own: refused in a block.
        return self._measure(index)

    def _register(self, index: int) -> RegisterTwin:
        properties = (PropertyDefinition(PROPERTY, "KWT"),)
        return RegisterTwin(_twin(index), "system", "turbine", None, properties)

    def _measure(self, index: int) -> Telemetry:
        first = START_MS + self._count
        readings = tuple(
            Reading(PROPERTY, str(self._count), UnixMillis(first + more), "KWT")
            for more in range(self._random.randint(1, 3))
        )
        return Telemetry((TwinReadings(_twin(index), readings),))

    def send(
        self,
        index: int,
        operation: AnyOperation,
        window: int,
        then: Callable[[Promise], None] | None = None,
    ) -> None:
        """Send an operation of an organisation's administrator, and see to it that it is heard."""
        self._count += 1
        key = self._world.scheme.key(f"admin{index}")
        highest = max(machine.head.height for machine in self._world.correct)
        body = TransactionBody(
            self._world.genesis_hash,
            key.public_key,
            operation,
            Height(highest + min(window, self._world.genesis.limits.expiry_window_blocks)),
            self._count.to_bytes(8, "big"),
        )
        transaction = sign(body, key)
        self._waiting[transaction.id] = Request(transaction, highest, self._world.now_ms, then)
        for _ in range(self._random.choice((1, 1, 1, 2, 3))):
            self._submit(transaction)
        self._world.after(self._random.randint(1, ASK_MS), self._ask, transaction.id)

    def _submit(self, transaction: Transaction) -> None:
        machine = self._random.choice(self._world.machines)
        self._ticket += 1
        self._world.note(machine.index, f"is handed {transaction.id.hex()[:6]}")
        machine.submit(self._ticket, transaction.raw)

    # ---------------------------------------------------------------- asking

    def _read(self, machine: Machine) -> None:
        """Ask a node for a read that sees all that is final by now."""
        self._ticket += 1
        if machine.ask_to_read(self._ticket):
            self._world.audience.asked(machine, self._ticket)

    def _ask(self, transaction_id: Hash) -> None:
        """Ask a node what became of a transaction; hand it in again where nothing came of it."""
        request = self._waiting.get(transaction_id)
        if request is None:
            return
        machine = self._random.choice(self._world.correct)
        if machine.is_up and not machine.is_paused and not machine.is_damaged:
            self._hear(machine, request)
        if transaction_id not in self._waiting:
            return
        if self._world.now_ms - request.sent_ms > PATIENCE_MS:
            request.sent_ms = self._world.now_ms
            request.tries += 1
            self._submit(request.transaction)
        self._world.after(ASK_MS, self._ask, transaction_id)

    def _hear(self, machine: Machine, request: Request) -> None:
        """Look where the node's API looks: into its index, and at its height."""
        transaction = request.transaction
        data = machine.disk.get(Column.INDEX, keys.transaction(transaction.id))
        if data is not None:
            self._end(machine, Promise(transaction.id, keys.decode_place(data)))
        elif (
            machine.head.height >= transaction.body.expiry_height
            and machine.base.reach <= request.since
        ):
            self._end(machine, Promise(transaction.id, None))

    def _end(self, machine: Machine, promise: Promise) -> None:
        request = self._waiting.pop(promise.transaction)
        self._world.audience.promised(machine, promise)
        if request.then is not None:
            request.then(promise)


def _twin(index: int) -> TwinId:
    return TwinId(f"twin-{index}")
