"""Who has seen what, and who still needs it."""

from hashlib import sha256

from chain.scalars import Hash, NodeName
from node.replica.gossip import QUESTIONS_PER_TICK_MAX, Neighbours, Questions, SeenSet

A, B, C, D = (NodeName(name) for name in "abcd")


def id_of(number: int) -> Hash:
    return Hash(sha256(str(number).encode()).digest())


def test_an_id_is_new_once() -> None:
    seen = SeenSet()
    assert seen.add(id_of(1))
    assert not seen.add(id_of(1))
    assert id_of(1) in seen
    assert id_of(2) not in seen


def test_the_seen_set_forgets_the_oldest_and_stays_bounded() -> None:
    seen = SeenSet(count_max=3)
    for number in range(10):
        assert seen.add(id_of(number))
        assert len(seen) <= 3
    assert [number for number in range(10) if id_of(number) in seen] == [7, 8, 9]


def test_who_says_that_it_cannot_vote_is_remembered_while_it_is_here() -> None:
    mesh = Neighbours(A)
    mesh.learn(D, {A}, "no-key")
    for peer in (B, C):
        mesh.add(peer)
    mesh.learn(B, {A, C})
    mesh.learn(C, {A, B}, "unsure")
    assert mesh.mute == ((C, "unsure"),)
    mesh.remove(C)
    assert mesh.mute == ()


def test_on_a_mesh_nothing_is_passed_on() -> None:
    mesh = Neighbours(A)
    for peer in (B, C, D):
        mesh.add(peer)
        mesh.learn(peer, {A, B, C, D} - {peer})
    assert mesh.to_pass_on(B, B) == ()


def test_on_a_line_a_message_goes_on_to_whom_the_origin_does_not_reach() -> None:
    middle = Neighbours(B)
    middle.add(A)
    middle.add(C)
    middle.learn(A, [B])
    middle.learn(C, [B, D])
    assert middle.to_pass_on(A, A) == (C,)
    assert middle.to_pass_on(D, C) == (A,)


def test_a_peer_that_has_not_told_its_connections_gets_everything_but_its_own() -> None:
    here = Neighbours(A)
    for peer in (C, B):
        here.add(peer)
    assert here.names == (B, C)
    assert here.to_pass_on(B, B) == (C,)
    assert here.to_pass_on(D, C) == (B,)


def test_a_peer_that_is_gone_is_not_sent_to_and_learns_nothing() -> None:
    here = Neighbours(A)
    here.add(B)
    here.remove(B)
    here.learn(B, [C])
    here.remove(B)
    assert here.names == ()
    assert B not in here


def test_what_a_peer_said_is_forgotten_when_it_connects_again() -> None:
    here = Neighbours(A)
    here.add(B)
    here.learn(B, [C])
    assert here.to_pass_on(C, D) == ()
    here.remove(B)
    here.add(B)
    assert here.to_pass_on(C, D) == (B,)


def test_each_peer_may_ask_some_questions_from_tick_to_tick() -> None:
    questions = Questions()
    answered = [questions.take(B) for _ in range(QUESTIONS_PER_TICK_MAX + 5)]
    assert answered.count(True) == QUESTIONS_PER_TICK_MAX
    assert questions.take(C), "another peer is not to blame"
    questions.renew()
    assert questions.take(B)
