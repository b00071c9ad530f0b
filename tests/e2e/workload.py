"""Clients that work on registers, lists, sets and a bank, and write down what they were told.

Every operation, a read too, is a `call` of a contract, so its place in the chain is its instant and
its answer stands in its receipt. It is over when a node says that it is final. When no node says so
in time the answer is unknown; it is asked for again at the end, by the transaction's id.
"""

import asyncio
import itertools
import time
from collections.abc import Callable, Mapping
from contextlib import AsyncExitStack
from dataclasses import dataclass, field, replace
from pathlib import Path
from random import Random
from typing import Any, Final

from chain.errors import Busy, ChainError
from chain.keys import SigningKey
from chain.operations import AnyOperation, Call, DeployContract, PropertyDefinition, RegisterTwin
from chain.scalars import Height, TwinId
from chain.transaction import Transaction, TransactionBody, sign
from chain.values import encode_value
from node.api.views.transactions import TransactionView
from node.client import AsyncClient
from node.client.errors import UNKNOWN_CODES
from tests.e2e.network import Network
from tests.histories.history import UNKNOWN, Operation, freeze
from tests.histories.models import LIST, REGISTER, SET, Model, make_bank

CONTRACTS: Final = Path(__file__).parent / "contracts"
TWINS: Final = ("payer-1", "payer-2", "payer-3", "payer-4")
OPENING: Final = 100
MODELS: Final[Mapping[str, Model]] = {
    "register": REGISTER,
    "lists": LIST,
    "sets": SET,
    "bank": make_bank(TWINS, OPENING),
}
ARGUMENTS: Final[Mapping[str, tuple[str, ...]]] = {
    "write": ("value",),
    "cas": ("expected", "value"),
    "append": ("value",),
    "add": ("value",),
    "transfer": ("payer", "payee", "amount"),
}
EXPIRY_BLOCKS: Final = 60
"""So many blocks later an unanswered operation can no longer take effect."""
OPERATIONS_PER_KEY: Final = 120
CLIENT_TIMEOUT_SECONDS: Final = 2.0
POSITIONS_MAX: Final = 1_000_000


@dataclass(slots=True)
class Attempt:
    """An operation that a client asked for, and the transaction that carries it."""

    contract: str
    operation: Operation
    transaction: Transaction
    view: TransactionView | None = None

    @property
    def id(self) -> str:
        """The transaction's id in hex."""
        return self.transaction.id.hex()

    def settle(self, view: TransactionView, at: int) -> None:
        """Note at a time what became of it; it is final, else contract or network are broken."""
        assert view.state == "final", f"{self.operation.describe()}: {view}"
        assert view.height is not None
        assert view.position is not None
        self.view = view
        self.operation = replace(
            self.operation,
            output=freeze(view.result),
            completed=at,
            hint=view.height * POSITIONS_MAX + view.position,
        )


@dataclass
class Workload:
    """The clients of a network: some workers, each with nodes of its own preference.

    Args: seconds: how long a client waits for an answer; pause_seconds: between two operations.
    """

    network: Network
    seed: int = 0
    workers: int = 6
    seconds: float = 2.5
    pause_seconds: float = 0.02
    attempts: list[Attempt] = field(default_factory=list)
    height: Height = field(default_factory=lambda: Height(0))
    """The greatest that an answer named."""
    signer: SigningKey = field(init=False)
    _numbers: "itertools.count[int]" = field(default_factory=itertools.count)
    _has_ended: asyncio.Event = field(default_factory=asyncio.Event)

    def __post_init__(self) -> None:
        self.signer = self.network.key("alpha")

    async def set_up(self) -> None:
        """Register the twins and deploy the contracts."""
        parameters = {"bank": {"twins": list(TWINS)}}
        flow = (PropertyDefinition("flow", "MQH"),)
        async with self.client(0) as client:
            for twin in TWINS:
                await client.submit_and_wait(
                    RegisterTwin(TwinId(twin), "system", "pump", None, flow)
                )
            for name in MODELS:
                source = (CONTRACTS / f"{name}.py").read_text(encoding="utf-8")
                await client.submit_and_wait(
                    DeployContract(name, source, encode_value(parameters.get(name, {})))
                )
            self.height = Height((await client.status()).height)

    def client(self, worker: int) -> AsyncClient:
        """A client that prefers another node for each worker, and may use all."""
        first = worker % len(self.network.nodes)
        apis = self.network.apis[first:] + self.network.apis[:first]
        return AsyncClient(
            apis,
            self.network.genesis,
            self.signer,
            timeout_seconds=CLIENT_TIMEOUT_SECONDS,
            retry_seconds=1.0,
        )

    async def run(self) -> None:
        """Work until `end` is called."""
        self._has_ended.clear()
        async with asyncio.TaskGroup() as tasks:
            for worker in range(self.workers):
                tasks.create_task(self._work(worker))

    def end(self) -> None:
        """Let every worker finish what it does, and stop."""
        self._has_ended.set()

    @property
    def unknown(self) -> list[Attempt]:
        """The operations without an answer."""
        return [one for one in self.attempts if one.view is None]

    def histories(self) -> dict[str, list[Operation]]:
        """What was asked and answered, by contract."""
        found: dict[str, list[Operation]] = {name: [] for name in MODELS}
        for one in self.attempts:
            found[one.contract].append(one.operation)
        return found

    async def _work(self, worker: int) -> None:
        random = Random(f"{self.seed}/{worker}")
        async with AsyncExitStack() as stack:
            client = await stack.enter_async_context(self.client(worker))
            other = await stack.enter_async_context(self.client(worker + 1))
            while not self._has_ended.is_set():
                contract, operation = self._draw(random, worker)
                attempt = self._prepare(client, contract, operation)
                also = other if random.random() < 0.1 else None
                await self._attempt(client, attempt, also)
                await asyncio.sleep(random.random() * 2 * self.pause_seconds)

    def _draw(self, random: Random, worker: int) -> tuple[str, Operation]:
        """Draw an operation; objects are replaced by new ones when they have seen enough."""
        number = next(self._numbers)
        contract = random.choice(tuple(MODELS))
        copies = 3 if contract == "register" else 1
        age = number // (OPERATIONS_PER_KEY * (len(MODELS) + copies - 1))
        key = f"{contract}-{age}-{random.randrange(copies)}"
        call = _DRAW[contract](random, number)
        now = time.monotonic_ns()
        return contract, Operation(key, call, UNKNOWN, now, None, worker)

    def _prepare(self, client: AsyncClient, contract: str, operation: Operation) -> Attempt:
        transaction = self.sign(client, call_of(contract, operation))
        attempt = Attempt(contract, replace(operation, note=transaction.id.hex()), transaction)
        self.attempts.append(attempt)
        return attempt

    def sign(self, client: AsyncClient, operation: AnyOperation) -> Transaction:
        """Sign a transaction that expires soon."""
        body = TransactionBody(
            client.genesis_hash,
            self.signer.public_key,
            operation,
            Height(self.height + EXPIRY_BLOCKS),
            self.seed.to_bytes(4, "big") + next(self._numbers).to_bytes(8, "big"),
        )
        return sign(body, self.signer)

    async def _attempt(
        self, client: AsyncClient, attempt: Attempt, also: AsyncClient | None
    ) -> None:
        """Hand an operation in, sometimes at two nodes, and wait until it is final."""
        try:
            async with asyncio.timeout(self.seconds):
                answer = await client.send(attempt.transaction)
                if also is not None:
                    await also.send(attempt.transaction)
                if answer.state == "expired":
                    return
                view = await client.wait_final(attempt.id, self.seconds)
        except (Busy, TimeoutError):
            return
        except ChainError as error:
            if error.code not in HARMLESS:
                raise
            return
        if view.state == "expired":
            return
        attempt.settle(view, time.monotonic_ns())
        self.height = max(self.height, Height(view.height or 0))


HARMLESS: Final = UNKNOWN_CODES | {"VT-2003", "VT-2004"}
"""Expired before it was handed in; expires too far ahead for a node that is a thousand blocks
behind; or unknown where it was asked for after its node had died."""


def call_of(contract: str, operation: Operation) -> Call:
    """Give the call that carries an operation."""
    name, *values = operation.call
    arguments = dict(zip(ARGUMENTS.get(name, ()), values, strict=True))
    return Call(contract, name, encode_value({"key": operation.key, **arguments}))


def _draw_register(random: Random, number: int) -> tuple[Any, ...]:
    match random.randrange(3):
        case 0:
            return ("read",)
        case 1:
            return ("write", number % 8)
        case _:
            return ("cas", random.randrange(8), number % 8)


def _draw_list(random: Random, number: int) -> tuple[Any, ...]:
    return ("append", number) if random.randrange(3) else ("read",)


def _draw_set(random: Random, number: int) -> tuple[Any, ...]:
    value = number - random.randrange(12)
    return ("add", max(0, value)) if random.randrange(3) else ("read",)


def _draw_bank(random: Random, _: int) -> tuple[Any, ...]:
    payer, payee = random.choice(TWINS), random.choice(TWINS)
    return ("transfer", payer, payee, random.randrange(60)) if random.randrange(3) else ("read",)


_DRAW: Final[Mapping[str, Callable[[Random, int], tuple[Any, ...]]]] = {
    "register": _draw_register,
    "lists": _draw_list,
    "sets": _draw_set,
    "bank": _draw_bank,
}
