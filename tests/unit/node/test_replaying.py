"""A chain is executed again: with nothing believed, and with the same roots."""

from collections.abc import Callable

import pytest
from msgspec.structs import replace

from chain.errors import ChainError, InvalidInput, PeerFault
from chain.keys import SigningKey
from chain.scalars import Hash
from contracts.executor import Executor
from contracts.kit.executor import KitExecutor
from contracts.sandbox import SandboxExecutor
from contracts.state_keys import contract_state_prefix
from node.reader import Reader
from node.replaying import (
    Replay,
    certificate_from_json,
    certificate_to_json,
    hash_decisions,
    is_signed,
    sign_certificate,
)
from node.replica.messages import DecidedBlock
from node.replica.ports import Column
from tests.unit.contracts.standard.test_standard import NAMES
from tests.unit.node.chain_builder import ChainBuilder, build_demo
from tests.unit.node.contract_chain import build_contract_chain
from tests.unit.node.standard_chain import (
    STORIES,
    UPGRADED,
    StandardChain,
    build_standard_chain,
)

KEY = SigningKey(b"\7" * 32)


def decided(builder: ChainBuilder) -> list[DecidedBlock]:
    return [
        DecidedBlock(block.block, certificate)
        for block, certificate in zip(builder.blocks, builder.certificates, strict=True)
    ]


@pytest.fixture(scope="module")
def standard() -> StandardChain:
    return build_standard_chain()


@pytest.mark.parametrize("build", [build_demo, build_contract_chain])
def test_the_same_roots_come_out_of_every_block(build: Callable[[], ChainBuilder]) -> None:
    check_roots(build(), KitExecutor())


def check_roots(builder: ChainBuilder, executor: Executor) -> Replay:
    replay = Replay(builder.genesis, executor=executor)
    for block, executed in zip(decided(builder), builder.blocks, strict=True):
        replay.execute(block)
        assert replay.head.state_root == executed.header.state_root
    assert replay.head.height == builder.head.height
    return replay


def test_every_standard_contract_does_its_work_on_the_chain_and_one_is_upgraded(
    standard: StandardChain,
) -> None:
    receipts = [receipt for block in standard.blocks for receipt in block.receipts]
    assert all(receipt.is_ok for receipt in receipts)
    assert "contract_failed" not in {event.name for one in receipts for event in one.events}
    found = Reader(standard.store, standard.genesis)
    assert {record.name for record in found.records.contracts()} == set(STORIES) == set(NAMES)
    for name in NAMES:
        start = contract_state_prefix(name)
        kept = standard.store.range(Column.STATE, start, start + b"\xff")
        assert next(kept, None) is not None, f"{name} remembers nothing"
    assert [one.number for one in found.lifecycle.versions(UPGRADED)] == [2, 1]


@pytest.mark.parametrize("make_executor", [KitExecutor, SandboxExecutor])
def test_every_standard_contract_and_an_upgrade_come_out_the_same(
    standard: StandardChain, make_executor: Callable[[], Executor]
) -> None:
    executor = make_executor()
    try:
        replay = check_roots(standard, executor)
    finally:
        executor.close()
    # Only the second version finds this too much.
    assert (replay.decisions[-1].contract, replay.decisions[-1].key) == (UPGRADED, "alarm-0")


def test_a_node_s_worker_gets_the_same_roots_over_an_upgrade() -> None:
    worker = SandboxExecutor()
    try:
        check_roots(build_contract_chain(), worker)
    finally:
        worker.close()


def test_decisions_are_listed_with_their_heights() -> None:
    builder = build_demo()
    replay = Replay(builder.genesis)
    for block in decided(builder):
        replay.execute(block)
    (order,) = replay.decisions
    assert (order.contract, order.twin, order.height) == ("low-power", "R80711", 4)


def test_what_no_quorum_decided_is_refused() -> None:
    builder = build_demo()
    replay = Replay(builder.genesis)
    first = decided(builder)[0]
    changed = replace(first.block.header, state_root=Hash(bytes(32)))
    other = DecidedBlock(replace(first.block, header=changed), first.certificate)
    with pytest.raises(PeerFault, match="VT-3032"):
        replay.execute(other)
    with pytest.raises(ChainError):
        replay.execute(decided(builder)[1])


def test_a_certificate_is_signed_written_and_read() -> None:
    builder = build_demo()
    replay = Replay(builder.genesis)
    for block in decided(builder):
        replay.execute(block)
    certificate = replay.certify("veritwin 1")
    assert certificate.state_root == builder.head.state_root
    assert certificate.decisions_hash == hash_decisions(replay.decisions)
    signed = sign_certificate(certificate, KEY)
    read = certificate_from_json(certificate_to_json(signed))
    assert read == signed
    assert is_signed(read)
    assert not is_signed(replace(read, certificate=replace(certificate, transactions=1)))


@pytest.mark.parametrize("data", [b"{}", b"\xff", b"[1]"])
def test_another_file_is_no_certificate(data: bytes) -> None:
    with pytest.raises(InvalidInput, match="VT-1312"):
        certificate_from_json(data)
