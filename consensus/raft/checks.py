"""What a message must meet before it counts: an author that exists, and sound signatures."""

from chain import keys
from chain.certificate import check_certificate, precommit_hash
from chain.errors import InvalidInput, PeerFault
from chain.scalars import Hash
from chain.validators import Validator, ValidatorSet
from consensus.raft.messages import Append, AppendAnswer, Decided, Message, kind_of, message_hash


def get_author(message: Message, validators: ValidatorSet) -> Validator:
    """Give the member that a message names as its author.

    Raises: PeerFault: VT-3020: there is none.
    """
    member = validators.get(message.author)
    if member is None:
        raise PeerFault(
            "VT-3020",
            kind=kind_of(message),
            height=message.height,
            index=message.author,
            count=len(validators),
        )
    return member


def check_message(
    message: Message, genesis: Hash, validators: ValidatorSet, verify: keys.Verifier
) -> None:
    """Check a message against the committee of its height, to the signatures inside it.

    Raises: PeerFault: VT-3020 nobody has that index, VT-3026 bad signature, VT-3027 the message
    contradicts itself, or what it carries does not hold.
    """
    member = get_author(message, validators)
    if not verify(member.vote_key, message_hash(genesis, message), message.signature):
        raise PeerFault("VT-3026", **_place(message))
    match message:
        case Append():
            _check_append(message)
        case AppendAnswer():
            _check_acknowledgement(message, member, genesis, verify)
        case _:
            return


def check_decision(
    message: Decided, genesis: Hash, validators: ValidatorSet, verify: keys.Verifier
) -> None:
    """Check the certificate of a `Decided` against the committee of the certificate's height.

    Raises: PeerFault: VT-3027: too little weight signed it, or a signature does not fit.
    """
    try:
        check_certificate(message.certificate, genesis, validators, verify=verify)
    except InvalidInput as error:
        raise PeerFault("VT-3027", **_place(message), reason=error.why) from error


def _check_append(message: Append) -> None:
    if message.value is not None and message.value.id != message.block:
        raise PeerFault("VT-3027", **_place(message), reason="its value is not the one it names")


def _check_acknowledgement(
    message: AppendAnswer, member: Validator, genesis: Hash, verify: keys.Verifier
) -> None:
    given = message.acknowledgement
    if given is None:
        return
    digest = precommit_hash(genesis, message.height, message.term, given.block, given.time_ms)
    if not verify(member.vote_key, digest, given.signature):
        raise PeerFault("VT-3027", **_place(message), reason="its precommit is not signed by it")


def _place(message: Message) -> dict[str, object]:
    return {
        "kind": kind_of(message),
        "index": message.author,
        "height": message.height,
        "round": message.term,
    }
