"""Short ways to make what the tests of Raft need."""

from collections.abc import Iterable
from typing import Any, TypeVar

from msgspec.structs import replace

from chain.certificate import CommitSignature, QuorumCertificate, precommit_hash
from chain.scalars import Hash, Height, NodeName, Round, Signature, UnixMillis
from chain.validators import Validator, ValidatorSet
from consensus.chain import Tip
from consensus.effects import Effect, Send, SetTimer
from consensus.events import (
    Event,
    HeightCommitted,
    PayloadBuilt,
    PayloadChecked,
    Received,
    Started,
    TimerFired,
    WorkAvailable,
)
from consensus.raft.core import RaftEngine
from consensus.raft.messages import (
    NO_SIGNATURE,
    Acknowledgement,
    Append,
    AppendAnswer,
    CampaignKind,
    Decided,
    Message,
    VoteAnswer,
    VoteRequest,
    message_hash,
)
from consensus.raft.rules import TICKS_PER_TIMEOUT
from consensus.raft.state import RaftState
from consensus.value import Timer, Value
from tests.unit.consensus.world import CHAIN, GENESIS, START_MS, HashSigner, make_value

EffectT = TypeVar("EffectT")
MessageT = TypeVar("MessageT", bound=Message)

TICKS_MAX = 4 * TICKS_PER_TIMEOUT
"""More than any first election time-out lasts."""
NOW_MS = UnixMillis(START_MS + 10)


def make_committee(weights: Iterable[int] = (1, 1, 1), first: int = 0) -> ValidatorSet:
    """Make a Raft committee: member i is called `node{i}` and signs with `HashSigner(i)`."""
    members = tuple(
        Validator(
            NodeName(f"node{index}"),
            f"org{index}",  # type: ignore[arg-type]
            HashSigner(index).public_key,
            weight,  # type: ignore[arg-type]
            Hash(bytes(32)),
            Hash(bytes(32)),
        )
        for index, weight in enumerate(weights, start=first)
    )
    return ValidatorSet(members, "raft")


THREE = make_committee()
FIVE = make_committee((1, 1, 1, 1, 1))


def make_certificate(
    value: Value, signers: Iterable[int] = (0, 1), *, height: int = 1, term: int = 1
) -> QuorumCertificate:
    """Make a certificate of a value; member i signs at five plus i milliseconds."""
    signatures = []
    for index in signers:
        time_ms = UnixMillis(START_MS + 5 + index)
        digest = precommit_hash(GENESIS, Height(height), Round(term), value.id, time_ms)
        signatures.append(CommitSignature(index, time_ms, HashSigner(index).sign(digest)))
    return QuorumCertificate(Height(height), Round(term), value.id, tuple(signatures))


def make_tip(
    height: int = 1,
    committee: ValidatorSet = THREE,
    *,
    previous_term: int = 1,
    next_committee: ValidatorSet | None = None,
) -> Tip:
    """Make what is below a height: genesis, or a block named after its height."""
    previous = None
    if height > 1:
        value = make_value(f"block {height - 1}")
        previous = make_certificate(value, height=height - 1, term=previous_term)
    return Tip(Height(height), previous, START_MS, committee, next_committee or committee)


def sign(message: MessageT, key: int | None = None) -> MessageT:
    """Sign a message by its author, or by another key."""
    signer = HashSigner(message.author if key is None else key)
    return replace(message, signature=signer.sign(message_hash(GENESIS, message)))


class Bench:
    """One engine on a bench: feed it as the other members, and read what it said.

    Further options are those of `RaftEngine`.
    """

    def __init__(self, index: int | None = 0, tip: Tip | None = None, **options: Any) -> None:
        self.tip = tip or make_tip()
        signers = () if index is None else (HashSigner(index),)
        self.engine = RaftEngine(
            options.pop("chain", CHAIN), signers=signers, tip=self.tip, **options
        )
        self.now_ms = NOW_MS
        self.effects: list[Effect] = []
        self.handle(Started(self.now_ms))

    @property
    def state(self) -> RaftState:
        return self.engine.state

    def handle(self, event: Event) -> list[Effect]:
        self.effects = self.engine.handle(event)
        return self.effects

    # ------------------------------------------------------------------ what happens

    def receive(self, message: Message) -> list[Effect]:
        return self.handle(Received(sign(message), self.now_ms))

    def stamp(
        self, author: int, term: int, height: int | None = None
    ) -> tuple[Height, Round, int, Signature]:
        """Give the beginning of a message of another member."""
        return Height(height or self.state.height), Round(term), author, NO_SIGNATURE

    def ask(
        self,
        author: int = 1,
        *,
        term: int = 1,
        kind: CampaignKind = "vote",
        position: tuple[int, int] | None = None,
        height: int | None = None,
    ) -> list[bool]:
        """Ask for a vote; give the answers. The position is by default that of an empty tip."""
        at = height or self.state.height
        previous = self.tip.previous.round if self.tip.previous else 0
        last_term, last_height = position or (previous, at - 1)
        own_term = term - 1 if kind == "pre-vote" else term
        self.receive(
            VoteRequest(
                *self.stamp(author, own_term, at),
                kind=kind,
                asked_term=Round(term),
                last_term=Round(last_term),
                last_height=Height(last_height),
            )
        )
        return [one.is_granted for one in self.said(VoteAnswer)]

    def grant(self, *authors: int, is_pre_vote: bool = False, is_granted: bool = True) -> None:
        """Answer this member's campaign; the effects of all answers are kept."""
        effects: list[Effect] = []
        for author in authors:
            term = self.state.term
            asked = Round(term + 1) if is_pre_vote else term
            effects += self.receive(
                VoteAnswer(
                    *self.stamp(author, term),
                    is_pre_vote=is_pre_vote,
                    asked_term=asked,
                    is_granted=is_granted,
                )
            )
        self.effects = effects

    def append(
        self,
        value: Value | None = None,
        *,
        author: int = 1,
        term: int = 1,
        beat: int = 1,
        height: int | None = None,
        **fields: Any,
    ) -> list[Effect]:
        """Hear a leader, with an entry or without."""
        previous = self.tip.previous.block if self.tip.previous else GENESIS
        settings: dict[str, Any] = {
            "previous": previous,
            "block": None if value is None else value.id,
            "value": value,
        }
        return self.receive(
            Append(*self.stamp(author, term, height), beat=beat, **(settings | fields))
        )

    def hold(self, value: Value, **options: Any) -> list[Effect]:
        """Hear a leader's entry and find it valid."""
        effects = self.append(value, **options)
        self.effects = effects + self.check(value)
        return self.effects

    def answer(
        self,
        author: int = 1,
        *,
        holds: Value | None = None,
        has_value: bool = True,
        beat: int = 1,
        term: int | None = None,
        height: int | None = None,
    ) -> list[Effect]:
        """Answer this leader's heartbeat, with an acknowledgement of `holds`."""
        term = self.state.term if term is None else term
        at = height or self.state.height
        held = None if holds is None else make_acknowledgement(holds, author, at, term)
        return self.receive(
            AppendAnswer(
                *self.stamp(author, term, at),
                beat=beat,
                has_value=has_value,
                acknowledgement=held,
            )
        )

    def decided(self, certificate: QuorumCertificate, *, author: int = 1, term: int = 1) -> None:
        height = certificate.height
        self.receive(Decided(*self.stamp(author, term, height), certificate=certificate))

    def check(self, value: Value, is_valid: bool = True, **options: bool) -> list[Effect]:
        return self.handle(PayloadChecked(self.state.height, value, is_valid, **options))

    def build(self, value: Value) -> list[Effect]:
        return self.handle(PayloadBuilt(self.state.height, self.state.term, value))

    def work(self) -> list[Effect]:
        return self.handle(WorkAvailable(self.now_ms))

    def tick(self, count: int = 1) -> list[Effect]:
        """Let ticks pass; the effects of all of them are kept."""
        timer = Timer(self.state.height, Round(0), "tick")
        effects = [e for _ in range(count) for e in self.engine.handle(TimerFired(timer, NOW_MS))]
        self.effects = effects
        return effects

    def fire_heartbeat(self) -> list[Effect]:
        return self.handle(TimerFired(Timer(self.state.height, Round(0), "heartbeat"), NOW_MS))

    def commit(
        self,
        value: Value,
        *,
        term: int | None = None,
        committee: ValidatorSet | None = None,
        next_committee: ValidatorSet | None = None,
        has_work: bool = False,
        height: int | None = None,
    ) -> list[Effect]:
        """Say that the block of this height is on disk."""
        at = height or self.state.height
        certificate = make_certificate(
            value, height=at, term=self.state.term if term is None else term
        )
        now = committee or self.tip.next_validators
        event = HeightCommitted(
            Height(at),
            certificate,
            now,
            next_committee or now,
            value.time_ms,
            has_work,
            self.now_ms,
        )
        self.tip = event.tip
        return self.handle(event)

    def wait_for_campaign(self) -> "Bench":
        """Let silence last until this member asks for votes."""
        for _ in range(TICKS_MAX):
            self.tick()
            if self.said(VoteRequest):
                return self
        raise AssertionError("it never stood")

    def stand(self) -> "Bench":
        """Win the pre-vote."""
        self.wait_for_campaign()
        voters = [i for i, m in enumerate(self.tip.validators.members) if m.weight]
        self.grant(*(i for i in voters if i != self._own), is_pre_vote=True)
        return self

    def lead(self) -> "Bench":
        """Win an election; the last effects are those of winning."""
        self.stand()
        voters = [i for i, m in enumerate(self.tip.validators.members) if m.weight]
        self.grant(*(i for i in voters if i != self._own))
        assert self.engine.role.name == "LEADER"
        return self

    @property
    def _own(self) -> int | None:
        return self.engine._member.own_index

    # ------------------------------------------------------------------ what it said

    def of(self, kind: type[EffectT]) -> list[EffectT]:
        return [effect for effect in self.effects if isinstance(effect, kind)]

    def said(self, kind: type[MessageT]) -> list[MessageT]:
        """Give the messages of one kind, each once for each receiver."""
        return [effect.message for effect in self.of(Send) if isinstance(effect.message, kind)]

    def receivers(self, kind: type[MessageT]) -> list[int]:
        return [effect.to for effect in self.of(Send) if isinstance(effect.message, kind)]

    def timers(self) -> list[tuple[str, int, int]]:
        return [(e.timer.step, e.timer.height, e.delay_ms) for e in self.of(SetTimer)]


def make_acknowledgement(
    value: Value, author: int, height: int = 1, term: int = 1
) -> Acknowledgement:
    """Make a member's well-signed precommit for an entry."""
    time_ms = UnixMillis(START_MS + 5 + author)
    digest = precommit_hash(GENESIS, Height(height), Round(term), value.id, time_ms)
    return Acknowledgement(value.id, time_ms, HashSigner(author).sign(digest))
