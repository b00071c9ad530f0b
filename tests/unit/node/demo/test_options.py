"""The flags of the demo."""

import pytest

from node.demo.options import DemoOptions


@pytest.mark.parametrize(
    ("data", "is_wind"), [("wind", True), ("csv:wind", False), ("none", False)]
)
def test_only_the_wind_farm_has_its_contract(data: str, is_wind: bool) -> None:
    options = DemoOptions(4, data, None, None, 0, None, None, opens_browser=False, as_json=True)
    assert options.is_wind is is_wind
