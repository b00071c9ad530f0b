"""Whole networks on loopback: coming up, staying up, going down."""

import asyncio
from collections.abc import Coroutine
from dataclasses import replace

import pytest

from chain.errors import InvalidInput, PeerFault
from chain.scalars import Hash
from node.p2p.certificates import spki_hash
from node.p2p.frames import FrameKind
from node.p2p.peers import BudgetLimits
from node.p2p.settings import Address, NetworkLimits
from node.p2p.tls import Pin
from tests.unit.node.p2p.conftest import Run
from tests.unit.node.p2p.support import (
    GENESIS,
    TIMEOUTS,
    Consortium,
    Member,
    RogueServer,
    data_wire,
    hello_wire,
    raw_peer,
    running,
    until,
)


def test_two_nodes_meet_and_exchange_frames(consortium: Consortium, run_both: Run) -> None:
    async def story() -> None:
        b = consortium.member("b")
        a = consortium.member("a", {"b": b.network.listen()})
        async with running(a, b):
            await until(lambda: a.connected and b.connected)
            large = bytes(range(256)) * 16_000
            assert a.network.send("b", b"small")
            assert a.network.send("b", large)
            assert b.network.broadcast(b"to all") == 1
            await until(lambda: len(b.frames) == 2 and a.frames)
            assert b.frames == [("a", b"small"), ("a", large)]
            assert a.frames == [("b", b"to all")]
            await until(lambda: a.network.peers()[0].rtt_ms is not None)
            status = a.network.peers()[0]
            assert (status.name, status.is_dialled) == ("b", True)
            assert status.address == str(b.network.listen())
            assert 0 <= (status.rtt_ms or 0) < 1_000
            assert status.traffic.bytes_out > len(large)
            assert (status.certificate_expires_ms or 0) > 0
        assert a.events == ["up b", "down b"]
        assert not a.network.send("b", b"nobody is there")

    run_both(story())


def test_four_nodes_on_a_ring_dial_only_their_neighbour(
    consortium: Consortium, run_both: Run
) -> None:
    async def story() -> None:
        members = {name: consortium.member(name) for name in consortium.names}
        ports = {name: member.network.listen() for name, member in members.items()}
        for member in members.values():
            member.network.close()
        ring = dict(zip("abcd", "bcda", strict=True))
        nodes = [
            consortium.member(name, {follower: ports[follower]}, port=ports[name].port)
            for name, follower in ring.items()
        ]
        async with running(*nodes):
            await until(lambda: all(len(node.connected) == 2 for node in nodes))
            assert [node.connected for node in nodes] == [
                {"b", "d"}, {"a", "c"}, {"b", "d"}, {"a", "c"}
            ]  # fmt: skip
            assert [node.network.broadcast(b"x") for node in nodes] == [2, 2, 2, 2]
            await until(lambda: all(len(node.frames) == 2 for node in nodes))

    run_both(story())


def _full_mesh(consortium: Consortium) -> list[Member]:
    ports = {}
    for name in consortium.names:
        member = consortium.member(name)
        ports[name] = member.network.listen()
        member.network.close()
    return [consortium.member(name, ports, port=ports[name].port) for name in consortium.names]


def test_nodes_that_dial_each_other_at_once_keep_one_connection(
    consortium: Consortium, run_both: Run
) -> None:
    async def story() -> None:
        nodes = _full_mesh(consortium)
        async with running(*nodes):
            await until(lambda: all(len(node.connected) == 3 for node in nodes))

            def agreed() -> bool:
                """Both ends of every pair name the same dialler: it is one connection."""
                dialled = {
                    (node.name, peer.name): peer.is_dialled
                    for node in nodes
                    for peer in node.network.peers()
                }
                return all(
                    dialled[one, other] != dialled[other, one] for one, other in dialled
                ) and all(len(node.connected) == 3 for node in nodes)

            await until(agreed)
            assert [node.network.broadcast(b"x") for node in nodes] == [3, 3, 3, 3]
            await until(lambda: all(len(node.frames) == 3 for node in nodes))

    run_both(story())


def test_of_two_connections_the_one_dialled_by_the_smaller_name_stays(
    consortium: Consortium, run: Run
) -> None:
    """Node b has dialled; then the same peer dials b, as if both had dialled at once."""

    async def story() -> None:
        older = RogueServer(consortium.server_context("a"), hello_wire("a"))
        async with older as address:
            patient = replace(TIMEOUTS, silence_ms=60_000)  # So that silence does not end it.
            b = consortium.member("b", {"a": address}, timeouts=patient)
            async with running(b):
                await until(lambda: b.connected)
                async with raw_peer(b.network.listen(), consortium.client_context("a")) as newer:
                    newer.writer.write(hello_wire("a") + data_wire(b"by a"))
                    await until(lambda: b.frames == [("a", b"by a")])
                    await until(lambda: older.ended == 1)
                    assert not b.network.peers()[0].is_dialled
                    assert b.events == ["up a", "down a", "up a"]
                    assert b.reasons == [
                        "VT-5015: Another connection to a is kept; one per pair is enough."
                    ]

    run(story())


def test_of_two_connections_the_one_dialled_by_the_larger_name_goes(
    consortium: Consortium, run: Run
) -> None:
    async def story() -> None:
        older = RogueServer(consortium.server_context("c"), hello_wire("c"))
        async with older as address:
            b = consortium.member("b", {"c": address})
            async with running(b):
                await until(lambda: b.connected)
                async with raw_peer(b.network.listen(), consortium.client_context("c")) as newer:
                    newer.writer.write(hello_wire("c") + data_wire(b"by c"))
                    frames = await newer.read_frames()
                assert b"VT-5015" in frames[-1].payload
                assert b.network.peers()[0].is_dialled
                assert (b.events, b.frames, older.ended) == (["up c"], [], 0)

    run(story())


def test_a_restarted_peer_is_dialled_again(consortium: Consortium, run: Run) -> None:
    async def story() -> None:
        b = consortium.member("b")
        address = b.network.listen()
        a = consortium.member("a", {"b": address})
        async with running(a):
            async with running(b):
                await until(lambda: a.connected)
            await until(lambda: not a.connected)
            assert a.reasons[0].startswith("VT-5014: The connection to b ended: ")
            await until(lambda: a.network.stats.dials_failed >= 2)
            last_error = a.network.peers()[0].last_error
            assert last_error is not None
            assert last_error.startswith("VT-5001: b does not answer: ")
            again = consortium.member("b", port=address.port)
            async with running(again):
                await until(lambda: a.connected and again.connected)
                assert a.network.send("b", b"back")
                await until(lambda: again.frames == [("a", b"back")])
        assert a.events == ["up b", "down b", "up b", "down b"]

    run(story())


def test_nodes_of_different_chains_refuse_each_other_with_the_reason(
    consortium: Consortium, run: Run
) -> None:
    async def story() -> None:
        b = consortium.member("b", genesis=Hash(GENESIS[:-1] + b"!"))
        a = consortium.member("a", {"b": b.network.listen()})
        async with running(a, b):
            await until(lambda: a.network.stats.dials_failed >= 2)
            assert set(b.network.stats.strangers_refused) <= {"VT-5005", "VT-5012", "VT-5014"}
            assert "chain wind with genesis" in (a.network.peers()[0].last_error or "")
        assert a.events == b.events == []

    run(story())


def test_a_removed_pin_drops_the_live_connection_and_keeps_it_out(
    consortium: Consortium, run: Run
) -> None:
    async def story() -> None:
        b = consortium.member("b")
        a = consortium.member("a", {"b": b.network.listen()})
        async with running(a, b):
            await until(lambda: a.connected and b.connected)
            without_a = {pin: name for pin, name in consortium.pins.items() if name != "a"}
            b.network.set_pins(without_a)
            a.network.send("b", b"too late")
            await until(lambda: not b.connected)
            assert b.reasons[0].startswith("VT-5003: a showed a certificate that no registered")
            await until(lambda: b.network.stats.strangers_refused["VT-5003"] >= 1)
            assert b.frames == []
            b.network.set_pins(consortium.pins)
            await until(lambda: b.connected)

    run(story())


def test_a_pin_removed_between_handshake_and_hello_keeps_the_peer_out(
    consortium: Consortium, run: Run
) -> None:
    async def story() -> None:
        b = consortium.member("b")
        async with (
            running(b),
            raw_peer(b.network.listen(), consortium.client_context("a")) as peer,
        ):
            assert (await peer.next_frame()).kind is FrameKind.HELLO  # The pin was still there.
            b.network.set_pins({consortium.pin("b"): "b"})
            peer.writer.write(hello_wire("a") + data_wire(b"too late"))
            await until(lambda: b.network.stats.strangers_refused["VT-5003"] == 1)
        assert b.frames == b.events == []

    run(story())


def test_a_key_that_now_belongs_to_another_name_drops_the_connection(
    consortium: Consortium, run: Run
) -> None:
    async def story() -> None:
        b = consortium.member("b")
        a = consortium.member("a", {"b": b.network.listen()})
        async with running(a, b):
            await until(lambda: a.connected and b.connected)
            b.network.set_pins({**consortium.pins, consortium.pin("a"): "renamed"})
            await until(lambda: not b.connected)
            assert b.reasons[0].endswith("no registered node owns: it is now that of renamed.")

    run(story())


def test_an_organisation_that_joins_later_is_let_in_without_a_restart(
    consortium: Consortium, run: Run
) -> None:
    async def story() -> None:
        b = consortium.member("b")
        a = consortium.member("a", {"b": b.network.listen()})
        others = [consortium.authorities[name].certificate for name in "bcd"]
        b.network.set_pins({consortium.pin("b"): "b"}, others)
        async with running(a, b):
            await until(lambda: b.network.stats.strangers_refused["VT-5002"] >= 1)
            b.network.set_pins(consortium.pins, consortium.certificates)
            await until(lambda: b.connected == {"a"})

    run(story())


def test_a_node_that_joins_later_is_dialled_and_one_that_leaves_no_more(
    consortium: Consortium, run: Run
) -> None:
    async def story() -> None:
        b, c = consortium.member("b"), consortium.member("c")
        a = consortium.member("a", {"b": b.network.listen()})
        async with running(a, b, c):
            await until(lambda: a.connected == {"b"})
            addresses = {"a": a.network.listen(), "c": c.network.listen()}
            a.network.set_pins(consortium.pins, None, addresses)
            await until(lambda: a.connected == {"b", "c"})
            a.network.disconnect("b", "for the test")
            await until(lambda: a.connected == {"c"})
            await asyncio.sleep(0.2)
            assert a.connected == {"c"}, "nobody dials b any more"
            assert {peer.name for peer in a.network.peers()} == {"b", "c"}

    run(story())


def test_a_renewed_key_is_let_in_beside_the_old_one(consortium: Consortium, run: Run) -> None:
    async def story() -> None:
        renewed = consortium.issue("a")
        consortium.save("renewed", renewed)
        b = consortium.member("b")
        new_pin = Pin(consortium.pin("a").issuer, spki_hash(renewed.certificate))
        b.network.set_pins({**consortium.pins, new_pin: "a"})
        async with (
            running(b),
            raw_peer(b.network.listen(), consortium.client_context("renewed")) as peer,
        ):
            peer.writer.write(hello_wire("a") + data_wire(b"new key"))
            await until(lambda: b.frames == [("a", b"new key")])

    run(story())


def test_a_peer_over_its_budget_is_read_slowly_and_then_dropped(
    consortium: Consortium, run: Run
) -> None:
    async def story() -> None:
        budget = BudgetLimits(frames_per_second=500, frames_burst=50, patience_ms=300)
        b = consortium.member("b", limits=NetworkLimits(budget=budget))
        async with (
            running(b),
            raw_peer(b.network.listen(), consortium.client_context("a")) as peer,
        ):
            wire = data_wire(b"x" * 1_000)
            peer.writer.write(hello_wire("a"))
            await until(lambda: b.connected)
            begin = asyncio.get_running_loop().time()
            while b.connected:
                peer.writer.write(wire * 20)
                await asyncio.sleep(0.001)
            elapsed = asyncio.get_running_loop().time() - begin
            assert b.reasons[0].startswith("VT-5010: a was above its budget of bytes or messages")
            assert b.network.stats.throttled >= 1
            frames_per_read = 65_536 // len(wire) + 1
            assert len(b.frames) <= 50 + 500 * elapsed + 2 * frames_per_read

    run(story())


def test_a_peer_that_breaks_the_protocol_again_and_again_must_cool_off(
    consortium: Consortium, run: Run
) -> None:
    async def story() -> None:
        b = consortium.member("b")
        async with running(b):
            for attempt in range(1, 4):
                async with raw_peer(b.network.listen(), consortium.client_context("a")) as peer:
                    peer.writer.write(hello_wire("a") + b"\xff" * 16)
                    await until(lambda n=attempt: b.network.stats.endings["VT-5007"] == n)
            async with raw_peer(b.network.listen(), consortium.client_context("a")) as peer:
                peer.writer.write(hello_wire("a") + data_wire(b"again"))
                frames = await peer.read_frames()
            assert frames[0].kind is FrameKind.GOODBYE
            assert b"VT-5013" in frames[0].payload
            assert b.frames == []

    run(story())


def test_a_handler_that_finds_a_fault_ends_the_connection(consortium: Consortium, run: Run) -> None:
    async def story() -> None:
        b = consortium.member("b")
        a = consortium.member("a", {"b": b.network.listen()})

        def refuse(peer: str, frame: bytes) -> None:
            b.frames.append((peer, frame))
            raise PeerFault("VT-5017", peer=peer, reason="not a message")

        b.handler = refuse
        async with running(a, b):
            await until(lambda: a.connected and b.connected)
            a.network.send("b", b"one")
            a.network.send("b", b"two")
            await until(lambda: b.reasons)
            assert b.reasons[0] == "VT-5017: This node disconnected a: not a message."
            assert b.frames == [("a", b"one")]
            await until(lambda: a.reasons)
            assert a.reasons[0].endswith("VT-5017: This node disconnected a: not a message.")

    run(story())


def test_disconnect_ends_the_connection_and_it_comes_back(consortium: Consortium, run: Run) -> None:
    async def story() -> None:
        b = consortium.member("b")
        a = consortium.member("a", {"b": b.network.listen()})
        async with running(a, b):
            await until(lambda: a.connected and b.connected)
            a.network.disconnect("b", "a bad block")
            a.network.disconnect("nobody", "no such peer")
            await until(lambda: a.events == ["up b", "down b", "up b"])
            assert a.reasons == ["VT-5017: This node disconnected b: a bad block."]

    run(story())


async def _run_until_broken(member: Member, provocation: Coroutine[None, None, None]) -> None:
    async with running(member):
        await provocation
        await asyncio.Event().wait()


def test_an_error_in_the_handler_stops_the_network_loudly(consortium: Consortium, run: Run) -> None:
    async def story() -> None:
        b = consortium.member("b")
        b.handler = lambda *_: 1 / 0  # type: ignore[assignment, return-value]
        a = consortium.member("a", {"b": b.network.listen()})
        async with running(a):
            a_sends = until(lambda: a.network.send("b", b"x"))
            with pytest.raises(ExceptionGroup) as caught:
                await _run_until_broken(b, a_sends)
            assert caught.group_contains(ZeroDivisionError)
        assert b.events == ["up a", "down a"]

    run(story())


@pytest.mark.parametrize("frame", [b"", b"x" * 1025], ids=["empty", "too large"])
def test_a_frame_outside_the_limits_is_not_sent(consortium: Consortium, frame: bytes) -> None:
    a = consortium.member("a", limits=NetworkLimits(frame_size_bytes_max=1024))
    with pytest.raises(InvalidInput) as caught:
        a.network.broadcast(frame)
    assert str(caught.value) == (
        f"VT-5019: The frame has {len(frame)} bytes; from 1 to 1024 are allowed."
    )


def test_a_taken_port_is_named(consortium: Consortium) -> None:
    a = consortium.member("a")
    address = a.network.listen()
    b = consortium.member("b", port=address.port)
    try:
        with pytest.raises(InvalidInput) as caught:
            b.network.listen()
    finally:
        a.network.close()
    assert str(caught.value).startswith(f"VT-5020: Listening on {address} failed: ")


def test_a_node_does_not_dial_itself(consortium: Consortium) -> None:
    a = consortium.member("a", {"a": Address("127.0.0.1", 1), "b": Address("127.0.0.1", 2)})
    assert [peer.name for peer in a.network.peers()] == ["b"]
