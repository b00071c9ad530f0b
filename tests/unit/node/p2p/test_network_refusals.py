"""Everyone who must not get in, at both ends; and that nothing of theirs reached the handler."""

import ssl
from collections.abc import Callable
from contextlib import AsyncExitStack
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec

from chain.scalars import Hash
from node.p2p.certificates import Issued, create_authority, issue_node_certificate, spki_hash
from node.p2p.frames import FrameKind, encode_frame
from node.p2p.hello import PROTOCOL_VERSION
from node.p2p.settings import NetworkLimits
from node.p2p.tls import Pin
from tests.unit.node.p2p.conftest import Run
from tests.unit.node.p2p.support import (
    NOW_MS,
    TIMEOUTS,
    Consortium,
    RogueServer,
    data_wire,
    hello_wire,
    raw_peer,
    running,
    until,
)

YEAR_MS = 365 * 86_400_000


def _context(consortium: Consortium, issued: Issued | None, *, server: bool) -> ssl.SSLContext:
    """A stranger's context: it trusts anyone and shows `issued`."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER if server else ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    if issued is not None:
        credentials = consortium.save("stranger", issued)
        context.load_cert_chain(credentials.certificate, credentials.key)
    return context


def _custom(consortium: Consortium, *extensions: x509.ExtensionType) -> Issued:
    """A certificate for node a, rightly signed by its CA, with only these extensions."""
    authority = consortium.authorities["a"]
    key = ec.generate_private_key(ec.SECP256R1())
    builder = (
        x509.CertificateBuilder()
        .subject_name(x509.Name([]))
        .issuer_name(authority.certificate.subject)
        .public_key(key.public_key())
        .serial_number(7)
        .not_valid_before(datetime.now(UTC) - timedelta(days=1))
        .not_valid_after(datetime.now(UTC) + timedelta(days=1))
        .add_extension(
            x509.AuthorityKeyIdentifier.from_issuer_public_key(authority.key.public_key()), False
        )
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), False)
        .add_extension(x509.SubjectAlternativeName([x509.DNSName("a")]), critical=True)
    )
    for extension in extensions:
        builder = builder.add_extension(extension, critical=False)
    return Issued(builder.sign(authority.key, hashes.SHA256()), key)


def right(consortium: Consortium) -> Issued:
    return consortium.nodes["a"]


def no_certificate(_: Consortium) -> None:
    return None


def self_signed(_: Consortium) -> Issued:
    return create_authority("org-a", NOW_MS)


def wrong_authority(_: Consortium) -> Issued:
    return issue_node_certificate(create_authority("org-a", NOW_MS), "a", [], NOW_MS)


def expired(consortium: Consortium) -> Issued:
    return issue_node_certificate(
        consortium.authorities["a"], "a", [], NOW_MS - 2 * YEAR_MS, years=1
    )


def not_yet_valid(consortium: Consortium) -> Issued:
    return issue_node_certificate(consortium.authorities["a"], "a", [], NOW_MS + YEAR_MS)


def stolen_name(consortium: Consortium) -> Issued:
    return consortium.issue("a", authority="b")


def unpinned_key(consortium: Consortium) -> Issued:
    return consortium.issue("a")


def no_usages(consortium: Consortium) -> Issued:
    return _custom(consortium)


def only_signs_mail(consortium: Consortium) -> Issued:
    return _custom(consortium, x509.ExtendedKeyUsage([x509.ExtendedKeyUsageOID.EMAIL_PROTECTION]))


Certificate = Callable[[Consortium], Issued | None]
CERTIFICATES = [
    (no_certificate, "VT-5002"),
    (self_signed, "VT-5002"),
    (wrong_authority, "VT-5002"),
    (expired, "VT-5002"),
    (not_yet_valid, "VT-5002"),
    (only_signs_mail, "VT-5002"),
    (stolen_name, "VT-5003"),
    (unpinned_key, "VT-5003"),
    (no_usages, "VT-5003"),
]
IDS = [str(certificate.__name__) for certificate, _ in CERTIFICATES]


def _pins(
    consortium: Consortium, certificate: Certificate, issued: Issued | None
) -> dict[Pin, str]:
    """The consortium's pins; a key that is only wrong in its usages is pinned as well."""
    if issued is None or certificate not in (no_usages, only_signs_mail):
        return consortium.pins
    issuer = consortium.pin("a").issuer
    return {**consortium.pins, Pin(issuer, spki_hash(issued.certificate)): "a"}


def test_the_right_certificate_gets_in(consortium: Consortium, run_both: Run) -> None:
    """The control of this file: the same bytes with nothing wrong reach the handler."""

    async def story() -> None:
        b = consortium.member("b")
        context = _context(consortium, right(consortium), server=False)
        async with running(b), raw_peer(b.network.listen(), context) as peer:
            peer.writer.write(hello_wire("a") + data_wire(b"welcome"))
            await until(lambda: b.frames == [("a", b"welcome")])
            assert b.network.stats.strangers_refused == {}

    run_both(story())


@pytest.mark.parametrize(("certificate", "code"), CERTIFICATES, ids=IDS)
def test_a_dialling_stranger_is_refused(
    consortium: Consortium, run_both: Run, certificate: Certificate, code: str
) -> None:
    async def story() -> None:
        issued = certificate(consortium)
        b = consortium.member("b")
        b.network.set_pins(_pins(consortium, certificate, issued))
        context = _context(consortium, issued, server=False)
        async with running(b), raw_peer(b.network.listen(), context) as peer:
            # In TLS 1.3 this succeeds: the stranger learns of the refusal when it reads.
            peer.writer.write(hello_wire("a") + data_wire(b"let me in"))
            frames = await peer.read_frames()
            await until(lambda: b.network.stats.strangers_refused)
        assert b.network.stats.strangers_refused == {code: 1}
        assert [frame.kind for frame in frames] == [FrameKind.GOODBYE] * (code == "VT-5003")
        assert b.frames == b.events == []

    run_both(story())


@pytest.mark.parametrize(
    ("certificate", "code"), CERTIFICATES[1:], ids=IDS[1:]
)  # A server always has a certificate.
def test_a_stranger_that_answers_a_dial_is_refused(
    consortium: Consortium, run: Run, certificate: Certificate, code: str
) -> None:
    async def story() -> None:
        issued = certificate(consortium)
        context = _context(consortium, issued, server=True)
        async with RogueServer(context, hello_wire("a") + data_wire(b"welcome")) as address:
            b = consortium.member("b", {"a": address})
            b.network.set_pins(_pins(consortium, certificate, issued))
            async with running(b):
                await until(lambda: b.network.stats.dials_failed >= 2)
                last_error = b.network.peers()[0].last_error or ""
        assert last_error.startswith(code)
        assert b.frames == b.events == []

    run(story())


def test_another_node_at_the_dialled_address_is_refused(consortium: Consortium, run: Run) -> None:
    async def story() -> None:
        c = consortium.member("c")
        b = consortium.member("b", {"a": c.network.listen()})
        async with running(b, c):
            await until(lambda: b.network.stats.dials_failed >= 1)
            assert b.network.peers()[0].last_error == "VT-5004: Expected a, but c answered."
            assert b.events == []

    run(story())


def test_this_nodes_own_certificate_is_not_a_peer(consortium: Consortium, run: Run) -> None:
    async def story() -> None:
        b = consortium.member("b")
        async with (
            running(b),
            raw_peer(b.network.listen(), consortium.client_context("b")) as peer,
        ):
            peer.writer.write(hello_wire("b") + data_wire(b"it is me"))
            await peer.read_frames()
        assert b.network.stats.strangers_refused == {"VT-5004": 1}
        assert b.frames == b.events == []

    run(story())


def test_a_tls_1_2_client_is_refused(consortium: Consortium, run: Run) -> None:
    async def story() -> None:
        b = consortium.member("b")
        context = _context(consortium, right(consortium), server=False)
        context.maximum_version = ssl.TLSVersion.TLSv1_2
        async with running(b):
            with pytest.raises((ssl.SSLError, ConnectionResetError)):
                async with raw_peer(b.network.listen(), context):
                    pass
            await until(lambda: b.network.stats.strangers_refused)
        assert b.network.stats.strangers_refused == {"VT-5002": 1}

    run(story())


def test_a_tls_1_2_server_is_refused(consortium: Consortium, run: Run) -> None:
    async def story() -> None:
        context = _context(consortium, right(consortium), server=True)
        context.maximum_version = ssl.TLSVersion.TLSv1_2
        async with RogueServer(context, hello_wire("a")) as address:
            b = consortium.member("b", {"a": address})
            async with running(b):
                await until(lambda: b.network.stats.dials_failed >= 1)
                assert (b.network.peers()[0].last_error or "").startswith("VT-5002: ")
                assert b.events == []

    run(story())


def test_plain_tcp_bytes_are_refused(consortium: Consortium, run_both: Run) -> None:
    async def story() -> None:
        b = consortium.member("b")
        async with running(b), raw_peer(b.network.listen(), None) as peer:
            peer.writer.write(hello_wire("a") + data_wire(b"no TLS at all"))
            await peer.reader.read()
            await until(lambda: b.network.stats.strangers_refused)
        assert b.network.stats.strangers_refused == {"VT-5002": 1}
        assert b.frames == b.events == []

    run_both(story())


@pytest.mark.parametrize("first_bytes", [b"", b"\x16\x03\x01\x02\x00\x01"], ids=["none", "some"])
def test_a_handshake_that_does_not_proceed_is_cut(
    consortium: Consortium, run_both: Run, first_bytes: bytes
) -> None:
    async def story() -> None:
        b = consortium.member("b", timeouts=replace(TIMEOUTS, handshake_ms=100))
        async with running(b), raw_peer(b.network.listen(), None) as peer:
            peer.writer.write(first_bytes)
            await peer.read_frames()
            await until(lambda: b.network.stats.strangers_refused)
        assert b.network.stats.strangers_refused == {"VT-5002": 1}

    run_both(story())


def test_a_server_that_does_not_shake_hands_is_given_up(consortium: Consortium, run: Run) -> None:
    async def story() -> None:
        async with RogueServer(None, b"") as address:
            timeouts = replace(TIMEOUTS, connect_ms=100)
            b = consortium.member("b", {"a": address}, timeouts=timeouts)
            async with running(b):
                await until(lambda: b.network.stats.dials_failed >= 1)
                assert b.network.peers()[0].last_error == (
                    "VT-5001: a does not answer: no answer within 100 ms."
                )

    run(story())


def test_an_authenticated_connection_that_says_nothing_is_cut(
    consortium: Consortium, run: Run
) -> None:
    async def story() -> None:
        b = consortium.member("b", timeouts=replace(TIMEOUTS, hello_ms=100))
        async with (
            running(b),
            raw_peer(b.network.listen(), consortium.client_context("a")) as peer,
        ):
            await peer.read_frames()
        assert b.network.stats.strangers_refused == {"VT-5009": 1}
        assert b.events == []

    run(story())


OVERSIZED = bytes((FrameKind.DATA,)) + (2**32 - 1).to_bytes(4, "big")
FIRST_WORDS = {
    "other name": (hello_wire("c"), "VT-5004"),
    "other genesis": (hello_wire("a", genesis=Hash(b"x" * 32)), "VT-5005"),
    "other chain": (hello_wire("a", chain_id="other"), "VT-5005"),
    "other version": (hello_wire("a", version=PROTOCOL_VERSION + 1), "VT-5006"),
    "no version": (encode_frame(FrameKind.HELLO, b"x"), "VT-5006"),
    "garbage hello": (encode_frame(FrameKind.HELLO, b"\x00\x02garbage"), "VT-5007"),
    "data first": (data_wire(b"no hello"), "VT-5007"),
    "HTTP": (b"GET / HTTP/1.1\r\n\r\n", "VT-5007"),
    "large hello": (bytes((FrameKind.HELLO,)) + b"\xff" * 4, "VT-5008"),
}


@pytest.mark.parametrize(
    ("first", "code"), FIRST_WORDS.values(), ids=[name.replace(" ", "-") for name in FIRST_WORDS]
)
def test_a_wrong_first_word_is_answered_with_the_reason(
    consortium: Consortium, run: Run, first: bytes, code: str
) -> None:
    async def story() -> None:
        b = consortium.member("b")
        async with (
            running(b),
            raw_peer(b.network.listen(), consortium.client_context("a")) as peer,
        ):
            peer.writer.write(first + data_wire(b"too early"))
            frames = await peer.read_frames()
        assert [frame.kind for frame in frames] == [FrameKind.HELLO, FrameKind.GOODBYE]
        assert code.encode() in frames[1].payload
        assert b.network.stats.strangers_refused == {code: 1}
        assert b.frames == b.events == []

    run(story())


def test_an_oversized_frame_is_refused_by_its_header(consortium: Consortium, run: Run) -> None:
    async def story() -> None:
        b = consortium.member("b")
        async with (
            running(b),
            raw_peer(b.network.listen(), consortium.client_context("a")) as peer,
        ):
            peer.writer.write(hello_wire("a") + OVERSIZED)
            frames = await peer.read_frames()
        assert frames[-1].kind is FrameKind.GOODBYE
        assert b.reasons == [
            "VT-5008: a announced a frame of 4294967295 bytes; at most 4194304 are allowed."
        ]
        assert b.frames == []

    run(story())


@pytest.mark.parametrize(
    "limits",
    [NetworkLimits(strangers_per_host_max=2), NetworkLimits(strangers_max=2)],
    ids=["per host", "in all"],
)
def test_strangers_beyond_the_cap_are_turned_away_and_leave_room_again(
    consortium: Consortium, run: Run, limits: NetworkLimits
) -> None:
    async def story() -> None:
        b = consortium.member("b", limits=limits)
        address = b.network.listen()
        async with running(b):
            async with raw_peer(address, None), raw_peer(address, None):
                async with raw_peer(address, None) as third:
                    assert await third.read_frames() == []
                assert b.network.stats.strangers_refused == {"VT-5016": 1}
            await until(lambda: b.network.stats.strangers_refused["VT-5002"] == 2)
            async with raw_peer(address, consortium.client_context("a")) as peer:
                peer.writer.write(hello_wire("a"))
                await until(lambda: b.connected)

    run(story())


def test_known_peers_are_not_counted_as_strangers(consortium: Consortium, run: Run) -> None:
    async def story() -> None:
        b = consortium.member("b", limits=NetworkLimits(strangers_per_host_max=1))
        async with running(b), AsyncExitStack() as peers:
            for name in "acd":
                dialling = raw_peer(b.network.listen(), consortium.client_context(name))
                peer = await peers.enter_async_context(dialling)
                peer.writer.write(hello_wire(name))
                await until(lambda n=name: n in b.connected)
            assert b.connected == {"a", "c", "d"}

    run(story())


def test_a_ticket_is_never_given(consortium: Consortium, run: Run) -> None:
    """A resumed session would skip the look at the certificate."""

    async def story() -> None:
        b = consortium.member("b")
        async with (
            running(b),
            raw_peer(b.network.listen(), consortium.client_context("a")) as peer,
        ):
            peer.writer.write(hello_wire("a"))
            assert (await peer.next_frame()).kind is FrameKind.HELLO
            session = peer.writer.get_extra_info("ssl_object").session
            assert not session.has_ticket

    run(story())
