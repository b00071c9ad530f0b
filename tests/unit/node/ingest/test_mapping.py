"""A mapping is taken as meant or refused with a sentence."""

from pathlib import Path

import pytest

from chain.errors import InvalidInput
from node.ingest.mapping import IdSource, Mapping, PropertyColumn, TimeSource, load_mapping

GOOD = """
id: {column: Machine}
model: pump
time: {column: Time, zone: Europe/Paris}
properties:
  P: {property: active_power, unit: KWT}
"""


def write(tmp_path: Path, text: str) -> Path:
    path = tmp_path / "data.csv.map.yaml"
    path.write_text(text)
    return path


def test_the_shortest_mapping(tmp_path: Path) -> None:
    assert load_mapping(write(tmp_path, GOOD)) == Mapping(
        id=IdSource(column="Machine"),
        model="pump",
        time=TimeSource(column="Time", zone="Europe/Paris"),
        properties={"P": PropertyColumn("active_power", "KWT")},
    )


@pytest.mark.parametrize(
    ("old", "new", "reason"),
    [
        ("model:", "modle:", "line 3: unknown key 'modle'; did you mean 'model'?"),
        ("zone:", "zoen:", "line 4: unknown key 'zoen'; did you mean 'zone'?"),
        ("unit: KWT", "unit: kW", "line 6: properties: unit 'kW' is not a UN/CEFACT"),
        ("{column: Machine}", "{}", "line 2: id: give exactly one of column and constant"),
        ("column: Machine", "constant: a b", "line 2: id.constant: expected `str` matching regex"),
        ("zone: Europe/Paris", "format: excel", "line 4: time: format is iso, epoch_s, epoch_ms,"),
        ("zone: Europe/Paris", "format: step", "line 4: time: start and step_seconds belong to"),
        ("zone: Europe/Paris", "start: 2008-01-01", "line 4: time: start and step_seconds belong"),
        ("model:", "kind: galaxy\nmodel:", "line 3: kind: invalid enum value 'galaxy'"),
        (
            "properties:\n",
            "properties:\n  Q: {property: active_power}\n",
            "line 2: columns 'Q' and 'P' both give property 'active_power'",
        ),
        (
            "model:",
            "csv: {delimiter: ',', decimal: ','}\nmodel:",
            "line 3: csv: delimiter and deci",
        ),
    ],
)
def test_one_wrong_line_is_named(tmp_path: Path, old: str, new: str, reason: str) -> None:
    path = write(tmp_path, GOOD.replace(old, new, 1))
    with pytest.raises(InvalidInput) as caught:
        load_mapping(path)
    assert str(caught.value).startswith(f"VT-9001: {path}: {reason}")
