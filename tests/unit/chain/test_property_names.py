"""Names and units of properties: the wrong is refused each time, the right looked at once."""

import msgspec
import pytest

from chain import property_names
from chain.operations import PropertyDefinition, Reading, RegisterTwin, TwinReadings, UpdateTwin
from chain.scalars import TwinId, UnixMillis

READING = Reading("active_power", "1", UnixMillis(0), "KWT")


def test_names_that_are_wrong_are_not_remembered() -> None:
    for _ in range(2):
        with pytest.raises(ValueError, match="matching regex"):
            TwinReadings(TwinId("a"), (msgspec.structs.replace(READING, property="two words"),))
        with pytest.raises(ValueError, match="matching regex"):
            TwinReadings(TwinId("a"), (msgspec.structs.replace(READING, unit="kw"),))


def test_names_that_are_right_are_remembered_up_to_a_bound(monkeypatch) -> None:
    property_names.GOOD_NAMES.clear()
    monkeypatch.setattr(property_names, "REMEMBERED_MAX", 3)
    for number in range(10):
        TwinReadings(TwinId("a"), (msgspec.structs.replace(READING, property=f"p{number}"),))
        assert f"p{number}" in property_names.GOOD_NAMES
        assert len(property_names.GOOD_NAMES) <= 3 or number == 0


@pytest.mark.parametrize(("name", "unit"), [("two words", ""), ("line\n", ""), ("a", "kw")])
def test_definitions_are_looked_at_too(name: str, unit: str) -> None:
    wrong = (PropertyDefinition(name, unit),)
    with pytest.raises(ValueError, match="matching regex"):
        RegisterTwin(TwinId("t"), "system", "turbine", None, wrong)
    with pytest.raises(ValueError, match="matching regex"):
        UpdateTwin(TwinId("t"), add_properties=wrong)
