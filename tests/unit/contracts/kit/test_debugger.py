import pytest

from chain.operations import Call
from chain.values import encode_value
from contracts.kit.chain import Chain, HandlerFailed
from contracts.kit.debugger import Debugged, debug_transaction
from contracts.kit.members import Twins, propose
from contracts.kit.rehearsal import Rehearsal

SOURCE = """from contracts.author import Map, call, ctx, fail

shares = Map(int)


def split(total: int, parts: int) -> int:
    share = total // parts
    return share


@call
def divide(who: str, total: int, parts: int) -> int:
    if total < 0:
        fail("nothing to divide")
    shares[who] = shares.get(who, 0) + split(total, parts)
    ctx.emit("divided", {"who": who})
    return shares[who]
"""


def debug(*calls: dict[str, object]) -> Debugged:
    """Make the calls, and debug the last one."""
    chain = Chain()
    propose(chain, "sharer", SOURCE, {})
    for arguments in calls[:-1]:
        chain.apply(Call("sharer", "divide", encode_value(arguments)))
    before = chain.state.copy()
    recorded = chain.try_apply(Call("sharer", "divide", encode_value(calls[-1])))
    found = debug_transaction(Rehearsal(chain.genesis, before), chain.blocks[-1], 0)
    assert found.receipt == recorded
    return found


def test_an_exception_shows_lines_and_locals_of_the_contract():
    found = debug({"who": "a", "total": 7, "parts": 0})
    assert found.receipt.code == "VT-4102"
    (run,) = found.runs
    assert run.execution is not None
    assert run.execution.error == "ZeroDivisionError"
    outer, inner = run.stack
    assert (outer.function, outer.line) == ("divide", 15)
    assert (inner.function, inner.line) == ("split", 7)
    assert inner.locals == {"total": "7", "parts": "0"}
    assert "zero" in run.message


def test_fail_shows_where_it_was_called():
    (run,) = debug({"who": "a", "total": -1, "parts": 2}).runs
    assert [(one.function, one.line) for one in run.stack] == [("divide", 14)]


def test_reads_writes_and_gas_by_line_add_up():
    found = debug(
        {"who": "a", "total": 8, "parts": 2},
        {"who": "a", "total": 9, "parts": 3},
    )
    (run,) = found.runs
    assert run.execution is not None
    assert run.stack == ()
    assert run.reads["shares/a"] == "4"
    assert run.writes["shares/a"] == "7"
    assert run.writes["event divided"] == "{'who': 'a'}"
    assert {6, 15, 16, 17} <= run.gas_by_line.keys()
    assert 0 < sum(run.gas_by_line.values()) <= run.execution.gas_used


WATCH = """from contracts.author import Decimal, Update, ctx, on_update, record

LIMIT = Decimal(8)


@record
class Room:
    batch: str
    recent: list[Decimal]


@on_update(model="room", properties=["temperature"])
def watch(update: Update) -> None:
    room = Room("B-1", [Decimal("7.5")])
    last = update.readings[-1]
    samples = update.by_time()
    twin = ctx.twin(update.twin)
    hot = last.value > ctx.parameter("limit", LIMIT) + room.batch
"""


def test_readings_and_records_are_shown_with_what_is_in_them():
    chain = Chain()
    propose(chain, "watch", WATCH, {})
    room = Twins(chain).add("room-1", model="room", temperature="CEL")
    before = chain.state.copy()
    with pytest.raises(HandlerFailed):
        room.read(temperature="8.25")
    found = debug_transaction(Rehearsal(chain.genesis, before), chain.blocks[-1], 0)
    (run,) = found.runs
    at, reading = chain.time_ms, f"Reading(temperature 8.25 CEL at {chain.time_ms})"
    assert run.stack[-1].locals == {
        "update": f"Update(twin='room-1', model='room', readings=({reading},))",
        "room": "Room(batch='B-1', recent=[Decimal('7.5')])",
        "last": reading,
        "samples": f"[Sample(time_ms={at}, readings=({reading},))]",
        "twin": "Twin(id='room-1', model='room', owner='owner')",
    }
    assert run.message == "+ takes two numbers, texts or lists"
