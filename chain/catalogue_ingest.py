"""Catalogue entries 9xxx: data files that gateways read."""

from typing import Final

from chain.catalogue_entry import Entry

ENTRIES: Final[tuple[Entry, ...]] = (
    Entry(
        "VT-9001",
        "bad-mapping",
        "The mapping file cannot be used",
        "{path}: {reason}.",
        "Compare it with the examples in docs/ingest.md.",
    ),
    Entry(
        "VT-9002",
        "no-mapping",
        "The CSV file has no mapping file",
        "{path} does not exist.",
        "Write it beside the CSV file (docs/ingest.md), or name one: --data csv:FILE:MAPPING",
    ),
    Entry(
        "VT-9003",
        "bad-data-file",
        "The data file cannot be read",
        "{path}: {reason}.",
        "Check the file's name, its permissions and that it is CSV text or gzipped CSV text.",
    ),
    Entry(
        "VT-9004",
        "bad-data-source",
        "The data source is not known",
        "{given!r} is neither wind, none, csv:FILE nor csv:FILE:MAPPING.",
        "Try: veritwin demo --data wind",
    ),
    Entry(
        "VT-9010",
        "bad-row",
        "The row does not fit the header",
        "It has {given} fields; the header has {expected}.",
        "Mend the row, or check the delimiter in the mapping file.",
    ),
    Entry(
        "VT-9011",
        "bad-time",
        "The time cannot be read",
        "{text!r} is not a time of the form {form}.",
        "Mend the row, or check time.format in the mapping file.",
    ),
    Entry(
        "VT-9012",
        "no-such-local-time",
        "The local time does not exist",
        "{text} was skipped in {zone}, as clocks went forward.",
        "Check time.zone in the mapping file: the logger may not follow daylight saving time.",
    ),
    Entry(
        "VT-9013",
        "bad-number",
        "The value is not a number",
        "Column {column} holds {text!r}, not a decimal number of at most 40 characters.",
        "Mend the row, or add the text to csv.missing in the mapping file.",
    ),
    Entry(
        "VT-9014",
        "bad-twin-name",
        "The row names no usable twin",
        "{text!r} is not a twin name: letters, digits and : . _ - only, at most 128.",
        "Mend the row, or check the column in the mapping file under id.",
    ),
)
