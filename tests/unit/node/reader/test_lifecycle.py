"""Who approved which version, and what the package held."""

from chain.genesis import ContractPolicy
from chain.hashing import signing_hash
from chain.keys import verify
from chain.scalars import Hash
from node.reader import Reader
from tests.unit.contracts.native.lifecycle import FIRST, NAME, SECOND
from tests.unit.node.chain_builder import build_demo
from tests.unit.node.contract_chain import TESTS, build_contract_chain


def test_versions_come_with_signatures_that_anyone_can_check():
    builder = build_contract_chain()
    reader = Reader(builder.store, builder.genesis).lifecycle
    second, first = reader.versions(NAME)
    assert [(one.number, one.status) for one in (second, first)] == [(2, "active"), (1, "replaced")]
    approvals = reader.approvals(first)
    assert [one.approval.organisation for one in approvals] == ["borne-energie", "gridlink"]
    for one in approvals:
        signed = signing_hash("transaction", builder.genesis_hash, one.approval.transaction)
        assert one.signature is not None
        assert verify(one.approval.key, signed, one.signature)
    assert reader.version(NAME, 2) == second
    assert reader.version(NAME, 3) is None


def test_old_versions_stay_readable_with_their_packages():
    builder = build_contract_chain()
    reader = Reader(builder.store, builder.genesis).lifecycle
    for number, source in ((1, FIRST), (2, SECOND)):
        version = reader.version(NAME, number)
        assert version is not None
        assert version.package is not None
        package = reader.package(version.package)
        assert package is not None
        assert (package.source, package.tests, package.report) == (source, TESTS, "nothing differs")
    assert reader.package(Hash(bytes(32))) is None
    assert reader.policy() == ContractPolicy(approvals=2)


def test_who_deployed_alone_is_the_one_who_approved():
    builder = build_demo()
    reader = Reader(builder.store, builder.genesis).lifecycle
    (version,) = reader.versions("low-power")
    (alone,) = reader.approvals(version)
    assert alone.approval.organisation == "borne-energie"
    assert alone.approval.transaction == version.transaction
    assert alone.signature is not None
    assert reader.policy() == ContractPolicy(approvals=1)
