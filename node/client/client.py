"""The client: sign operations, hand them in, wait until they are final, read and verify."""

import asyncio
import secrets
from collections.abc import AsyncGenerator, Sequence
from contextlib import suppress
from pathlib import Path
from types import TracebackType
from typing import Final, Self

import msgspec

from chain.errors import Busy, ChainError, InvalidInput
from chain.genesis import Genesis, compute_genesis_hash, genesis_from_json
from chain.keys import Signer
from chain.operations import AnyOperation
from chain.scalars import Hash, Height
from chain.transaction import Transaction, TransactionBody, sign
from node.api.views.transactions import SubmitAnswer, SubmitAnswers, TransactionView
from node.client.errors import UNKNOWN_CODES, NotFinal, error_from_receipt
from node.client.events import StreamEvent, follow_events
from node.client.reads import Reads, to_hex
from node.client.transport import Transport
from node.clock import monotonic_seconds

ONE_TYPE: Final = "application/msgpack"
MANY_TYPE: Final = "application/vnd.veritwin.transactions+msgpack"
MANY_MAX: Final = 500
MANY_SIZE_BYTES_MAX: Final = 4 << 20
WAIT_SECONDS: Final = 30.0
POLL_SECONDS_MAX: Final = 20.0
RESEND_SECONDS: Final = 2.0
"""After waiting so long at a node that does not know a transaction, it is handed in there."""
HEIGHT_AGE_SECONDS_MAX: Final = 2.0
BLOCKS_PER_SECOND_MAX: Final = 100
"""No chain decides faster, so a known height is at most so many blocks behind for each second."""
SALT_SIZE: Final = 16
_OPEN_STATES: Final = ("received", "ordered")


class AsyncClient(Reads):
    """A client of one chain; use it as an async context manager.

        async with AsyncClient(["http://127.0.0.1:8000"], Path("genesis.json"), key) as client:
            done = await client.submit_and_wait(operation)
            await client.receipt(done.id)

    Args: nodes: addresses, the preferred one first; genesis: the chain, or its file; signer: None
    for a client that only reads; timeout_seconds: for an answer; retry_seconds: how long to go on
    asking when no node answers.
    """

    def __init__(
        self,
        nodes: Sequence[str],
        genesis: Genesis | Path,
        signer: Signer | None = None,
        *,
        timeout_seconds: float = 10.0,
        retry_seconds: float = 5.0,
    ) -> None:
        chain = genesis_from_json(genesis.read_bytes()) if isinstance(genesis, Path) else genesis
        super().__init__(
            Transport(
                nodes,
                compute_genesis_hash(chain),
                timeout_seconds=timeout_seconds,
                retry_seconds=retry_seconds,
            ),
            chain,
        )
        self._signer = signer
        self._lifetime_blocks = max(1, chain.limits.expiry_window_blocks // 2)
        self._height = Height(0)
        self._height_known_at: float | None = None

    async def __aenter__(self) -> Self:
        await self._transport.open()
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        await self.close()

    async def close(self) -> None:
        """Close all connections."""
        await self._transport.close()

    async def build(self, operation: AnyOperation, salt: bytes | None = None) -> Transaction:
        """Sign an operation; its id is known before anything is sent.

        Args: salt: 8 to 16 bytes; the same operation, salt and height give the same transaction.
        Raises: InvalidInput: VT-7024, the client has no key; Unreachable: VT-7020.
        """
        if self._signer is None:
            raise InvalidInput("VT-7024")
        height = await self._recent_height()
        body = TransactionBody(
            self.genesis_hash,
            self._signer.public_key,
            operation,
            Height(height + self._lifetime_blocks),
            salt or secrets.token_bytes(SALT_SIZE),
        )
        return sign(body, self._signer)

    async def submit(self, operation: AnyOperation) -> SubmitAnswer:
        """Sign and hand in an operation; it is not final yet.

        Raises: ChainError: why it was refused; Unreachable: VT-7020.
        """
        return await self.send(await self.build(operation))

    async def send(self, transaction: Transaction) -> SubmitAnswer:
        """Hand in a signed transaction; sending it again has no further effect."""
        answer = await self._transport.request(
            "POST", "/v1/transactions", body=transaction.raw, content_type=ONE_TYPE
        )
        return answer.read(SubmitAnswer)

    async def submit_many(self, operations: Sequence[AnyOperation]) -> list[SubmitAnswer]:
        """Sign and hand in many operations; each has its own answer, in the same order."""
        return await self.send_many([await self.build(operation) for operation in operations])

    async def send_many(self, transactions: Sequence[Transaction]) -> list[SubmitAnswer]:
        """Hand in many signed transactions; a refusal is the answer of its transaction."""
        answers: list[SubmitAnswer] = []
        for group in _in_groups(transactions):
            answer = await self._transport.request(
                "POST",
                "/v1/transactions",
                body=msgspec.msgpack.encode([one.raw for one in group]),
                content_type=MANY_TYPE,
            )
            answers.extend(answer.read(SubmitAnswers).items)
        return answers

    async def submit_and_wait(
        self, operation: AnyOperation, timeout_seconds: float = WAIT_SECONDS
    ) -> TransactionView:
        """Sign and hand in an operation, and wait until it is final.

        Raises: NotFinal: it may still become final, ask again with its id; ChainError: why it was
        refused, before it was ordered or in its block.
        """
        transaction = await self.build(operation)
        deadline = monotonic_seconds() + timeout_seconds
        await self.send(transaction)
        left = max(0.1, deadline - monotonic_seconds())
        return _require_final(await self._wait(transaction.id, left, transaction))

    async def submit_many_and_wait(
        self, operations: Sequence[AnyOperation], timeout_seconds: float = WAIT_SECONDS
    ) -> list[TransactionView]:
        """Sign and hand in many operations, and wait until all are final.

        Raises: as `submit_and_wait`, for the first that fails.
        """
        deadline = monotonic_seconds() + timeout_seconds
        results = []
        for answer in await self.submit_many(operations):
            if answer.id is None or (answer.state == "rejected" and answer.height is None):
                raise error_from_receipt(answer.id, answer.code or "VT-7001", answer.detail)
            left = max(0.1, deadline - monotonic_seconds())
            results.append(_require_final(await self.wait_final(answer.id, left)))
        return results

    async def wait_final(
        self, id: Hash | str, timeout_seconds: float = WAIT_SECONDS
    ) -> TransactionView:
        """Wait until a transaction is final, rejected or expired, whatever happens to nodes.

        Raises: NotFinal: time is over; that says nothing about the transaction.
        """
        return await self._wait(to_hex(id), timeout_seconds, None)

    async def _wait(
        self, id: Hash | str, timeout_seconds: float, transaction: Transaction | None
    ) -> TransactionView:
        """Wait; a transaction whose node died before it passed it on is handed in again."""
        name = to_hex(id)
        deadline = monotonic_seconds() + timeout_seconds
        while (left := deadline - monotonic_seconds()) > 0:
            longest = POLL_SECONDS_MAX if transaction is None else RESEND_SECONDS
            seconds = max(1, int(min(left, longest)))
            try:
                async with asyncio.timeout(left):
                    answer = await self._transport.request(
                        "GET",
                        f"/v1/transactions/{name}",
                        query={"wait": "final", "timeout": seconds},
                        wait_seconds=seconds,
                        retry_seconds=0.0,
                    )
                view = answer.read(TransactionView)
                if view.state not in _OPEN_STATES:
                    return view
            except TimeoutError:
                break
            except Busy:
                pass  # no node answers now; one may come back in time
            except ChainError as error:
                if error.code not in UNKNOWN_CODES:
                    raise
                # The node that knew it is gone, and this one has not heard of it yet.
                if transaction is not None:
                    with suppress(Busy):
                        await self.send(transaction)
            await asyncio.sleep(min(0.1, max(0.0, deadline - monotonic_seconds())))
        raise NotFinal(Hash(bytes.fromhex(name)), timeout_seconds)

    def events(
        self,
        topics: Sequence[str] = (),
        start: str | None = None,
        *,
        after: str | None = None,
    ) -> AsyncGenerator[StreamEvent, None]:
        """Give events for ever, each once and in order, whatever happens to nodes.

        Args: topics: only these, all when empty; start: id of the first one wanted, "1.0" for
        all; after: id of the last one seen; neither: from the next block on.
        """
        return follow_events(self._transport, start, after, topics)

    async def _recent_height(self) -> Height:
        """Give a height that leaves at least half of a transaction's lifetime to hand it in."""
        now = monotonic_seconds()
        longest = min(HEIGHT_AGE_SECONDS_MAX, self._lifetime_blocks / 2 / BLOCKS_PER_SECOND_MAX)
        if self._height_known_at is None or now - self._height_known_at > longest:
            self._height = Height((await self.status()).height)
            self._height_known_at = now
        return self._height


def _require_final(view: TransactionView) -> TransactionView:
    if view.state == "final":
        return view
    raise error_from_receipt(view.id, view.code or "VT-2003", view.detail)


def _in_groups(transactions: Sequence[Transaction]) -> list[list[Transaction]]:
    """Cut a list into requests that are neither too long nor too large."""
    groups: list[list[Transaction]] = []
    size = 0
    for transaction in transactions:
        size += transaction.size_bytes
        if not groups or len(groups[-1]) >= MANY_MAX or size > MANY_SIZE_BYTES_MAX:
            groups.append([])
            size = transaction.size_bytes
        groups[-1].append(transaction)
    return groups
