"""TLS byte streams: opened to an address or taken from a listening socket.

Handshakes are bounded in time, refusals become `PeerFault`, and a stream is always closed by
`close`, which says goodbye once and never waits long.
"""

import asyncio
import socket
import ssl
from dataclasses import dataclass

from chain.errors import InvalidInput, PeerFault
from node.p2p.frames import FrameKind, encode_frame
from node.p2p.hello import encode_goodbye
from node.p2p.settings import Address

READ_SIZE_BYTES = 64 << 10
_BACKLOG = 128
_UNTOLD = frozenset({"VT-5009", "VT-5011", "VT-5012", "VT-5014", "VT-5018"})
"""Ends that the peer need not or cannot be told."""


class _Protocol(asyncio.StreamReaderProtocol):
    """Tells the end of the connection by an event.

    `StreamWriter.wait_closed` awaits one future of its own: a time-out around it cancels that
    future, and everybody who waits later is cancelled too. Any number may wait for an event.
    """

    def __init__(self, reader: asyncio.StreamReader) -> None:
        super().__init__(reader)
        self.reader = reader
        self.is_lost = asyncio.Event()

    def connection_lost(self, exc: Exception | None) -> None:
        super().connection_lost(exc)
        self.is_lost.set()


@dataclass(frozen=True, slots=True)
class Stream:
    """An encrypted connection whose handshake is done at this end.

    `is_lost` is set when the transport is closed for good.
    """

    reader: asyncio.StreamReader
    writer: asyncio.StreamWriter
    is_lost: asyncio.Event

    @property
    def certificate(self) -> bytes:
        """DER of the peer's certificate, as OpenSSL checked it."""
        tls = self.writer.get_extra_info("ssl_object")
        certificate = tls.getpeercert(binary_form=True)
        assert isinstance(certificate, bytes)  # CERT_REQUIRED: no handshake ends without one.
        return certificate

    @property
    def remote(self) -> Address:
        """Host and port of the other end."""
        host, port, *_ = self.writer.get_extra_info("peername") or ("?", 0)
        return Address(host, port)

    async def close(self, fault: PeerFault, close_ms: int) -> None:
        """Say why, when the peer should know; then close, and cut after `close_ms`."""
        try:
            if fault.code not in _UNTOLD and not self.writer.is_closing():
                goodbye = encode_frame(FrameKind.GOODBYE, encode_goodbye(fault))
                self.writer.write(goodbye)
                self.writer.close()
                async with asyncio.timeout(close_ms / 1000):
                    await self.is_lost.wait()
        except TimeoutError:
            pass  # The peer does not read; it is cut off below.
        finally:
            self.writer.transport.abort()
            await self.is_lost.wait()


def explain(error: OSError) -> str:
    """Say in a few words what OpenSSL or the system found wrong."""
    if isinstance(error, ssl.SSLCertVerificationError):
        return error.verify_message
    if isinstance(error, ssl.SSLError):
        return error.reason or str(error)
    if isinstance(error, ConnectionResetError):
        return "it closed the connection"
    return error.strerror or str(error) or type(error).__name__


def open_listener(address: Address) -> socket.socket:
    """Open the socket that peers dial; `getsockname` tells the port.

    Raises: InvalidInput: VT-5020, the address cannot be used.
    """
    family = socket.AF_INET6 if ":" in address.host else socket.AF_INET
    try:
        listener = socket.create_server(address, family=family, backlog=_BACKLOG)
    except OSError as error:
        raise InvalidInput("VT-5020", address=address, reason=explain(error)) from error
    listener.setblocking(False)
    return listener


async def dial_stream(peer: str, address: Address, context: ssl.SSLContext, ms: int) -> Stream:
    """Connect to `address` and shake hands, within `ms` milliseconds.

    Raises: PeerFault: VT-5001 nobody answers, VT-5002 the handshake failed.
    """
    protocol = _Protocol(asyncio.StreamReader(limit=READ_SIZE_BYTES))
    try:
        async with asyncio.timeout(ms / 1000):
            transport, _ = await asyncio.get_running_loop().create_connection(
                lambda: protocol, address.host, address.port, ssl=context
            )
    except (ssl.SSLError, ConnectionResetError) as error:
        raise PeerFault("VT-5002", peer=peer, reason=explain(error)) from error
    except TimeoutError as error:
        raise PeerFault("VT-5001", peer=peer, reason=f"no answer within {ms} ms") from error
    except OSError as error:
        raise PeerFault("VT-5001", peer=peer, reason=explain(error)) from error
    except (UnicodeError, OverflowError) as error:  # A host name or port that cannot exist.
        raise PeerFault("VT-5001", peer=peer, reason=error) from error
    return _stream(transport, protocol)


async def accept_stream(
    incoming: socket.socket, peer: str, context: ssl.SSLContext, ms: int
) -> Stream:
    """Shake hands with whoever opened `incoming`, within `ms` milliseconds.

    Raises: PeerFault: VT-5002, the handshake failed.
    """
    protocol = _Protocol(asyncio.StreamReader(limit=READ_SIZE_BYTES))
    try:
        async with asyncio.timeout(ms / 1000):
            transport, _ = await asyncio.get_running_loop().connect_accepted_socket(
                lambda: protocol, incoming, ssl=context
            )
    except TimeoutError as error:
        raise PeerFault("VT-5002", peer=peer, reason=f"not done within {ms} ms") from error
    except OSError as error:
        raise PeerFault("VT-5002", peer=peer, reason=explain(error)) from error
    return _stream(transport, protocol)


def _stream(transport: asyncio.Transport, protocol: _Protocol) -> Stream:
    loop = asyncio.get_running_loop()
    writer = asyncio.StreamWriter(transport, protocol, protocol.reader, loop)
    return Stream(protocol.reader, writer, protocol.is_lost)
