"""Reads a CSV file under its mapping: one record or one error for each row, never a stop."""

import csv
import gzip
import re
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from difflib import get_close_matches
from pathlib import Path
from typing import Final, TextIO

from chain.errors import InvalidInput
from chain.operations import BAD_QUALITY_NO_DATA, GOOD_QUALITY, Reading, TwinReadings
from chain.scalars import TWIN_ID_PATTERN, TwinId, UnixMillis
from node.ingest.decimals import to_plain_decimal
from node.ingest.mapping import Mapping
from node.ingest.timestamps import TimeReader

TWIN_ID: Final = re.compile(TWIN_ID_PATTERN, re.ASCII)
TWIN_ID_SIZE_MAX: Final = 128
"""The limit of `chain.scalars.TwinIdField`, which a twin's parts must keep too."""


@dataclass(frozen=True, slots=True)
class Record:
    """One good row: the readings of twin `twin`, and of its parts, at one time.

    `batches` go into a telemetry transaction as they are; the first is of the twin itself, unless
    all columns belong to parts. Sequences count the rows of a twin from 1.
    """

    line: int
    twin: TwinId
    time_ms: UnixMillis
    batches: tuple[TwinReadings, ...]


@dataclass(frozen=True, slots=True)
class RowError:
    """One bad row: its line in the file, a catalogue code, and what is wrong in a sentence."""

    line: int
    code: str
    sentence: str


def read_csv(path: Path, mapping: Mapping) -> Iterator[Record | RowError]:
    """Read the rows of `path` in file order; a name that ends in .gz is unzipped on the way.

    Raises: InvalidInput: VT-9003 the file cannot be read at all; VT-9001 its header or zone does
        not fit the mapping. Bad rows do not raise: they come out as `RowError`.
    """
    try:
        with _open(path) as file:
            yield from _read_rows(file, path, mapping)
    except (OSError, EOFError, zlib.error) as error:
        reason = getattr(error, "strerror", None) or str(error) or "cannot be read"
        raise InvalidInput("VT-9003", path=path, reason=reason) from error


def part_twin(twin: TwinId, part: str | None) -> TwinId:
    """The twin that a column's readings belong to."""
    return twin if part is None else TwinId(f"{twin}-{part}")


def _open(path: Path) -> TextIO:
    # Undecodable bytes become marks that then fail as a number, time or name in their own row.
    if path.suffix == ".gz":
        return gzip.open(path, "rt", encoding="utf-8-sig", errors="replace", newline="")
    return path.open(encoding="utf-8-sig", errors="replace", newline="")


def _read_rows(file: TextIO, path: Path, mapping: Mapping) -> Iterator[Record | RowError]:
    lines = _split(file, mapping.csv.delimiter)
    columns = list(mapping.csv.columns)
    if not columns:
        header = next(lines, (1, []))[1]
        if isinstance(header, RowError):
            raise InvalidInput("VT-9003", path=path, reason=header.sentence)
        columns = [name.strip() for name in header]
    try:
        reader = RowReader(columns, mapping)
    except ValueError as error:
        raise InvalidInput("VT-9001", path=path, reason=str(error)) from error
    for line, cells in lines:
        if isinstance(cells, RowError):
            yield cells
        elif cells:
            yield reader.read(line, cells)


def _split(file: TextIO, delimiter: str) -> Iterator[tuple[int, list[str] | RowError]]:
    """The line number and cells of each row; blank lines have none."""
    if delimiter == " ":
        yield from ((line, text.split()) for line, text in enumerate(file, start=1))
        return
    rows = csv.reader(file, delimiter=delimiter)
    while True:
        try:
            cells = next(rows)
        except StopIteration:
            return
        except csv.Error as error:
            yield rows.line_num, RowError(rows.line_num, "VT-9010", f"{error}.")
        else:
            yield rows.line_num, cells


class RowReader:
    """Turns the cells of one row into a record, counting each twin's rows.

    Args: columns: the names in the header. Raises: ValueError: they do not fit the mapping.
    """

    def __init__(self, columns: list[str], mapping: Mapping) -> None:
        self._column_count = len(columns)
        self._id = mapping.id
        self._csv = mapping.csv
        self._missing = frozenset(mapping.csv.missing)
        self._times = TimeReader(mapping.time)
        self._time_at = _find(columns, mapping.time.column)
        self._id_at = None if mapping.id.column is None else _find(columns, mapping.id.column)
        self._fields = [
            (_find(columns, column), column, meaning)
            for column, meaning in sorted(
                mapping.properties.items(), key=lambda item: item[1].part or ""
            )
        ]
        parts = (meaning.part for meaning in mapping.properties.values() if meaning.part)
        self._twin_size_max = TWIN_ID_SIZE_MAX - max((len(part) + 1 for part in parts), default=0)
        self._sequences: dict[TwinId, int] = {}

    def read(self, line: int, cells: list[str]) -> Record | RowError:
        """The record of a row, or what is wrong with it."""
        try:
            if len(cells) != self._column_count:
                raise InvalidInput("VT-9010", given=len(cells), expected=self._column_count)
            return self._read(line, cells)
        except InvalidInput as error:
            return RowError(line, error.code, error.why)

    def _read(self, line: int, cells: list[str]) -> Record:
        twin = self._twin(cells)
        time_ms = self._times.read(cells[self._time_at], twin)
        sequence = self._sequences.get(twin, 0) + 1
        readings: dict[TwinId, list[Reading]] = {}
        for index, column, meaning in self._fields:
            value = self._value(cells[index], column)
            quality = GOOD_QUALITY if value else BAD_QUALITY_NO_DATA
            reading = Reading(meaning.property, value, time_ms, meaning.unit, quality, sequence)
            readings.setdefault(part_twin(twin, meaning.part), []).append(reading)
        self._sequences[twin] = sequence
        batches = tuple(TwinReadings(each, tuple(items)) for each, items in readings.items())
        return Record(line, twin, time_ms, batches)

    def _twin(self, cells: list[str]) -> TwinId:
        if self._id_at is None:
            return TwinId(self._id.constant or "")
        name = self._id.prefix + cells[self._id_at].strip()
        if len(name) > self._twin_size_max or not TWIN_ID.fullmatch(name):
            raise InvalidInput("VT-9014", text=name[:64])
        return TwinId(name)

    def _value(self, text: str, column: str) -> str:
        """The cell as a plain decimal, or "" where there is no value."""
        text = text.strip()
        if text in self._missing or not text:
            return ""
        value = to_plain_decimal(text, self._csv.decimal)
        if value is None:
            raise InvalidInput("VT-9013", column=column, text=text[:64])
        return value


def _find(columns: list[str], wanted: str) -> int:
    """The index of a column. Raises: ValueError: it is missing, or stands there twice."""
    count = columns.count(wanted)
    if count == 1:
        return columns.index(wanted)
    if count > 1:
        raise ValueError(f"the header has column {wanted!r} {count} times")
    near = get_close_matches(wanted, columns, n=1, cutoff=0.5)
    hint = f"did you mean {near[0]!r}?" if near else f"it has {', '.join(columns[:30])}"
    raise ValueError(f"the header has no column {wanted!r}; {hint}")
