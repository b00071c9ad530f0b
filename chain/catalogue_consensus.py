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
        "Stop. This node or the others run different software or damaged data; compare the "
        "versions and the state roots of all members before starting it again.",
    ),
)
