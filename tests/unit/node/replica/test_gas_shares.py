"""Nobody's contracts take the block's gas from the others."""

from msgspec.structs import replace

from chain.codec import decode
from chain.operations import Call, DeployContract, RegisterTwin
from chain.receipt import OK
from chain.scalars import TwinId
from chain.values import encode_value
from contracts.inprocess import InProcessExecutor
from node.replica import keys
from node.replica.commit import BlockReceipts
from node.replica.ports import Column
from tests.unit.node.replica.network import World, make_genesis
from tests.unit.node.replica.test_replica import committed_everywhere

BURNER = """from contracts.author import call


@call
def burn() -> int:
    total = 0
    for number in range(1_000_000_000):
        total += number
    return total
"""


def make_world() -> World:
    genesis = make_genesis()
    limits = replace(genesis.limits, gas_per_transaction_max=100_000, gas_per_block_max=250_000)
    world = World(replace(genesis, limits=limits))
    world.executor = InProcessExecutor()
    for index in range(4):
        world.stop(index)
    for index in range(4):
        world.start(index)
    world.run(1_000)
    return world


def receipts_of(world: World, transaction_id: bytes) -> tuple[int, str]:
    store = world.nodes[0].store
    place = store.get(Column.INDEX, keys.transaction(transaction_id))
    assert place is not None
    height, position = keys.decode_place(place)
    data = store.get(Column.BLOCKS, keys.receipts(height))
    assert data is not None
    return height, decode(data, BlockReceipts, 1 << 24).receipts[position].code


def test_a_block_ends_before_a_transaction_that_could_not_have_all_its_gas() -> None:
    world = make_world()
    deploy = world.transaction(0, DeployContract("burner", BURNER, encode_value({})))
    world.submit(0, deploy)
    assert world.run(3_000, lambda: committed_everywhere(world, deploy.id))
    assert receipts_of(world, deploy.id)[1] == OK
    burn = Call("burner", "burn", encode_value({}))
    burners = [world.transaction(1, burn, salt=number) for number in range(8)]
    honest = world.transaction(2, RegisterTwin(TwinId("p"), "system", "pump", None, ()), salt=9)
    for transaction in burners:
        world.submit(1, transaction)
    world.submit(1, honest)
    assert world.run(10_000, lambda: committed_everywhere(world, honest.id))
    codes = {receipts_of(world, transaction.id)[1] for transaction in burners}
    heights = {receipts_of(world, transaction.id)[0] for transaction in burners}
    assert codes == {"VT-4103"}, "each burnt its own gas, none was refused for another's"
    assert len(heights) >= 4
    assert receipts_of(world, honest.id)[1] == OK
