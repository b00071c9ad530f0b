"""Nodes in network namespaces of their own, joined by a bridge, so that packets can truly be lost.

The test enters a namespace that holds the bridge, and leaves it at the end; each node has another
one behind a pair of virtual interfaces. Nothing of this can reach the machine's own network, and
all of it is gone when the processes are.
"""

import contextlib
import ctypes
import os
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from chain.genesis import ContractPolicy
from chain.scalars import NodeName, OrganisationId
from chain.validators import EngineName
from node.clock import now_ms
from node.founding import PlannedNode, found_local
from node.home import Terms
from tests.e2e.network import Network, NodeProcess

CLONE_NEWNET: Final = 0x4000_0000
SUBNET: Final = "10.77.0"
BRIDGE_HOST: Final = f"{SUBNET}.254"
API_PORT: Final = 8000
P2P_PORT: Final = 9000


def why_not() -> str:
    """Say why namespaces cannot be used here; empty when they can."""
    if os.geteuid() != 0:
        return "network namespaces need root"
    script = (
        "ip link set lo up && ip link add bridge type bridge"
        " && ip link add near type veth peer name far"
        " && ip route add blackhole 203.0.113.1/32"
    )
    try:
        tried = subprocess.run(
            ["unshare", "--net", "sh", "-c", script],
            capture_output=True, text=True, timeout=20, check=False,
        )  # fmt: skip
    except OSError as error:
        return f"unshare cannot be run: {error}"
    return "" if tried.returncode == 0 else f"no network namespace: {tried.stderr.strip()}"


@dataclass(frozen=True)
class Place:
    """A node's namespace: a process that holds it open, its end of the bridge, its address."""

    holder: subprocess.Popen[bytes]
    interface: str
    host: str

    @property
    def prefix(self) -> tuple[str, ...]:
        """Words before a command that is to run in it."""
        return ("nsenter", "--net", "--target", str(self.holder.pid))

    def run(self, *words: str) -> None:
        """Run a command in it."""
        _run(*self.prefix, *words)


@dataclass(frozen=True)
class Switch:
    """The bridge: who is joined to it, and who cannot send to whom."""

    places: dict[str, Place]

    def unplug(self, node: str) -> None:
        """Take a node's cable out: nothing in, nothing out."""
        _run("ip", "link", "set", self.places[node].interface, "down")

    def plug(self, node: str) -> None:
        """Put it back."""
        _run("ip", "link", "set", self.places[node].interface, "up")

    def lose(self, sender: str, receiver: str) -> None:
        """Lose every packet from one node to another; the other way stays open."""
        place = self.places[sender]
        place.run("ip", "route", "add", "blackhole", f"{self.places[receiver].host}/32")

    def keep(self, sender: str, receiver: str) -> None:
        """Lose them no longer."""
        place = self.places[sender]
        place.run("ip", "route", "del", "blackhole", f"{self.places[receiver].host}/32")


def _run(*words: str) -> None:
    done = subprocess.run(words, capture_output=True, text=True, timeout=20, check=False)
    assert done.returncode == 0, f"{' '.join(words)}: {done.stderr}"


@contextmanager
def namespaced(folder: Path, engine: EngineName) -> Iterator[tuple[Network, Switch]]:
    """Found a network of four nodes in four namespaces; the test is in the bridge's meanwhile."""
    organisations = [OrganisationId(name) for name in ("alpha", "beta", "gamma", "delta")]
    with _own_namespace(), contextlib.ExitStack() as stack:
        _run("ip", "link", "set", "lo", "up")
        _run("ip", "link", "add", "bridge", "type", "bridge")
        _run("ip", "address", "add", f"{BRIDGE_HOST}/24", "dev", "bridge")
        _run("ip", "link", "set", "bridge", "up")
        planned = [
            PlannedNode(
                organisation, organisation, NodeName(f"{organisation}-1"),
                P2P_PORT, API_PORT, f"{SUBNET}.{number}",
            )
            for number, organisation in enumerate(organisations, 1)
        ]  # fmt: skip
        made = found_local(
            folder,
            "consortium",
            planned,
            now_ms(),
            Terms(engine, ContractPolicy(approvals=1)),
            listen_host="0.0.0.0",
        )
        places = {plan.node: stack.enter_context(_place(plan.host)) for plan in planned}
        nodes = [
            NodeProcess(
                plan.node,
                made.homes[plan.node],
                f"http://{plan.host}:{plan.api_port}",
                prefix=places[plan.node].prefix,
            )
            for plan in planned
        ]
        network = Network(folder, nodes)
        stack.callback(network.stop)
        network.start()
        yield network, Switch({str(name): place for name, place in places.items()})


@contextmanager
def _place(host: str) -> Iterator[Place]:
    """Make a namespace that is joined to the bridge."""
    holder = subprocess.Popen(
        ["unshare", "--net", "sh", "-c", "echo ready; exec cat"],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
    )
    try:
        assert holder.stdout is not None
        assert holder.stdout.readline() == b"ready\n"
        interface = f"to-{host.rpartition('.')[2]}"
        place = Place(holder, interface, host)
        far = f"far-{interface}"
        _run("ip", "link", "add", interface, "type", "veth", "peer", "name", far)
        _run("ip", "link", "set", far, "netns", str(holder.pid))
        _run("ip", "link", "set", interface, "master", "bridge")
        _run("ip", "link", "set", interface, "up")
        place.run("ip", "address", "add", f"{host}/24", "dev", far)
        place.run("ip", "link", "set", far, "up")
        place.run("ip", "link", "set", "lo", "up")
        yield place
    finally:
        holder.kill()
        holder.communicate()


@contextmanager
def _own_namespace() -> Iterator[None]:
    """Move this thread, and the processes it starts, into a new network namespace and back."""
    libc = ctypes.CDLL(None, use_errno=True)
    with open("/proc/thread-self/ns/net", "rb") as home:
        _must(libc.unshare(CLONE_NEWNET))
        try:
            yield
        finally:
            _must(libc.setns(home.fileno(), CLONE_NEWNET))


def _must(result: int) -> None:
    if result != 0:
        raise OSError(ctypes.get_errno(), os.strerror(ctypes.get_errno()))
