"""Catalogue entries 208x: what wakes contracts, and who consented to them."""

from typing import Final

from chain.catalogue_entry import Entry

ENTRIES: Final = (
    Entry(
        "VT-2080",
        "no-consent",
        "The twin's owner has not consented to the contract",
        "Contract {contract} cannot open an action at {twin}: {owner} has not consented to it.",
        "Let an administrator of the owner read the source and consent: "
        "veritwin contract consent NAME SOURCE",
    ),
    Entry(
        "VT-2081",
        "nothing-due",
        "Nothing is due",
        "No timer and no deadline is due by the block's time, {time_ms} ms, or some rang in this "
        "block already and the others ring in the next one.",
        "Nothing has to be done: another member was faster, or rings again.",
    ),
    Entry(
        "VT-2082",
        "calls-itself",
        "A contract was called that is running already",
        "Contract {caller} called {contract}, which is waiting for it.",
        "Let one of them return what the other needs.",
    ),
    Entry(
        "VT-2084",
        "too-many-callers",
        "Too many contracts call one another",
        "More than {limit} contracts would run at once, beginning with {contract}.",
        "Call fewer contracts from contracts that are called.",
    ),
    Entry(
        "VT-2083",
        "limit-no-number",
        "A parameter cannot be the limit of a condition",
        "Parameter {parameter} stands in a condition of the contract, so it must be a number.",
        "Give it as a number: --set NAME=2.5",
    ),
)
