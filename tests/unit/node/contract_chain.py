"""A real chain with a contract that was proposed, approved and upgraded."""

from chain.changes import SetContractPolicy
from chain.genesis import ContractPolicy
from chain.operations import ApproveChange, Call, ProposeContract
from chain.scalars import Hash
from chain.values import encode_value
from contracts.inprocess import InProcessExecutor
from contracts.packaging import make_package
from node.replica.ports import WritableStore
from tests.unit.contracts.native.lifecycle import FIRST, NAME, SECOND
from tests.unit.node.chain_builder import ChainBuilder

TESTS = "def test_it(): ...\n"
OWNER, OTHER = "borne-energie", "gridlink"


def build_contract_chain(store: WritableStore | None = None) -> ChainBuilder:
    """Build a chain on which two organisations approve contracts.

    The policy is decided; 4 the contract is proposed, 5 approved, 6 called; 7 an upgrade is
    proposed, 8 approved, 9 called again.
    """
    builder = ChainBuilder(store, InProcessExecutor())
    builder.govern(SetContractPolicy(ContractPolicy(approvals=2)))
    for replaces, source in enumerate((FIRST, SECOND)):
        install(builder, source, replaces)
        builder.add_block(
            builder.transaction(Call(NAME, "add", encode_value({"amount": 5})), OTHER)
        )
    assert all(receipt.is_ok for block in builder.blocks for receipt in block.receipts)
    return builder


def install(builder: ChainBuilder, source: str, replaces: int, name: str = NAME) -> Hash:
    """Propose a source in one block and approve it in the next; give the proposal's id."""
    package = make_package(name, source, TESTS, "nothing differs")
    proposal = builder.transaction(ProposeContract(package, encode_value({}), replaces), OWNER)
    builder.put(proposal)
    builder.put(builder.transaction(ApproveChange(proposal.id), OTHER))
    return proposal.id
