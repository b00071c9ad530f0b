"""Asks nodes through their APIs, each by itself: one that is silent must not answer for another."""

import asyncio
import base64
from collections.abc import Sequence
from dataclasses import dataclass
from types import TracebackType
from typing import Final, Self, TypeVar

from aiohttp import ClientConnectorError

from chain.block import Header
from chain.certificate import QuorumCertificate
from chain.codec import decode
from chain.errors import ChainError, InvalidInput
from chain.genesis import Genesis, genesis_from_json
from chain.hashing import EMPTY_HASH
from chain.merkle import leaf_hash
from chain.proven_receipt import receipt_from_json
from chain.scalars import Hash
from chain.state_node import StateInner, StateLeaf, hash_key, hash_node, hash_value
from node.api.views.blocks import BlockView, RawBlockView
from node.api.views.consensus import ConsensusView, MachineView
from node.api.views.governance import StepList
from node.api.views.state import StateNodeView
from node.api.views.status import StatusView
from node.client.errors import Unreachable
from node.client.transport import Answer, Transport, say_why
from node.clock import now_ms
from node.diagnosis.bounds import find_out_of_bounds
from node.diagnosis.observation import OddAnswer, Sight, Silence
from node.diagnosis.trees import Node

T = TypeVar("T")

CLOCK_QUESTIONS: Final = 3
"""How often a clock is asked for; the quickest answer counts."""
_HEADER_SIZE_MAX: Final = 4_096
_CERTIFICATE_SIZE_MAX: Final = 1 << 20
_UNKNOWN: Final = frozenset({"VT-7003", "VT-7004", "VT-7014"})
"""What a node says of an address or a thing that it does not have, or not any more."""
_CODE_LENGTH_MAX: Final = 64


@dataclass(frozen=True, slots=True)
class Address:
    """Where an API should answer, and which node should be there; None: nobody knows."""

    url: str
    node: str | None = None


@dataclass(frozen=True, slots=True)
class SeenBlock:
    """A block as a node shows it, without its transactions; nothing of it is checked.

    `changes` are said to lead from genesis to the validators that decided it.
    """

    header: Header
    certificate: QuorumCertificate
    changes: tuple[bytes, ...]


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
            sight = await self._look(address.url)
            odd = _find_odd(sight, address.node)
            return sight if odd is None else OddAnswer(address.url, odd, address.node)
        except Unreachable as error:
            reason, is_refused = self._explain(error)
            return Silence(address.url, address.node, reason, is_refused)
        except ChainError as error:
            return OddAnswer(address.url, error.why, address.node)

    async def genesis(self, url: str) -> Genesis | None:
        """Give the genesis that a node shows; None when it shows none."""
        try:
            return genesis_from_json((await self._ask(url, "/v1/genesis")).body)
        except ChainError:
            return None

    async def steps(self, url: str, height: int) -> tuple[bytes, ...]:
        """Give the encoded changes from genesis to the validators of a height.

        Raises: ChainError: no answer, or none that reads.
        """
        path = "/v1/validators/steps"
        found = (await self._ask(url, path, at=height)).read(StepList)
        return _read_bytes(url, path, found.items)

    async def block(self, url: str, height: int) -> SeenBlock | None:
        """Give header and certificate of a block; None when the node has it not.

        Raises: ChainError: no answer, or none that reads.
        """
        path = f"/v1/blocks/{height}"
        found = await self._find(url, path, RawBlockView, raw=1)
        if found is None:
            return None
        header, certificate = _read_bytes(url, path, [found.header, found.certificate])
        return SeenBlock(
            decode(header, Header, _HEADER_SIZE_MAX),
            decode(certificate, QuorumCertificate, _CERTIFICATE_SIZE_MAX),
            _read_bytes(url, path, found.validator_changes),
        )

    async def results(self, url: str, height: int) -> list[tuple[str, str]]:
        """Give (id, code) of the transactions of a block; empty when the node has it not.

        Raises: ChainError: no answer, or none that reads.
        """
        found = await self._find(url, f"/v1/blocks/{height}", BlockView)
        length = _CODE_LENGTH_MAX
        parts = [] if found is None else found.transactions
        return [(one.id[:length], one.code[:length]) for one in parts]

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

    async def _find(self, url: str, path: str, kind: type[T], **query: int) -> T | None:
        try:
            return (await self._ask(url, path, **query)).read(kind)
        except ChainError as error:
            if error.code in _UNKNOWN:
                return None
            raise

    async def _ask(self, url: str, path: str, **query: int) -> Answer:
        transport = self._transports.get(url)
        if transport is None:
            transport = Transport([url], timeout_seconds=self._timeout, retry_seconds=0)
            await transport.open()
            self._transports[url] = transport
        return await transport.request("GET", path, query=query)

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


def _find_odd(sight: Sight, expected: str | None) -> str | None:
    """Say what in a node's answers cannot be; None when all of it can."""
    status, consensus, machine = sight.status, sight.consensus, sight.machine
    for path, answer in (
        ("/v1/status", status),
        ("/v1/consensus", consensus),
        ("/v1/machine", machine),
    ):
        reason = find_out_of_bounds(answer)
        if reason is not None:
            return f"In {path} {reason}."
    names = {status.node, consensus.node, machine.node, expected or status.node}
    if len(names) > 1:
        return f"It says that it is {' and '.join(sorted(names - {expected}))}" + (
            f", but {expected} should be here." if expected is not None else "."
        )
    if consensus.height > status.height + 1:  # It was asked first.
        return f"It decides height {consensus.height}, but its newest block is {status.height}."
    return None


def _read_bytes(url: str, path: str, texts: Sequence[str]) -> tuple[bytes, ...]:
    """Read base64.

    Raises: InvalidInput: VT-7022, it is none.
    """
    try:
        return tuple(base64.b64decode(text, validate=True) for text in texts)
    except ValueError as error:
        raise InvalidInput("VT-7022", node=url, path=path, reason=error) from error


def _read_node(view: StateNodeView) -> SeenNode | None:
    """Read a node; a key or value that does not belong to its leaf is left out."""
    try:
        if view.children is not None:
            children = [bytes.fromhex(one) if one else EMPTY_HASH for one in view.children]
            if any(len(child) != len(EMPTY_HASH) for child in children):
                return None
            return SeenNode(StateInner(tuple(map(Hash, children))), None)
        if view.path is None or view.value_hash is None:
            return None
        leaf = StateLeaf(Hash(bytes.fromhex(view.path)), Hash(bytes.fromhex(view.value_hash)))
        key = bytes.fromhex(view.key or "")
        value = None if view.value is None else base64.b64decode(view.value, validate=True)
    except ValueError:
        return None
    is_value = value is not None and hash_value(value) == leaf.value_hash
    return SeenNode(leaf, key if hash_key(key) == leaf.path else None, value if is_value else None)
