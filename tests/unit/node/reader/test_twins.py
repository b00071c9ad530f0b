"""Twins now and then, in lists and with their history."""

import pytest

from chain.operations import (
    Acknowledge,
    DeployContract,
    Outcome,
    PropertyDefinition,
    RegisterTwin,
    UpdateTwin,
)
from chain.scalars import Height, OrganisationId, TwinId
from chain.values import encode_value
from contracts.inprocess import InProcessExecutor
from node.reader import Reader, twins
from node.reader.paging import PageRequest
from node.reader.twins import TwinFilter
from tests.unit.node.chain_builder import CONTRACT, TURBINE, ChainBuilder


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
    farm = reader.twins.get_with_parts(TwinId("haute-borne"), Height(7))
    assert farm is not None
    assert farm.children == ("R80711", "R80721")
    assert reader.twins.get_with_parts(TwinId("haute-borne"), Height(0)) is None


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
            farm = reader.twins.get_with_parts(TwinId(name), Height(height))
            assert farm is not None
            shown.append(farm.children)
    assert shown == [(), (), (TURBINE,), (), (), (TURBINE,)]


def build_farm(*, parts: int = 1) -> ChainBuilder:
    """Build a farm of a turbine of gearboxes, the first of which gets an action in block 3."""
    builder = ChainBuilder(executor=InProcessExecutor())
    properties = (PropertyDefinition("active_power", "KWT"),)
    builder.add_block(
        builder.transaction(DeployContract("low-power", CONTRACT, encode_value({}))),
        builder.transaction(RegisterTwin(TwinId("farm"), "environment", "farm", None, ())),
        builder.register_turbine(parent="farm"),
    )
    builder.add_block(
        *(
            builder.transaction(
                RegisterTwin(
                    TwinId(f"gearbox-{number}"), "component", "wind-turbine", TURBINE, properties
                )
            )
            for number in range(parts)
        )
    )
    builder.add_block(builder.power("0.5", twin="gearbox-0"))
    return builder


def busy_at(builder: ChainBuilder, twin: str, height: int) -> list[tuple[str, str]]:
    """Give the parts of a twin with unfinished actions, and what is going on at each."""
    found = Reader(builder.store, builder.genesis).twins.get_with_parts(
        TwinId(twin), Height(height)
    )
    assert found is not None
    assert found.is_complete
    return [(part.id, part.status) for part in found.busy_parts]


def test_an_action_at_a_part_is_seen_on_all_that_it_is_part_of() -> None:
    builder = build_farm()
    for twin in ("farm", TURBINE):
        assert busy_at(builder, twin, 3) == [("gearbox-0", "action_open")]
        assert busy_at(builder, twin, 2) == [], "before it was opened"
    assert busy_at(builder, "gearbox-0", 3) == [], "its own action is no part's"


def test_an_action_is_seen_until_it_is_finished() -> None:
    builder = build_farm()
    action = builder.open_actions("gearbox-0")[0]
    answers: tuple[Outcome, ...] = ("acknowledged", "completed")
    for outcome in answers:
        builder.add_block(builder.transaction(Acknowledge(action, outcome), "windcare"))
    seen = [busy_at(builder, "farm", height) for height in (3, 4, 5)]
    assert seen == [
        [("gearbox-0", "action_open")],
        [("gearbox-0", "action_acknowledged")],
        [],
    ]


def test_a_part_that_moved_takes_its_actions_along() -> None:
    builder = build_farm()
    other = RegisterTwin(TwinId("other"), "environment", "farm", None, ())
    builder.add_block(builder.transaction(other))
    builder.add_block(builder.transaction(UpdateTwin(TURBINE, parent=TwinId("other"))))
    seen = [[busy_at(builder, twin, height) for twin in ("farm", "other")] for height in (4, 5)]
    busy = [("gearbox-0", "action_open")]
    assert seen == [[busy, []], [[], busy]]


def test_more_parts_than_are_looked_at_are_said_to_be_left_out(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(twins, "PARTS_MAX", 3)
    for parts, is_complete in ((2, True), (3, False)):
        builder = build_farm(parts=parts)
        reader = Reader(builder.store, builder.genesis)
        farm = reader.twins.get_with_parts(TwinId("farm"), Height(3))
        assert farm is not None
        assert (farm.children, farm.is_complete) == ((TURBINE,), is_complete)
        turbine = reader.twins.get_with_parts(TURBINE, Height(3))
        assert turbine is not None
        assert len(turbine.children) == parts


def test_more_children_than_parts_that_are_looked_at_are_all_named(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(twins, "PARTS_MAX", 2)
    builder = build_farm(parts=5)
    turbine = Reader(builder.store, builder.genesis).twins.get_with_parts(TURBINE, Height(3))
    assert turbine is not None
    assert (len(turbine.children), turbine.is_complete) == (5, False)


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
