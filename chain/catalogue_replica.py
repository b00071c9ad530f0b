"""Catalogue entries 300x, 301x, 303x and 304x: mempool, proposed blocks, gossip, catch-up."""

from typing import Final

from chain.catalogue_entry import Entry

ENTRIES: Final = (
    Entry(
        "VT-3001",
        "mempool-full",
        "The node has too many transactions waiting",
        "{waiting} transactions with {size} bytes wait for a block.",
        "Send it again in a moment, or to another node.",
    ),
    Entry(
        "VT-3002",
        "share-used-up",
        "The organisation's share of the mempool is used up",
        "Transactions of {organisation} already wait with {size} bytes.",
        "Wait until some are final, then send it again.",
    ),
    Entry(
        "VT-3003",
        "node-overloaded",
        "The node has too much to do",
        "{waiting} requests and messages wait for the node.",
        "Send it again in a moment, or to another node.",
    ),
    Entry(
        "VT-3010",
        "bad-proposal",
        "A proposed block breaks a rule",
        "The block cannot be voted for: {reason}.",
        "The other members go on in the next round; look at the proposer's log.",
    ),
    Entry(
        "VT-3030",
        "undecodable-message",
        "A peer sent bytes that are not a message",
        "{reason}",
        "The peer was disconnected. Check that both nodes run the same version.",
    ),
    Entry(
        "VT-3031",
        "passed-on-invalid",
        "A peer passed on an invalid transaction",
        "{peer} sent a transaction that no correct node accepts. {reason}",
        "The peer was disconnected. Ask its operator.",
    ),
    Entry(
        "VT-3032",
        "not-decided",
        "A peer sent a block that no quorum decided",
        "The block from {peer} does not hold: {reason}",
        "The peer was disconnected; the block is fetched from another one.",
    ),
    Entry(
        "VT-3033",
        "poisoned-claim",
        "What a peer says of its chain cannot be",
        "{peer} contradicts itself: {reason}.",
        "The peer was disconnected; this node goes on with the others. Ask its operator.",
    ),
    Entry(
        "VT-3034",
        "bad-snapshot",
        "A peer sent a snapshot, or a part of one, that does not hold",
        "{what} from {peer} does not hold: {reason}",
        "The peer was disconnected; the part is fetched from another one. Ask its operator.",
    ),
    Entry(
        "VT-3040",
        "block-missing",
        "A committed block is missing from the store",
        "Block {height} or its certificate cannot be read.",
        "Move the node's data folder away and start again: it fetches the chain from its peers.",
    ),
    Entry(
        "VT-3041",
        "diverged",
        "This node gets another state than the quorum",
        "At height {height} the quorum decided state root {decided}, this node gets {own}.",
        "Keep the folder. It is a fault of the machine or the software; let this name the key: "
        "veritwin diagnose --home HOME --nodes URL. See docs/OPERATIONS.md.",
    ),
    Entry(
        "VT-3043",
        "not-executed-here",
        "This node could not run a contract of the transaction",
        "The contract worker of this node was lost twice while it ran transaction {transaction}.",
        "Send it to another node. If others cannot run it either it expires; tell the contract's "
        "author, and see the log for how the worker died.",
    ),
    Entry(
        "VT-3042",
        "commit-mismatch",
        "The store confirmed another block than the one decided",
        "Height {height} was confirmed with another block hash.",
        "Stop the node and check its disk.",
    ),
)
