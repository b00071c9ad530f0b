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
from itertools import chain, islice
from itertools import count as numbers
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
RENEWED_CHUNKS: Final = 4
RENEWED_LEAST: Final = 100
"""Of so much that comes next, whichever is more, it is seen to that its expiry will do."""
_LATE_SHARE: Final = 12


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


@dataclass(slots=True)
class _Chunk:
    """Transactions from number `first` on, as they were signed or will be."""

    signing: Signing
    first: int
    path: Future[Path]


class Load:
    """Signed transactions in order, encoded; close it at the end.

    Args: ahead: how many to sign before they are asked for, `AHEAD_MAX` of them at most; needed:
    how many will be needed at most, if that is known; chunk: how many are signed at once.
    """

    def __init__(
        self, signing: Signing, ahead: int, needed: int | None = None, chunk: int = CHUNK
    ) -> None:
        self._next = 0
        self._chunk = chunk
        self.plan(signing, ahead, needed)
        self._chunks: deque[_Chunk] = deque()
        self._files = numbers()
        self._folder = tempfile.TemporaryDirectory(prefix="veritwin-load-")
        # A new interpreter for each: a copy of this one would hold its sockets.
        self._pool = ProcessPoolExecutor(
            os.cpu_count() or 1, mp_context=multiprocessing.get_context("spawn")
        )

    def close(self) -> None:
        """Sign no more, and delete what was not asked for."""
        self._pool.shutdown(wait=True, cancel_futures=True)
        self._folder.cleanup()

    def plan(self, signing: Signing, ahead: int, needed: int | None = None) -> None:
        """Sign like this what was not ordered yet, `ahead` of it beforehand.

        Args: needed: how many more will be, at most; None when nobody knows.
        """
        self._signing = replace(signing, first=self._next)
        self._ahead = self._next + min(ahead, AHEAD_MAX)
        self._needed = None if needed is None else self._next + needed

    def prepare(self, on_progress: Callable[[int], None]) -> None:
        """Sign what is to be signed beforehand. Args: on_progress: is told how many are done."""
        while self._next < self._ahead:
            self._order()
        for number, chunk in enumerate(self._chunks, 1):
            chunk.path.result()
            on_progress(number * self._chunk)

    def __iter__(self) -> Iterator[bytes]:
        """Give transactions without end; those that were not ordered before are signed now."""
        return chain.from_iterable(self._give())

    def _give(self) -> Iterator[list[bytes]]:
        while True:
            if not self._chunks:
                self._order()
            path = self._chunks.popleft().path.result()
            data = path.read_bytes()
            path.unlink()
            yield msgspec.msgpack.decode(data, type=list[bytes])

    def top_up(self, expiries: range, ahead: int) -> None:
        """Have `ahead` signed of those that will be needed, the next for an expiry that will do.

        Args: expiries: of what is handed in soon; what is signed now gets the last of them.
        """
        self._signing = replace(self._signing, expiry_height=Height(expiries[-1]), blocks_each=0.0)
        # What comes at once is left as long as it can be: whoever asks for it would have to wait.
        spare = len(expiries) // _LATE_SHARE
        will_do = range(expiries.start - spare, expiries.stop + spare)
        places = max(RENEWED_CHUNKS, RENEWED_LEAST // self._chunk)
        for place, chunk in enumerate(list(islice(self._chunks, places))):
            ends = chunk.first, chunk.first + self._chunk - 1
            if not all(chunk.signing.expiry_of(number) in will_do for number in ends):
                if not chunk.path.cancel():
                    chunk.path.add_done_callback(_delete)
                self._chunks[place] = self._sign(chunk.first)
            will_do = expiries
        while len(self._chunks) * self._chunk < ahead and not self._is_enough:
            self._order()

    @property
    def _is_enough(self) -> bool:
        return self._needed is not None and self._next >= self._needed

    def _order(self) -> None:
        self._chunks.append(self._sign(self._next))
        self._next += self._chunk

    def _sign(self, first: int) -> _Chunk:
        # A file for each order: what is signed anew may be on its way to its own.
        path = Path(self._folder.name) / str(next(self._files))
        future = self._pool.submit(_write_chunk, self._signing, (first, self._chunk), path)
        return _Chunk(self._signing, first, future)


def _delete(done: Future[Path]) -> None:
    if done.exception() is None:
        done.result().unlink(missing_ok=True)


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
