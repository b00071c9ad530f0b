"""Cheap stand-ins for keys, and short ways to make what the consensus tests need."""

from hashlib import sha256
from typing import Any, TypeVar

from chain.certificate import CommitSignature, QuorumCertificate
from chain.genesis import Timing
from chain.hashing import hash_tagged
from chain.scalars import Hash, Height, NodeName, PublicKey, Round, Signature, UnixMillis
from chain.validators import Validator, ValidatorSet
from consensus.bft.core import BftEngine
from consensus.bft.messages import (
    NO_ROUND,
    Message,
    Proposal,
    Vote,
    VoteKind,
    proposal_hash,
    vote_hash,
)
from consensus.bft.state import HardState
from consensus.chain import Chain
from consensus.effects import Broadcast, Effect, SetTimer
from consensus.events import (
    Event,
    HeightCommitted,
    PayloadBuilt,
    PayloadChecked,
    Received,
    Started,
    TimerFired,
)
from consensus.state import decode_engine_state
from consensus.value import Timer, TimerStep, Value, ValueId

EffectT = TypeVar("EffectT")

GENESIS = hash_tagged("test", b"genesis")
TIMING = Timing()
START_MS = UnixMillis(1_700_000_000_000)


class HashSigner:
    """Signs by hashing with its public key: as fast as it is insecure."""

    def __init__(self, index: int) -> None:
        self.public_key = PublicKey(sha256(b"key%d" % index).digest())

    def sign(self, message: bytes) -> Signature:
        return hash_signature(self.public_key, message)


def hash_signature(key: PublicKey, message: bytes) -> Signature:
    return Signature(sha256(key + message).digest() * 2)


def hash_verify(key: PublicKey, message: bytes, signature: Signature) -> bool:
    return signature == hash_signature(key, message)


CHAIN = Chain(GENESIS, TIMING, hash_verify)


def make_validators(*weights: int) -> ValidatorSet:
    """Make a set with these weights; member i votes with `HashSigner(i)`."""
    return ValidatorSet(
        tuple(
            Validator(
                NodeName(f"node{index}"),
                f"org{index}",  # type: ignore[arg-type]
                HashSigner(index).public_key,
                weight,  # type: ignore[arg-type]
                Hash(bytes(32)),
                Hash(bytes(32)),
            )
            for index, weight in enumerate(weights)
        )
    )


FOUR = make_validators(1, 1, 1, 1)


def make_value(name: str, time_ms: int = START_MS + 1) -> Value:
    """Make a value whose id follows from its name."""
    payload = name.encode()
    return Value(Hash(sha256(payload).digest()), payload, UnixMillis(time_ms))


def make_vote(
    kind: VoteKind,
    validator: int,
    block: ValueId,
    *,
    height: int = 1,
    round_: int = 0,
    time_ms: int | None = None,
) -> Vote:
    """Make a well-signed vote."""
    if time_ms is None:
        time_ms = START_MS + 5 if kind == "precommit" else 0
    position = Height(height), Round(round_)
    said = UnixMillis(time_ms)
    signature = HashSigner(validator).sign(vote_hash(GENESIS, kind, *position, block, said))
    return Vote(kind, *position, block, said, validator, signature)


def make_proposal(
    value: Value,
    *,
    height: int = 1,
    round_: int = 0,
    valid_round: int = NO_ROUND,
    proposer: int | None = None,
) -> Proposal:
    """Make a well-signed proposal; in a set of equal weights member (h + r) % n proposes."""
    if proposer is None:
        proposer = (height + round_) % 4
    position = Height(height), Round(round_)
    digest = proposal_hash(GENESIS, *position, value, Round(valid_round))
    signature = HashSigner(proposer).sign(digest)
    return Proposal(*position, value, Round(valid_round), proposer, signature)


def make_engine(index: int | None = 0, **options: Any) -> BftEngine:
    """Make an engine of `FOUR` at height 1 unless told otherwise."""
    settings: dict[str, Any] = {
        "validators": FOUR,
        "signers": () if index is None else (HashSigner(index),),
        "height": Height(1),
        "previous_time_ms": START_MS,
    }
    return BftEngine(options.pop("chain", CHAIN), **(settings | options))


def decode_hard_state(data: bytes) -> HardState:
    """Read back a state of this engine."""
    state = decode_engine_state(data)
    assert isinstance(state, HardState)
    return state


class Bench:
    """One engine on a bench: feed it, and read what it said in short words."""

    def __init__(self, index: int | None = 0, **options: Any) -> None:
        self.engine = make_engine(index, **options)
        self.now_ms = UnixMillis(START_MS + 10)
        self.effects: list[Effect] = []

    @property
    def state(self) -> HardState:
        return self.engine.state

    def handle(self, event: Event) -> list[Effect]:
        self.effects = self.engine.handle(event)
        return self.effects

    def start(self, round_: int = 0) -> "Bench":
        """Start, and let precommit time-outs carry the engine to a round."""
        self.handle(Started(self.now_ms))
        for present in range(round_):
            self.fire("precommit", present)
        return self

    def receive(self, *messages: Message) -> list[Effect]:
        """Hand in messages; all their effects are kept."""
        effects = [
            effect
            for message in messages
            for effect in self.engine.handle(Received(message, self.now_ms))
        ]
        self.effects = effects
        return effects

    def votes(
        self, kind: VoteKind, block: ValueId, *validators: int, round_: int = 0
    ) -> list[Effect]:
        """Hand in votes of height 1 by some validators."""
        return self.receive(*(make_vote(kind, index, block, round_=round_) for index in validators))

    def check(self, value: Value, is_valid: bool = True, **options: bool) -> list[Effect]:
        """Answer `CheckPayload`."""
        return self.handle(PayloadChecked(self.state.height, value, is_valid, **options))

    def propose(self, value: Value, round_: int = 0, valid_round: int = NO_ROUND) -> list[Effect]:
        """Hand in a proposal of height 1 and call its value valid."""
        effects = self.receive(make_proposal(value, round_=round_, valid_round=valid_round))
        effects = effects + self.check(value)
        self.effects = effects
        return effects

    def build(self, value: Value, round_: int = 0) -> list[Effect]:
        """Answer `BuildPayload`."""
        return self.handle(PayloadBuilt(self.state.height, Round(round_), value))

    def fire(self, step: TimerStep, round_: int = 0) -> list[Effect]:
        """Let a timer of the present height run out."""
        return self.handle(TimerFired(Timer(self.state.height, Round(round_), step), self.now_ms))

    def commit(self, value: Value, certificate: QuorumCertificate, has_work: bool) -> list[Effect]:
        """Say that a block is on disk."""
        return self.handle(
            HeightCommitted(
                certificate.height, certificate, FOUR, FOUR, value.time_ms, has_work, self.now_ms
            )
        )

    def said(self) -> list[Message]:
        """Give what the last events made the engine broadcast."""
        return [effect.message for effect in self.effects if isinstance(effect, Broadcast)]

    def voted(self) -> list[tuple[str, ValueId]]:
        """Give the votes it broadcast, as (kind, value)."""
        return [(vote.kind, vote.block) for vote in self.said() if isinstance(vote, Vote)]

    def timers(self) -> list[tuple[str, int, int]]:
        """Give the timers it set, as (step, round, delay in ms)."""
        return [
            (effect.timer.step, effect.timer.round, effect.delay_ms)
            for effect in self.effects
            if isinstance(effect, SetTimer)
        ]

    def of(self, kind: type[EffectT]) -> list[EffectT]:
        """Give the effects of one kind."""
        return [effect for effect in self.effects if isinstance(effect, kind)]


def make_block(value: Value, height: int = 1, round_: int = 0) -> QuorumCertificate:
    """Make the certificate of a value, signed by members 0, 1 and 2."""
    votes = [
        make_vote("precommit", index, value.id, height=height, round_=round_) for index in range(3)
    ]
    return QuorumCertificate(
        Height(height),
        Round(round_),
        value.id,
        tuple(CommitSignature(v.validator, v.time_ms, v.signature) for v in votes),
    )
