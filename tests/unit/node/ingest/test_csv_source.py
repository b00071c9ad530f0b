"""Every row becomes a record or an error with its line; none stops the file."""

import gzip
from pathlib import Path

import msgspec
import pytest

from chain.codec import decode, encode
from chain.errors import InvalidInput
from chain.operations import BAD_QUALITY_NO_DATA, Reading, Telemetry, TwinReadings
from node.ingest.csv_source import Record, RowError, read_csv
from node.ingest.mapping import (
    CsvShape,
    IdSource,
    Mapping,
    PropertyColumn,
    TimeSource,
    load_mapping,
)

MAPS = Path(__file__).parent / "maps"
PUMP = Mapping(
    id=IdSource(column="id"),
    model="pump",
    time=TimeSource(column="time", zone="Europe/Paris"),
    properties={
        "P": PropertyColumn("active_power", "KWT"),
        "v": PropertyColumn("vibration", "C16", part="bearing"),
    },
)
NOON = 1423306800000  # 2015-02-07 12:00 in Paris


def read(tmp_path: Path, text: str | bytes, mapping: Mapping = PUMP) -> list[Record | RowError]:
    path = tmp_path / "data.csv"
    path.write_bytes(text.encode() if isinstance(text, str) else text)
    return list(read_csv(path, mapping))


def test_a_row_becomes_readings_of_the_twin_and_of_its_part(tmp_path: Path) -> None:
    rows = read(tmp_path, "id,time,P,v,note\np1,2015-02-07 12:00,12.50,0.3,fine\n")
    assert rows == [
        Record(
            line=2,
            twin="p1",
            time_ms=NOON,
            batches=(
                TwinReadings("p1", (Reading("active_power", "12.50", NOON, "KWT", 0, 1),)),
                TwinReadings("p1-bearing", (Reading("vibration", "0.3", NOON, "C16", 0, 1),)),
            ),
        )
    ]


def test_the_batches_are_a_valid_telemetry_operation(tmp_path: Path) -> None:
    (row,) = read(tmp_path, "id,time,P,v\np1,2015-02-07 12:00,12.50,\n")
    assert isinstance(row, Record)
    operation = Telemetry(row.batches)
    assert decode(encode(operation), Telemetry, 10_000) == operation


@pytest.mark.parametrize("cell", ["", "  ", "NaN", "N/A"])
def test_a_missing_value_is_a_bad_reading_not_a_bad_row(tmp_path: Path, cell: str) -> None:
    (row,) = read(tmp_path, f"id,time,P,v\np1,2015-02-07 12:00,{cell},1\n")
    assert isinstance(row, Record)
    assert row.batches[0].readings == (
        Reading("active_power", "", NOON, "KWT", BAD_QUALITY_NO_DATA, 1),
    )


def test_bad_rows_are_told_by_line_and_the_rest_goes_on(tmp_path: Path) -> None:
    rows = read(
        tmp_path,
        "id,time,P,v\n"
        "p1,2015-02-07 12:00,1,1\n"
        "p1,noon,1,1\n"
        "\n"
        "p1,2015-02-07 12:10,1\n"
        "p 1,2015-02-07 12:10,1,1\n"
        "p1,2015-02-07 12:10,1.5.2,1\n"
        "p1,2015-03-29 02:10,1,1\n"
        "p1,2015-02-07 12:10,1,inf\n"
        "p1,2015-02-07 12:20,2,2\n",
    )
    assert [row for row in rows if isinstance(row, RowError)] == [
        RowError(3, "VT-9011", "'noon' is not a time of the form iso."),
        RowError(5, "VT-9010", "It has 3 fields; the header has 4."),
        RowError(
            6, "VT-9014",
            "'p 1' is not a twin name: letters, digits and : . _ - only, at most 128.",
        ),
        RowError(
            7, "VT-9013",
            "Column P holds '1.5.2', not a decimal number of at most 40 characters.",
        ),
        RowError(
            8, "VT-9012",
            "2015-03-29 02:10:00 was skipped in Europe/Paris, as clocks went forward.",
        ),
        RowError(
            9, "VT-9013",
            "Column v holds 'inf', not a decimal number of at most 40 characters.",
        ),
    ]  # fmt: skip
    good = [row for row in rows if isinstance(row, Record)]
    assert [(row.line, row.batches[0].readings[0].sequence) for row in good] == [(2, 1), (10, 2)]


def test_a_damaged_byte_or_an_endless_cell_costs_one_row(tmp_path: Path) -> None:
    rows = read(
        tmp_path,
        b"id,time,P,v\np\xff,2015-02-07 12:00,1,1\np1,2015-02-07 12:00," + b"1" * 200_000 + b",1\n"
        b"p1,2015-02-07 12:00,1,1\n",
    )
    assert [row.code if isinstance(row, RowError) else row.line for row in rows] == [
        "VT-9014", "VT-9010", 4,
    ]  # fmt: skip


def test_semicolons_decimal_commas_and_a_byte_order_mark(tmp_path: Path) -> None:
    mapping = msgspec.structs.replace(PUMP, csv=CsvShape(delimiter=";", decimal=","))
    (row,) = read(tmp_path, "\ufeffid;time;P;v\r\np1;2015-02-07 12:00;12,5;1\r\n", mapping)
    assert isinstance(row, Record)
    assert row.batches[0].readings[0].value == "12.5"


def test_a_file_without_header_and_with_runs_of_blanks(tmp_path: Path) -> None:
    mapping = Mapping(
        id=IdSource(column="unit", prefix="engine-"),
        model="turbofan",
        csv=CsvShape(delimiter=" ", columns=("unit", "cycle", "s1")),
        time=TimeSource(column="cycle", format="step", start="2008-01-01", step_seconds=60),
        properties={"s1": PropertyColumn("speed", "RPM")},
    )
    rows = read(tmp_path, "1 1  9.5  \n1 2 9.6\n", mapping)
    assert [(row.twin, row.line) for row in rows if isinstance(row, Record)] == [
        ("engine-1", 1),
        ("engine-1", 2),
    ]


def test_a_gzipped_file_is_read_as_it_is(tmp_path: Path) -> None:
    path = tmp_path / "data.csv.gz"
    path.write_bytes(gzip.compress(b"id,time,P,v\np1,2015-02-07 12:00,1,1\n"))
    assert len(list(read_csv(path, PUMP))) == 1
    path.write_bytes(path.read_bytes()[:-10])
    with pytest.raises(InvalidInput, match="VT-9003"):
        list(read_csv(path, PUMP))


@pytest.mark.parametrize(
    ("header", "reason"),
    [
        ("id,tme,P,v", "the header has no column 'time'; did you mean 'tme'?"),
        ("id,time,P,P,v", "the header has column 'P' 2 times"),
        ("a;b;c", "the header has no column 'time'; it has a;b;c"),
        ("", "the header has no column 'time'; it has "),
    ],
)
def test_a_header_that_does_not_fit_is_refused(tmp_path: Path, header: str, reason: str) -> None:
    with pytest.raises(InvalidInput) as caught:
        read(tmp_path, header + "\n")
    assert str(caught.value) == f"VT-9001: {tmp_path / 'data.csv'}: {reason}."


def test_an_unknown_zone_and_a_missing_file_are_refused(tmp_path: Path) -> None:
    mapping = msgspec.structs.replace(PUMP, time=TimeSource(column="time", zone="Mars/Olympus"))
    with pytest.raises(InvalidInput, match="unknown time zone 'Mars/Olympus'"):
        read(tmp_path, "id,time,P,v\n", mapping)
    with pytest.raises(InvalidInput, match=r"VT-9003: .*No such file"):
        list(read_csv(tmp_path / "none.csv", PUMP))


def test_a_twin_name_leaves_room_for_its_longest_part(tmp_path: Path) -> None:
    mapping = msgspec.structs.replace(PUMP, csv=CsvShape(columns=("id", "time", "P", "v")))
    text = "".join(f"{'p' * size},2015-02-07 12:00,1,1\n" for size in (120, 121))
    rows = read(tmp_path, text, mapping)
    assert [type(row) for row in rows] == [Record, RowError]


def test_a_whole_year_of_one_machine(shared: Path) -> None:
    mapping = load_mapping(MAPS / "machine-temperature.map.yaml")
    folder = shared / "data" / "machine-temperature-nab"
    rows = list(read_csv(folder / "machine_temperature_system_failure.csv", mapping))
    assert len(rows) == 22_695
    assert all(isinstance(row, Record) for row in rows)
    first = rows[0]
    assert isinstance(first, Record)
    assert first.batches[0].readings[0].value == "73.96732207"


def test_the_same_machine_on_a_paris_clock_loses_only_the_skipped_hour(shared: Path) -> None:
    mapping = load_mapping(MAPS / "machine-temperature.map.yaml")
    paris = msgspec.structs.replace(
        mapping, time=msgspec.structs.replace(mapping.time, zone="Europe/Paris")
    )
    path = shared / "data" / "machine-temperature-nab" / "ambient_temperature_system_failure.csv"
    rows = list(read_csv(path, paris))
    errors = [row for row in rows if isinstance(row, RowError)]
    assert len(rows) == 7267
    assert [error.sentence for error in errors] == [
        "2014-03-30 02:00:00 was skipped in Europe/Paris, as clocks went forward."
    ]


def test_a_hundred_engines_to_their_end(shared: Path) -> None:
    mapping = load_mapping(MAPS / "turbofan.map.yaml")
    rows = list(read_csv(shared / "data" / "turbofan-cmapss-fd001" / "train_FD001.txt", mapping))
    records = [row for row in rows if isinstance(row, Record)]
    assert len(records) == len(rows) == 20_631
    assert len({record.twin for record in records}) == 100
    assert sum(len(batch.readings) for batch in records[0].batches) == 10
    assert records[0].batches[1].twin == "engine-1-fan"
