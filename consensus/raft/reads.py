"""Linearizable reads without a log entry (6.4): the leader asks a majority whether it still leads.

A read is answered with a height: whoever reads at that height or above sees all that was final when
the read was asked for. Nothing here trusts a clock.
"""

from collections import deque
from dataclasses import dataclass, field
from typing import Final

from chain.errors import Refused
from chain.hashing import hash_tagged
from chain.scalars import Height, to_bytes
from consensus.effects import ReadReady, ReadRefused
from consensus.raft.member import Member
from consensus.raft.messages import ReadAnswer, ReadRequest
from consensus.raft.rules import TICKS_PER_TIMEOUT

READS_MAX: Final = 4096
"""Reads that wait at one member; more are refused."""


@dataclass(frozen=True, slots=True)
class Reader:
    """Who asked: a ticket of this node, or another member with a number of its own."""

    member: int | None
    number: int


@dataclass(slots=True)
class _Asked:
    """A read that the leader was asked about."""

    ticket: int
    ticks_left: int = 2 * TICKS_PER_TIMEOUT


@dataclass(slots=True)
class ReadQueue:
    """The leader's side: reads that wait for the next heartbeat, and those that went with one."""

    waiting: list[Reader] = field(default_factory=list)
    asked: deque[tuple[int, Height, list[Reader]]] = field(default_factory=deque)

    def __len__(self) -> int:
        return len(self.waiting) + sum(len(readers) for _, _, readers in self.asked)

    def attach(self, beat: int, committed: Height) -> None:
        """6.4, steps 2 and 3: the heartbeat `beat` is about to ask for all that waits."""
        if self.waiting:
            self.asked.append((beat, committed, self.waiting))
            self.waiting = []

    def take_confirmed(self, beat: int) -> list[tuple[Height, Reader]]:
        """Give the reads that went with `beat` or before: a majority answered it."""
        taken = []
        while self.asked and self.asked[0][0] <= beat:
            _, committed, readers = self.asked.popleft()
            taken += [(committed, reader) for reader in readers]
        return taken

    def take_all(self) -> list[Reader]:
        """Give all that wait, because nobody can vouch for them any more."""
        taken = [*self.waiting, *(reader for _, _, readers in self.asked for reader in readers)]
        self.waiting = []
        self.asked.clear()
        return taken


class ReadDesk:
    """The side of whoever reads: asks the leader, and answers once this node is far enough."""

    def __init__(self, member: Member) -> None:
        self._member = member
        self._asked: dict[int, _Asked] = {}
        self._due: list[tuple[Height, int]] = []
        self._count = 0
        self._started_ms = member.now_ms

    def start(self) -> None:
        """Remember when this life began: numbers of reads of an earlier one must not return."""
        self._started_ms = self._member.now_ms

    def ask(self, ticket: int) -> None:
        """Ask the leader on behalf of a ticket, or refuse it when there is none to ask."""
        m = self._member
        is_full = len(self._asked) + len(self._due) >= READS_MAX
        if m.own_index is None or m.leader is None or is_full:
            self.refuse(ticket)
            return
        number = self._draw_number()
        self._asked[number] = _Asked(ticket)
        m.say(ReadRequest(*m.stamp(), read=number), m.leader)

    def receive(self, answer: ReadAnswer) -> None:
        """Take the leader's word for a read, once."""
        asked = self._asked.pop(answer.read, None)
        if asked is None:
            return
        if answer.committed is None:
            self.refuse(asked.ticket)
        else:
            self.deliver(asked.ticket, answer.committed)

    def tick(self) -> None:
        """A leader that does not answer is gone; the client may ask again."""
        for number, asked in list(self._asked.items()):
            asked.ticks_left -= 1
            if asked.ticks_left <= 0:
                del self._asked[number]
                self.refuse(asked.ticket)

    def finish(self, reader: Reader, committed: Height | None) -> None:
        """Tell a reader the height, or with None that it cannot be told."""
        m = self._member
        if reader.member is not None:
            if m.own_index is not None and m.validators.get(reader.member) is not None:
                answer = ReadAnswer(*m.stamp(), read=reader.number, committed=committed)
                m.say(answer, reader.member)
        elif committed is None:
            self.refuse(reader.number)
        else:
            self.deliver(reader.number, committed)

    def deliver(self, ticket: int, committed: Height) -> None:
        """Answer a ticket, now or when this node has that block on its disk."""
        self._due.append((committed, ticket))
        self.enter_height()

    def enter_height(self) -> None:
        """Answer the tickets that waited for the chain to grow."""
        m = self._member
        m.effects += [ReadReady(ticket, at) for at, ticket in self._due if at < m.height]
        self._due = [(at, ticket) for at, ticket in self._due if at >= m.height]

    def refuse(self, ticket: int) -> None:
        """Say that nobody vouches for what this node knows."""
        self._member.effects.append(ReadRefused(ticket, Refused("VT-3050")))

    def refuse_all(self) -> None:
        """Refuse every ticket: this engine ends."""
        for ticket in [*(asked.ticket for asked in self._asked.values()), *self._due_tickets()]:
            self.refuse(ticket)
        self._asked, self._due = {}, []

    def _due_tickets(self) -> list[int]:
        return [ticket for _, ticket in self._due]

    def _draw_number(self) -> int:
        """Give a number that no read of this member had, in this life or another."""
        m = self._member
        self._count += 1
        parts = (m.state.lives, self._started_ms, self._count)
        digest = hash_tagged("raft-read", m.author.key, *(to_bytes(part) for part in parts))
        return int.from_bytes(digest[:6], "big")
