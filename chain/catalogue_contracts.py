"""Catalogue entries 12xx (values), 4xxx (contracts), 2048, 2049 and 2074 to 2079 (their life)."""

from typing import Final

from chain.catalogue_entry import Entry

VALUES: Final = (
    Entry(
        "VT-1201",
        "not-a-value",
        "The data holds something that is no value",
        "{type} is not a value; values are None, bool, int, Decimal, str, bytes, list and dict "
        "with str keys.",
        "Write numbers as int or Decimal, and send texts as Unicode.",
    ),
    Entry(
        "VT-1202",
        "value-too-deep",
        "The value is nested too deeply",
        "Lists and dicts may be nested {limit} levels deep.",
        "Flatten the data, or split it over several keys.",
    ),
    Entry(
        "VT-1203",
        "value-too-large",
        "The value is larger than allowed",
        "It has at least {size} bytes; at most {limit} are allowed here.",
        "Split the data, or keep large files elsewhere and their hash here.",
    ),
    Entry(
        "VT-1204",
        "number-out-of-range",
        "A number is out of range",
        "A number of type {kind} is out of range: an int has up to 256 bits, a Decimal up "
        "to 34 digits and exponents -416 to 384.",
        "Round or scale the number before it is stored.",
    ),
    Entry(
        "VT-1205",
        "malformed-value",
        "The bytes are not an encoded value",
        "The {size} bytes do not decode as a value.",
        "Encode with the Veritwin client (chain.values.encode_value).",
    ),
    Entry(
        "VT-1206",
        "value-not-canonical",
        "The value is not in its one encoding",
        "The {size} bytes decode, but the value they hold encodes differently.",
        "Sort dict keys, use shortest integers, and drop trailing zeros of Decimals.",
    ),
)

CONTRACTS: Final = (
    Entry(
        "VT-4001",
        "contract-refused",
        "The contract's source is not in the contract language",
        "{count} finding(s); the first at line {line}: {rule}.",
        "See each finding and what to write instead: veritwin contract check FILE",
    ),
    Entry(
        "VT-4002",
        "parameter-does-not-fit",
        "A parameter does not fit the contract",
        "A parameter was given that the contract could not use: {reason}.",
        "Compare with ctx.parameter(NAME, DEFAULT) in the source.",
    ),
    Entry(
        "VT-4003",
        "argument-does-not-fit",
        "The arguments do not fit the method",
        "{contract}.{method} cannot be called like that: {reason}.",
        "Give each of its arguments with --set NAME=JSON, and no others.",
    ),
    Entry(
        "VT-4004",
        "report-not-plain",
        "The report is no plain text",
        "Line {line} of the report has the character {character}.",
        "Hand in what the simulation wrote: members read it on a terminal, and nothing in it may "
        "move its cursor or turn text around.",
    ),
    Entry(
        "VT-4010",
        "other-contract-engine",
        "The chain was founded with another contract engine",
        "Genesis names contract engine {wanted}; this program is {own}.",
        "Run the version of Veritwin that the other members run: veritwin --version",
    ),
    Entry(
        "VT-4011",
        "engine-deviates",
        "Contracts have other results on this machine",
        "Conformance program {program} came to '{own}', it has to come to '{wanted}'.",
        "Do not join with this machine: install Python and Veritwin anew, and check its memory.",
    ),
)

LIFE_CYCLE: Final = (
    Entry(
        "VT-2079",
        "contract-paused",
        "The contract is paused",
        "Contract {contract} is paused: nothing calls it and nothing wakes it.",
        "See who paused it: veritwin contract show NAME. To let it go on: "
        "veritwin contract resume NAME",
    ),
    Entry(
        "VT-2048",
        "contract-moved-on",
        "The contract is not where the change expects it",
        "The change takes the place of version {replaces} of contract {contract}, but {reason}.",
        "Look at the contract as it is now and propose anew: veritwin contract show NAME",
    ),
    Entry(
        "VT-2049",
        "contract-needs-approval",
        "Others must approve a contract on this chain",
        "Contract {contract} cannot be deployed on one word: contracts need {policy}.",
        "Propose it, and let the others approve: veritwin contract propose FILE",
    ),
    Entry(
        "VT-2074",
        "unknown-package",
        "There is no such package of a contract",
        "No package {package} of a contract {contract} was published.",
        "Publish it with its proposal: veritwin contract propose FILE",
    ),
    Entry(
        "VT-2075",
        "wrong-build",
        "The package does not hold what its build says",
        "The build of contract {contract} is not that of its parts in {engine}.",
        "Make the package anew with the version of Veritwin that this chain runs.",
    ),
    Entry(
        "VT-2076",
        "start-not-quiet",
        "A contract that starts at a height may not speak then",
        "Contract {contract} emits events or opens actions while it starts, and no transaction "
        "would hold them.",
        "Let it start with its approval (no height), or leave events and actions to a call.",
    ),
    Entry(
        "VT-2077",
        "contract-change-impossible",
        "The change of the contract is impossible now",
        "Contract {contract}: {reason}.",
        "Look at the contract as it is now: veritwin contract show NAME",
    ),
    Entry(
        "VT-2078",
        "no-upgrade-handler",
        "The source does not say how to upgrade from the version in force",
        "Contract {contract} has @upgrade functions, but none for version {version}.",
        "Add an @upgrade function whose from_version is that number, or remove them all if the "
        "state can stay as it is. To bring back a version that was in force before, which runs "
        "none: veritwin contract roll-back NAME --to VERSION",
    ),
)

ENTRIES: Final[tuple[Entry, ...]] = (*VALUES, *CONTRACTS, *LIFE_CYCLE)
