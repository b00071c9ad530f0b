"""Catalogue entries 206x, 207x, 2089: who belongs to the chain, what is proven against members."""

from typing import Final

from chain.catalogue_entry import Entry

ENTRIES: Final = (
    Entry(
        "VT-2060",
        "unknown-proposal",
        "There is no such proposal",
        "No change was proposed by transaction {proposal}.",
        "List the proposals: veritwin member proposals",
    ),
    Entry(
        "VT-2061",
        "proposal-closed",
        "The proposal is closed",
        "Proposal {proposal} was {status} at height {height}.",
        "Nothing to do; to change more, propose again: veritwin member propose --help, or veritwin "
        "contract propose --help",
    ),
    Entry(
        "VT-2062",
        "proposal-expired",
        "The proposal has expired",
        "Proposal {proposal} could be approved up to height {expiry}; this is height {height}.",
        "Propose it again: veritwin member propose --help",
    ),
    Entry(
        "VT-2063",
        "already-approved",
        "The organisation has approved already",
        "{organisation} approved proposal {proposal} at height {height}; each member counts once.",
        "Nothing to do; see who is missing: veritwin member proposals",
    ),
    Entry(
        "VT-2064",
        "too-many-proposals",
        "The organisation has too many open proposals",
        "{organisation} has {limit} proposals that are not decided.",
        "Withdraw one: veritwin member withdraw PROPOSAL",
    ),
    Entry(
        "VT-2065",
        "impossible-change",
        "The change cannot be made",
        "{reason}.",
        "See who votes with what weight, and what is planned: veritwin member list",
    ),
    Entry(
        "VT-2066",
        "plan-full",
        "Too many changes wait to come into force",
        "{waiting} changes are planned up to height {height}, one for each height.",
        "Send it again after a few blocks.",
    ),
    Entry(
        "VT-2067",
        "not-own-node",
        "The node is not one of the sender's organisation",
        "{organisation} has no node {node} among the validators.",
        "Give the name of your own node: veritwin member list",
    ),
    Entry(
        "VT-2068",
        "no-possession",
        "The new vote key did not sign",
        "The proof is not the signature of key {key} for node {node} in the place of {old}.",
        "Make it with the key's own file: veritwin member rotate-key --help",
    ),
    Entry(
        "VT-2069",
        "not-own-proposal",
        "The proposal is another organisation's",
        "Proposal {proposal} was made by {owner}, not by {organisation}.",
        "Only its own organisation can withdraw it; to refuse it, do not approve it.",
    ),
    Entry(
        "VT-2070",
        "no-proof",
        "The evidence proves nothing",
        "{reason}.",
        "Report only what two signatures of one validator prove; see docs/PROTOCOL.md, Evidence.",
    ),
    Entry(
        "VT-2071",
        "evidence-out-of-range",
        "The evidence is of a height that is not judged",
        "It is of height {height}; at height {now} heights {first} to {now} are judged.",
        "Nothing to do: what is too old has no consequence any more.",
    ),
    Entry(
        "VT-2072",
        "evidence-known",
        "The evidence is on record already",
        "Offence {evidence} was recorded at height {height}.",
        "Nothing to do; see veritwin evidence list",
    ),
    Entry(
        "VT-2073",
        "evidence-enough",
        "Enough is on record against this validator",
        "{count} offences of key {key} are recorded; more would change nothing.",
        "Nothing to do; see veritwin evidence list",
    ),
    Entry(
        "VT-2089",
        "vote-key-replaced",
        "The vote key was replaced",
        "Key {key} is not that of {node} any more: a newer one replaced it from height {since} on.",
        "Take the card.json that is in the node's home now: rotate-key writes it anew. When the "
        "newest key is lost, make the node anew in an empty folder: veritwin node card --help",
    ),
)
