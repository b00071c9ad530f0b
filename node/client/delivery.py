"""Delivering operations whatever happens to nodes: each takes effect, and only once.

A transaction is signed once and handed in again, byte for byte, until it is final: a node that was
killed may have taken it along, and handing it in twice has no further effect. Only one that has
expired, and so can never be ordered, is signed anew.
"""

import asyncio
from collections.abc import Callable, Sequence
from typing import Final

from chain.errors import ChainError, InvalidInput, Refused
from chain.operations import AnyOperation
from chain.scalars import Hash
from chain.transaction import Transaction
from node.client import AsyncClient, NotFinal
from node.client.errors import error_from_receipt

PATIENCE_SECONDS: Final = 5.0
LATE_SECONDS: Final = 1.0
"""How long what is too late for any block is looked for in the blocks there are."""
FOLLOWED_MAX: Final = 32
"""How long a transaction may take before it is handed in again."""
PAUSE_SECONDS: Final = 0.5
EXPIRED: Final = "VT-2003"
LATER: Final = frozenset({"VT-2004", "VT-3001", "VT-3002", "VT-3003", "VT-6004"})
"""Why a node takes a transaction later, but not now: it is full, or some blocks behind."""


async def deliver(
    client: AsyncClient,
    operations: Sequence[AnyOperation],
    on_obstacle: Callable[[str], None] = lambda _: None,
) -> list[ChainError | None]:
    """Sign operations, hand them in in order, and wait until the fate of all is known.

    Args: on_obstacle: is told why nodes take nothing now, and an empty text once they do.
    Returns: for each operation None when it had its effect, or why it was refused.
    Raises: ChainError: no node would ever take them.
    """
    parcels = [_Parcel(operation) for operation in operations]
    await _settle(client, parcels, on_obstacle)
    return [parcel.refusal for parcel in parcels]


async def deliver_one(
    client: AsyncClient, operation: AnyOperation, on_obstacle: Callable[[str], None]
) -> Hash:
    """Deliver one operation that must not be refused; give the id under which it is final.

    Raises: ChainError: it was refused, or no node would ever take it.
    """
    parcel = _Parcel(operation)
    await _settle(client, [parcel], on_obstacle)
    if parcel.refusal is not None:
        raise parcel.refusal
    assert parcel.transaction is not None, "a parcel that is final was signed"
    return parcel.transaction.id


async def _settle(
    client: AsyncClient, parcels: "Sequence[_Parcel]", on_obstacle: Callable[[str], None]
) -> None:
    waiting = list(parcels)
    while waiting:
        try:
            obstacle = await _hand_in(client, waiting)
            on_obstacle(obstacle)
            for start in range(0, len(waiting), FOLLOWED_MAX):
                await _follow_all(client, waiting[start : start + FOLLOWED_MAX])
            if obstacle:
                await asyncio.sleep(PAUSE_SECONDS)
        except (InvalidInput, Refused):
            raise
        except ChainError:
            # Nobody answers, or a node failed: the parcels are still whole.
            await asyncio.sleep(PAUSE_SECONDS)
        waiting = [parcel for parcel in waiting if not parcel.is_settled]


class _Parcel:
    """An operation on its way, and the transaction that carries it."""

    def __init__(self, operation: AnyOperation) -> None:
        self.operation = operation
        self.transaction: Transaction | None = None
        self.is_taken = False
        self.is_too_late = False
        self.refusal: ChainError | None = None
        self.is_settled = False

    def sign_anew(self) -> None:
        """Forget the transaction, which can never be ordered."""
        self.transaction = None
        self.is_too_late = False

    def settle(self, refusal: ChainError | None) -> None:
        """Note the fate: None for the effect that was wanted."""
        self.refusal = refusal
        self.is_settled = True


async def _hand_in(client: AsyncClient, parcels: Sequence[_Parcel]) -> str:
    """Sign what is not signed yet, and hand everything in.

    Returns: why some of it was not taken now, empty when all was.
    """
    obstacle = ""
    transactions = []
    for parcel in parcels:
        if parcel.transaction is None:
            parcel.transaction = await client.build(parcel.operation)
        transactions.append(parcel.transaction)
    answers = await client.send_many(transactions)
    for parcel, answer in zip(parcels, answers, strict=True):
        is_refused = answer.state == "rejected"
        parcel.is_taken = not is_refused or answer.code == EXPIRED
        # A block that was decided before it expired may hold it all the same.
        parcel.is_too_late = is_refused and answer.code == EXPIRED
        if is_refused and answer.code in LATER:
            obstacle = answer.detail or answer.code
        elif not parcel.is_taken:
            parcel.settle(error_from_receipt(answer.id, answer.code or "", answer.detail))
    return obstacle


async def _follow_all(client: AsyncClient, parcels: Sequence[_Parcel]) -> None:
    """Wait for the fates of several at once.

    Raises: ChainError: the first reason why one of them is not known yet.
    """
    try:
        async with asyncio.TaskGroup() as tasks:
            for parcel in parcels:
                tasks.create_task(_follow(client, parcel))
    except ExceptionGroup as group:
        raise group.exceptions[0] from group


async def _follow(client: AsyncClient, parcel: _Parcel) -> None:
    """Wait for the fate of a parcel; what expired without effect will be signed anew.

    Raises: Busy: it is not known yet.
    """
    if parcel.transaction is None or not parcel.is_taken or parcel.is_settled:
        return
    try:
        seconds = LATE_SECONDS if parcel.is_too_late else PATIENCE_SECONDS
        view = await client.wait_final(parcel.transaction.id, seconds)
    except NotFinal:
        if not parcel.is_too_late:
            raise
        parcel.sign_anew()
        return
    match view.state:
        case "final":
            parcel.settle(None)
        case "expired":
            parcel.sign_anew()
        case _:
            parcel.settle(error_from_receipt(view.id, view.code or "", view.detail))
