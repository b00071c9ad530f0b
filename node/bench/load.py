"""Transactions that are signed before they are needed, by other processes than the one that sends.

Signing costs about as much as a node spends on checking, so it must not happen while a node is
being measured on the same machine. What is signed waits in files, as an hour's transactions are
more than a small machine's memory should hold.
"""

import multiprocessing
import os
import tempfile
from collections import deque
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ProcessPoolExecutor
from dataclasses import dataclass, replace
from itertools import chain
from pathlib import Path
from typing import Final

import msgspec

from chain.keys import SigningKey
from chain.scalars import Hash, Height
from chain.transaction import TransactionBody, sign
from node.bench.workloads import Workload

CHUNK: Final = 1_000
AHEAD_MAX: Final = 10_000_000
"""Transactions that are signed before a run, three gigabytes; of a longer run more as it goes."""


@dataclass(frozen=True, slots=True)
class Signing:
    """Who signs what for which chain.

    `expiry_height` is the last height that may hold number `first`; `blocks_each` is how many
    blocks go by, about, until the next one is handed in, so that of a long run each expires in its
    own time.
    """

    workload: Workload
    genesis: Hash
    seed: bytes
    expiry_height: Height
    blocks_each: float = 0.0
    first: int = 0

    def expiry_of(self, index: int) -> Height:
        """Give the last height that may hold a transaction."""
        return Height(self.expiry_height + int((index - self.first) * self.blocks_each))


class Load:
    """Signed transactions in order, encoded; close it at the end.

    Args: ahead: how many to sign before they are asked for, `AHEAD_MAX` of them at most; chunk: how
    many are signed at once.
    """

    def __init__(self, signing: Signing, ahead: int, chunk: int = CHUNK) -> None:
        self._next = 0
        self._chunk = chunk
        self.plan(signing, ahead)
        self._chunks: deque[Future[Path]] = deque()
        self._folder = tempfile.TemporaryDirectory(prefix="veritwin-load-")
        # A new interpreter for each: a copy of this one would hold its sockets.
        self._pool = ProcessPoolExecutor(
            os.cpu_count() or 1, mp_context=multiprocessing.get_context("spawn")
        )

    def close(self) -> None:
        """Sign no more, and delete what was not asked for."""
        self._pool.shutdown(wait=True, cancel_futures=True)
        self._folder.cleanup()

    def plan(self, signing: Signing, ahead: int) -> None:
        """Sign what was not ordered yet like this, so many of them beforehand."""
        self._signing = replace(signing, first=self._next)
        self._ahead = -(-min(ahead, AHEAD_MAX) // self._chunk)

    def prepare(self, on_progress: Callable[[int], None]) -> None:
        """Sign what is to be signed beforehand. Args: on_progress: is told how many are done."""
        for _ in range(self._ahead):
            self._order()
        for number, chunk in enumerate(self._chunks, 1):
            chunk.result()
            on_progress(number * self._chunk)

    def __iter__(self) -> Iterator[bytes]:
        """Give transactions without end; those that were not ordered before are signed now."""
        return chain.from_iterable(self._give())

    def _give(self) -> Iterator[list[bytes]]:
        while True:
            if not self._chunks:
                self._order()
            path = self._chunks.popleft().result()
            yield msgspec.msgpack.decode(path.read_bytes(), type=list[bytes])
            path.unlink()

    def top_up(self, count: int) -> None:
        """Have more signed, until `count` wait."""
        while len(self._chunks) * self._chunk < count:
            self._order()

    def _order(self) -> None:
        path, span = Path(self._folder.name) / str(self._next), (self._next, self._chunk)
        self._chunks.append(self._pool.submit(_write_chunk, self._signing, span, path))
        self._next += self._chunk


def _write_chunk(signing: Signing, span: tuple[int, int], path: Path) -> Path:
    path.write_bytes(msgspec.msgpack.encode(sign_chunk(signing, *span)))
    return path


def sign_chunk(signing: Signing, first: int, count: int) -> list[bytes]:
    """Sign `count` updates from number `first` on; the salt is the number."""
    key = SigningKey(signing.seed)
    return [
        sign(
            TransactionBody(
                signing.genesis,
                key.public_key,
                signing.workload.operation(index),
                signing.expiry_of(index),
                index.to_bytes(16, "big"),
            ),
            key,
        ).raw
        for index in range(first, first + count)
    ]
