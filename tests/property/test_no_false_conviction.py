"""A correct validator is never convicted, whatever others say, and however often its power fails.

One real engine is driven by drawn events: messages of three others who lie as they like, answers in
any order, time-outs, heights with other sets (its key rotated, its index shifted, its vote taken),
power cuts between any two effects, and the loss of its state with only the last-signed file left.
"""

from collections.abc import Sequence
from itertools import combinations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

from chain.errors import InvalidInput, PeerFault
from chain.evidence import Evidence, check_evidence, put_in_order
from chain.scalars import Height, Round, UnixMillis, Weight
from chain.validators import ValidatorSet, compute_proposer
from consensus.bft.checks import hash_of, kind_of
from consensus.bft.core import BftEngine
from consensus.bft.evidence import _reduce, make_evidence
from consensus.bft.messages import Message, Proposal, Vote
from consensus.bft.state import HardState
from consensus.effects import Broadcast, BuildPayload, CheckPayload, Effect, Persist, SetTimer
from consensus.events import (
    Event,
    HeightCommitted,
    PayloadBuilt,
    PayloadChecked,
    Received,
    Started,
    TimerFired,
)
from consensus.last_signed import LastSigned
from tests.unit.consensus.world import (
    CHAIN,
    FOUR,
    GENESIS,
    START_MS,
    HashSigner,
    hash_verify,
    make_block,
    make_value,
)

OLD, NEW = HashSigner(0), HashSigner(9)
VALUES = [make_value(name) for name in ("v", "w", "x")]
_ROTATED = (replace(FOUR.members[0], vote_key=NEW.public_key), *FOUR.members[1:])
SETS = [
    FOUR,
    ValidatorSet(_ROTATED),
    ValidatorSet((*FOUR.members[1:], FOUR.members[0])),
    ValidatorSet((replace(FOUR.members[0], weight=Weight(0)), *FOUR.members[1:])),
]
"""As in genesis; its key rotated; its index another one; its vote taken."""


class Subject:
    """The correct validator, its disk, and everything that it ever said."""

    def __init__(self) -> None:
        self.height = Height(1)
        self.validators = FOUR
        self.state: HardState | None = None
        self.signed: LastSigned | None = None
        self.said: list[tuple[Message, ValidatorSet]] = []
        self.asked: list[BuildPayload | CheckPayload] = []
        self.timers: list[SetTimer] = []
        self.start()

    def start(self) -> None:
        """Begin from what is on disk."""
        self.engine = BftEngine(
            CHAIN,
            validators=self.validators,
            signers=(OLD, NEW),
            height=self.height,
            previous_time_ms=START_MS,
            hard_state=self.state,
            last_signed=self.signed,
        )
        self.asked.clear()
        self.timers.clear()
        self.feed(Started(UnixMillis(START_MS + 10)), None)

    def feed(self, event: Event, cut: int | None) -> None:
        """Hand in an event; after `cut` of its effects the power fails."""
        try:
            effects = self.engine.handle(event)
        except PeerFault:
            return
        for index, effect in enumerate(effects):
            if index == cut:
                self.start()
                return
            self._perform(effect)

    def _perform(self, effect: Effect) -> None:
        match effect:
            case Persist(state):
                assert isinstance(state, HardState)
                self.state, self.signed = state, state.last_signed
            case Broadcast(message):
                assert isinstance(message, Proposal | Vote)
                self.said.append((message, self.validators))
            case BuildPayload() | CheckPayload():
                self.asked.append(effect)
            case SetTimer():
                self.timers.append(effect)
            case _:
                pass

    def commit(self, validators: ValidatorSet) -> None:
        """Another block is on disk; the next height has other validators."""
        self.height = Height(self.height + 1)
        self.validators = validators
        self.state = None
        certificate = make_block(VALUES[0], height=self.height - 1)
        self.feed(
            HeightCommitted(
                Height(self.height - 1),
                certificate,
                validators,
                validators,
                VALUES[0].time_ms,
                True,
                UnixMillis(START_MS + 20),
            ),
            None,
        )

    def hear(self, data: st.DataObject) -> Message:
        """Draw a well-signed message of another member for the present height."""
        members = self.validators.members
        others = [
            index
            for index, member in enumerate(members)
            if member.vote_key not in (OLD.public_key, NEW.public_key)
        ]
        keys = {HashSigner(number).public_key: HashSigner(number) for number in range(1, 4)}
        index = data.draw(st.sampled_from(others))
        round_ = Round(data.draw(st.integers(0, 3)))
        signer = keys[members[index].vote_key]
        blank = signer.sign(b"")
        message: Message
        if data.draw(st.booleans()):
            valid_round = Round(data.draw(st.integers(-1, max(-1, round_ - 1))))
            proposer = compute_proposer(self.validators, self.height, round_)
            if members[proposer].vote_key not in keys:
                return Vote("prevote", self.height, round_, None, UnixMillis(0), index, blank)
            signer = keys[members[proposer].vote_key]
            value = data.draw(st.sampled_from(VALUES))
            message = Proposal(self.height, round_, value, valid_round, proposer, blank)
        else:
            block = data.draw(st.sampled_from([None, *(value.id for value in VALUES)]))
            kind = data.draw(st.sampled_from(["prevote", "precommit"]))
            time_ms = UnixMillis(START_MS + 30 if kind == "precommit" else 0)
            message = Vote(kind, self.height, round_, block, time_ms, index, blank)
        return replace(message, signature=signer.sign(hash_of(message, GENESIS)))


def act(subject: Subject, data: st.DataObject) -> None:
    """Let one drawn thing happen."""
    now_ms = UnixMillis(START_MS + data.draw(st.integers(10, 5_000)))
    cut = data.draw(st.none() | st.integers(0, 3))
    match data.draw(st.integers(0, 9)):
        case 0 | 1 | 2 | 3 | 4:
            subject.feed(Received(subject.hear(data), now_ms), cut)
        case 5 if subject.timers:
            timer = data.draw(st.sampled_from(subject.timers))
            subject.feed(TimerFired(timer.timer, now_ms), cut)
        case 6 | 7 if subject.asked:
            asked = subject.asked.pop(data.draw(st.integers(0, len(subject.asked) - 1)))
            if isinstance(asked, BuildPayload):
                value = data.draw(st.sampled_from(VALUES))
                subject.feed(PayloadBuilt(asked.height, asked.round, value), cut)
            else:
                checked = PayloadChecked(asked.height, asked.value, is_valid=True)
                subject.feed(checked, cut)
        case 8:
            if data.draw(st.booleans()):
                subject.state = None
            subject.start()
        case 9 if data.draw(st.integers(0, 2)) == 0:
            subject.commit(data.draw(st.sampled_from(SETS)))
        case _:
            pass


def accuse(pair: Sequence[tuple[Message, ValidatorSet]]) -> None:
    """Try everything that an accuser could make of two things that one validator said."""
    (first, validators), (second, _) = pair
    if (first.height, first.round, kind_of(first)) == (
        second.height,
        second.round,
        kind_of(second),
    ):
        assert make_evidence(first, second, GENESIS, validators) is None
    for claimed in (first, second):
        for key in (OLD.public_key, NEW.public_key):
            kind = "proposal" if isinstance(claimed, Proposal) else claimed.kind
            evidence = Evidence(
                key, claimed.height, claimed.round, kind, _reduce(first), _reduce(second)
            )
            with pytest.raises(InvalidInput, match="VT-2070"):
                check_evidence(
                    put_in_order(evidence, GENESIS), GENESIS, validators, verify=hash_verify
                )


@settings(deadline=None)
@given(st.data())
def test_nothing_that_a_correct_validator_says_convicts_it(data: st.DataObject) -> None:
    subject = Subject()
    for _ in range(data.draw(st.integers(5, 40))):
        act(subject, data)
    unique = list(dict.fromkeys(message for message, _ in subject.said))
    sets = dict(subject.said)
    for pair in combinations(unique, 2):
        accuse([(message, sets[message]) for message in pair])


def test_the_drawn_lives_say_enough_to_be_judged() -> None:
    """The property above would hold for one who never says anything."""
    subject = Subject()
    subject.feed(TimerFired(subject.timers[0].timer, UnixMillis(START_MS + 20)), None)
    subject.start()
    subject.commit(SETS[1])
    subject.feed(TimerFired(subject.timers[-1].timer, UnixMillis(START_MS + 20)), None)
    heights = {(message.height, kind_of(message)) for message, _ in subject.said}
    assert heights == {(1, "prevote"), (2, "prevote")}
