"""Ports that are free, and ports that are not."""

import socket

import pytest

from chain.errors import InvalidInput
from node.local.ports import CHOICE, HOST, check_ports, choose_ports


def test_chosen_ports_are_free_and_different() -> None:
    ports = choose_ports(8)
    assert len(set(ports)) == 8
    assert all(port in CHOICE for port in ports)
    check_ports(ports)


def test_ports_that_others_will_take_are_left_out(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("node.local.ports.CHOICE", range(20_000, 20_040))
    found = choose_ports(40)
    assert choose_ports(40, taken=found[1:]) == found[:1]


def test_a_port_in_use_is_named_with_the_way_out() -> None:
    with socket.socket() as other:
        other.bind((HOST, 0))
        other.listen()
        port = other.getsockname()[1]
        with pytest.raises(InvalidInput) as caught:
            check_ports([port])
    assert caught.value.code == "VT-8011"
    assert caught.value.why == f"Port {port} of 127.0.0.1: address already in use."
    assert "--port 0" in caught.value.entry.fix
