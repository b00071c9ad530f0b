"""The one catalogue of numbered errors.

It feeds exceptions, `application/problem+json`, the docs and `veritwin explain CODE`. Numbers:
10xx bytes and formats, 12xx values, 13xx keys and proofs, 2xxx transactions and their rules,
30xx mempool and consensus, 4xxx contracts, 5xxx peers, 6xxx storage, 7xxx API and client,
8xxx command line and configuration, 9xxx ingest. A code is never used again for another meaning.
"""

from typing import Final

from chain import (
    catalogue_consensus,
    catalogue_contracts,
    catalogue_diagnosis,
    catalogue_governance,
    catalogue_ingest,
    catalogue_node,
    catalogue_p2p,
    catalogue_replica,
    catalogue_transactions,
    catalogue_wakeups,
)
from chain.catalogue_entry import Entry

FORMATS: Final = (
    Entry(
        "VT-1001",
        "malformed-bytes",
        "The bytes cannot be decoded",
        "The {size} bytes do not decode as {type}: {reason}.",
        "Build the message with the Veritwin client, or compare it with docs/PROTOCOL.md.",
    ),
    Entry(
        "VT-1002",
        "not-canonical",
        "The bytes are not in canonical form",
        "The bytes decode as {type} but encode differently, so their hash would be ambiguous.",
        "Encode integers and lengths in their shortest form; see docs/PROTOCOL.md, Codec.",
    ),
    Entry(
        "VT-1003",
        "too-large",
        "The message is larger than allowed",
        "{type} has {size} bytes; at most {limit} are allowed.",
        "Split the message, for example into smaller batches of readings.",
    ),
    Entry(
        "VT-1301",
        "bad-public-key",
        "The public key is not acceptable",
        "The key {key} is not a canonical Ed25519 point of large order.",
        "Make a new key: veritwin keys new NAME --organisation ORGANISATION",
    ),
    Entry(
        "VT-1302",
        "bad-key-file",
        "The key file cannot be read",
        "{path}: {reason}.",
        "Check the file, or make a new key: veritwin keys new NAME --organisation ORGANISATION",
    ),
    Entry(
        "VT-1303",
        "wrong-passphrase",
        "The passphrase does not open the key file",
        "{path} is encrypted and the passphrase given does not fit.",
        "Give the right one: --passphrase-file FILE, or VERITWIN_PASSPHRASE_FILE.",
    ),
    Entry(
        "VT-1304",
        "proof-failed",
        "The receipt does not verify",
        "Broken link: {link}.",
        "Fetch the receipt again from a node you trust: veritwin tx receipt ID",
    ),
    Entry(
        "VT-1305",
        "bad-genesis",
        "The genesis file is not usable",
        "{reason}.",
        "Ask a member organisation for genesis.json and compare its hash over another channel.",
    ),
    Entry(
        "VT-1306",
        "bad-certificate",
        "The quorum certificate does not hold",
        "{reason}.",
        "Do not trust this block; ask another node.",
    ),
    Entry(
        "VT-1307",
        "bad-merkle-proof",
        "The Merkle proof does not hold",
        "{reason}.",
        "Do not trust this answer; ask another node.",
    ),
    Entry(
        "VT-1308",
        "damaged-tree",
        "The stored state tree is damaged",
        "Node {node} of the state tree cannot be used: {reason}.",
        "Stop this node, delete its data folder and let it catch up from its peers.",
    ),
    Entry(
        "VT-1309",
        "open-key-file",
        "The secret file is open to other users",
        "{path} has mode {mode}, so other users of this machine can reach it.",
        "Close it: chmod 600 FILE. If others may have read it, revoke the key.",
    ),
    Entry(
        "VT-1310",
        "key-file-exists",
        "The key file already exists",
        "{path} exists, and a key file is never written over.",
        "Choose another name, or move the old file away.",
    ),
    Entry(
        "VT-1311",
        "bad-committee-step",
        "A header does not hand the chain over to other validators",
        "The header of height {height} does not follow: {reason}.",
        "Do not trust this answer; ask another node.",
    ),
    Entry(
        "VT-1312",
        "bad-replay-certificate",
        "The file is not a replay certificate",
        "{reason}.",
        "Ask who made it for the file that `veritwin replay --out --sign-with` wrote.",
    ),
)

CATALOGUE: Final[dict[str, Entry]] = {
    entry.code: entry
    for entries in (
        FORMATS,
        catalogue_transactions.ENTRIES,
        catalogue_wakeups.ENTRIES,
        catalogue_governance.ENTRIES,
        catalogue_consensus.ENTRIES,
        catalogue_contracts.ENTRIES,
        catalogue_p2p.ENTRIES,
        catalogue_replica.ENTRIES,
        catalogue_node.ENTRIES,
        catalogue_diagnosis.ENTRIES,
        catalogue_ingest.ENTRIES,
    )
    for entry in entries
}
