"""A chain without nodes, seen through the client that gateways and workshop use."""

import asyncio
from collections.abc import AsyncGenerator, Callable, Sequence
from pathlib import Path
from typing import Any

import msgspec

from chain.errors import ChainError
from chain.keys import SigningKey
from chain.operations import AnyOperation, PropertyDefinition, Reading, TwinReadings
from chain.scalars import Hash, Height, NodeName, TwinId, UnixMillis
from chain.transaction import Transaction, TransactionBody, sign
from node.api.views.ledger import AcknowledgementView, ActionList, ActionView, CauseView
from node.api.views.transactions import SubmitAnswer, TransactionView
from node.client import NotFinal, StreamEvent, Unreachable
from node.demo.consortium import Agreement
from node.demo.report import Message, Reporter, Scene
from node.ingest.csv_source import Record
from node.ingest.mapping import Mapping
from node.ingest.source import Feed, TwinOutline
from node.local.processes import NodeProcess
from tests.unit.node.chain_builder import seed_of

KEY = SigningKey(seed_of("gateway"))
MINUTE_MS = 60_000
MAPPING = msgspec.convert(
    {
        "id": {"constant": "press-7"},
        "model": "press",
        "time": {"column": "time"},
        "properties": {"p": {"property": "p0", "unit": "KWT"}},
    },
    Mapping,
)


class FakeClient:
    """Stands for `AsyncClient`: it signs for real and keeps what a chain would keep.

    `faults` are raised by, and `refusals` are the answers to, the next transactions that are
    handed in; `fates` are the states in which the next ones end, final when there are none left.
    """

    def __init__(self) -> None:
        self.faults: list[ChainError] = []
        self.refusals: list[str] = []
        self.fates: list[str] = []
        self.handed_in: list[bytes] = []
        self.final: list[AnyOperation] = []
        self.orders: list[ActionView] = []
        self.stream: asyncio.Queue[StreamEvent] = asyncio.Queue()
        self.latency_s = 0.0
        self.may_pass = asyncio.Event()
        self.may_pass.set()
        self._states: dict[str, str] = {}
        self._height = 0

    async def build(self, operation: AnyOperation) -> Transaction:
        self._height += 1
        body = TransactionBody(
            Hash(bytes(32)), KEY.public_key, operation, Height(self._height), b"12345678"
        )
        return sign(body, KEY)

    async def send_many(self, transactions: Sequence[Transaction]) -> list[SubmitAnswer]:
        if self.faults:
            raise self.faults.pop(0)
        answers = []
        for transaction in transactions:
            self.handed_in.append(transaction.raw)
            name = transaction.id.hex()
            if self.refusals and (code := self.refusals.pop(0)):
                answers.append(SubmitAnswer(id=name, state="rejected", code=code, detail="No."))
                continue
            answers.append(SubmitAnswer(id=name, state="received"))
            if name not in self._states:
                state = self.fates.pop(0) if self.fates else "final"
                self._states[name] = state
                if state == "final":
                    self.final.append(transaction.body.operation)
        return answers

    async def wait_final(self, id: Hash, timeout_seconds: float) -> TransactionView:
        await self.may_pass.wait()
        await asyncio.sleep(self.latency_s)
        state = self._states.get(id.hex(), "lost")
        if state == "lost":
            self._states.pop(id.hex(), None)
            raise NotFinal(id, timeout_seconds)
        code = {"rejected": "VT-2020", "expired": "VT-2003"}.get(state)
        assert state in ("final", "rejected", "expired")
        return TransactionView(id=id.hex(), state=state, code=code, detail="No.")  # type: ignore[arg-type]

    async def actions(self, **_: object) -> ActionList:
        if self.faults:
            raise self.faults.pop(0)
        return ActionList(items=list(self.orders), next=None)

    async def action(self, id: str) -> ActionView:
        for order in self.orders:
            if order.id == id:
                return order
        raise Unreachable("node", "it is down")

    async def events(self, _topics: object, _start: str) -> AsyncGenerator[StreamEvent, None]:
        while True:
            yield await self.stream.get()


def make_order(
    number: int = 1, twin: str = "press-7", answers: Sequence[tuple[str, str]] = ()
) -> ActionView:
    """Make an action with its answers: who, and with which note."""
    return ActionView(
        id=f"{number:064x}",
        kind="maintenance_order",
        twin=twin,
        contract="c",
        status="acknowledged" if answers else "open",
        title=f"{twin}: too hot",
        details={},
        addressee="windcare",
        opened_height=4,
        opened_time_ms=1,
        deadline_ms=None,
        escalate_to=None,
        overdue_height=None,
        handler="check",
        source_hash="00",
        cause=CauseView(
            kind="readings",
            about="",
            transaction="00",
            twin=twin,
            from_ms=None,
            to_ms=None,
            readings=0,
        ),
        acknowledgements=[
            AcknowledgementView(
                outcome="acknowledged",
                organisation=organisation,
                height=5,
                time_ms=2,
                transaction="01",
                note=note,
            )
            for organisation, note in answers
        ],
    )


def make_record(minute: int, twin: str = "press-7", count: int = 1) -> Record:
    """Make a record of `count` properties, `minute` minutes after 1970."""
    time_ms = UnixMillis(minute * MINUTE_MS)
    readings = tuple(
        Reading(f"p{index}", str(minute), time_ms, "KWT", 0, minute) for index in range(count)
    )
    name = TwinId(twin)
    return Record(minute + 1, name, time_ms, (TwinReadings(name, readings),))


def make_feed(records: Sequence[Record]) -> Feed:
    """Make a feed of records in time order."""
    twins = dict.fromkeys(record.twin for record in records)
    properties = (PropertyDefinition("p0", "KWT"),)
    outlines = [TwinOutline(twin, "system", "press", None, properties) for twin in twins]
    return Feed(Path("press.csv"), MAPPING, tuple(records), (), tuple(outlines))


class Heard:
    """A scene with a reporter, and everything that was told."""

    def __init__(self) -> None:
        self.scene = Scene()
        self.events: list[tuple[str, str, dict[str, Any]]] = []
        self.reporter = Reporter(self.scene, lambda: 0, self._listen)

    def _listen(self, event: str, message: Message, values: dict[str, Any]) -> None:
        self.events.append((event, message.text, values))

    @property
    def names(self) -> list[str]:
        """The names of all events, in order."""
        return [name for name, _, _ in self.events]


async def until(is_true: Any, seconds: float = 5.0) -> None:
    """Wait until something holds."""
    async with asyncio.timeout(seconds):
        while not is_true():  # noqa: ASYNC110 - what is waited for has no event
            await asyncio.sleep(0.002)


class FakeProcess:
    """The process of a stand-in for a node; `returncode` is None while it runs."""

    def __init__(self, returncode: int | None = None) -> None:
        self.returncode = returncode
        self.pid = 4711


class FakeConsortium:
    """Stands for `Consortium`: two nodes without processes, and fake clients for all.

    `start_error` is raised at the start, `can_start` holds the start back.
    """

    def __init__(self, folder: Path) -> None:
        self.nodes = [
            NodeProcess(NodeName(name), name[:-2], folder, f"http://127.0.0.1:{port}")
            for name, port in (("acme-1", 1), ("bolt-1", 2))
        ]
        self.client = FakeClient()
        self.agreement = Agreement(9, {"acme-1": "aa", "bolt-1": "aa"})
        self.start_error: ChainError | None = None
        self.can_start = asyncio.Event()
        self.can_start.set()
        self.reasons: list[str] = []
        self.stopped = 0
        self.compared_within: list[float] = []
        self.explorer = "http://127.0.0.1:1/"

    async def start(self, on_progress: Callable[[int, int], None]) -> None:
        on_progress(1, 0)
        await self.can_start.wait()
        if self.start_error is not None:
            raise self.start_error
        for node in self.nodes:
            node.process = FakeProcess()  # type: ignore[assignment]

    async def stop(self) -> None:
        self.stopped += 1

    async def client_for(self, _organisation: str, _key: object) -> FakeClient:
        return self.client

    async def kill_one(self, before: Callable[[str], None]) -> NodeProcess | None:
        for node in reversed(self.nodes):
            if node.is_running:
                before(node.name)
                node.process = FakeProcess(-9)  # type: ignore[assignment]
                return node
        return None

    async def restart_one(self) -> NodeProcess | None:
        for node in self.nodes:
            if not node.is_running:
                node.process = FakeProcess()  # type: ignore[assignment]
                return node
        return None

    async def statuses(self) -> dict[str, dict[str, Any] | None]:
        one = {
            "height": 9,
            "ready": not self.reasons,
            "reasons": self.reasons,
            "updates_per_second": 4.0,
            "commit_latency_ms": 20,
        }
        return {node.name: one if node.is_running else None for node in self.nodes}

    async def compare_roots(self, seconds: float) -> Agreement:
        self.compared_within.append(seconds)
        return self.agreement
