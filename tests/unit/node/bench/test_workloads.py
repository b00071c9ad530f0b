"""What is sent: of the size that is claimed, never the same twice, and right for the chain."""

import pytest

from chain.operations import DeployContract, RegisterTwin
from chain.scalars import Hash, Height, UnixMillis
from contracts.checker import check_source
from node.bench.load import Signing, sign_chunk
from node.bench.options import WORKLOADS, WorkloadName
from node.bench.workloads import Workload
from tests.unit.node.chain_builder import seed_of


def make(name: WorkloadName, twins: int = 8, first_twin: int = 0) -> Workload:
    return Workload(name, twins, UnixMillis(1_700_000_000_000), "abcdef", first_twin)


@pytest.mark.parametrize("name", WORKLOADS)
def test_readings_are_counted_as_they_are(name: WorkloadName) -> None:
    workload = make(name)
    for first, count in ((0, 50), (7, 23)):
        sent = [workload.operation(index) for index in range(first, first + count)]
        assert workload.readings(first, count) == sum(
            len(batch.readings) for operation in sent for batch in operation.batches
        )


@pytest.mark.parametrize("name", WORKLOADS)
def test_each_update_of_a_twin_is_later_and_numbered_on(name: WorkloadName) -> None:
    workload = make(name, twins=3)
    last: dict[tuple[str, str], tuple[int, int]] = {}
    for index in range(60):
        for batch in workload.operation(index).batches:
            for reading in batch.readings:
                place = (reading.time_ms, reading.sequence)
                key = (batch.twin, reading.property)
                assert place > last.get(key, (0, -1))
                last[key] = place


def test_a_single_update_takes_256_bytes() -> None:
    signing = Signing(make("single", 1_000), Hash(bytes(32)), seed_of("bench"), Height(1_000))
    sizes = {len(raw) for raw in sign_chunk(signing, 0, 200)}
    assert max(sizes) - min(sizes) <= 8
    assert all(240 <= size <= 272 for size in sizes)


def test_the_contract_passes_the_check_and_waits_for_the_twins_of_its_run() -> None:
    *twins, deploy = make("contract").setup()
    assert isinstance(deploy, DeployContract)
    assert not check_source(deploy.source).findings
    models = {twin.model for twin in twins if isinstance(twin, RegisterTwin)}
    assert models == {"bench-woken-abcdef"}
    assert 'model="bench-woken-abcdef"' in deploy.source


def test_a_second_workload_has_twins_of_its_own_and_no_second_contract() -> None:
    load, probes = make("contract"), make("contract", 2, first_twin=8)
    known = {twin.twin for twin in load.setup() if isinstance(twin, RegisterTwin)}
    more = probes.setup()
    assert len(more) == 2
    assert all(isinstance(twin, RegisterTwin) and twin.twin not in known for twin in more)
