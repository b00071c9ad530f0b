"""The contract of the simulation: it adds up numbers, so that an effect taken twice is seen."""

from typing import Final

from chain.operations import Call, DeployContract
from chain.values import decode_value, encode_value
from contracts import state_keys
from node.replica.effects import Commit
from node.replica.ports import Column

NAME: Final = "tally"
SOURCE: Final = """
from contracts.author import Var, call

total = Var(int, 0)

@call
def add(amount: int) -> int:
    total.set(total.get() + amount)
    return total.get()
"""
_TOTAL_KEY: Final = state_keys.contract_state_prefix(NAME) + b"total"


def deploy() -> DeployContract:
    """Give the operation that deploys it."""
    return DeployContract(NAME, SOURCE, encode_value({}))


def add(amount: int) -> Call:
    """Give the operation that adds a number."""
    return Call(NAME, "add", encode_value({"amount": amount}))


def added_by(call: Call) -> int:
    """Give the number that a call adds."""
    arguments = decode_value(call.arguments)
    assert isinstance(arguments, dict)
    amount = arguments["amount"]
    assert isinstance(amount, int)
    return amount


def written_total(commit: Commit) -> int | None:
    """Give the total that a block leaves, or None when it does not change it."""
    for put in commit.batch.puts:
        if put.column is Column.STATE and put.key == _TOTAL_KEY and put.value is not None:
            total = decode_value(put.value)
            assert isinstance(total, int)
            return total
    return None
