"""Catalogue entries 302x: what engines refuse from peers, and what makes them stop."""

from typing import Final

from chain.catalogue_entry import Entry

ENTRIES: Final[tuple[Entry, ...]] = (
    Entry(
        "VT-3020",
        "unknown-validator",
        "A message names a validator that does not exist",
        "The {kind} of height {height} names validator {index}; the set has {count} members.",
        "The sender runs other software or another chain; ask its operator.",
    ),
    Entry(
        "VT-3021",
        "damaged-last-signed",
        "The record of the last signature is damaged",
        "Its {size} bytes are not what was written, so this key could sign twice.",
        "Stop this node and register a new vote key; never start it with the file deleted.",
    ),
    Entry(
        "VT-3022",
        "would-sign-twice",
        "The key has already signed at or above this position",
        "Asked to sign the {wanted}, but the last signature was the {last}.",
        "Nothing to do: the node follows and votes again once the chain is past that position.",
    ),
    Entry(
        "VT-3023",
        "engine-ahead-of-chain",
        "The consensus state is newer than the stored chain",
        "The engine's state is of height {state}, but the next height to decide is {height}.",
        "Blocks were lost on this disk: delete the data folder but keep the last-signed file, "
        "then let the node catch up from its peers.",
    ),
    Entry(
        "VT-3024",
        "bad-summary",
        "A summary of votes does not fit the validator set",
        "The {kind} bitmap has {size} bytes, or a bit for nobody; {count} validators vote.",
        "The sender runs other software; ask its operator.",
    ),
    Entry(
        "VT-3025",
        "wrong-proposer",
        "A proposal comes from a validator whose turn it is not",
        "Validator {given} proposed at height {height} round {round}; it is the turn of "
        "validator {expected}.",
        "The sender runs other software or breaks the rules; ask its operator.",
    ),
    Entry(
        "VT-3026",
        "bad-message-signature",
        "The signature of a consensus message does not fit",
        "The {kind} of validator {index} at height {height} round {round} is not signed by it.",
        "The peer that sent it forges or relays unchecked messages; ask its operator.",
    ),
    Entry(
        "VT-3027",
        "malformed-message",
        "A consensus message contradicts itself",
        "The {kind} of validator {index} at height {height} round {round}: {reason}.",
        "The sender runs other software; ask its operator.",
    ),
    Entry(
        "VT-3028",
        "decided-invalid",
        "A quorum decided a block that this node found invalid",
        "Block {block} was decided at height {height}, but executing it here gave another result.",
        "This node or the others run different software or damaged data. Let this name the key "
        "that differs: veritwin diagnose --home HOME --nodes URL. See docs/OPERATIONS.md.",
    ),
    Entry(
        "VT-3029",
        "no-vote",
        "A message comes from a member without a vote",
        "The {kind} of height {height} is signed by {node}, whose weight there is 0.",
        "The sender runs other software or was suspended and does not follow; ask its operator.",
    ),
    Entry(
        "VT-3050",
        "read-not-confirmed",
        "Nobody could confirm that this node's answer would be up to date",
        "No leader that a majority follows was reached from here in time.",
        "Ask again, or ask another node; until a majority is connected, no fresh read is possible.",
    ),
    Entry(
        "VT-3051",
        "read-needs-order",
        "This committee confirms no reads",
        "It agrees by the Byzantine engine, in which no node alone can vouch for the newest state.",
        "Send the query as a transaction and read its receipt, or ask for a proof of the state.",
    ),
    Entry(
        "VT-3052",
        "two-leaders",
        "Two members lead in one term",
        "Member {second} sends entries in term {term}, in which member {first} leads.",
        "One of them has lost its disk and its last-signed file, or runs twice with one key: stop "
        "both and compare them. Raft stands no such member.",
    ),
)
