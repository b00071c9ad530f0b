"""Every checker has seen a wrong history and said so; a right one, it lets pass."""

from collections.abc import Iterator
from contextlib import nullcontext
from dataclasses import dataclass, field, replace
from typing import TypeVar

import pytest
from msgspec.structs import replace as change

from chain.errors import Corruption, PeerFault
from chain.evidence import Evidence, VoteSigned
from chain.hashing import hash_tagged
from chain.operations import ReportEvidence
from chain.scalars import Hash, Height, NodeName, Round, Signature, UnixMillis
from chain.values import encode_value
from consensus.bft.messages import Vote
from node.replica.effects import Accuse, Commit, Disconnect, ReadReady
from node.replica.messages import AnyPeerMessage, ConsensusMessage
from node.replica.past import Base
from node.replica.ports import Column, Put, WriteBatch
from tests.sim import contract
from tests.sim.audience import Promise, Watcher
from tests.sim.checkers import (
    ALL_CHECKERS,
    Agreement,
    BlockTime,
    Checker,
    EqualRoots,
    ExecutedOnce,
    FairBlame,
    GapFreeStreams,
    KeptPromises,
    Progress,
    SignedOnce,
    StaysUp,
    Validity,
    Violation,
)
from tests.sim.faults import Plan
from tests.sim.process import Machine
from tests.sim.run import play
from tests.sim.signatures import choose_scheme
from tests.sim.trace import Recorder
from tests.sim.world import Setup, World
from tests.unit.node.replica.network import START_MS, make_genesis

CheckerT = TypeVar("CheckerT", bound=Checker)
OTHER = hash_tagged("test", b"another block")
SEED = 6
"""Its clients use the contract."""


@dataclass
class History(Watcher):
    """What happened in a run without faults."""

    world: World
    commits: list[tuple[Machine, Commit]] = field(default_factory=list)
    votes: list[tuple[Machine, Vote]] = field(default_factory=list)
    promises: list[Promise] = field(default_factory=list)

    def committed(self, machine: Machine, commit: Commit) -> None:
        self.commits.append((machine, commit))

    def said(self, machine: Machine, message: AnyPeerMessage) -> None:
        if isinstance(message, ConsensusMessage) and isinstance(message.message, Vote):
            self.votes.append((machine, message.message))

    def promised(self, machine: Machine, promise: Promise) -> None:
        self.promises.append(promise)

    def of(self, height: int) -> tuple[Machine, Commit]:
        """Give the first commit of a height."""
        return next(one for one in self.commits if one[1].height == height)

    def tell(self, checker: CheckerT, *, below: int) -> CheckerT:
        """Let a checker hear of the commits below a height, as the first machines made them."""
        for height in range(1, below):
            checker.committed(*self.of(height))
        return checker


@pytest.fixture(scope="module")
def past() -> History:
    """A run without faults, with calls of the contract."""
    world = World(Setup(SEED, make_genesis(), choose_scheme(SEED)), Recorder())
    history = History(world)
    world.audience.join(history)
    for checker in ALL_CHECKERS:
        world.audience.join(checker(world))
    play(world, Plan((), ()))
    return history


@pytest.fixture
def history(past: History) -> Iterator[History]:
    """The same for each test, which may make machines faulty. Clocks remember the whole run."""
    for machine in past.world.machines:
        machine.clock.low_ms = START_MS
    yield past
    for machine in past.world.machines:
        machine.is_faulty = False
        machine.is_signed_disk_rotten = False


def height_of_call(history: History) -> int:
    """Give a height at which the contract's total changed."""
    return next(
        commit.height
        for _, commit in history.commits
        if contract.written_total(commit) and commit.height > 2
    )


def with_header(commit: Commit, **fields: object) -> Commit:
    content = change(commit.content, header=change(commit.header, **fields))
    return replace(commit, content=content)


# ------------------------------------------------------------------ agreement


def test_two_blocks_at_one_height(history: History) -> None:
    machine, commit = history.of(3)
    checker = history.tell(Agreement(history.world), below=5)
    checker.committed(machine, commit)
    with pytest.raises(Violation, match="at height 3 machine 0 has block"):
        checker.committed(
            history.world.machines[0], replace(commit, head=change(commit.head, block=OTHER))
        )


def test_another_block_on_disk_after_a_restart(history: History) -> None:
    machine = history.world.machines[1]
    checker = Agreement(history.world)
    checker.started(machine)
    _, commit = history.of(machine.head.height)
    with pytest.raises(Violation, match="machine 0 has block"):
        checker.committed(
            history.world.machines[0], replace(commit, head=change(commit.head, block=OTHER))
        )


def test_a_liar_may_have_another_block(history: History) -> None:
    machine, commit = history.of(3)
    checker = history.tell(Agreement(history.world), below=5)
    machine.is_faulty = True
    checker.committed(machine, replace(commit, head=change(commit.head, block=OTHER)))


# ------------------------------------------------------------------ validity


def test_a_header_that_executing_does_not_give(history: History) -> None:
    machine, commit = history.of(4)
    checker = history.tell(Validity(history.world), below=4)
    with pytest.raises(Violation, match=r"with another result than .*: state_root"):
        checker.committed(machine, with_header(commit, state_root=OTHER))


def test_a_receipt_that_executing_does_not_give(history: History) -> None:
    height = next(c.height for _, c in history.commits if c.receipts)
    machine, commit = history.of(height)
    receipts = tuple(change(receipt, code="VT-0000") for receipt in commit.receipts)
    checker = history.tell(Validity(history.world), below=height)
    with pytest.raises(Violation, match="with another result"):
        checker.committed(machine, replace(commit, receipts=receipts))


def test_a_certificate_without_a_quorum(history: History) -> None:
    machine, commit = history.of(2)
    signatures = commit.certificate.signatures[:2]
    checker = history.tell(Validity(history.world), below=2)
    with pytest.raises(Violation, match="height 2 was decided with weight 2 of"):
        checker.committed(
            machine, replace(commit, certificate=change(commit.certificate, signatures=signatures))
        )


def test_a_certificate_that_counts_somebody_twice(history: History) -> None:
    machine, commit = history.of(2)
    first = commit.certificate.signatures[0]
    certificate = change(commit.certificate, signatures=(first, first, first))
    checker = history.tell(Validity(history.world), below=2)
    with pytest.raises(Violation, match="repeats a validator"):
        checker.committed(machine, replace(commit, certificate=certificate))


def test_a_certificate_with_a_bad_signature(history: History) -> None:
    machine, commit = history.of(2)
    first, *others = commit.certificate.signatures
    later = change(first, time_ms=UnixMillis(first.time_ms + 1))
    certificate = change(commit.certificate, signatures=(later, *others))
    checker = history.tell(Validity(history.world), below=2)
    with pytest.raises(Violation, match=r"the signature of node. is not good"):
        checker.committed(machine, replace(commit, certificate=certificate))


def test_a_certificate_for_another_block(history: History) -> None:
    machine, commit = history.of(2)
    checker = history.tell(Validity(history.world), below=2)
    with pytest.raises(Violation, match="is for something else"):
        checker.committed(
            machine, replace(commit, certificate=change(commit.certificate, block=OTHER))
        )


def test_a_transaction_with_a_bad_signature(history: History) -> None:
    height = next(c.height for _, c in history.commits if c.transactions)
    machine, commit = history.of(height)
    first, *others = commit.transactions
    bad = change(first, signature=bytes(64))
    checker = history.tell(Validity(history.world), below=height)
    with pytest.raises(Violation, match="a transaction that is not valid: VT-2002"):
        checker.committed(machine, replace(commit, transactions=(bad, *others)))


def test_an_expired_transaction(history: History) -> None:
    height = next(c.height for _, c in history.commits if c.transactions)
    machine, commit = history.of(height)
    body = change(commit.transactions[0].body, expiry_height=Height(height - 1))
    expired = change(commit.transactions[0], body=body)
    checker = history.tell(Validity(history.world), below=height)
    with pytest.raises(Violation, match="holds an expired transaction"):
        checker.committed(machine, replace(commit, transactions=(expired,)))


def test_a_block_of_somebody_who_had_no_turn(history: History) -> None:
    machine, commit = history.of(2)
    checker = history.tell(Validity(history.world), below=2)
    proposer = (commit.header.proposer + 1) % 4
    with pytest.raises(Violation, match="who had no turn"):
        checker.committed(machine, with_header(commit, proposer=proposer))


# ------------------------------------------------------------------ roots


def test_two_state_roots_at_one_height(history: History) -> None:
    machine, commit = history.of(2)
    checker = history.tell(EqualRoots(history.world), below=4)
    with pytest.raises(Violation, match="has another state root at height 2"):
        checker.committed(machine, with_header(commit, state_root=OTHER))


def test_a_state_that_is_not_under_its_root(history: History) -> None:
    machine = history.world.machines[2]
    kept = machine.disk.copy()
    key = next(key for key in kept[Column.STATE] if key.startswith(b"twin/"))
    machine.disk.apply(WriteBatch((Put(Column.STATE, key, b"changed"),)))
    try:
        with pytest.raises(Violation, match="state values of machine 2 do not have the state root"):
            EqualRoots(history.world).finished([], is_live=True)
    finally:
        machine.disk.replace(kept)
    EqualRoots(history.world).finished([], is_live=True)


# ------------------------------------------------------------------ once


def test_a_transaction_in_two_blocks(history: History) -> None:
    height = next(c.height for _, c in history.commits if c.transactions)
    _, commit = history.of(height)
    machine, after = history.of(height + 1)
    checker = history.tell(ExecutedOnce(history.world), below=height + 1)
    again = replace(after, transactions=commit.transactions, receipts=commit.receipts)
    with pytest.raises(Violation, match="is in the chain twice"):
        checker.committed(machine, again)


def test_an_effect_that_is_there_twice(history: History) -> None:
    height = height_of_call(history)
    machine, commit = history.of(height)
    total = contract.written_total(commit)
    assert total is not None
    puts = tuple(
        change(put, value=encode_value(total + 1)) if put.value == encode_value(total) else put
        for put in commit.batch.puts
    )
    checker = history.tell(ExecutedOnce(history.world), below=height)
    with pytest.raises(Violation, match=rf"the contract's total is {total + 1}"):
        checker.committed(machine, replace(commit, batch=WriteBatch(puts)))


def test_a_transaction_without_a_receipt(history: History) -> None:
    height = next(c.height for _, c in history.commits if c.transactions)
    machine, commit = history.of(height)
    checker = history.tell(ExecutedOnce(history.world), below=height)
    with pytest.raises(Violation, match="has other receipts than transactions"):
        checker.committed(machine, replace(commit, receipts=()))


# ------------------------------------------------------------------ time


def test_a_time_that_goes_back(history: History) -> None:
    machine, commit = history.of(3)
    checker = history.tell(BlockTime(history.world), below=3)
    before = history.of(2)[1].header.time_ms
    with pytest.raises(Violation, match="is not later than the one before"):
        checker.committed(machine, with_header(commit, time_ms=before))


def test_a_time_that_is_not_the_median(history: History) -> None:
    machine, commit = history.of(3)
    checker = history.tell(BlockTime(history.world), below=3)
    with pytest.raises(Violation, match="the median is"):
        checker.committed(machine, with_header(commit, time_ms=commit.header.time_ms + 1))


def late_history() -> History:
    """Give a run of which all machines' clocks are then an hour behind."""
    world = World(Setup(SEED, make_genesis(), choose_scheme(SEED)), Recorder())
    history = History(world)
    world.audience.join(history)
    for machine in world.machines:
        world.after(0, machine.start)
    world.network.build()
    world.run(8_000)
    _, commit = history.of(1)
    for one in world.machines:
        one.clock.low_ms = one.clock.high_ms = UnixMillis(commit.header.time_ms - 3_600_000)
    return history


def test_a_time_that_no_correct_clock_shows() -> None:
    """All sign an hour late: the median is theirs, but no clock is."""
    history = late_history()
    checker = BlockTime(history.world)
    checker.committed(*history.of(1))
    with pytest.raises(Violation, match="correct clocks were between"):
        checker.committed(*history.of(2))


def test_a_time_of_a_node_that_ended_after_its_block_was_written(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Its disk was full or its power failed: nobody heard its vote, but others got its block."""
    history = late_history()
    checker = BlockTime(history.world)
    machine, first = history.of(1)
    checker.committed(machine, first)
    machine.clock.high_ms = UnixMillis(history.of(2)[1].header.time_ms)
    monkeypatch.setattr(Machine, "head", first.head)
    checker.started(machine)
    checker.committed(*history.of(2))


# ------------------------------------------------------------------ votes


def test_two_votes_at_one_place(history: History) -> None:
    """The checker knows a node's own votes of the height it is at and the one below."""
    machine = history.world.machines[0]
    votes = [
        vote
        for by, vote in history.votes
        if by is machine and vote.validator == 0 and vote.height == machine.head.height
    ]
    assert votes
    checker = SignedOnce(history.world)
    for vote in votes:
        checker.said(machine, ConsensusMessage(vote))
    with pytest.raises(Violation, match=rf"signed two {votes[-1].kind}s at {votes[-1].height}/"):
        checker.said(machine, ConsensusMessage(change(votes[-1], block=OTHER)))


def test_a_vote_that_is_passed_on_is_not_its_own(history: History) -> None:
    machine = history.world.machines[0]
    vote = next(vote for _, vote in history.votes if vote.validator == 1)
    vote = change(vote, height=machine.head.height)
    checker = SignedOnce(history.world)
    for block in (vote.block, OTHER):
        checker.said(machine, ConsensusMessage(change(vote, block=block)))


# ------------------------------------------------------------------ blame


def accuse(machine: Machine) -> Accuse:
    votes = [
        Vote("prevote", machine.head.height, Round(0), block, UnixMillis(0), 2, bytes(64))  # type: ignore[arg-type]
        for block in (None, OTHER)
    ]
    return Accuse(*votes)


@pytest.mark.parametrize("is_faulty", [False, True])
def test_evidence_in_the_chain_against_a_correct_node(history: History, is_faulty: bool) -> None:
    accused = history.world.machines[2]
    accused.is_faulty = is_faulty
    height = height_of_call(history)
    machine, commit = history.of(height)
    signed = VoteSigned(None, UnixMillis(0), Signature(bytes(64)))
    key = accused.keys[0].public_key
    evidence = Evidence(key, Height(1), Round(0), "prevote", signed, signed)
    place = next(at for at, receipt in enumerate(commit.receipts) if receipt.is_ok)
    transactions = list(commit.transactions)
    body = change(transactions[place].body, operation=ReportEvidence(evidence))
    transactions[place] = change(transactions[place], body=body)
    told = replace(commit, transactions=tuple(transactions))
    match = f"height {height} convicts node2, who is correct"
    with nullcontext() if is_faulty else pytest.raises(Violation, match=match):
        FairBlame(history.world).committed(machine, told)


def test_an_accusation_of_a_correct_node(history: History) -> None:
    machine = history.world.machines[0]
    with pytest.raises(Violation, match="machine 0 accuses node2, who is correct"):
        FairBlame(history.world).accused(machine, accuse(machine))
    history.world.machines[2].is_faulty = True
    FairBlame(history.world).accused(machine, accuse(machine))


def test_a_correct_node_that_is_disconnected(history: History) -> None:
    machine = history.world.machines[0]
    disconnect = Disconnect(NodeName("node2"), PeerFault("VT-3030", reason="test"))
    with pytest.raises(Violation, match="machine 0 disconnects node2, who is correct: VT-3030"):
        FairBlame(history.world).refused(machine, disconnect)
    history.world.machines[2].is_faulty = True
    FairBlame(history.world).refused(machine, disconnect)


# ------------------------------------------------------------------ streams


def test_a_height_that_is_left_out_of_a_stream(history: History) -> None:
    machine = history.world.machines[0]
    checker = GapFreeStreams(history.world)
    checker.published(machine, history.of(1)[1])
    with pytest.raises(Violation, match="machine 0 publishes 3 after 1"):
        checker.published(machine, history.of(3)[1])


def test_a_stream_goes_on_after_a_snapshot(history: History) -> None:
    machine = history.world.machines[0]
    checker = GapFreeStreams(history.world)
    checker.published(machine, history.of(1)[1])
    checker.installed(machine, Height(3))
    checker.published(machine, history.of(4)[1])
    with pytest.raises(Violation, match="machine 0 publishes 4 after 4"):
        checker.published(machine, history.of(4)[1])
    with pytest.raises(Violation, match="machine 0 published 4 and goes back to 2"):
        checker.installed(machine, Height(2))


def test_a_height_that_is_published_twice(history: History) -> None:
    machine = history.world.machines[0]
    checker = GapFreeStreams(history.world)
    checker.published(machine, history.of(1)[1])
    with pytest.raises(Violation, match="machine 0 publishes 1 after 1"):
        checker.published(machine, history.of(1)[1])


def test_a_published_height_that_a_restart_forgets(history: History) -> None:
    machine = history.world.machines[0]
    checker = GapFreeStreams(history.world)
    last = machine.head.height
    for height in range(1, last + 1):
        checker.published(machine, history.of(height)[1])
    _, commit = history.of(last)
    checker.published(machine, with_header(commit, height=Height(last + 1)))
    with pytest.raises(Violation, match=rf"published height {last + 1} and starts at {last}"):
        checker.started(machine)


# ------------------------------------------------------------------ alive


def test_a_node_that_stops_without_a_reason(history: History) -> None:
    machine = history.world.machines[0]
    checker = StaysUp(history.world)
    with pytest.raises(Violation, match="machine 0 stopped: AssertionError: one commit at a time"):
        checker.halted(machine, AssertionError("one commit at a time"))
    machine.is_signed_disk_rotten = True
    checker.halted(machine, Corruption("VT-6020", path="last-signed"))


# ------------------------------------------------------------------ promises to clients


def test_a_promise_that_a_chain_does_not_hold(history: History) -> None:
    checker = KeptPromises(history.world)
    checker.promised(history.world.machines[0], Promise(Hash(OTHER), (Height(1), 0)))
    with pytest.raises(Violation, match=r"is final at 1, 0 was promised; machine 0 has it at None"):
        checker.finished([], is_live=True)


def test_nobody_is_asked_for_what_was_deleted_there(
    history: History, monkeypatch: pytest.MonkeyPatch
) -> None:
    checker = KeptPromises(history.world)
    checker.promised(history.world.machines[0], Promise(Hash(OTHER), (Height(1), 0)))
    pruned = Base(Height(4), Height(2))
    monkeypatch.setattr(Machine, "base", property(lambda machine: pruned))
    checker.finished([], is_live=True)


@pytest.mark.parametrize(("height", "is_stale"), [(2, True), (3, False), (10_000, True)])
def test_a_read_that_does_not_see_what_was_final(
    history: History, height: int, is_stale: bool
) -> None:
    machine = history.world.machines[0]
    checker = KeptPromises(history.world)
    checker.promised(machine, Promise(Hash(OTHER), (Height(3), 0)))
    checker.asked(machine, 7)
    checker.promised(machine, Promise(Hash(OTHER), (Height(5), 0)))
    with pytest.raises(Violation, match="height 3 was final before") if is_stale else nullcontext():
        checker.read(machine, ReadReady(7, Height(height)))


def test_a_promise_of_never_that_a_chain_breaks(history: History) -> None:
    checker = KeptPromises(history.world)
    promise = next(promise for promise in history.promises if promise.place is not None)
    checker.promised(history.world.machines[0], Promise(promise.transaction, None))
    with pytest.raises(Violation, match="is never was promised; machine 0 has it at"):
        checker.finished([], is_live=True)


def test_a_promise_that_no_chain_reaches(history: History) -> None:
    checker = KeptPromises(history.world)
    checker.promised(history.world.machines[0], Promise(Hash(OTHER), (Height(10_000), 0)))
    with pytest.raises(Violation, match="no machine has come that far"):
        checker.finished([], is_live=True)


def test_promises_that_are_kept(history: History) -> None:
    checker = KeptPromises(history.world)
    assert len(history.promises) > 5
    for promise in history.promises:
        checker.promised(history.world.machines[0], promise)
    checker.finished([], is_live=True)


# ------------------------------------------------------------------ progress


def test_machines_that_do_not_go_on(history: History) -> None:
    core = history.world.machines
    checker = Progress(history.world)
    checker.healed(core)
    with pytest.raises(Violation, match=r"the healed machines do not go on: 0 at \d+ \(up\), 1 at"):
        checker.finished(core, is_live=False)
    checker.finished(core, is_live=True)


def test_a_height_that_takes_too_many_rounds(history: History) -> None:
    core = history.world.machines
    checker = Progress(history.world)
    checker.healed(core)
    last = max(machine.head.height for machine in core)
    machine, commit = history.of(last)
    late = with_header(commit, height=Height(last + 1))
    certificate = change(commit.certificate, round=Round(9))
    with pytest.raises(Violation, match="was in round 0 when healed and took until round 9"):
        checker.committed(machine, replace(late, certificate=certificate))
    checker.committed(machine, late)


def test_every_checker_has_a_name_of_its_own() -> None:
    assert len({checker.name for checker in ALL_CHECKERS}) == len(ALL_CHECKERS)
