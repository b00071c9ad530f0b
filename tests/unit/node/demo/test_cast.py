"""Who plays in the demo."""

from pathlib import Path

import pytest

from chain.errors import InvalidInput
from chain.scalars import TwinId, UnixMillis
from node.demo.cast import (
    GRID,
    INSPECTOR,
    OPERATOR,
    WORKSHOP,
    gateway_names,
    make_cast,
    plan_nodes,
    twins_to_register,
)
from node.keystore import load_key
from node.local.ports import choose_ports
from tests.unit.node.demo.fakes import make_feed, make_record

NOW = UnixMillis(1_700_000_000_000)


def test_nodes_go_to_the_four_organisations_in_turn() -> None:
    planned = plan_nodes(6, 0)
    assert [plan.organisation for plan in planned] == [
        OPERATOR, GRID, WORKSHOP, INSPECTOR, OPERATOR, GRID,
    ]  # fmt: skip
    assert [plan.node for plan in planned][::4] == ["borne-energie-1", "borne-energie-2"]
    ports = {plan.api_port for plan in planned} | {plan.p2p_port for plan in planned}
    assert len(ports) == 12


def test_a_first_port_numbers_all_nodes() -> None:
    first = next(
        port for port in choose_ports(50) if set(range(port, port + 3)).isdisjoint(range(port))
    )
    assert [plan.api_port for plan in plan_nodes(3, first)] == [first, first + 1, first + 2]


def test_everybody_has_a_key_in_the_folder_of_the_own_organisation(tmp_path: Path) -> None:
    feed = make_feed([make_record(0, "press-7"), make_record(1, "mill-1")])
    cast = make_cast(tmp_path, plan_nodes(4, 0), feed, NOW)
    assert list(cast.identities) == [
        "administrator-borne-energie", "administrator-gridlink",
        "administrator-windcare", "administrator-certis",
        "workshop", "inspector", "gateway-press-7", "gateway-mill-1",
    ]  # fmt: skip
    for identity in cast.identities.values():
        assert identity.path.is_relative_to(tmp_path / identity.organisation)
        assert load_key(identity.path).key.public_key == identity.file.key.public_key
    assert cast.identities["workshop"].organisation == WORKSHOP
    assert cast.identities["inspector"].roles == ("partner",)
    assert cast.node_of(INSPECTOR).node == "certis-1"


def test_with_fewer_nodes_the_first_organisation_plays_all_parts(tmp_path: Path) -> None:
    cast = make_cast(tmp_path, plan_nodes(1, 0), None, NOW)
    assert {identity.organisation for identity in cast.identities.values()} == {OPERATOR}
    assert cast.node_of(WORKSHOP).node == "borne-energie-1"


def test_a_network_is_never_founded_over_another(tmp_path: Path) -> None:
    make_cast(tmp_path, plan_nodes(1, 0), None, NOW)
    with pytest.raises(InvalidInput):
        make_cast(tmp_path, plan_nodes(1, 0), None, NOW)


def test_gateways_are_called_like_their_twins_where_keys_may_have_such_names() -> None:
    odd, long = "urn:press:7", "p" * 100
    twins = ("press-7", odd, long, "2")
    names = gateway_names(make_feed([make_record(index, twin) for index, twin in enumerate(twins)]))
    assert names == {
        TwinId("press-7"): "gateway-press-7",
        TwinId(odd): "gateway-1",
        TwinId(long): "gateway-2",
        TwinId("2"): "gateway-3",
    }
    assert gateway_names(None) == {}


def test_the_wind_farm_stands_in_its_plant_and_other_machines_alone() -> None:
    feed = make_feed([make_record(0)])
    wind = twins_to_register(feed, is_wind=True)
    assert [(twin.twin, twin.parent) for twin in wind] == [
        ("haute-borne-site", None),
        ("haute-borne-generation", "haute-borne-site"),
        ("press-7", "haute-borne-generation"),
    ]
    assert [(twin.twin, twin.parent) for twin in twins_to_register(feed, is_wind=False)] == [
        ("press-7", None)
    ]
    assert twins_to_register(None, is_wind=False) == []


def test_the_chain_agrees_by_the_engine_that_was_asked_for(tmp_path: Path) -> None:
    for engine in ("bft", "raft"):
        cast = make_cast(tmp_path / engine, plan_nodes(3, 0), None, NOW, engine)
        assert cast.network.genesis.validators.engine == engine
