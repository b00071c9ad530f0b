"""Joining what leaves a step, so that many small messages travel as few large ones."""

from collections.abc import Sequence
from typing import Final

from chain.scalars import NodeName
from node.replica import effects
from node.replica.messages import Transactions

JOINED_BYTES_MAX: Final = 1 << 20
JOINED_COUNT_MAX: Final = 1024


def join_transactions(done: Sequence[effects.Effect]) -> list[effects.Effect]:
    """Join the gossip of a step: transactions of one origin to the same peers in one message.

    The joined message stands where the first of them stood, so transactions never leave later
    than a proposal that names them. Each message is kept under half a frame.
    """
    joined: list[effects.Effect] = []
    open_at: dict[tuple[NodeName, tuple[NodeName, ...]], tuple[int, list[bytes], int]] = {}
    for effect in done:
        if not (isinstance(effect, effects.SendToAll) and isinstance(effect.message, Transactions)):
            joined.append(effect)
            continue
        key = (effect.message.origin, effect.peers)
        size = sum(len(raw) for raw in effect.message.transactions)
        count = len(effect.message.transactions)
        place, gathered, total = open_at.get(key, (len(joined), [], 0))
        is_full = total + size > JOINED_BYTES_MAX or len(gathered) + count > JOINED_COUNT_MAX
        if gathered and is_full:
            place, gathered, total = len(joined), [], 0
        gathered.extend(effect.message.transactions)
        open_at[key] = (place, gathered, total + size)
        whole = effects.SendToAll(effect.peers, Transactions(key[0], tuple(gathered)))
        if place == len(joined):
            joined.append(whole)
        else:
            joined[place] = whole
    return joined
