"""Catalogue entries of the node: 6xxx storage, 7xxx API and client, 8xxx settings and demo."""

from typing import Final

from chain.catalogue_entry import Entry

_RESYNC: Final = (
    "Move the folder aside, keep the last-signed file, and start again: the node fetches the "
    "chain from its peers and signs nothing until it is past its last signed height."
)
_FILE_LOST: Final = (
    "Under BFT move database/ away and start: the node fetches the chain, and votes again when "
    "that is past all that it can have signed. Under Raft it never votes again: members remove it "
    "with `veritwin member propose remove NODE` and add one with a new home and another name."
)

STORAGE: Final = (
    Entry(
        "VT-6001",
        "damaged-database",
        "The database is damaged",
        "{path}: {reason}.",
        _RESYNC,
    ),
    Entry(
        "VT-6002",
        "database-in-use",
        "Another process uses the database",
        "{path} is held by another process.",
        "Stop the other node first; two nodes must never share a folder.",
    ),
    Entry(
        "VT-6003",
        "unfinished-write",
        "The database ends in an unfinished write",
        "{path}: {reason}. Power failed during a write, or acknowledged data was damaged.",
        _RESYNC,
    ),
    Entry(
        "VT-6004",
        "disk-full",
        "The disk is full",
        "There is no room left for {path}.",
        "Free some space; if the node does not start, delete the file named ballast in its folder.",
    ),
    Entry(
        "VT-6005",
        "disk-failed",
        "The disk refused to read or write",
        "{path}: {reason}.",
        "Check the disk and its file system. Nothing that was acknowledged is lost.",
    ),
    Entry(
        "VT-6006",
        "database-incomplete",
        "Files of the database are missing",
        "{path} holds {found}, but not the file CURRENT that names the rest.",
        _RESYNC,
    ),
    Entry(
        "VT-6007",
        "database-closed",
        "The database is closed",
        "{path} was closed while it was still being read.",
        "Start the node again.",
    ),
    Entry(
        "VT-6010",
        "stored-block-missing",
        "A stored block is missing",
        "Block {height}, or what belongs to it, is not in the database.",
        _RESYNC,
    ),
    Entry(
        "VT-6011",
        "stored-block-wrong",
        "A stored block does not hold",
        "Block {height}: {reason}.",
        _RESYNC,
    ),
    Entry(
        "VT-6012",
        "stored-head-wrong",
        "The stored head does not fit the stored blocks",
        "{reason}.",
        _RESYNC,
    ),
    Entry(
        "VT-6013",
        "log-node-missing",
        "A node of the transaction log is missing",
        "The log has no node {index} of level {level}.",
        _RESYNC,
    ),
    Entry(
        "VT-6020",
        "last-signed-damaged",
        "The last-signed file is damaged",
        "No slot of {path} reads back, so the node cannot know what it signed.",
        "Keep a copy, and take it away, as it is as good as lost. " + _FILE_LOST,
    ),
    Entry(
        "VT-6021",
        "last-signed-missing",
        "The last-signed file is missing",
        "The database holds blocks, but {path} does not exist.",
        "Put the file back if it was only moved; one out of a backup will not do. If it is gone: "
        + _FILE_LOST,
    ),
    Entry(
        "VT-6030",
        "retention-too-short",
        "The node is told to keep too few blocks",
        "storage.retain_blocks: {given} blocks are too few; keep at least {least}. Transactions "
        "can be repeated for {window} blocks, and joining nodes need some more.",
        "Set storage.retain_blocks to at least that in node.yaml, or to 0 to keep everything.",
    ),
    Entry(
        "VT-6031",
        "nothing-to-prune",
        "The node is told to keep everything",
        "storage.retain_blocks is 0, so nothing may be deleted.",
        "Say how many blocks to keep: veritwin node prune --home HOME --retain-blocks COUNT",
    ),
)

API: Final = (
    Entry(
        "VT-7001",
        "bad-request",
        "The request cannot be read",
        "{reason}.",
        "Compare the request with /v1/openapi.json.",
    ),
    Entry(
        "VT-7002",
        "bad-parameter",
        "A parameter is not valid",
        "Parameter {parameter}: {reason}.",
        "Compare the request with /v1/openapi.json.",
    ),
    Entry(
        "VT-7003",
        "no-such-resource",
        "There is no such address",
        "{method} {path} is no part of this API.",
        "See /v1/openapi.json for all addresses and methods.",
    ),
    Entry(
        "VT-7004",
        "not-found",
        "It does not exist",
        "There is no {kind} {name} on this node.",
        "Check the name; what was sent a moment ago to another node may not have arrived yet.",
    ),
    Entry(
        "VT-7005",
        "not-final-yet",
        "The transaction is not final yet",
        "Transaction {id} is {state}; a receipt exists once it is in a decided block.",
        "Wait for it: veritwin tx wait ID",
    ),
    Entry(
        "VT-7006",
        "request-too-large",
        "The request is larger than allowed",
        "The request has more than {limit} bytes.",
        "Split it into several requests.",
    ),
    Entry(
        "VT-7007",
        "too-many-requests",
        "Too many requests from one address",
        "At most {limit} requests a second are answered to {address}.",
        "Wait a second, and send many transactions in one request.",
    ),
    Entry(
        "VT-7008",
        "too-slow",
        "The request took too long to arrive",
        "Its {part} did not arrive within {seconds} seconds.",
        "Send it again over a better connection, or in smaller parts.",
    ),
    Entry(
        "VT-7009",
        "wrong-media-type",
        "The media type is not supported",
        "{given} cannot be read here; use {expected}.",
        "Set the Content-Type header.",
    ),
    Entry(
        "VT-7010",
        "not-ready",
        "The node is not ready",
        "{reason}.",
        "Try another node, or wait: GET /readyz says when it is ready.",
    ),
    Entry(
        "VT-7011",
        "internal-error",
        "The node failed to answer",
        "Request {request} failed unexpectedly.",
        "Report it with this number; the node's log holds the cause.",
    ),
    Entry(
        "VT-7012",
        "events-ahead",
        "The chain is not as long as the events asked for",
        "Events from {cursor} on do not exist; the chain is at height {height}.",
        "Use an id that this chain has given before.",
    ),
    Entry(
        "VT-7013",
        "too-many-streams",
        "Too many event streams are open",
        "This node keeps at most {limit} event streams open.",
        "Try another node, or ask for /v1/blocks now and then.",
    ),
    Entry(
        "VT-7014",
        "no-longer-kept",
        "This node no longer keeps what was asked for",
        "Height {height} is too long ago: this node keeps states from height {base} on, and blocks "
        "above it.",
        "Ask a node that keeps everything (storage.retain_blocks: 0) and never joined from a "
        "snapshot.",
    ),
    Entry(
        "VT-7015",
        "unknown-or-no-longer-kept",
        "This node does not know it, or not any more",
        "This node knows no {kind} {name}. It may be an old one: blocks are kept here above height "
        "{base} only.",
        "Check the name. Ask a node that keeps everything (storage.retain_blocks: 0) and never "
        "joined from a snapshot; a receipt that was issued stays good without any node.",
    ),
    Entry(
        "VT-7020",
        "unreachable",
        "No node can be reached",
        "None of {nodes} answers; the last one said: {reason}.",
        "Name a node that runs with --node URL (the demo prints it): veritwin status --node URL",
    ),
    Entry(
        "VT-7021",
        "not-final-in-time",
        "The transaction is not final in time",
        "Transaction {id} was not final after {seconds} seconds. It may still become final.",
        "Ask again, never send a new one: veritwin tx wait ID",
    ),
    Entry(
        "VT-7022",
        "bad-answer",
        "A node gave an answer that cannot be read",
        "{node} answered {path} with something else: {reason}.",
        "Check that the address is a Veritwin node of the same version.",
    ),
    Entry(
        "VT-7023",
        "wrong-chain-answer",
        "The node belongs to another chain",
        "{node} runs chain {theirs}; the genesis file is of chain {ours}.",
        "Use the node's own genesis.json, after comparing its hash over another channel.",
    ),
    Entry(
        "VT-7024",
        "no-signer",
        "There is no key to sign with",
        "The client was made without a key, so it can only read.",
        "Give it one: AsyncClient(nodes, genesis, signer=load_key(PATH))",
    ),
    Entry(
        "VT-7025",
        "node-error",
        "The node answered with an error of its own",
        "{node} answered {status}: {reason}.",
        "See the node's log, or ask another node.",
    ),
)

CONFIGURATION: Final = (
    Entry(
        "VT-8001",
        "bad-configuration",
        "The configuration file is not valid",
        "{path}: {reason}.",
        "Correct it; all keys and their defaults stand in docs/CONFIGURATION.md.",
    ),
)

DEMO: Final = (
    Entry(
        "VT-8010",
        "demo-home-in-use",
        "The demo's folder is not empty",
        "{path} holds {found} already; a demo founds a new chain in a folder of its own.",
        "Name a new folder, or leave out --home: veritwin demo --home NEW-FOLDER",
    ),
    Entry(
        "VT-8011",
        "port-in-use",
        "A port cannot be used",
        "Port {port} of {host}: {reason}.",
        "Take another, or any free one: veritwin demo --port 0",
    ),
    Entry(
        "VT-8012",
        "demo-cannot-write",
        "The demo cannot write its files",
        "{path}: {reason}.",
        "Make room, or name a place that you may write to: veritwin demo --home NEW-FOLDER",
    ),
    Entry(
        "VT-8013",
        "demo-node-failed",
        "A node on this machine did not start",
        "{node} {reason}",
        "Mend what it says; with --home NEW-FOLDER its whole log, node.log, is kept.",
    ),
    Entry(
        "VT-8014",
        "bench-history-refused",
        "The network does not take what the bench hands in",
        "While the history was handed in: {reason}.",
        "See what a code means with veritwin explain CODE, and what the nodes' logs say.",
    ),
    Entry(
        "VT-8020",
        "plotting-not-installed",
        "Pictures need matplotlib",
        "matplotlib is not installed.",
        "Install it with: pip install 'veritwin[plot]'",
    ),
)

ENTRIES: Final[tuple[Entry, ...]] = (*STORAGE, *API, *CONFIGURATION, *DEMO)
