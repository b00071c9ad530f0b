"""The chain of the kit runs the node's own operations and limits."""

import pytest

from chain.operations import Call
from chain.values import encode_value
from contracts.kit.chain import Chain, HandlerFailed, Rejected
from contracts.kit.members import KitContract, propose
from tests.unit.contracts.native.lifecycle import FIRST, NAME


def test_every_operation_has_a_block_of_its_own():
    chain = Chain()
    propose(chain, NAME, FIRST, {})
    before = chain.height
    receipt = chain.apply(Call(NAME, "add", encode_value({"amount": 1})), "workshop")
    assert chain.height == before + 1
    assert receipt.gas_used > 0
    assert chain.receipts[-1] is receipt


def test_a_refusal_is_raised_with_its_code_and_the_cause():
    chain = Chain()
    propose(chain, NAME, FIRST.replace("+ amount", "// amount"), {})
    with pytest.raises(Rejected) as caught:
        chain.apply(Call(NAME, "add", encode_value({"amount": 0})))
    assert caught.value.code == "VT-4102"
    assert isinstance(caught.value.__cause__, ZeroDivisionError)
    assert not chain.try_apply(Call("nobody", "add", encode_value({}))).is_ok


def test_what_waits_for_a_height_starts_in_an_empty_block():
    chain = Chain()
    propose(chain, NAME, FIRST, {}, not_before=chain.height + 10)
    while chain.height < 9:
        assert chain.try_apply(Call(NAME, "add", encode_value({"amount": 1}))).code == "VT-2040"
    chain.empty_block()
    chain.apply(Call(NAME, "add", encode_value({"amount": 1})))


def test_time_stands_still_and_never_runs_backwards():
    chain = Chain()
    before = chain.time_ms
    chain.empty_block()
    chain.forward(5)
    assert chain.time_ms == before + 5
    with pytest.raises(ValueError, match="never runs backwards"):
        chain.forward(-1)


RINGING = '''"""Ring at a time, note when, and ring again while there is something left."""

from contracts.author import Timer, Var, call, ctx, fail, on_timer

rung = Var(list, [])


@call
def start(at_ms: int) -> None:
    """Set the first timer."""
    ctx.set_timer("first", at_ms)


@on_timer
def ring(timer: Timer) -> None:
    """Note the time, and set the next timer."""
    if timer.name == "bad":
        fail("no more")
    times = rung.get()
    times.append(ctx.time_ms)
    rung.set(times)
    if timer.name == "first":
        ctx.set_timer("second", ctx.time_ms + 1000)
    if timer.name == "endless":
        ctx.set_timer("endless", ctx.time_ms)


@call
def begin(name: str) -> None:
    """Set a timer that is due at once."""
    ctx.set_timer(name, ctx.time_ms)
'''


@pytest.fixture
def ringing():
    chain = Chain()
    propose(chain, "ringing", RINGING, {})
    return chain, KitContract(chain, "ringing")


def test_timers_ring_at_their_time_while_time_passes(ringing):
    chain, contract = ringing
    at = chain.time_ms + 60_000
    contract.call("start", at_ms=at)
    chain.forward(59_999)
    assert contract.state() == {}
    chain.forward(10_000)
    assert contract.state() == {"rung": [at, at + 1000]}
    assert chain.time_ms == at + 9_999


def test_a_timer_that_rings_without_end_ends_the_test(ringing):
    chain, contract = ringing
    contract.call("begin", name="endless")
    with pytest.raises(RuntimeError, match="timers that set timers ring without end"):
        chain.forward(1)


def test_a_contract_that_stops_when_it_is_woken_is_told(ringing):
    chain, contract = ringing
    contract.call("begin", name="bad")
    with pytest.raises(HandlerFailed, match=r"VT-4101: ringing.ring ended with: no more") as caught:
        chain.forward(1)
    assert caught.value.receipt.is_ok
    assert chain.events("contract_failed")[0].payload["handler"] == "ring"
