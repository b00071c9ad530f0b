"""Finds where two states part: the first height by halving, then the first key down the trees.

Nothing that a node says is taken on trust here: tree nodes are named by their hashes, and headers
count only as the validators of their height decided them (`proving`).
"""

import base64
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import replace
from itertools import zip_longest
from typing import Final

from chain.block import Header
from chain.errors import ChainError, InvalidInput
from chain.scalars import Hash
from chain.state_node import decode_node, hash_key, hash_node, hash_value, split_nodes
from node.alarm import NODES_SIZE_MAX, Alarm, BlockDifference
from node.diagnosis.asking import Asker
from node.diagnosis.observation import HomeSight, Sight, StateDifference
from node.diagnosis.proving import ProvenBlock, ProvenBlocks
from node.diagnosis.trees import LeafDifference, Node, find_first_difference

RECEIPTS_ASKED_MAX: Final = 200


async def find_differences(
    blocks: ProvenBlocks, sights: Sequence[Sight], homes: Sequence[HomeSight]
) -> tuple[StateDifference, ...]:
    """Compare the blocks of all nodes that answer, and what stopped nodes wrote down."""
    found = []
    for one, other in await _find_forks(blocks, sights):
        fork = await _compare_chains(blocks, one, other)
        if fork is not None:
            found.append(fork)
    running = {sight.node for sight in sights}
    for home in homes:
        alarm = home.alarm
        # A node that runs again shows by itself whether it gets past that height.
        if home.node not in running and alarm is not None and alarm.difference is not None:
            found.append(await _compare_alarm(blocks, home.node, alarm, alarm.difference, sights))
    return tuple(found)


# Two nodes that run


async def _find_forks(blocks: ProvenBlocks, sights: Sequence[Sight]) -> list[tuple[Sight, Sight]]:
    """Give the nodes whose blocks are not those of most others, each with one of the others."""
    if len(sights) < 2:
        return []
    best = max(sights, key=lambda sight: sight.status.height)
    others = [sight for sight in sights if sight is not best]
    odd = []
    for sight in others:
        height = min(sight.status.height, best.status.height)
        if not await _is_same(blocks, sight, best, height):
            odd.append(sight)
    if len(odd) > 1 and 2 * len(odd) > len(others):
        return [(best, odd[0])]
    return [(sight, best) for sight in odd]


async def _is_same(blocks: ProvenBlocks, one: Sight, other: Sight, height: int) -> bool:
    """Tell whether two nodes hold the same block; a block that one lacks is not another."""
    pair = await _fetch_pair(blocks, one, other, height)
    return pair is None or pair[0].hash == pair[1].hash


async def _fetch_pair(
    blocks: ProvenBlocks, one: Sight, other: Sight, height: int
) -> tuple[ProvenBlock, ProvenBlock] | None:
    try:
        mine = await blocks.get(one, height)
        theirs = await blocks.get(other, height)
    except ChainError:
        return None
    return None if mine is None or theirs is None else (mine, theirs)


async def _compare_chains(blocks: ProvenBlocks, one: Sight, other: Sight) -> StateDifference | None:
    """Find the first block that two nodes do not share, and the first key that differs there."""
    same, differs = 0, min(one.status.height, other.status.height)
    while differs - same > 1:
        middle = (same + differs) // 2
        if await _is_same(blocks, one, other, middle):
            same = middle
        else:
            differs = middle
    pair = await _fetch_pair(blocks, one, other, differs)
    if pair is None:
        return None  # One of them is gone since.
    mine, theirs = (block.header for block in pair)

    asker = blocks.asker
    nodes = NodeSource(asker, [one.address, other.address], {}, ())
    leaf = await walk(mine.state_root, theirs.state_root, nodes)
    transaction = await _find_other_transaction(asker, one, other, differs)
    found = StateDifference(
        node=one.node,
        other=other.node,
        height=differs,
        fields=tuple(
            name
            for name in Header.__struct_fields__
            if getattr(mine, name) != getattr(theirs, name)
        ),
        own_root=mine.state_root.hex(),
        other_root=theirs.state_root.hex(),
        transaction=transaction,
        signed_both=_signers_of_both(*pair),
        is_fork=True,
    )
    return _with_leaf(found, leaf, nodes)


async def _find_other_transaction(
    asker: Asker, one: Sight, other: Sight, height: int
) -> str | None:
    """Name the first transaction of a block that another block has not, or with another result."""
    try:
        mine = await asker.results(one.address, height)
        theirs = await asker.results(other.address, height)
    except ChainError:
        return None
    pairs = zip_longest(mine, theirs)
    first = next((own or found for own, found in pairs if own != found), None)
    return None if first is None else first[0]


def _signers_of_both(one: ProvenBlock, other: ProvenBlock) -> tuple[str, ...]:
    """Name the validators whose precommits are in both certificates."""
    return tuple(name for name in one.signer_names if name in other.signer_names)


# A node that stopped, and one that runs


async def _compare_alarm(
    blocks: ProvenBlocks,
    node: str,
    alarm: Alarm,
    difference: BlockDifference,
    sights: Sequence[Sight],
) -> StateDifference:
    """Find the first key of the block that a stopped node got another result of."""
    found = StateDifference(
        node=node,
        other=None,
        height=alarm.height or 0,
        fields=tuple(difference.fields),
        own_root=difference.own_root,
        other_root=difference.decided_root,
        damaged=tuple(bytes.fromhex(key) for key in difference.damaged),
        note="no node that answers has this block to compare with",
    )
    for sight in sights:
        if sight.node == node or sight.status.height < found.height:
            continue
        try:
            block = await blocks.get(sight, found.height)
            if block is not None and block.hash.hex() == difference.block:
                return await _compare_block(blocks.asker, found, difference, sight)
        except ChainError as error:
            found = replace(found, note=f"{sight.node} could not be asked: {error.why}")
    return found


async def _compare_block(
    asker: Asker, found: StateDifference, difference: BlockDifference, sight: Sight
) -> StateDifference:
    # What this node changed is its own; all the rest is as in the block before, everywhere.
    keys = [bytes.fromhex(key) for key in difference.keys]
    nodes = NodeSource(asker, [sight.address], read_nodes(difference.nodes), keys)
    nodes.remember(read_values(difference.values))
    own, decided = (Hash(bytes.fromhex(root)) for root in (found.own_root, found.other_root))
    leaf = await walk(own, decided, nodes)
    transaction = None
    if "receipts_root" in difference.fields:
        transaction = await _find_transaction(asker, difference, sight, found.height)
    found = replace(found, other=sight.node, transaction=transaction, note=None)
    found = _with_leaf(found, leaf, nodes)
    return replace(found, writer=_find_writer(difference, found.key))


def _find_writer(difference: BlockDifference, key: bytes | None) -> str | None:
    """Name the transaction that wrote a key last, at the node that stopped."""
    writers = dict(zip(difference.keys, difference.writers, strict=False))
    index = None if key is None else writers.get(key.hex())
    if index is None or not 0 <= index < len(difference.transactions):
        return None
    return difference.transactions[index].id


async def _find_transaction(
    asker: Asker, difference: BlockDifference, sight: Sight, height: int
) -> str | None:
    """Name the first transaction of a block with another result; None when it was not found."""
    theirs = dict(await asker.results(sight.address, height))
    for count, own in enumerate(difference.transactions):
        if theirs.get(own.id) != own.code:
            return own.id
        if count < RECEIPTS_ASKED_MAX and (
            await asker.receipt_hash(sight.address, own.id) != own.receipt
        ):
            return own.id
    return None


# Trees and keys


class NodeSource:
    """Gives tree nodes by their hashes, out of an alarm or from APIs, and remembers their keys.

    Args: own: nodes that are in no store; keys: that may be those of the leaves among them.
    """

    def __init__(
        self,
        asker: Asker,
        addresses: Sequence[str],
        own: Mapping[Hash, Node],
        keys: Sequence[bytes],
    ) -> None:
        self._asker = asker
        self._addresses = addresses
        self._own = own
        self._keys = {hash_key(key): key for key in keys}
        self._values: dict[Hash, bytes] = {}

    def remember(self, values: Iterable[bytes]) -> None:
        """Keep values that an alarm holds, each under its hash."""
        self._values.update((hash_value(value), value) for value in values)

    async def get(self, node: Hash) -> Node | None:
        """Give a node, or None.

        Raises: ChainError: an API does not answer.
        """
        if node in self._own:
            return self._own[node]
        for address in self._addresses:
            seen = await self._asker.state_node(address, node)
            if seen is not None:
                if seen.key is not None:
                    self._keys[hash_key(seen.key)] = seen.key
                if seen.value is not None:
                    self.remember([seen.value])
                return seen.node
        return None

    def value_of(self, value_hash: Hash | None) -> bytes | None:
        """Give a value by its hash, if it was met."""
        return None if value_hash is None else self._values.get(value_hash)

    def key_of(self, path: Hash) -> bytes | None:
        """Give the key with a path, if a leaf with it was met."""
        return self._keys.get(path)


async def walk(own: Hash, other: Hash, nodes: NodeSource) -> LeafDifference | None:
    """Find the first leaf that differs between two trees; None when a node is not to be had."""
    steps = find_first_difference(own, other)
    try:
        wanted = next(steps)
        while True:
            wanted = steps.send(await nodes.get(wanted))
    except StopIteration as done:
        found: LeafDifference | None = done.value
        return found
    except ChainError:
        return None  # An API ceased to answer.


def read_nodes(joined: str) -> dict[Hash, Node]:
    """Read the tree nodes of an alarm; none of what cannot be read."""
    if len(joined) > 2 * NODES_SIZE_MAX:
        return {}
    try:
        data = base64.b64decode(joined, validate=True)
        nodes = [decode_node(node) for node in split_nodes(data)]
    except (ValueError, InvalidInput):
        return {}
    return {hash_node(node): node for node in nodes}


def read_values(joined: Sequence[str | None]) -> Iterator[bytes]:
    """Read the values of an alarm; none of what cannot be read."""
    for one in joined:
        if one is not None:
            with suppress(ValueError):
                yield base64.b64decode(one, validate=True)


def _with_leaf(
    found: StateDifference, leaf: LeafDifference | None, nodes: NodeSource
) -> StateDifference:
    """Add the leaf that differs, and its key."""
    if leaf is None:
        return found
    return replace(
        found,
        key=nodes.key_of(leaf.path),
        path=leaf.path.hex(),
        own_value=None if leaf.own is None else leaf.own.hex(),
        other_value=None if leaf.other is None else leaf.other.hex(),
        own_data=nodes.value_of(leaf.own),
        other_data=nodes.value_of(leaf.other),
    )
