"""Test runs beside each other get different ports, and a cut wire keeps no test from ending."""

import asyncio
from types import SimpleNamespace
from typing import Any

from tests.e2e.conftest import reserved_base_port
from tests.e2e.proxy import wired


def test_ports_that_are_reserved_are_given_to_nobody_else() -> None:
    with reserved_base_port() as one, reserved_base_port() as other:
        ports = [{base + index, base - 1000 + index} for base in (one, other) for index in range(4)]
        assert len(set().union(*ports)) == 16
    with reserved_base_port() as again:
        assert again == one


def test_a_wire_that_is_cut_ends_with_its_network() -> None:
    async def run() -> None:
        heard: list[bytes] = []

        async def listen(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            heard.append(await reader.read(100))
            writer.close()

        server = await asyncio.start_server(listen, "127.0.0.1", 0)
        port = server.sockets[0].getsockname()[1]
        settings = {name: {"peers": [{"node": peer}]} for name, peer in (("a", "b"), ("b", "a"))}
        network: Any = SimpleNamespace(
            nodes=[
                SimpleNamespace(
                    name=name,
                    p2p_port=port,
                    change_settings=lambda change, own=own: change(own),
                )
                for name, own in settings.items()
            ],
            start=lambda: None,
            stop=lambda: None,
        )
        async with wired(network) as wires:
            near = settings["a"]["peers"][0]["port"]
            _, writer = await asyncio.open_connection("127.0.0.1", near)
            wires.cut("a", receivers=("b",))
            writer.write(b"held back")
            await writer.drain()
            await asyncio.sleep(0.1)
            assert not heard
            writer.close()
        server.close()

    asyncio.run(asyncio.wait_for(run(), 10))
