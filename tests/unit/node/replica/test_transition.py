"""What a list of transactions makes of a state."""

from chain.block import compute_block_hash
from chain.receipt import compute_receipts_root
from chain.scalars import Hash
from node.replica.commit import build_batch, next_head
from node.replica.ports import MemoryStore
from node.replica.transition import GrownLog, Ledger, StoredState, genesis_state
from tests.unit.node.chain_builder import ChainBuilder, NoContracts, build_demo
from tests.unit.node.replica.parts import Parts


def test_the_same_transactions_give_the_same_header_on_another_node() -> None:
    leader = build_demo()
    store = MemoryStore()
    follower = ChainBuilder(store)
    ledger = Ledger(follower.genesis, store, leader.ledger._executor)
    head = follower.head
    for executed, certificate in zip(leader.blocks, leader.certificates, strict=True):
        header = executed.header
        again = ledger.execute_block(
            head,
            header.proposer,
            executed.transactions,
            executed.block.previous_certificate,
        )
        assert again.header == header
        assert again.hash == compute_block_hash(header)
        store.write(build_batch(again, certificate), sync=True)
        head = next_head(again, certificate)


def test_a_refused_transaction_has_a_receipt_and_changes_nothing_else() -> None:
    parts = Parts()
    good, bad = parts.chain.power("1"), parts.chain.power("1", twin="R9")

    def execute(*transactions: object) -> tuple[list[str], dict[bytes, bytes | None]]:
        executed = parts.ledger.execute_block(
            parts.head,
            0,
            transactions,  # type: ignore[arg-type]
            parts.head.certificate,
        )
        assert compute_receipts_root(executed.receipts) == executed.header.receipts_root
        return [receipt.code for receipt in executed.receipts], executed.writes

    assert execute(good) == execute(good)
    codes, writes = execute(good, bad)
    assert codes == ["ok", "VT-2020"]
    assert writes == execute(good)[1]


def test_an_empty_block_changes_the_time_and_nothing_of_the_state() -> None:
    chain = ChainBuilder()
    before = chain.head
    executed = chain.add_block()
    assert executed.writes == {}
    assert executed.header.state_root == before.state_root
    assert executed.header.tx_log_size == 0
    assert executed.header.time_ms > before.time_ms


def test_execution_writes_nothing() -> None:
    parts = Parts()
    before = parts.head
    value = parts.propose(parts.chain.power("1"))
    again = parts.propose(parts.chain.power("1"))
    assert parts.head == before
    assert value.id != again.id


def test_a_header_commits_to_its_transactions_in_order() -> None:
    parts = Parts()
    one, other = parts.chain.power("1"), parts.chain.power("2")
    executed = parts.ledger.execute_block(parts.head, 0, (one, other), parts.head.certificate)
    assert GrownLog.create(parts.head, (one, other)).is_of(executed.header)
    for wrong in ((), (one,), (other, one), (one, one), (one, other, one)):
        assert not GrownLog.create(parts.head, wrong).is_of(executed.header)


def test_a_log_that_was_made_before_changes_nothing() -> None:
    parts = Parts()
    given = (parts.chain.power("1"), parts.chain.power("2"))
    log = GrownLog.create(parts.head, given)
    before, after = (
        parts.ledger.execute_block(parts.head, 0, given, parts.head.certificate, log=one)
        for one in (None, log)
    )
    assert before == after


def test_stored_state_gives_ranges_in_order_and_within_a_limit() -> None:
    chain = build_demo()
    state = StoredState(chain.store)
    pairs = state.range(b"", b"\xff", 1_000)
    assert pairs == sorted(pairs)
    assert state.range(b"", b"\xff", 3) == pairs[:3]
    assert state.range(pairs[1][0], pairs[3][0], 10) == pairs[1:3]
    assert state.range(b"", b"\xff", 0) == []
    assert state.get(pairs[0][0]) == pairs[0][1]
    assert state.get(b"none") is None


def test_genesis_has_one_state_root() -> None:
    chain = ChainBuilder()
    head, writes, tree = genesis_state(chain.genesis)
    assert (head.state_root, head.block) == (tree.root, chain.genesis_hash)
    assert writes
    assert genesis_state(chain.genesis)[0] == head


def test_the_name_of_the_chain_is_that_of_its_genesis() -> None:
    chain = ChainBuilder()
    ledger = Ledger(chain.genesis, chain.store, NoContracts())
    assert ledger.genesis_hash == Hash(chain.genesis_hash)
