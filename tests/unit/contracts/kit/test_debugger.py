import pytest

from chain.operations import Call
from chain.values import encode_value
from contracts.kit.chain import Chain, HandlerFailed
from contracts.kit.debugger import Debugged, Watched, debug_transaction
from contracts.kit.members import propose
from contracts.kit.rehearsal import Rehearsal
from contracts.kit.twins import Twins

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


BANK = """from contracts.author import Map, call

balances = Map(int)


def split(amount: int, parts: int) -> int:
    return amount // parts


@call
def pay(to: str, amount: int, parts: int) -> int:
    share = split(amount, parts)
    balances[to] = balances.get(to, 0) + share
    return share
"""
SHOP = """from contracts.author import Map, call, ctx

balances = Map(int)


@call
def buy(parts: int) -> int:
    price = 12
    paid = ctx.call("bank", "pay", to="shop", amount=price, parts=parts)
    balances["sold"] = paid
    return paid


@call
def lose(parts: int) -> int:
    return ctx.call("bank", "pay", to="shop", amount=1, parts=1) // parts


@call
def ask() -> int:
    return ctx.call("bank", "lend", amount=1)
"""
MALL = """from contracts.author import call, ctx


@call
def visit(parts: int) -> int:
    return ctx.call("shop", "buy", parts=parts)
"""


def debug_last(chain: Chain, *operations: Call) -> Debugged:
    """Make a block of the operations, and debug the last of them."""
    before = chain.state.copy()
    recorded = chain.block(*operations)
    last = len(operations) - 1
    found = debug_transaction(Rehearsal(chain.genesis, before), chain.blocks[-1], last)
    assert found.receipt == recorded[-1]
    return found


@pytest.fixture
def mall() -> Chain:
    chain = Chain()
    for name, source in (("bank", BANK), ("shop", SHOP), ("mall", MALL)):
        propose(chain, name, source, {})
    return chain


def invoke(contract: str, method: str, **arguments: object) -> Call:
    return Call(contract, method, encode_value(arguments))


def places(run: Watched) -> list[tuple[str, str, int]]:
    return [(one.contract, one.function, one.line) for one in run.stack]


def ends(found: Debugged) -> list[tuple[str, str, str]]:
    return [
        (one.invocation.contract, one.execution.status, one.execution.error)
        for one in found.runs
        if one.execution is not None
    ]


def test_a_contract_that_ran_before_in_the_same_block_is_watched_as_well():
    chain = Chain()
    propose(chain, "sharer", SOURCE, {})
    found = debug_last(
        chain,
        invoke("sharer", "divide", who="a", total=8, parts=2),
        invoke("sharer", "divide", who="a", total=7, parts=0),
    )
    (run,) = found.runs
    assert places(run) == [("sharer", "divide", 15), ("sharer", "split", 7)]
    assert run.stack[1].locals == {"total": "7", "parts": "0"}
    assert run.stack[1].text == "    share = total // parts"
    assert 15 in run.gas_by_line


def test_two_contracts_of_one_source_are_told_apart():
    chain = Chain()
    propose(chain, "first", SOURCE, {})
    propose(chain, "second", SOURCE, {})
    found = debug_last(
        chain,
        invoke("first", "divide", who="a", total=8, parts=2),
        invoke("second", "divide", who="a", total=7, parts=0),
    )
    (run,) = found.runs
    assert places(run) == [("second", "divide", 15), ("second", "split", 7)]


def test_what_a_called_contract_does_is_its_own(mall):
    found = debug_last(mall, invoke("shop", "buy", parts=3))
    shop, bank = found.runs
    assert ends(found) == [("shop", "ok", ""), ("bank", "ok", "")]
    assert (bank.invocation.sender, bank.invocation.handler) == ("contract:shop", "pay")
    assert bank.writes == {"balances/shop": "4"}
    assert bank.reads == {"balances/shop": "nothing"}
    assert shop.writes["balances/sold"] == "4"
    assert "balances/shop" not in {**shop.reads, **shop.writes}
    assert {6, 11, 13} <= bank.gas_by_line.keys()
    assert bank.execution is not None
    assert shop.execution is not None
    assert 0 < sum(bank.gas_by_line.values()) <= bank.execution.gas_used
    assert bank.execution.gas_used <= shop.gas_by_line[9] < shop.execution.gas_used


def test_a_called_contract_that_stops_shows_its_own_lines(mall):
    found = debug_last(
        mall, invoke("shop", "buy", parts=2), invoke("bank", "pay", to="a", amount=1, parts=1),
        invoke("shop", "buy", parts=0),
    )  # fmt: skip
    shop, bank = found.runs
    inner = [("bank", "pay", 12), ("bank", "split", 7)]
    assert places(shop) == [("shop", "buy", 9), *inner]
    assert places(bank) == inner
    assert bank.stack[-1].locals == {"amount": "12", "parts": "0"}
    assert bank.stack[-1].text == "    return amount // parts"
    assert ends(found) == [
        ("shop", "contract_error", "bank.pay: ZeroDivisionError"),
        ("bank", "error", "ZeroDivisionError"),
    ]
    assert "zero" in shop.message


def test_a_stop_is_shown_through_every_contract_up_to_it(mall):
    found = debug_last(mall, invoke("mall", "visit", parts=0))
    inner = [("shop", "buy", 9), ("bank", "pay", 12), ("bank", "split", 7)]
    assert [places(one) for one in found.runs] == [
        [("mall", "visit", 6), *inner],
        inner,
        inner[1:],
    ]
    assert [end for _, end, _ in ends(found)] == ["contract_error", "contract_error", "error"]


def test_a_caller_that_stops_after_a_call_shows_only_itself(mall):
    found = debug_last(mall, invoke("shop", "lose", parts=0))
    shop, bank = found.runs
    assert (places(shop), places(bank)) == ([("shop", "lose", 16)], [])
    assert [end for _, end, _ in ends(found)] == ["error", "ok"]


def test_a_method_that_is_not_there_is_told_at_the_call(mall):
    found = debug_last(mall, invoke("shop", "ask"))
    assert places(found.runs[0]) == [("shop", "ask", 21)]
    assert ends(found) == [
        ("shop", "contract_error", "bank has no method lend"),
        ("bank", "no_such_handler", ""),
    ]


def test_an_exception_that_was_caught_is_not_where_it_stopped():
    source = SOURCE.replace(
        "    return shares[who]",
        "    try:\n        split(1, 0)\n    except ZeroDivisionError:\n        pass\n"
        "    return shares",
    )
    chain = Chain()
    propose(chain, "sharer", source, {})
    (run,) = debug_last(chain, invoke("sharer", "divide", who="a", total=1, parts=1)).runs
    assert run.execution is not None
    assert (run.execution.status, run.stack) == ("error", ())
