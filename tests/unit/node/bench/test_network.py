"""The network that is measured: planned for this machine, or one that runs already."""

from pathlib import Path

from chain.keyfile import KeyFile
from chain.keys import SigningKey
from chain.operations import RegisterTwin
from chain.scalars import OrganisationId, TwinId
from node.bench.network import Measured, open_network, plan_nodes, set_up
from node.bench.options import BenchOptions, Case
from node.keystore import create_key
from tests.unit.node.api.fake_node import FakeNode
from tests.unit.node.chain_builder import seed_of

OPERATOR = OrganisationId("borne-energie")


def test_nodes_of_four_organisations_in_turn_with_ports_of_their_own() -> None:
    planned = plan_nodes(6)
    assert [plan.organisation for plan in planned] == [
        f"bench-{number}" for number in (1, 2, 3, 4, 1, 2)
    ]
    assert len({plan.node for plan in planned}) == 6
    assert len({port for plan in planned for port in (plan.p2p_port, plan.api_port)}) == 12


async def test_a_running_network_is_taken_as_it_is(tmp_path: Path) -> None:
    node = FakeNode()
    genesis, identity = tmp_path / "genesis.json", tmp_path / "key.json"
    genesis.write_bytes(node.genesis_json)
    key = create_key(identity, "administrator", "borne-energie")
    options = BenchOptions(nodes=("http://a:1",), genesis=genesis, identity=identity)
    async with open_network(options, Case("single", 0), tmp_path) as measured:
        assert measured.nodes == ("http://a:1",)
        assert measured.genesis == node.genesis
        assert measured.validators == len(node.genesis.validators)
        assert measured.administrator.key.public_key == key.key.public_key


async def test_set_up_registers_the_gateway_and_then_the_rest() -> None:
    node = FakeNode()
    owner = KeyFile("administrator", OPERATOR, SigningKey(seed_of("borne-energie")))
    gateway = SigningKey(seed_of("bench-gateway"))
    twin = RegisterTwin(TwinId("bench-1"), "component", "bench", None, ())
    done: list[int] = []
    async with node.serve() as address:
        measured = Measured((address,), node.genesis, owner)
        await set_up(measured, gateway, [twin], done.append)
        async with measured.client(gateway) as client:
            assert (await client.twin("bench-1")).owner == OPERATOR
    assert done == [2]
