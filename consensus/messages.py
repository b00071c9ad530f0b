"""Everything that engines say to each other: one union over the engines.

Who takes messages from the wire asks here, and need not know which engine speaks.
"""

from typing import Final

from msgspec import Struct

from chain import keys
from chain.codec import decode, encode
from chain.scalars import Hash
from chain.validators import Validator, ValidatorSet
from consensus.bft import checks as bft_checks
from consensus.bft import messages as bft
from consensus.raft import checks as raft_checks
from consensus.raft import messages as raft

MESSAGE_SIZE_BYTES_MAX: Final = bft.MESSAGE_SIZE_BYTES_MAX

BftMessage = bft.Message
Message = bft.Message | raft.Message


class Envelope(Struct, frozen=True, array_like=True, forbid_unknown_fields=True):
    """One message on the wire; the array inside starts with its kind."""

    message: Message


def encode_message(message: Message) -> bytes:
    """Encode a message for the wire."""
    return encode(Envelope(message))


def decode_message(data: bytes) -> Message:
    """Decode a message from the wire; its signature is not checked here.

    Raises: InvalidInput: VT-1001, VT-1002 or VT-1003.
    """
    return decode(data, Envelope, MESSAGE_SIZE_BYTES_MAX).message


def kind_of(message: Message) -> str:
    """Give the word for a message, such as precommit or append."""
    if isinstance(message, BftMessage):
        return bft_checks.kind_of(message)
    return raft.kind_of(message)


def sender_of(message: Message) -> int:
    """Give the index of the member that signed a message, in the set of the message's height."""
    return bft_checks.sender_of(message) if isinstance(message, BftMessage) else message.author


def get_sender(message: Message, validators: ValidatorSet) -> Validator:
    """Give the member that a message names as its signer.

    Raises: PeerFault: VT-3020: there is none.
    """
    if isinstance(message, BftMessage):
        return bft_checks.get_sender(message, validators)
    return raft_checks.get_author(message, validators)


def check_message(
    message: Message, genesis: Hash, validators: ValidatorSet, verify: keys.Verifier
) -> None:
    """Check a message against the validator set of its height.

    Raises: PeerFault: VT-3020 nobody has that index, VT-3025 not the proposer's turn, VT-3026 bad
    signature, VT-3027 the message contradicts itself.
    """
    if isinstance(message, BftMessage):
        bft_checks.check_message(message, genesis, validators, verify)
    else:
        raft_checks.check_message(message, genesis, validators, verify)


def is_relayed(message: Message) -> bool:
    """Tell whether peers pass a message on: votes are for everyone, Raft's messages for one."""
    return isinstance(message, BftMessage)
