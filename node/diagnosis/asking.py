"""Asks nodes through their APIs, each by itself: one that is silent must not answer for another."""

import asyncio
import base64
from collections.abc import Sequence
from dataclasses import dataclass
from types import TracebackType
from typing import Final, Self, TypeVar

from aiohttp import ClientConnectorError

from chain.block import Header, compute_block_hash
from chain.certificate import QuorumCertificate
from chain.codec import decode
from chain.errors import ChainError, InvalidInput
from chain.merkle import leaf_hash
from chain.proven_receipt import receipt_from_json
from chain.scalars import Hash
from chain.state_tree import StateInner, StateLeaf, hash_key, hash_node, hash_value
from node.api.views.blocks import BlockView, RawBlockView
from node.api.views.consensus import ConsensusView, MachineView
from node.api.views.state import StateNodeView
from node.api.views.status import StatusView
from node.client.errors import Unreachable
from node.client.transport import Answer, Transport, say_why
from node.clock import now_ms
from node.diagnosis.observation import OddAnswer, Sight, Silence
from node.diagnosis.trees import Node

T = TypeVar("T")

CLOCK_QUESTIONS: Final = 3
"""How often a clock is asked for; the quickest answer counts."""
_HEADER_SIZE_MAX: Final = 4_096
_CERTIFICATE_SIZE_MAX: Final = 1 << 20
_UNKNOWN: Final = frozenset({"VT-7003", "VT-7004"})
"""What a node says of an address or a thing that it does not have."""


@dataclass(frozen=True, slots=True)
class Address:
    """Where an API should answer, and which node should be there; None: nobody knows."""

    url: str
    node: str | None = None


@dataclass(frozen=True, slots=True)
class SeenBlock:
    """A block as a node holds it, without its transactions."""

    header: Header
    certificate: QuorumCertificate

    @property
    def hash(self) -> Hash:
        """Its hash."""
        return compute_block_hash(self.header)


@dataclass(frozen=True, slots=True)
class SeenNode:
    """A node of a state tree; `key` and `value` are those of a leaf, where they are known."""

    node: Node
    key: bytes | None
    value: bytes | None = None


class Asker:
    """Connections to the APIs of several nodes; use it as an async context manager.

    Args: timeout_seconds: for one answer.
    """

    def __init__(self, timeout_seconds: float) -> None:
        self._timeout = timeout_seconds
        self._transports: dict[str, Transport] = {}

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        for transport in self._transports.values():
            await transport.close()

    async def see_all(self, addresses: Sequence[Address]) -> list[Sight | Silence | OddAnswer]:
        """Ask all nodes at the same time how they are; one answer for each address, in order."""
        async with asyncio.TaskGroup() as tasks:
            asked = [tasks.create_task(self.see(address)) for address in addresses]
        return [task.result() for task in asked]

    async def see(self, address: Address) -> Sight | Silence | OddAnswer:
        """Ask one node how it is."""
        try:
            return await self._look(address.url)
        except Unreachable as error:
            reason, is_refused = self._explain(error)
            return Silence(address.url, address.node, reason, is_refused)
        except ChainError as error:
            return OddAnswer(address.url, error.why)

    async def block(self, url: str, height: int) -> SeenBlock | None:
        """Give header and certificate of a block; None when the node has it not.

        Raises: ChainError: no answer, or none that reads.
        """
        found = await self._find(url, f"/v1/blocks/{height}?raw=1", RawBlockView)
        if found is None:
            return None
        return SeenBlock(
            decode(base64.b64decode(found.header), Header, _HEADER_SIZE_MAX),
            decode(base64.b64decode(found.certificate), QuorumCertificate, _CERTIFICATE_SIZE_MAX),
        )

    async def results(self, url: str, height: int) -> list[tuple[str, str]]:
        """Give (id, code) of the transactions of a block; empty when the node has it not.

        Raises: ChainError: no answer, or none that reads.
        """
        found = await self._find(url, f"/v1/blocks/{height}", BlockView)
        return [] if found is None else [(one.id, one.code) for one in found.transactions]

    async def receipt_hash(self, url: str, transaction: str) -> str:
        """Give the hash of what a transaction did, as the receipts' root counts it.

        Raises: ChainError: no answer, or none that reads.
        """
        answer = await self._ask(url, f"/v1/transactions/{transaction}/receipt")
        return leaf_hash(receipt_from_json(answer.body).receipt).hex()

    async def state_node(self, url: str, node: Hash) -> SeenNode | None:
        """Give a node of a state tree; None when the API has it not, or gives another one.

        Raises: ChainError: no answer, or none that reads.
        """
        found = await self._find(url, f"/v1/state/nodes/{node.hex()}", StateNodeView)
        seen = None if found is None else _read_node(found)
        return seen if seen is not None and hash_node(seen.node) == node else None

    async def _look(self, url: str) -> Sight:
        best: tuple[float, float, ConsensusView] | None = None
        for _ in range(CLOCK_QUESTIONS):
            before_ms = now_ms()
            seen = (await self._ask(url, "/v1/consensus")).read(ConsensusView)
            after_ms = now_ms()
            margin_ms = (after_ms - before_ms) / 2
            ahead_ms = seen.now_ms - (before_ms + after_ms) / 2
            if best is None or margin_ms <= best[0]:
                best = (margin_ms, ahead_ms, seen)
        assert best is not None, "a clock is asked for at least once"
        machine = (await self._ask(url, "/v1/machine")).read(MachineView)
        status = (await self._ask(url, "/v1/status")).read(StatusView)
        return Sight(url, status, best[2], machine, best[1], best[0] + 1)

    async def _find(self, url: str, path: str, kind: type[T]) -> T | None:
        try:
            return (await self._ask(url, path)).read(kind)
        except InvalidInput as error:
            if error.code in _UNKNOWN:
                return None
            raise

    async def _ask(self, url: str, path: str) -> Answer:
        transport = self._transports.get(url)
        if transport is None:
            transport = Transport([url], timeout_seconds=self._timeout, retry_seconds=0)
            await transport.open()
            self._transports[url] = transport
        return await transport.request("GET", path)

    def _explain(self, error: Unreachable) -> tuple[str, bool]:
        """Say why a node is silent, and whether its machine said that nothing listens there."""
        cause = error.__cause__
        if isinstance(cause, ClientConnectorError):
            refused = isinstance(cause.os_error, ConnectionRefusedError)
            words = cause.os_error.strerror or str(cause.os_error)
            return ("connection refused" if refused else words), refused
        if isinstance(cause, TimeoutError):
            return f"no answer within {self._timeout:g} s", False
        if cause is not None:
            return say_why(cause), False
        return str(error.values.get("reason", "")), False


def _read_node(view: StateNodeView) -> SeenNode | None:
    """Read a node; a key or value that does not belong to its leaf is left out."""
    try:
        if view.left is not None and view.right is not None:
            children = (Hash(bytes.fromhex(view.left)), Hash(bytes.fromhex(view.right)))
            return SeenNode(StateInner(*children), None)
        if view.path is None or view.value_hash is None:
            return None
        leaf = StateLeaf(Hash(bytes.fromhex(view.path)), Hash(bytes.fromhex(view.value_hash)))
        key = bytes.fromhex(view.key or "")
        value = None if view.value is None else base64.b64decode(view.value, validate=True)
    except ValueError:
        return None
    is_value = value is not None and hash_value(value) == leaf.value_hash
    return SeenNode(leaf, key if hash_key(key) == leaf.path else None, value if is_value else None)
