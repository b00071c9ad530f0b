import pytest

from chain.codec import encode
from chain.operations import PropertyDefinition, UpdateTwin
from chain.scalars import Height, OrganisationId, TwinId
from contracts import state_keys
from contracts.native.twins import (
    ATTRIBUTES_MAX,
    HIERARCHY_DEPTH_MAX,
    PROPERTIES_MAX,
    TWIN_SIZE_MAX,
)
from contracts.records import TwinCounts, TwinProperty, TwinRecord
from tests.unit.contracts.support import (
    TURBINE,
    Ledger,
    check_refused,
    make_reading,
    make_telemetry,
    make_turbine,
    payload_of,
    result_of,
)

POWER = PropertyDefinition("active_power", "KWT")


def children_of(ledger: Ledger, parent: str) -> list[bytes]:
    found = state_keys.prefix_range(state_keys.children_prefix(TwinId(parent)))
    return [value for _, value in ledger.overlay.range(*found, 100)]


def test_a_twin_is_registered_with_its_owner_and_definitions():
    ledger = Ledger()
    receipt = ledger.apply(make_turbine(properties=(POWER,)))
    assert result_of(receipt) == {"twin": TURBINE}
    assert ledger.twin() == TwinRecord(
        id=TURBINE,
        kind="system",
        model="wind-turbine",
        owner=OrganisationId("borne-energie"),
        parent=None,
        description="Senvion MM82",
        attributes=(),
        properties=(TwinProperty(POWER, None),),
        counts=TwinCounts(),
        open_actions=(),
        acknowledged_actions=(),
        last_acknowledged=None,
        registered_height=Height(1),
        updated_height=Height(1),
    )
    (event,) = receipt.events
    assert (event.source, event.name, event.subject) == ("native", "twin_registered", TURBINE)
    assert payload_of(event) == {
        "kind": "system",
        "model": "wind-turbine",
        "owner": "borne-energie",
        "parent": None,
    }


def test_a_name_is_taken_once():
    ledger = Ledger()
    ledger.register_turbine()
    check_refused(
        ledger,
        ledger.apply(make_turbine(), "gridlink"),
        "VT-2022",
        "Twin R80711 is already registered, owned by borne-energie.",
    )


def test_a_property_has_one_definition():
    ledger = Ledger()
    check_refused(
        ledger,
        ledger.apply(make_turbine(properties=(POWER, POWER))),
        "VT-2029",
        "R80711 has property active_power twice.",
    )


def test_parts_are_listed_under_their_parent():
    ledger = Ledger()
    ledger.register_turbine("site", kind="environment")
    ledger.register_turbine("generation", kind="process", parent="site")
    ledger.register_turbine("R2", parent="generation")
    ledger.register_turbine("R1", parent="generation")
    ledger.register_turbine("R1-rotor", kind="component", parent="R1")
    ledger.register_turbine("R1-drive", parent="R1")
    assert children_of(ledger, "site") == [b"generation"]
    assert children_of(ledger, "generation") == [b"R1", b"R2"]
    assert children_of(ledger, "R1") == [b"R1-drive", b"R1-rotor"]


@pytest.mark.parametrize(
    ("kind", "parent_kind"),
    [("system", "component"), ("process", "system"), ("environment", "process")],
)
def test_a_twin_is_no_part_of_a_smaller_one(kind, parent_kind):
    ledger = Ledger()
    ledger.register_turbine("parent", kind=parent_kind)
    check_refused(
        ledger,
        ledger.apply(make_turbine(kind=kind, parent="parent")),
        "VT-2023",
        f"R80711 is a {kind} and cannot be part of parent, which is a {parent_kind}.",
    )


def test_a_parent_must_exist():
    ledger = Ledger()
    check_refused(
        ledger,
        ledger.apply(make_turbine(parent="site")),
        "VT-2020",
        "Twin site is not registered on this chain.",
    )


def test_a_stranger_adds_no_part():
    ledger = Ledger()
    ledger.register_turbine()
    part = make_turbine("rotor", kind="component", parent=TURBINE)
    check_refused(
        ledger,
        ledger.apply(part, "windcare"),
        "VT-2021",
        "Twin R80711 belongs to borne-energie; the sender belongs to windcare.",
    )


def test_only_what_is_given_changes():
    ledger = Ledger()
    ledger.register_turbine(properties=(POWER,))
    ledger.register_turbine("site", kind="environment")
    before = ledger.twin()
    ledger.begin_block()
    receipt = ledger.apply(UpdateTwin(TURBINE, description="repowered"))
    assert result_of(receipt) == {"twin": TURBINE}
    after = ledger.twin()
    assert (after.description, after.updated_height) == ("repowered", 2)
    assert (after.parent, after.properties, after.attributes) == (
        before.parent,
        before.properties,
        before.attributes,
    )
    assert payload_of(receipt.events[0]) == {"changed": ["description"]}


def test_properties_are_added_and_keep_their_last_values():
    ledger = Ledger()
    ledger.register_turbine(properties=(POWER,))
    ledger.apply_ok(make_telemetry())
    pitch = PropertyDefinition("pitch_angle", "DD", "IEC 61400-25 WROT.BlPthAngVal")
    ledger.apply_ok(UpdateTwin(TURBINE, add_properties=(pitch,)))
    power, added = ledger.twin().properties
    assert power.last is not None
    assert power.last.value == "1500.5"
    assert added == TwinProperty(pitch, None)
    check_refused(
        ledger,
        ledger.apply(UpdateTwin(TURBINE, add_properties=(pitch,))),
        "VT-2029",
        "R80711 has property pitch_angle twice.",
    )


def test_attributes_are_set_changed_and_removed():
    ledger = Ledger()
    ledger.register_turbine()
    ledger.apply_ok(UpdateTwin(TURBINE, attributes=(("serial", "1"), ("maker", "Senvion"))))
    ledger.apply_ok(UpdateTwin(TURBINE, attributes=(("serial", "2"), ("absent", ""))))
    assert ledger.twin().attributes == (("maker", "Senvion"), ("serial", "2"))
    ledger.apply_ok(UpdateTwin(TURBINE, attributes=(("serial", ""),)))
    assert ledger.twin().attributes == (("maker", "Senvion"),)
    check_refused(
        ledger,
        ledger.apply(UpdateTwin(TURBINE, attributes=(("a", "1"), ("a", "2")))),
        "VT-2029",
        "an attribute of R80711 is given twice.",
    )


def test_attributes_and_properties_are_bounded():
    ledger = Ledger()
    definitions = tuple(PropertyDefinition(f"p{n}", "") for n in range(PROPERTIES_MAX))
    attributes = tuple((f"a{n}", "text") for n in range(ATTRIBUTES_MAX))
    ledger.register_turbine(properties=definitions)
    ledger.apply_ok(UpdateTwin(TURBINE, attributes=attributes))
    check_refused(
        ledger,
        ledger.apply(UpdateTwin(TURBINE, add_properties=(POWER,))),
        "VT-2033",
        "Twin R80711 would have 257 properties; at most 256 are allowed.",
    )
    check_refused(
        ledger,
        ledger.apply(UpdateTwin(TURBINE, attributes=(("one-more", "text"),))),
        "VT-2033",
        "Twin R80711 would have 65 attributes; at most 64 are allowed.",
    )


def test_what_a_twin_says_about_itself_is_bounded():
    """The record is written whole with each batch of readings, so its size is everybody's cost."""
    ledger = Ledger()
    definitions = tuple(PropertyDefinition(f"p{n}", "", "\U0001f600" * 1024) for n in range(15))
    ledger.register_turbine(properties=definitions)
    long = PropertyDefinition("long", "", "\U0001f600" * 1024)
    receipt = ledger.apply(UpdateTwin(TURBINE, add_properties=(long,)))
    assert receipt.code == "VT-2033"
    assert receipt.message.startswith("Twin R80711 would have 65")
    assert receipt.message.endswith(" bytes; at most 65536 are allowed.")
    receipt = ledger.apply(make_turbine("R2", properties=(*definitions, long)))
    assert receipt.code == "VT-2033"


def test_readings_and_actions_do_not_count_against_what_a_twin_says():
    ledger = Ledger()
    definitions = tuple(PropertyDefinition(f"p{n}", "", "x" * 180) for n in range(PROPERTIES_MAX))
    ledger.register_turbine(properties=definitions)
    readings = [
        make_reading(property=one.name, unit="", value="-" + "1" * 40) for one in definitions
    ]
    ledger.apply_ok(make_telemetry(*readings))
    assert len(encode(ledger.twin())) > TWIN_SIZE_MAX
    ledger.apply_ok(UpdateTwin(TURBINE, description="x"))


def test_a_twin_moves_from_parent_to_parent():
    ledger = Ledger()
    ledger.register_turbine("old", kind="process")
    ledger.register_turbine("new", kind="process")
    ledger.register_turbine(parent="old")
    ledger.apply_ok(UpdateTwin(TURBINE, parent=TwinId("new")))
    assert ledger.twin().parent == "new"
    assert (children_of(ledger, "old"), children_of(ledger, "new")) == ([], [b"R80711"])


def test_a_twin_without_parent_gets_one():
    ledger = Ledger()
    ledger.register_turbine("process", kind="process")
    ledger.register_turbine()
    ledger.apply_ok(UpdateTwin(TURBINE, parent=TwinId("process")))
    assert ledger.twin().parent == "process"
    assert children_of(ledger, "process") == [b"R80711"]


def test_a_twin_is_never_part_of_itself():
    ledger = Ledger()
    ledger.register_turbine("a")
    ledger.register_turbine("b", parent="a")
    ledger.register_turbine("c", parent="b")
    for parent in ("a", "c"):
        check_refused(
            ledger,
            ledger.apply(UpdateTwin(TwinId("a"), parent=TwinId(parent))),
            "VT-2023",
            "a would be part of itself.",
        )


def test_depth_is_limited():
    ledger = Ledger()
    ledger.register_turbine("t0")
    for level in range(1, HIERARCHY_DEPTH_MAX):
        ledger.register_turbine(f"t{level}", parent=f"t{level - 1}")
    check_refused(
        ledger,
        ledger.apply(make_turbine(parent=f"t{HIERARCHY_DEPTH_MAX - 1}")),
        "VT-2023",
        "R80711 would be more than 32 levels deep.",
    )


def test_only_the_owner_updates():
    ledger = Ledger()
    ledger.register_turbine()
    check_refused(
        ledger,
        ledger.apply(UpdateTwin(TURBINE, description="mine"), "gridlink"),
        "VT-2021",
        "Twin R80711 belongs to borne-energie; the sender belongs to gridlink.",
    )
    check_refused(
        ledger,
        ledger.apply(UpdateTwin(TwinId("R9"), description="?")),
        "VT-2020",
        "Twin R9 is not registered on this chain.",
    )


def test_readings_after_an_update_use_the_new_property():
    ledger = Ledger()
    ledger.register_turbine(properties=())
    ledger.apply_ok(UpdateTwin(TURBINE, add_properties=(POWER,)))
    assert result_of(ledger.apply(make_telemetry(make_reading()))) == {
        "accepted": 1,
        "late": 0,
        "duplicate": 0,
    }
