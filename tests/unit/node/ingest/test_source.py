"""The `--data` option finds the file, its mapping and its twins."""

from pathlib import Path

import pytest

from chain.errors import InvalidInput
from chain.operations import PropertyDefinition
from node.ingest.mapping import load_mapping
from node.ingest.source import TwinOutline, load_feed, locate, open_data

MAPPING = """
id: {column: id}
model: pump
time: {column: t, format: epoch_s}
properties:
  P: {property: active_power, unit: KWT}
  v: {property: vibration, part: bearing}
"""


def test_none_is_no_feed() -> None:
    assert open_data("none") is None


def test_a_csv_file_takes_the_mapping_beside_it(tmp_path: Path) -> None:
    data = tmp_path / "pumps.csv"
    data.write_text("id,t,P,v\nb,20,1,1\na,20,2,2\na,10,3,3\na,x,4,4\n")
    (tmp_path / "pumps.csv.map.yaml").write_text(MAPPING)
    feed = open_data(f"csv:{data}")
    assert feed is not None
    assert [(r.twin, r.time_ms, r.line) for r in feed.records] == [
        ("a", 10_000, 4),
        ("b", 20_000, 2),
        ("a", 20_000, 3),
    ]
    assert feed.count_errors() == {"VT-9011": 1}
    assert feed.twins[:2] == (
        TwinOutline("a", "system", "pump", None, (PropertyDefinition("active_power", "KWT"),)),
        TwinOutline(
            "a-bearing", "component", "bearing", "a", (PropertyDefinition("vibration", ""),)
        ),
    )
    assert [outline.twin for outline in feed.twins[2:]] == ["b", "b-bearing"]


def test_the_mapping_may_be_named(tmp_path: Path) -> None:
    data, mapping = tmp_path / "a:b.csv", tmp_path / "other.yaml"
    data.write_text("")
    mapping.write_text(MAPPING)
    assert locate(f"csv:{data}:{mapping}") == (data, mapping)
    beside = tmp_path / "a:b.csv.map.yaml"
    beside.write_text(MAPPING)
    assert locate(f"csv:{data}") == (data, beside)


@pytest.mark.parametrize(
    ("spec", "message"),
    [
        ("sun", "VT-9004: 'sun' is neither wind, none, csv:FILE nor csv:FILE:MAPPING."),
        ("csv:", "VT-9004: 'csv:' is neither wind, none, csv:FILE nor csv:FILE:MAPPING."),
        ("csv:{}/none.csv", "VT-9003: {}/none.csv: no such file."),
        ("csv:{}/a.csv", "VT-9002: {}/a.csv.map.yaml does not exist."),
        ("csv:{}/a.csv:{}/b.yaml", "VT-9002: {}/b.yaml does not exist."),
    ],
)
def test_what_cannot_be_found_is_named(tmp_path: Path, spec: str, message: str) -> None:
    (tmp_path / "a.csv").write_text("")
    with pytest.raises(InvalidInput) as caught:
        open_data(spec.replace("{}", str(tmp_path)))
    assert str(caught.value) == message.replace("{}", str(tmp_path))


def test_engines_grouped_in_the_file_come_out_in_time_order(shared: Path) -> None:
    path = shared / "data" / "turbofan-cmapss-fd001" / "train_FD001.txt"
    feed = load_feed(path, load_mapping(Path(__file__).parent / "maps" / "turbofan.map.yaml"))
    times = [record.time_ms for record in feed.records]
    assert times == sorted(times)
    assert len({record.twin for record in feed.records[:100]}) == 100
    assert len(feed.twins) == 200
