from chain.scalars import Height
from consensus.effects import ReadReady, ReadRefused
from consensus.events import ReadRequested, Received
from consensus.raft.member import Role
from consensus.raft.messages import Append, AppendAnswer, ReadAnswer, ReadRequest
from consensus.raft.reads import READS_MAX, Reader, ReadQueue
from consensus.raft.rules import TICKS_PER_TIMEOUT
from tests.unit.consensus.raft.world import TICKS_MAX, Bench, make_committee, make_tip
from tests.unit.consensus.world import make_value

V = make_value("v")


def refused(bench: Bench) -> list[int]:
    return [effect.ticket for effect in bench.of(ReadRefused)]


def test_reads_that_come_together_share_one_heartbeat() -> None:
    bench = Bench(0, make_tip(height=2)).lead()
    bench.handle(ReadRequested(1))
    first = bench.said(Append)[0].beat
    bench.handle(ReadRequested(2))
    bench.handle(ReadRequested(3))
    assert bench.said(Append) == []
    bench.answer(1, beat=first)
    assert bench.of(ReadReady) == [ReadReady(1, Height(1))]
    second = bench.said(Append)[0].beat
    assert second == first + 1
    bench.answer(2, beat=second)
    assert bench.of(ReadReady) == [ReadReady(2, Height(1)), ReadReady(3, Height(1))]


def test_a_member_alone_answers_at_once() -> None:
    bench = Bench(0, make_tip(height=5, committee=make_committee((1,))))
    bench.tick(TICKS_MAX)
    bench.handle(ReadRequested(9))
    assert bench.of(ReadReady) == [ReadReady(9, Height(4))]


def test_a_decision_that_is_being_written_is_part_of_what_is_read() -> None:
    bench = Bench().lead()
    bench.build(V)
    bench.answer(1, holds=V)
    bench.handle(ReadRequested(1))
    bench.answer(1, beat=99)
    assert bench.of(ReadReady) == []
    bench.commit(V)
    assert bench.of(ReadReady) == [ReadReady(1, Height(1))]


def test_members_ask_the_leader_and_get_its_height() -> None:
    bench = Bench(0, make_tip(height=2)).lead()
    bench.receive(ReadRequest(*bench.stamp(2, bench.state.term), read=77))
    bench.answer(1, beat=99)
    (answer,) = bench.said(ReadAnswer)
    assert (answer.read, answer.committed, bench.receivers(ReadAnswer)) == (77, 1, [2])


def test_who_does_not_lead_cannot_tell() -> None:
    bench = Bench()
    bench.receive(ReadRequest(*bench.stamp(2, 0), read=77))
    assert [answer.committed for answer in bench.said(ReadAnswer)] == [None]


def test_a_leader_that_does_not_answer_is_given_up() -> None:
    bench = Bench()
    bench.append()
    bench.handle(ReadRequested(1))
    for _ in range(2 * TICKS_PER_TIMEOUT - 1):
        bench.tick()
        assert refused(bench) == []
    bench.tick()
    assert refused(bench) == [1]


def test_an_answer_counts_once_and_only_for_its_own_read() -> None:
    bench = Bench()
    bench.append()
    bench.handle(ReadRequested(1))
    (request,) = bench.said(ReadRequest)
    stranger = ReadAnswer(*bench.stamp(1, 1), read=request.read + 1, committed=Height(0))
    bench.receive(stranger)
    assert bench.of(ReadReady) == []
    answer = ReadAnswer(*bench.stamp(1, 1), read=request.read, committed=Height(0))
    bench.receive(answer)
    assert bench.of(ReadReady) == [ReadReady(1, Height(0))]
    bench.receive(answer)
    assert bench.of(ReadReady) == []


def test_the_answer_to_a_read_of_an_earlier_life_is_for_nobody() -> None:
    """The leader may answer a question after the one who asked it has started again."""
    numbers = set()
    state = None
    for _ in range(3):
        bench = Bench(0, make_tip(height=2), hard_state=state)
        state = bench.engine._member.durable
        bench.append(term=1)
        bench.handle(ReadRequested(1))
        numbers |= {request.read for request in bench.said(ReadRequest)}
    assert len(numbers) == 3


def test_too_many_reads_are_refused() -> None:
    bench = Bench()
    bench.append()
    for ticket in range(READS_MAX):
        bench.handle(ReadRequested(ticket))
    bench.handle(ReadRequested(READS_MAX))
    assert refused(bench) == [READS_MAX]
    leader = Bench(0, make_tip(height=2)).lead()
    for ticket in range(READS_MAX):
        leader.handle(ReadRequested(ticket))
    leader.handle(ReadRequested(READS_MAX))
    assert refused(leader) == [READS_MAX]


def test_reads_that_wait_for_blocks_count_among_those_that_wait() -> None:
    """A member that lags far behind its leader must not collect questions without end."""
    bench = Bench()
    bench.append()
    for ticket in range(READS_MAX):
        bench.handle(ReadRequested(ticket))
        (request,) = bench.said(ReadRequest)
        far = ReadAnswer(*bench.stamp(1, 1), read=request.read, committed=Height(50))
        bench.receive(far)
    bench.handle(ReadRequested(READS_MAX))
    assert refused(bench) == [READS_MAX]


def test_the_answer_to_a_heartbeat_of_an_earlier_term_confirms_no_read() -> None:
    """A member leads, loses office and leads again: its late heartbeats are still answered."""
    tip = make_tip(height=2)
    leader, follower = Bench(0, tip).lead(), Bench(1, tip)
    leader.tick(5)
    late = leader.said(Append)[-1]
    while leader.engine.role is Role.LEADER:
        leader.tick()
    leader.lead()
    follower.append(author=0, term=leader.state.term)
    follower.handle(Received(late, follower.now_ms))
    (answer,) = follower.said(AppendAnswer)
    assert answer.term == leader.state.term > late.term
    leader.handle(ReadRequested(7))
    assert leader.said(Append)[0].beat < late.beat
    leader.handle(Received(answer, leader.now_ms))
    assert leader.of(ReadReady) == []


def test_who_is_in_no_committee_refuses() -> None:
    bench = Bench(None)
    bench.handle(ReadRequested(4))
    assert refused(bench) == [4]


def test_a_queue_gives_each_reader_once() -> None:
    queue = ReadQueue()
    queue.waiting.append(Reader(None, 1))
    queue.attach(3, Height(8))
    queue.attach(4, Height(9))
    queue.waiting.append(Reader(2, 5))
    assert len(queue) == 2
    assert queue.take_confirmed(2) == []
    assert queue.take_confirmed(3) == [(8, Reader(None, 1))]
    assert queue.take_confirmed(9) == []
    assert queue.take_all() == [Reader(2, 5)]
    assert len(queue) == 0
