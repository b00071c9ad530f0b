"""The one door of every engine, and how to make the one that the committee names."""

from collections.abc import Sequence
from typing import Protocol

from chain import keys
from chain.genesis import Genesis, compute_genesis_hash
from consensus.chain import Chain, Tip
from consensus.effects import Effect
from consensus.events import Event
from consensus.last_signed import LastSigned
from consensus.messages import Message
from consensus.state import EngineState
from consensus.switch import CommitteeEngine, Summary
from consensus.value import Timer, Value

__all__ = [
    "Effect",
    "Engine",
    "EngineState",
    "Event",
    "LastSigned",
    "Message",
    "Summary",
    "Timer",
    "Tip",
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

    def summary(self) -> Summary:
        """Say what this node has of its present height, for a peer to fill the gaps."""
        ...

    def messages_missing_in(self, summary: Summary) -> list[Message]:
        """Give the messages that would help the peer which sent `summary`.

        Raises: PeerFault: VT-3024: a bitmap does not fit the validator set.
        """
        ...


def make_engine(
    genesis: Genesis,
    *,
    tip: Tip,
    signers: Sequence[keys.Signer],
    hard_state: EngineState | None = None,
    last_signed: LastSigned | None = None,
    verify: keys.Verifier = keys.verify,
) -> Engine:
    """Make the engine of this chain, ready for its `Started` event.

    Args: tip: what the last committed block, or genesis, leaves to it; signers: this node's vote
    keys, of which each height's committee names the one that speaks (none: it observes), looked at
    again at every height; hard_state: the last one persisted; last_signed: from its own file.
    Raises: Corruption: VT-3023: the engine's state is of a later height than the chain.
    """
    return CommitteeEngine(
        Chain(compute_genesis_hash(genesis), genesis.timing, verify),
        signers=signers,
        tip=tip,
        hard_state=hard_state,
        last_signed=last_signed,
    )
