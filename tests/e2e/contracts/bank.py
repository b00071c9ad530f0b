"""Twins that hold a balance and pay each other; the sum never changes."""

from contracts.author import Map, call, ctx, fail

OPENING = 100
balances = Map(int)


def balance_of(key: str, twin: str) -> int:
    """Give what a twin holds; all begin with the same."""
    return balances.get(f"{key}/{twin}", OPENING)


@call
def read(key: str) -> list[list[str | int]]:
    """Give all twins with their balances, in order."""
    twins = ctx.parameter("twins", ("",))
    return [[twin, balance_of(key, twin)] for twin in sorted(twins)]


@call
def transfer(key: str, payer: str, payee: str, amount: int) -> bool:
    """Move money from one twin to another; tell whether there was enough of it."""
    for twin in (payer, payee):
        if ctx.twin(twin) is None:
            fail(f"there is no twin {twin}")
    if payer == payee or balance_of(key, payer) < amount:
        return False
    balances[f"{key}/{payer}"] = balance_of(key, payer) - amount
    balances[f"{key}/{payee}"] = balance_of(key, payee) + amount
    return True
