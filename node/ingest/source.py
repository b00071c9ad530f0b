"""The `--data` option: which file to read, under which mapping, and what twins it speaks of."""

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, replace
from pathlib import Path

from chain.errors import InvalidInput
from chain.operations import PropertyDefinition, TwinKind
from chain.scalars import TwinId, UnixMillis
from node.ingest.csv_source import Record, RowError, part_twin, read_csv
from node.ingest.mapping import MAPPING_SUFFIX, Mapping, load_mapping
from node.ingest.wind import WIND_CSV


@dataclass(frozen=True, slots=True)
class TwinOutline:
    """A twin that a data file speaks of, with what is needed to register it."""

    twin: TwinId
    kind: TwinKind
    model: str
    parent: TwinId | None
    properties: tuple[PropertyDefinition, ...]


@dataclass(frozen=True, slots=True)
class Feed:
    """A data file as a whole: its good records in time order, its bad rows, its twins."""

    path: Path
    mapping: Mapping
    records: tuple[Record, ...]
    errors: tuple[RowError, ...]
    twins: tuple[TwinOutline, ...]

    def count_errors(self) -> dict[str, int]:
        """How many rows were bad, by catalogue code."""
        return dict(Counter(error.code for error in self.errors))


def open_data(spec: str) -> Feed | None:
    """Read the whole file behind a `--data` option, which takes about 3 KB of memory a row.

    Args: spec: wind, none, csv:FILE (with FILE.map.yaml beside it) or csv:FILE:MAPPING.
    Returns: None for none.
    Raises: InvalidInput: VT-9001 to VT-9004.
    """
    if spec == "none":
        return None
    data, mapping = locate(spec)
    return load_feed(data, load_mapping(mapping))


def start_at(feed: Feed, time_ms: UnixMillis) -> Feed:
    """Give the feed without the records before a time."""
    records = tuple(record for record in feed.records if record.time_ms >= time_ms)
    return replace(feed, records=records)


def locate(spec: str) -> tuple[Path, Path]:
    """The data file and the mapping file of a `--data` option other than none.

    Raises: InvalidInput: VT-9002 no mapping file; VT-9003 no data file; VT-9004 no data source.
    """
    scheme, _, rest = spec.partition(":")
    if spec == "wind":
        data = WIND_CSV
    elif scheme == "csv" and rest:
        # A path may hold a colon itself: what exists as a whole is not taken apart.
        head, colon, tail = rest.rpartition(":")
        if colon and head and tail and not Path(rest).exists():
            return _data_file(Path(head)), _mapping_file(Path(tail))
        data = Path(rest)
    else:
        raise InvalidInput("VT-9004", given=spec)
    return _data_file(data), _mapping_file(data.with_name(data.name + MAPPING_SUFFIX))


def load_feed(path: Path, mapping: Mapping) -> Feed:
    """Read all rows of a data file and put the records in time order.

    Raises: InvalidInput: VT-9001 or VT-9003.
    """
    records: list[Record] = []
    errors: list[RowError] = []
    for item in read_csv(path, mapping):
        if isinstance(item, Record):
            records.append(item)
        else:
            errors.append(item)
    records.sort(key=lambda record: (record.time_ms, record.line))
    twins = outline_twins(mapping, (record.twin for record in records))
    return Feed(path, mapping, tuple(records), tuple(errors), twins)


def outline_twins(mapping: Mapping, names: Iterable[TwinId]) -> tuple[TwinOutline, ...]:
    """The twins to register for rows named `names`: each before its parts, each once."""
    properties: dict[str | None, list[PropertyDefinition]] = {None: []}
    for meaning in mapping.properties.values():
        definition = PropertyDefinition(meaning.property, meaning.unit, meaning.semantic)
        properties.setdefault(meaning.part, []).append(definition)
    outlines = []
    for name in dict.fromkeys(names):
        for part, definitions in properties.items():
            outlines.append(
                TwinOutline(
                    twin=part_twin(name, part),
                    kind="component" if part else mapping.kind,
                    model=part or mapping.model,
                    parent=name if part else None,
                    properties=tuple(definitions),
                )
            )
    return tuple(outlines)


def _data_file(path: Path) -> Path:
    if not path.is_file():
        raise InvalidInput("VT-9003", path=path, reason="no such file")
    return path


def _mapping_file(path: Path) -> Path:
    if not path.is_file():
        raise InvalidInput("VT-9002", path=path)
    return path
