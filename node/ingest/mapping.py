"""The mapping file beside a CSV file: which column is the twin, the time, which property."""

import re
from pathlib import Path
from typing import Annotated, Final

from msgspec import Meta, Struct

from chain.operations import TwinKind
from chain.scalars import NameField, TwinIdField
from node import strict_yaml

UNIT_CODE: Final = re.compile(r"[A-Z0-9]{0,8}", re.ASCII)
MAPPING_SUFFIX: Final = ".map.yaml"
ColumnField = Annotated[str, Meta(min_length=1, max_length=256)]
MarkField = Annotated[str, Meta(min_length=1, max_length=1)]


class IdSource(Struct, frozen=True, forbid_unknown_fields=True):
    """Where a row's twin comes from: a column (with a prefix put before it), or one constant."""

    column: ColumnField | None = None
    constant: TwinIdField | None = None
    prefix: str = ""

    def __post_init__(self) -> None:
        """Refuse a mapping that names no twin, or two."""
        if (self.column is None) == (self.constant is None):
            raise ValueError("Give exactly one of column and constant")


class TimeSource(Struct, frozen=True, forbid_unknown_fields=True):
    """Where a row's time comes from.

    `format` is iso, epoch_s, epoch_ms, step or a pattern such as "%d/%m/%Y %H:%M". `zone` (an IANA
    name) holds for times that carry no offset of their own. With step, the column counts and the
    time is `start` + count * `step_seconds`.
    """

    column: ColumnField
    format: Annotated[str, Meta(min_length=1, max_length=64)] = "iso"
    zone: Annotated[str, Meta(min_length=1, max_length=64)] = "UTC"
    start: str | None = None
    step_seconds: Annotated[int, Meta(ge=1)] | None = None

    def __post_init__(self) -> None:
        """Refuse a step format without its two numbers, or these without it."""
        if self.format not in ("iso", "epoch_s", "epoch_ms", "step") and "%" not in self.format:
            raise ValueError("format is iso, epoch_s, epoch_ms, step or a pattern with %")
        given = (self.start is not None, self.step_seconds is not None)
        if given != (self.format == "step",) * 2:
            raise ValueError("start and step_seconds belong to format step, both of them")


class CsvShape(Struct, frozen=True, forbid_unknown_fields=True):
    """How the file is written.

    `delimiter` of one space means any run of spaces; `columns` names the columns of a file without
    a header line; a cell that is one of `missing` holds no value; `decimal` is the decimal mark.
    """

    delimiter: MarkField = ","
    columns: tuple[ColumnField, ...] = ()
    missing: tuple[str, ...] = ("", "NaN", "nan", "NA", "N/A", "null", "NULL")
    decimal: Annotated[str, Meta(pattern="^[.,]$")] = "."

    def __post_init__(self) -> None:
        """Refuse marks that cannot be told apart."""
        if self.delimiter == self.decimal:
            raise ValueError("delimiter and decimal are the same character")


class PropertyColumn(Struct, frozen=True, forbid_unknown_fields=True):
    """What a column measures.

    `unit` is a UN/CEFACT Recommendation 20 code, empty for plain numbers. With `part`, the reading
    belongs to the component twin `<twin>-<part>`, whose model is `part`. `semantic` names the
    property in an outside vocabulary, such as IEC 61400-25.
    """

    property: NameField
    unit: str = ""
    part: NameField | None = None
    semantic: str = ""

    def __post_init__(self) -> None:
        """Refuse a unit that is a symbol rather than a code."""
        if not UNIT_CODE.fullmatch(self.unit):
            raise ValueError(
                f"Unit {self.unit!r} is not a UN/CEFACT Recommendation 20 code such as KWT;"
                " leave unit out for plain numbers"
            )


class Mapping(Struct, frozen=True, forbid_unknown_fields=True):
    """The whole mapping of one CSV file.

    `model` and `kind` describe the twins that the rows are about; `properties` is keyed by column.
    """

    id: IdSource
    model: NameField
    time: TimeSource
    properties: Annotated[dict[ColumnField, PropertyColumn], Meta(min_length=1, max_length=256)]
    kind: TwinKind = "system"
    csv: CsvShape = CsvShape()

    def __post_init__(self) -> None:
        """Refuse two columns that would write the same property of the same twin."""
        seen: dict[tuple[str | None, str], str] = {}
        for column, meaning in self.properties.items():
            earlier = seen.setdefault((meaning.part, meaning.property), column)
            if earlier != column:
                raise ValueError(
                    f"Columns {earlier!r} and {column!r} both give property {meaning.property!r}"
                )


def load_mapping(path: Path) -> Mapping:
    """Read and check a mapping file.

    Raises: InvalidInput: VT-9002 where there is none, VT-9001 where it cannot be used.
    """
    return strict_yaml.load(path, Mapping, "VT-9001")
