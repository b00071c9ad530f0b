"""Transactions on their way in: each gets its own answer, and nothing is left behind."""

import asyncio

import pytest

from chain.errors import Busy, ChainError, Refused
from chain.hashing import hash_tagged
from node.inbox import Inbox
from node.metrics import Metrics
from node.replica.effects import Answer
from node.replica.events import Submitted
from node.submissions import Outcome, Submissions

FIRST, SECOND = hash_tagged("test", b"1"), hash_tagged("test", b"2")


class Place:
    """Submissions with an inbox that is read by the test."""

    def __init__(self, events_max: int = 10) -> None:
        self.inbox = Inbox(events_max)
        self.metrics = Metrics("1", with_process=False)
        self.submissions = Submissions(self.inbox, self.metrics)

    async def take(self) -> list[Submitted]:
        return [event for event in await self.inbox.take() if isinstance(event, Submitted)]

    def count(self, outcome: str) -> float | None:
        get = self.metrics.registry.get_sample_value
        return get("veritwin_submissions_total", {"outcome": outcome})


def codes(outcomes: list[Outcome]) -> list[object]:
    return [one.code if isinstance(one, ChainError) else one for one in outcomes]


async def test_answers_come_in_the_order_of_the_request() -> None:
    place = Place()
    asking = asyncio.ensure_future(place.submissions.submit([b"a", b"b", b"c"]))
    await asyncio.sleep(0)
    one, two, three = await place.take()
    assert [event.raw for event in (one, two, three)] == [b"a", b"b", b"c"]
    place.submissions.answer(Answer(three.ticket, SECOND, None))
    place.submissions.answer(Answer(one.ticket, FIRST, None))
    assert not asking.done()
    place.submissions.answer(Answer(two.ticket, None, Refused("VT-2005", id=FIRST)))
    assert codes(await asking) == [FIRST, "VT-2005", SECOND]
    assert (place.count("accepted"), place.count("VT-2005")) == (2, 1)
    assert place.submissions._tickets == {}


async def test_what_the_inbox_has_no_room_for_is_refused_alone() -> None:
    place = Place(events_max=1)
    asking = asyncio.ensure_future(place.submissions.submit([b"a", b"b"]))
    await asyncio.sleep(0)
    (one,) = await place.take()
    place.submissions.answer(Answer(one.ticket, FIRST, None))
    assert codes(await asking) == [FIRST, "VT-3003"]


async def test_nothing_is_answered_with_nothing() -> None:
    assert await Place().submissions.submit([]) == []


async def test_a_full_disk_takes_nothing_in() -> None:
    place = Place()
    place.submissions.is_closed = True
    with pytest.raises(Busy, match=r"^VT-6004"):
        await place.submissions.submit([b"a"])
    assert len(place.inbox) == 0


async def test_a_client_that_went_away_is_forgotten() -> None:
    place = Place()
    asking = asyncio.ensure_future(place.submissions.submit([b"a"]))
    await asyncio.sleep(0)
    (one,) = await place.take()
    asking.cancel()
    with pytest.raises(asyncio.CancelledError):
        await asking
    assert place.submissions._tickets == {}
    place.submissions.answer(Answer(one.ticket, FIRST, None))
