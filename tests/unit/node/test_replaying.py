"""A chain is executed again: with nothing believed, and with the same roots."""

from importlib.resources import files

import pytest
from msgspec.structs import replace

from chain.errors import ChainError, InvalidInput, PeerFault
from chain.keys import SigningKey
from chain.scalars import Hash
from contracts.sandbox import SandboxExecutor
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
from tests.unit.contracts.native.lifecycle import NAME
from tests.unit.node.chain_builder import START_MS, ChainBuilder, build_demo
from tests.unit.node.contract_chain import build_contract_chain, install

KEY = SigningKey(b"\7" * 32)


def decided(builder: ChainBuilder) -> list[DecidedBlock]:
    return [
        DecidedBlock(block.block, certificate)
        for block, certificate in zip(builder.blocks, builder.certificates, strict=True)
    ]


@pytest.mark.parametrize("build", [build_demo, build_contract_chain])
def test_the_same_roots_come_out_of_every_block(build: type[ChainBuilder]) -> None:
    builder = build()
    replay = Replay(builder.genesis)
    for block, executed in zip(decided(builder), builder.blocks, strict=True):
        replay.execute(block)
        assert replay.head.state_root == executed.header.state_root
    assert replay.head.height == builder.head.height


def test_every_standard_contract_and_an_upgrade_come_out_the_same() -> None:
    builder = build_contract_chain()
    names = [
        path.name.removesuffix(".py")
        for path in files("contracts.standard").iterdir()
        if path.name.endswith(".py") and path.name != "__init__.py"
    ]
    assert "maintenance_by_power_curve" in names
    for name in sorted(names):
        source = files("contracts.standard").joinpath(f"{name}.py").read_text(encoding="utf-8")
        install(builder, source, 0, name)
    builder.add_block(builder.register_turbine())
    for minute in range(0, 400, 10):
        builder.add_block(builder.power("1", first_ms=START_MS + minute * 60_000))
    assert all(receipt.is_ok for block in builder.blocks for receipt in block.receipts)
    replay = Replay(builder.genesis)
    for block, executed in zip(decided(builder), builder.blocks, strict=True):
        replay.execute(block)
        assert replay.head.state_root == executed.header.state_root
    found = Reader(builder.store, builder.genesis)
    assert len(found.records.contracts()) == len(names) + 1
    assert found.lifecycle.versions(NAME)[0].number == 2


def test_a_node_s_worker_gets_the_same_roots_over_an_upgrade() -> None:
    builder = build_contract_chain()
    worker = SandboxExecutor()
    try:
        replay = Replay(builder.genesis, executor=worker)
        for block in decided(builder):
            replay.execute(block)
    finally:
        worker.close()
    assert replay.head.state_root == builder.head.state_root


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
