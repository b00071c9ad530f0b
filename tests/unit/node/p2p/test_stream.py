"""Opening and closing TLS streams; certificates that do not fit are in test_network_refusals."""

import asyncio
import ssl

import pytest

from chain.errors import InvalidInput, PeerFault
from node.p2p.frames import FrameKind
from node.p2p.settings import Address
from node.p2p.stream import Stream, accept_stream, dial_stream, explain, open_listener
from tests.unit.node.p2p.conftest import Run
from tests.unit.node.p2p.support import Consortium, RawPeer, raw_peer

FAULT = PeerFault("VT-5006", peer="a", theirs=2, ours=1)
LOST = PeerFault("VT-5014", peer="a", reason="it closed the connection")


async def _pair(consortium: Consortium) -> tuple[Stream, Stream]:
    """Both ends of one connection: b's, which listened, and a's, which dialled."""
    listener = open_listener(Address("127.0.0.1", 0))
    address = Address(*listener.getsockname())
    dialled: list[Stream] = []

    async def dial() -> None:
        dialled.append(await dial_stream("b", address, consortium.client_context("a"), 2_000))

    async with asyncio.TaskGroup() as tasks:
        tasks.create_task(dial())
        incoming, _ = await asyncio.get_running_loop().sock_accept(listener)
        accepted = await accept_stream(incoming, "a", consortium.server_context("b"), 2_000)
    listener.close()
    return accepted, dialled[0]


def test_each_end_sees_the_others_certificate(consortium: Consortium, run_both: Run) -> None:
    async def story() -> None:
        accepted, dialled = await _pair(consortium)
        trust = {stream.certificate for stream in (accepted, dialled)}
        assert len(trust) == 2
        assert accepted.remote == Address(*dialled.writer.get_extra_info("sockname"))
        await dialled.close(LOST, 200)
        assert await accepted.reader.read() == b""
        await accepted.close(LOST, 200)

    run_both(story())


def test_a_close_says_why_once(consortium: Consortium, run_both: Run) -> None:
    async def story() -> None:
        accepted, dialled = await _pair(consortium)
        await accepted.close(FAULT, 200)
        frames = await RawPeer(dialled.reader, dialled.writer).read_frames()
        assert [frame.kind for frame in frames] == [FrameKind.GOODBYE]
        assert b"VT-5006" in frames[0].payload
        await dialled.close(LOST, 200)

    run_both(story())


def test_a_lost_connection_is_closed_without_words(consortium: Consortium, run: Run) -> None:
    async def story() -> None:
        accepted, dialled = await _pair(consortium)
        await accepted.close(LOST, 200)
        assert await RawPeer(dialled.reader, dialled.writer).read_frames() == []
        await dialled.close(LOST, 200)

    run(story())


def test_a_close_never_waits_for_a_peer_that_does_not_read(
    consortium: Consortium, run_both: Run
) -> None:
    async def story() -> None:
        accepted, dialled = await _pair(consortium)
        accepted.writer.write(b"x" * (16 << 20))
        loop = asyncio.get_running_loop()
        begin = loop.time()
        await accepted.close(FAULT, 100)
        assert 0.09 < loop.time() - begin < 5
        await dialled.close(LOST, 100)

    run_both(story())


def test_nobody_at_the_address(consortium: Consortium, run_both: Run) -> None:
    async def story() -> None:
        listener = open_listener(Address("127.0.0.1", 0))
        address = Address(*listener.getsockname())
        listener.close()
        with pytest.raises(PeerFault, match=r"^VT-5001: b does not answer: .+\.$"):
            await dial_stream("b", address, consortium.client_context("a"), 1_000)

    run_both(story())


@pytest.mark.parametrize("address", [Address("a..b", 1), Address("127.0.0.1", 70_000)])
def test_an_address_that_cannot_exist_is_a_peer_that_does_not_answer(
    consortium: Consortium, run_both: Run, address: Address
) -> None:
    async def story() -> None:
        with pytest.raises(PeerFault, match=r"^VT-5001: b does not answer: "):
            await dial_stream("b", address, consortium.client_context("a"), 1_000)

    run_both(story())


def test_a_dial_is_bounded_in_time(consortium: Consortium, run_both: Run) -> None:
    async def story() -> None:
        listener = open_listener(Address("127.0.0.1", 0))  # Accepts TCP, never answers TLS.
        address = Address(*listener.getsockname())
        with pytest.raises(PeerFault) as caught:
            await dial_stream("b", address, consortium.client_context("a"), 50)
        assert str(caught.value) == "VT-5001: b does not answer: no answer within 50 ms."
        listener.close()

    run_both(story())


def test_an_accept_is_bounded_in_time(consortium: Consortium, run_both: Run) -> None:
    async def story() -> None:
        listener = open_listener(Address("127.0.0.1", 0))
        async with raw_peer(Address(*listener.getsockname()), None):
            incoming, _ = await asyncio.get_running_loop().sock_accept(listener)
            with pytest.raises(PeerFault) as caught:
                await accept_stream(incoming, "x", consortium.server_context("b"), 50)
        assert str(caught.value) == (
            "VT-5002: The TLS 1.3 handshake with x failed: not done within 50 ms."
        )
        listener.close()

    run_both(story())


def test_a_listener_works_on_ipv6_too() -> None:
    try:
        listener = open_listener(Address("::1", 0))
    except InvalidInput as error:
        pytest.skip(f"this machine has no IPv6 loopback: {error.why}")
    with listener:
        host, port, *_ = listener.getsockname()
        assert str(Address(host, port)) == f"[::1]:{port}"


def test_an_address_of_another_machine_cannot_be_listened_on() -> None:
    with pytest.raises(InvalidInput, match=r"^VT-5020: Listening on 192\.0\.2\.1:0 failed: "):
        open_listener(Address("192.0.2.1", 0))


def test_reasons_are_a_few_words() -> None:
    assert explain(ConnectionResetError()) == "it closed the connection"
    assert explain(OSError(111, "Connection refused")) == "Connection refused"
    assert explain(ConnectionAbortedError()) == "ConnectionAbortedError"
    verification = ssl.SSLCertVerificationError(1, "long text")
    verification.verify_message = "certificate has expired"
    assert explain(verification) == "certificate has expired"
