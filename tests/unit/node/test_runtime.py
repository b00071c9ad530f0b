"""The node around the replica: what it hands in, what it performs, how it ends."""

import asyncio
from collections.abc import AsyncIterator, Iterator, Sequence
from contextlib import asynccontextmanager, suppress

import pytest
from msgspec.structs import replace

from chain.errors import Busy, ChainError, Corruption, InvalidInput, PeerFault, Refused
from chain.scalars import Hash, Height, NodeName, Round, UnixMillis
from consensus.value import Timer
from node.alarm import AlarmFile, load_alarm
from node.inbox import SOURCE_EVENTS_MAX
from node.metrics import Metrics
from node.opening import open_node
from node.replica import effects, events, keys
from node.replica.divergence import Diverged, Divergence
from node.replica.messages import Have, Want, encode_frame
from node.replica.ports import Column
from node.runtime import Runtime
from tests.unit.node.conftest import IdleExecutor, Place

PEER = NodeName("peer")
NOWHERE = Hash(bytes(32))
DEADLINE_S = 10


def build(place: Place) -> Runtime:
    executor = IdleExecutor()
    opened = open_node(place.config, executor)
    return Runtime(opened, executor, Metrics("test", with_process=False))


@pytest.fixture
def runtime(alone: Place) -> Iterator[Runtime]:
    built = build(alone)
    yield built
    with suppress(RuntimeError):
        built._thread.shutdown()
    built.opened.store.close()
    built.opened.signed_file.close()


@asynccontextmanager
async def running(place: Place) -> AsyncIterator[Runtime]:
    runtime = build(place)
    async with asyncio.timeout(DEADLINE_S), asyncio.TaskGroup() as tasks:
        task = tasks.create_task(runtime.run())
        try:
            yield runtime
        finally:
            task.cancel()


async def until_committed(runtime: Runtime) -> None:
    """Wait until a transaction is committed and its block was announced."""
    if runtime.view.head.transactions_total > 0:
        return
    async for _ in runtime.heights.subscribe():
        if runtime.view.head.transactions_total > 0:
            return


async def submit(runtime: Runtime, raw: bytes) -> Hash:
    """Hand in one transaction; raises why it was refused."""
    (outcome,) = await runtime.submissions.submit((raw,))
    if isinstance(outcome, ChainError):
        raise outcome
    return outcome


class Wire:
    """Stands in for the network and writes down what it is told."""

    def __init__(self) -> None:
        self.sent: list[tuple[str, bytes]] = []
        self.disconnected: list[tuple[str, str]] = []

    def send(self, peer: str, frame: bytes) -> bool:
        self.sent.append((peer, frame))
        return True

    def disconnect(self, peer: str, reason: str) -> None:
        self.disconnected.append((peer, reason))


def wire(runtime: Runtime) -> Wire:
    made = Wire()
    runtime.network = made  # type: ignore[assignment]
    return made


async def test_a_transaction_is_accepted_committed_and_told_to_all_who_wait(alone: Place) -> None:
    async with running(alone) as runtime:
        transaction = alone.sign(1)
        heights = runtime.heights.subscribe()
        first = asyncio.ensure_future(anext(heights))
        assert await submit(runtime, transaction.raw) == transaction.id
        if runtime.opened.store.get(Column.INDEX, keys.transaction(transaction.id)) is None:
            assert await runtime.finality.wait(transaction.id, 5)
        assert runtime.opened.store.get(Column.INDEX, keys.transaction(transaction.id))
        assert await first >= 1
        await until_committed(runtime)
        assert runtime.pending(transaction.id) is None
        assert runtime.last_commit_ms is not None
        assert runtime.explain_not_ready() == ()
        assert runtime.latencies.median_ms is not None


async def test_a_refusal_reaches_its_client_and_is_counted(alone: Place) -> None:
    async with running(alone) as runtime:
        with pytest.raises(InvalidInput, match=r"^VT-1001"):
            await submit(runtime, b"junk")
        transaction = alone.sign(1)
        await submit(runtime, transaction.raw)
        with pytest.raises(Refused, match=r"^VT-2005"):
            await submit(runtime, transaction.raw)
        count = runtime.metrics.registry.get_sample_value
        assert count("veritwin_submissions_total", {"outcome": "VT-1001"}) == 1
        assert count("veritwin_submissions_total", {"outcome": "VT-2005"}) == 1
        assert count("veritwin_submissions_total", {"outcome": "accepted"}) == 1
        assert runtime.submissions._tickets == {}


async def test_many_clients_at_once_get_each_its_own_answer(alone: Place) -> None:
    async with running(alone) as runtime:
        transactions = [alone.sign(number) for number in range(50)]
        async with asyncio.TaskGroup() as tasks:
            asked = [tasks.create_task(submit(runtime, t.raw)) for t in transactions]
        assert [task.result() for task in asked] == [t.id for t in transactions]


async def test_a_stopped_node_has_closed_everything_and_starts_again(alone: Place) -> None:
    async with running(alone) as runtime:
        transaction = alone.sign(1)
        await submit(runtime, transaction.raw)
        await until_committed(runtime)
    async with running(alone) as runtime:
        assert runtime.opened.store.get(Column.INDEX, keys.transaction(transaction.id))


async def test_a_failure_in_the_deciding_thread_ends_the_node_loudly(alone: Place) -> None:
    runtime = build(alone)

    def fail(taken: Sequence[events.Event]) -> None:
        raise Corruption("VT-6005", path="disk", reason="it broke")

    runtime._driver.step = fail  # type: ignore[method-assign,assignment]
    with pytest.raises(ExceptionGroup) as caught:
        async with asyncio.timeout(DEADLINE_S):
            await runtime.run()
    assert caught.group_contains(Corruption, match=r"^VT-6005")
    with pytest.raises(Corruption, match=r"^VT-6007"):
        runtime.opened.store.get(Column.META, keys.HEAD)


async def test_a_divergence_is_gathered_while_the_store_is_open(alone: Place) -> None:
    runtime = build(alone)
    head = runtime.opened.head
    executed = runtime.opened.replica._ledger.execute_block(head, 0, (), None)
    other = replace(executed.header, state_root=NOWHERE)

    def fail(taken: Sequence[events.Event]) -> None:
        values = {"height": head.next_height, "decided": NOWHERE, "own": NOWHERE}
        raise Diverged("VT-3041", Divergence(other, executed), **values)

    runtime._driver.step = fail  # type: ignore[method-assign,assignment]
    with pytest.raises(ExceptionGroup):
        async with asyncio.timeout(DEADLINE_S):
            await runtime.run()
    difference = runtime.alarms.difference
    assert difference is not None
    assert (difference.decided_root, difference.fields) == (NOWHERE.hex(), ["state_root"])
    assert runtime.alarms.height == head.next_height


async def test_a_commit_ends_the_alarm_of_an_earlier_run(alone: Place) -> None:
    file = AlarmFile(alone.config)
    file.ring(Corruption("VT-6005", path="disk", reason="it broke"), "1", UnixMillis(1))
    assert load_alarm(alone.config.home_path) is not None
    async with running(alone) as runtime:
        await submit(runtime, alone.sign(1).raw)
        await until_committed(runtime)
        assert runtime.alarms.last is None
    assert load_alarm(alone.config.home_path) is None


async def test_a_full_inbox_refuses_clients(runtime: Runtime) -> None:
    for ticket in range(SOURCE_EVENTS_MAX):
        runtime._inbox.put(events.Submitted(ticket, b"", runtime.started_ms))
    with pytest.raises(Busy, match=r"^VT-3003"):
        await submit(runtime, b"one more")
    assert runtime.submissions._tickets == {}


async def test_a_peer_that_floods_is_disconnected_and_no_other(runtime: Runtime) -> None:
    peers = wire(runtime)
    for _ in range(SOURCE_EVENTS_MAX + 1):
        runtime._on_frame(PEER, b"")
    runtime._on_frame("other", b"")
    assert peers.disconnected == [(PEER, "this node has too much to do")]


async def test_a_disk_without_room_takes_no_transactions(runtime: Runtime) -> None:
    runtime.submissions.is_closed = True
    with pytest.raises(Busy, match=r"^VT-6004"):
        await submit(runtime, b"any")


async def test_messages_leave_in_order_and_are_encoded_for_each_peer_alike(
    runtime: Runtime,
) -> None:
    peers = wire(runtime)
    one, other = Have((NOWHERE,)), Want((NOWHERE,))
    a, b = NodeName("a"), NodeName("b")
    runtime._perform(
        [effects.SendTo(a, one), effects.SendToAll((a, b), other), effects.SendToAll((), one)]
    )
    assert peers.sent == [
        (a, encode_frame(one)),
        (a, encode_frame(other)),
        (b, encode_frame(other)),
    ]


async def test_a_peer_that_broke_the_protocol_is_disconnected(runtime: Runtime) -> None:
    peers = wire(runtime)
    fault = PeerFault("VT-3030", reason="no message")
    runtime._perform([effects.Disconnect(PEER, fault)])
    assert peers.disconnected == [(PEER, "no message")]


async def test_an_answer_without_a_client_is_no_matter(runtime: Runtime) -> None:
    runtime._perform([effects.Answer(99, NOWHERE, None)])
    runtime._perform(
        [effects.Answer(99, None, InvalidInput("VT-1001", type="t", size=0, reason=""))]
    )


async def test_a_client_that_went_away_leaves_nothing_behind(runtime: Runtime) -> None:
    async with asyncio.TaskGroup() as tasks:
        submitting = tasks.create_task(submit(runtime, b"raw"))
        await asyncio.sleep(0)
        submitting.cancel()
    assert runtime.submissions._tickets == {}
    runtime._perform([effects.Answer(0, NOWHERE, None)])


async def test_a_timer_comes_back_as_an_event(runtime: Runtime) -> None:
    timer = Timer(Height(1), Round(0), "propose")
    runtime._perform([effects.SetTimer(timer, 1)])
    async with asyncio.timeout(DEADLINE_S):
        (fired,) = await runtime._inbox.take()
    assert isinstance(fired, events.TimerFired)
    assert fired.timer == timer


async def test_peers_that_come_and_go_are_known(runtime: Runtime) -> None:
    runtime._on_up(PEER)
    assert runtime.attendance.connected == {PEER}
    runtime._on_down(PEER, "it left")
    assert runtime.attendance.connected == frozenset()
    taken = await runtime._inbox.take()
    assert [type(event).__name__ for event in taken] == ["PeerUp", "PeerDown"]


async def test_expired_transactions_are_told_and_counted(runtime: Runtime) -> None:
    runtime._perform([effects.Expired((NOWHERE,))])
    assert runtime.finality.is_expired(NOWHERE)


async def test_effects_that_belong_further_in_never_arrive_here(runtime: Runtime) -> None:
    with pytest.raises(AssertionError, match="it was dealt with further in"):
        runtime._perform([effects.FellBehind(Height(1))])


async def test_a_node_that_never_committed_says_so(runtime: Runtime) -> None:
    (reason,) = runtime.explain_not_ready()
    assert reason.startswith("No block was committed since this node started for ")
