"""The objects that clients work on, as one instant copy of each would behave.

A model is a function: from a state and a call to the answer and the next state. States are hashable
values, so that the checker can remember which it has tried.
"""

from collections.abc import Callable, Hashable
from dataclasses import dataclass
from typing import Any, Final

from tests.histories.history import Call

State = Hashable
Apply = Callable[[Any, Call], tuple[Any, Any]]


class NoSuchCall(ValueError):
    """A model was asked for something that its object does not do."""


@dataclass(frozen=True, slots=True)
class Model:
    """An object: its first state, what calls do to it, and which of them only read.

    A call that answers False has changed nothing, whatever the state was.
    """

    name: str
    initial: State
    apply: Apply
    reads: frozenset[str]

    def is_idle(self, call: Call, output: Any) -> bool:
        """Whether a call with this answer changes nothing, wherever it is placed."""
        return call[0] in self.reads or output is False


def apply_register(state: Any, call: Call) -> tuple[Any, Any]:
    """One value: read, write, and cas(expected, new), which tells whether it wrote."""
    match call:
        case ("read",):
            return state, state
        case ("write", value):
            return None, value
        case ("cas", expected, value):
            return (True, value) if state == expected else (False, state)
        case _:
            raise NoSuchCall(call)


def apply_list(state: tuple[Any, ...], call: Call) -> tuple[Any, Any]:
    """A list: read gives all of it, append tells how long it is then."""
    match call:
        case ("read",):
            return state, state
        case ("append", value):
            return len(state) + 1, (*state, value)
        case _:
            raise NoSuchCall(call)


def apply_set(state: frozenset[Any], call: Call) -> tuple[Any, Any]:
    """A set: add tells whether the value was new, read gives all values in order."""
    match call:
        case ("read",):
            return tuple(sorted(state)), state
        case ("add", value):
            return value not in state, state | {value}
        case _:
            raise NoSuchCall(call)


def apply_bank(state: tuple[tuple[str, int], ...], call: Call) -> tuple[Any, Any]:
    """Accounts with money: read gives all, transfer(from, to, amount) tells whether it could."""
    match call:
        case ("read",):
            return state, state
        case ("transfer", payer, payee, amount):
            balances = dict(state)
            if payer == payee or balances[payer] < amount:
                return False, state
            balances[payer] -= amount
            balances[payee] += amount
            return True, tuple(sorted(balances.items()))
        case _:
            raise NoSuchCall(call)


def make_bank(accounts: tuple[str, ...], each: int) -> Model:
    """Make a bank in which every account begins with as much."""
    opening = tuple(sorted((account, each) for account in accounts))
    return Model("bank", opening, apply_bank, _READ)


_READ: Final = frozenset({"read"})
REGISTER: Final = Model("register", None, apply_register, _READ)
LIST: Final = Model("list", (), apply_list, _READ)
SET: Final = Model("set", frozenset(), apply_set, _READ)
