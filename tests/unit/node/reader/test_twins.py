"""Twins now and then, in lists and with their history."""

import pytest

from chain.operations import RegisterTwin, UpdateTwin
from chain.scalars import Height, OrganisationId, TwinId
from node.reader import Reader
from node.reader.paging import PageRequest
from node.reader.twins import TwinFilter
from tests.unit.node.chain_builder import TURBINE, ChainBuilder


def _power_at(reader: Reader, height: int) -> str | None:
    twin = reader.twins.get(TURBINE, Height(height))
    assert twin is not None
    prop = twin.get_property("active_power")
    assert prop is not None
    return prop.last.value if prop.last else None


def test_twin_is_shown_as_it_was_at_each_height(reader: Reader) -> None:
    assert reader.twins.get(TURBINE, Height(0)) is None
    assert [_power_at(reader, height) for height in range(1, 8)] == [
        None,
        "1500",
        "1500",
        "0.5",
        "0.5",
        "0.5",
        "300",
    ]


def test_unknown_twin_is_none_and_names_do_not_run_together(reader: Reader) -> None:
    for name in ("R8071", "R807111", "nothing"):
        assert reader.twins.get(TwinId(name), Height(7)) is None


def test_parts_are_those_of_that_height(reader: Reader) -> None:
    farm = reader.twins.get_with_children(TwinId("haute-borne"), Height(7))
    assert farm is not None
    assert farm.children == ("R80711", "R80721")
    assert reader.twins.get_with_children(TwinId("haute-borne"), Height(0)) is None


def test_part_that_moved_away_is_still_shown_where_it_was() -> None:
    builder = ChainBuilder()
    farms = [RegisterTwin(TwinId(name), "environment", "farm", None, ()) for name in "ab"]
    builder.add_block(*(builder.transaction(farm) for farm in farms))
    builder.add_block(builder.register_turbine(parent="a"))
    builder.add_block(builder.transaction(UpdateTwin(TURBINE, parent=TwinId("b"))))
    reader = Reader(builder.store, builder.genesis)
    shown = []
    for height in (1, 2, 3):
        for name in "ab":
            farm = reader.twins.get_with_children(TwinId(name), Height(height))
            assert farm is not None
            shown.append(farm.children)
    assert shown == [(), (), (TURBINE,), (), (), (TURBINE,)]


@pytest.mark.parametrize(
    ("wanted", "found"),
    [
        (TwinFilter(), ["R80711", "R80721", "haute-borne"]),
        (TwinFilter(model="wind-turbine"), ["R80711", "R80721"]),
        (TwinFilter(kind="environment"), ["haute-borne"]),
        (TwinFilter(owner=OrganisationId("certis")), []),
        (TwinFilter(text="r8072"), ["R80721"]),
        (TwinFilter(text="senvion", model="wind-turbine"), ["R80711", "R80721"]),
    ],
)
def test_list_is_filtered_and_paged(reader: Reader, wanted: TwinFilter, found: list[str]) -> None:
    names: list[str] = []
    page = reader.twins.page(wanted, PageRequest(1))
    while True:
        names.extend(twin.id for twin in page.items)
        if page.next is None:
            break
        page = reader.twins.page(wanted, PageRequest(1, page.next))
    assert names == found


def test_history_is_newest_first_and_goes_on_at_the_cursor(reader: Reader) -> None:
    whole = reader.twins.history(TURBINE, PageRequest(100))
    assert [(one.height, one.operation_name) for one in whole.items] == [
        (7, "telemetry"),
        (7, "telemetry"),
        (6, "acknowledge"),
        (5, "attest"),
        (4, "telemetry"),
        (2, "telemetry"),
        (1, "register_twin"),
    ]
    first = reader.twins.history(TURBINE, PageRequest(4))
    rest = reader.twins.history(TURBINE, PageRequest(4, first.next))
    assert (*first.items, *rest.items) == whole.items
    assert rest.next is None


def test_count_follows_the_chain() -> None:
    builder = ChainBuilder()
    reader = Reader(builder.store, builder.genesis)
    assert reader.twins.count() == 0
    builder.add_block(builder.register_turbine())
    assert reader.twins.count() == 1
    builder.add_block(builder.register_turbine("R80721"), builder.register_turbine())
    assert reader.twins.count() == 2
    assert Reader(builder.store, builder.genesis).twins.count() == 2
