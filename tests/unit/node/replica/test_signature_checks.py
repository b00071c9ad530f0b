"""How many signatures a transaction costs: one check at each node, however many readings it has."""

from chain.keys import verify
from chain.operations import Reading, Telemetry, TwinReadings
from chain.scalars import PublicKey, Signature, TwinId, UnixMillis
from tests.unit.node.replica.alone import TWIN
from tests.unit.node.replica.network import START_MS, World, key_of, make_genesis
from tests.unit.node.replica.test_replica import committed_everywhere


def test_a_batch_of_a_hundred_readings_costs_one_signature_check_at_each_node() -> None:
    world = World(make_genesis())
    sender = key_of("admin0").public_key
    checks: list[bytes] = []

    def count(key: PublicKey, message: bytes, signature: Signature) -> bool:
        if key == sender:
            checks.append(message)
        return verify(key, message, signature)

    world.verify = count
    for index in range(4):
        world.stop(index)
    for index in range(4):
        world.start(index)
    world.run(1_000)
    twin = world.transaction(0, TWIN)
    world.submit(0, twin)
    assert world.run(2_000, lambda: committed_everywhere(world, twin.id))
    checks.clear()
    readings = tuple(
        Reading("power", f"{number}.5", UnixMillis(START_MS + number), "KWT")
        for number in range(100)
    )
    batch = world.transaction(0, Telemetry((TwinReadings(TwinId("R80711"), readings),)), salt=1)
    world.submit(0, batch)
    assert world.run(2_000, lambda: committed_everywhere(world, batch.id))
    world.run(1_000)
    assert len(checks) == 4
