"""The one door of every engine, and how to make the one that genesis names."""

from typing import Protocol

from chain import keys
from chain.genesis import Genesis, compute_genesis_hash
from chain.scalars import Height, UnixMillis
from chain.validators import ValidatorSet
from consensus.bft.core import BftEngine
from consensus.bft.height import Chain
from consensus.bft.messages import Message
from consensus.bft.repair import RoundSummary
from consensus.bft.state import HardState, LastSigned
from consensus.effects import Effect
from consensus.events import Event
from consensus.value import Timer, Value

__all__ = [
    "Effect",
    "Engine",
    "Event",
    "HardState",
    "LastSigned",
    "Message",
    "RoundSummary",
    "Timer",
    "Value",
    "make_engine",
]


class Engine(Protocol):
    """A pure state machine that decides one value for each height."""

    def handle(self, event: Event) -> list[Effect]:
        """Take one event; give what has to be done, in order.

        Raises: PeerFault: the message in `Received` breaks the protocol; nothing has changed.
        Corruption: a quorum decided what this node found invalid; the node must stop.
        """
        ...

    def summary(self) -> RoundSummary:
        """Say what this node has of its present round, for a peer to fill the gaps."""
        ...

    def messages_missing_in(self, summary: RoundSummary) -> list[Message]:
        """Give the messages that would help the peer which sent `summary`.

        Raises: PeerFault: VT-3024: a bitmap does not fit the validator set.
        """
        ...


def make_engine(
    genesis: Genesis,
    *,
    validators: ValidatorSet,
    signer: keys.Signer | None,
    height: Height,
    previous_time_ms: UnixMillis,
    hard_state: HardState | None = None,
    last_signed: LastSigned | None = None,
    verify: keys.Verifier = keys.verify,
) -> Engine:
    """Make the engine of this chain, ready for its `Started` event.

    Args: validators: decide `height`; signer: this node's vote key, None for an observer (a key
    that is not in the set observes too); height: the first one not yet committed;
    previous_time_ms: time of the block below it, or of genesis; hard_state: the last one
    persisted; last_signed: from its own file.
    Raises: Corruption: VT-3023: the engine's state is of a later height than the chain.
    """
    return BftEngine(
        Chain(compute_genesis_hash(genesis), genesis.timing, verify),
        validators=validators,
        signer=signer,
        height=height,
        previous_time_ms=previous_time_ms,
        hard_state=hard_state,
        last_signed=last_signed,
    )
