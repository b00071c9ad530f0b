"""What happens in a simulation, told in the words of the scenarios."""

from typing import Any

from chain.errors import InvalidInput, PeerFault
from chain.genesis import Limits
from consensus.bft.messages import Proposal, Vote
from consensus.messages import sender_of
from consensus.value import ValueId
from node.replica import effects, events
from node.replica.messages import (
    AnyPeerMessage,
    Blocks,
    BlocksRequest,
    ConsensusMessage,
    Have,
    Status,
    Transactions,
    Want,
    decode_frame,
)

_LIMITS = Limits()


def tell(thing: object) -> str:
    """Give a frame, an event, an effect or anything else in a few words."""
    match thing:
        case bytes():
            return tell_frame(thing)
        case events.TimerFired(timer):
            return f"{timer.step} of {timer.height}/{timer.round} ran out"
        case effects.Expired(transactions):
            return f"expired: {len(transactions)} transactions"
        case effects.ProposalRefused(block, error):
            return f"refuses {name(block)}: {error.why}"
        case effects.Accuse(first, second):
            return f"accuses {sender_of(first)} of {describe(first)} and {describe(second)}"
        case effects.Disconnect(peer, error):
            return f"disconnects {peer}: {error}"
        case effects.Commit():
            header = thing.header
            signers = ",".join(str(one.validator) for one in thing.certificate.signatures)
            count = len(thing.transactions)
            return (
                f"commits {name(thing.block)} at {header.height}/{thing.certificate.round} "
                f"with {count} transactions, signed by {signers}"
            )
        case _:
            return str(thing)


def tell_frame(frame: bytes) -> str:
    """Give what a frame holds."""
    try:
        return tell_message(decode_frame(frame, _LIMITS))
    except (PeerFault, InvalidInput) as error:
        return f"{len(frame)} bytes that are no message: {error.why}"


def tell_message(message: AnyPeerMessage) -> str:
    """Give a message of a peer in a few words."""
    match message:
        case ConsensusMessage(inner):
            return describe(inner)
        case Transactions(origin, transactions):
            return f"{len(transactions)} transactions of {origin}"
        case Have(transactions):
            return f"the names of {len(transactions)} transactions"
        case Want(transactions):
            return f"a wish for {len(transactions)} transactions"
        case Status(height, block):
            return f"status {height} {name(block)} in round {message.summary.round}"
        case BlocksRequest(first, count):
            return f"a wish for {count} blocks from {first}"
        case Blocks(height, blocks):
            heights = ",".join(str(one.block.header.height) for one in blocks)
            return f"blocks {heights or 'none'} of {height}"
        case _:
            return _tell_any(message)


def kind_of(message: AnyPeerMessage | bytes) -> str:
    """Give the word for what a message is: a vote is a prevote or a precommit."""
    inner = message.message if isinstance(message, ConsensusMessage) else message
    return inner.kind if isinstance(inner, Vote) else type(inner).__name__.lower()


def author_of(message: AnyPeerMessage | bytes) -> int | None:
    """Give the index of the validator that signed a message; None for what only its sender says."""
    return sender_of(message.message) if isinstance(message, ConsensusMessage) else None


def describe(message: object) -> str:
    """Give a message of the engine, as `tests/scenarios` writes it."""
    match message:
        case Proposal():
            valid = f" valid in {message.valid_round}" if message.valid_round >= 0 else ""
            place = f"{message.height}/{message.round}"
            return f"proposal {place} {name(message.value.id)}{valid} of {message.proposer}"
        case Vote():
            place = f"{message.height}/{message.round}"
            return f"{message.kind} {place} {name(message.block)} of {message.validator}"
        case _:
            return _tell_any(message)


def name(value: ValueId) -> str:
    """Give the beginning of a block's hash, which is enough to tell blocks apart."""
    return "nil" if value is None else value.hex()[:6]


def _tell_any(message: Any) -> str:
    """Give what another engine says: its kind and its plain numbers."""
    fields = {field: getattr(message, field) for field in getattr(message, "__struct_fields__", ())}
    plain = [
        f"{field}={value}" for field, value in fields.items() if isinstance(value, int | str | bool)
    ]
    return " ".join([type(message).__name__.lower(), *plain])
