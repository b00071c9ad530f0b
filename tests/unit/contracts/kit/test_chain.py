"""The chain of the kit runs the node's own operations and limits."""

import pytest

from chain.operations import Call
from chain.values import encode_value
from contracts.kit.chain import Chain, Rejected
from contracts.kit.members import propose
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
