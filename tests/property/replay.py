"""Apply chains of transactions and print the roots: `python -m tests.property.replay`.

Started as a process of its own, so that what differs between machines can be made to differ: the
seed of Python's hashes, the locale, how deep the stack already is. Standard input is a JSON list of
chains; a chain is a list of blocks, a block a list of transactions in hex. The argument is the
number of calls to go down first.
"""

import json
import sys
from typing import Final

from chain import state_tree
from chain.genesis import compute_genesis_hash
from chain.hashing import EMPTY_HASH
from chain.receipt import compute_receipts_root
from chain.scalars import Hash, Height, UnixMillis
from chain.transaction import decode_transaction
from contracts.apply import apply_transaction
from contracts.context import BlockContext
from contracts.genesis_state import initial_writes
from contracts.inprocess import InProcessExecutor
from contracts.state import MemoryView, Overlay
from tests.unit.contracts.support import NOW, make_genesis

Chain = list[list[str]]
GENESIS: Final = make_genesis()


def replay(chain: Chain) -> list[str]:
    """Give the state root and the receipts root after each block."""
    genesis_hash = compute_genesis_hash(GENESIS)
    writes: dict[bytes, bytes | None] = dict(initial_writes(GENESIS))
    view, nodes = MemoryView().apply(writes), dict[Hash, bytes]()
    tree = state_tree.update(EMPTY_HASH, writes, nodes.get)
    nodes.update(tree.nodes)
    executor, roots = InProcessExecutor(), [tree.root.hex()]
    for height, block in enumerate(chain, 1):
        overlay = Overlay(view)
        context = BlockContext.create(
            Height(height),
            UnixMillis(NOW + height),
            genesis_hash,
            GENESIS.limits,
            GENESIS.governance,
        )
        receipts = tuple(
            apply_transaction(
                decode_transaction(bytes.fromhex(raw)), overlay, context, executor, index
            )
            for index, raw in enumerate(block)
        )
        view = view.apply(overlay.writes())
        tree = state_tree.update(tree.root, overlay.writes(), nodes.get)
        nodes.update(tree.nodes)
        roots += [tree.root.hex(), compute_receipts_root(receipts).hex()]
        roots += [receipt.code for receipt in receipts]
    return roots


def replay_at(depth: int, chains: list[Chain]) -> list[list[str]]:
    """Replay with `depth` more calls on the stack."""
    return replay_at(depth - 1, chains) if depth else [replay(chain) for chain in chains]


if __name__ == "__main__":
    json.dump(replay_at(int(sys.argv[1]), json.load(sys.stdin)), sys.stdout)
