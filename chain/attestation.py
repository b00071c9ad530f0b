"""What an attestation says about files: a DSSE envelope around an in-toto Statement v1.

The envelope is JSON that a partner's tool made; its bytes are stored untouched. Here are the parts
of both formats that a receipt leans on: whose signature it is, and which files it names.

Source: the DSSE protocol and envelope documents v1.0, in-toto attestation framework v1.
"""

import base64
import binascii
from typing import Annotated, Final

import msgspec
from msgspec import Meta, Struct

from chain import keys
from chain.errors import InvalidInput
from chain.scalars import HEIGHT_MAX, CountField, HashField, PublicKey, Signature

PAYLOAD_TYPE: Final = "application/vnd.in-toto+json"
STATEMENT_TYPE: Final = "https://in-toto.io/Statement/v1"
TWIN_SUBJECT_PREFIX: Final = "veritwin:twin/"
"""A subject with such a name is the twin, not a file."""


class AttestedFile(Struct, frozen=True, array_like=True, forbid_unknown_fields=True):
    """A file that a statement is about.

    `size` is in bytes; None when the statement does not record it, in `annotations.size` of its
    subject.
    """

    name: Annotated[str, Meta(min_length=1, max_length=1024)]
    sha256: HashField
    size: CountField | None


class _EnvelopeSignature(Struct, frozen=True):
    sig: str


class _Envelope(Struct, frozen=True, rename={"payload_type": "payloadType"}):
    payload_type: str
    payload: str
    signatures: Annotated[list[_EnvelopeSignature], Meta(min_length=1, max_length=16)]


class _Subject(Struct, frozen=True):
    name: str = ""
    digest: dict[str, object] = {}
    annotations: object = None


class _Statement(Struct, frozen=True, rename={"type": "_type"}):
    type: str
    subject: list[_Subject]


def encode_pre_authentication(payload_type: str, payload: bytes) -> bytes:
    """Give the bytes that a DSSE signature signs. Source: DSSE protocol v1, PAE."""
    kind = payload_type.encode()
    return b"DSSEv1 %d %b %d %b" % (len(kind), kind, len(payload), payload)


def is_signed_by(envelope: bytes, key: PublicKey, verify: keys.Verifier = keys.verify) -> bool:
    """Tell whether one of the envelope's signatures was made with `key`.

    Raises: InvalidInput: VT-2030, it is not an envelope around a statement.
    """
    opened = _open_envelope(envelope)
    message = encode_pre_authentication(opened.payload_type, _from_base64(opened.payload))
    return any(
        verify(key, message, Signature(_from_base64(signature.sig)))
        for signature in opened.signatures
    )


def get_attested_files(envelope: bytes) -> tuple[AttestedFile, ...]:
    """Give the files that the statement names with a SHA-256 hash, in its order.

    Raises: InvalidInput: VT-2030, it is not an envelope around a statement.
    """
    opened = _open_envelope(envelope)
    try:
        statement = msgspec.json.decode(_from_base64(opened.payload), type=_Statement)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise InvalidInput("VT-2030", reason=f"the statement does not read: {error}") from error
    if statement.type != STATEMENT_TYPE:
        raise InvalidInput("VT-2030", reason=f"the payload's _type is not {STATEMENT_TYPE}")
    return tuple(
        _to_file(subject)
        for subject in statement.subject
        if subject.name
        and not subject.name.startswith(TWIN_SUBJECT_PREFIX)
        and "sha256" in subject.digest
    )


def _to_file(subject: _Subject) -> AttestedFile:
    annotations = subject.annotations
    size = annotations.get("size") if isinstance(annotations, dict) else None
    if type(size) is not int or not 0 <= size <= HEIGHT_MAX:
        # An annotation may be anything; only a plain number of bytes is taken from it.
        size = None
    sha256 = subject.digest["sha256"]
    try:
        digest = binascii.unhexlify(sha256 if isinstance(sha256, str) else "")
        return msgspec.convert([subject.name, digest, size], AttestedFile)
    except (msgspec.ValidationError, ValueError) as error:
        raise InvalidInput(
            "VT-2030", reason=f"subject {subject.name!r} does not name a file: {error}"
        ) from error


def _open_envelope(envelope: bytes) -> _Envelope:
    try:
        opened = msgspec.json.decode(envelope, type=_Envelope)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise InvalidInput("VT-2030", reason=f"it does not read as DSSE: {error}") from error
    if opened.payload_type != PAYLOAD_TYPE:
        raise InvalidInput("VT-2030", reason=f"its payload type is not {PAYLOAD_TYPE}")
    return opened


def _from_base64(text: str) -> bytes:
    """Decode base64; DSSE allows the standard and the URL-safe alphabet."""
    try:
        return base64.b64decode(text.replace("-", "+").replace("_", "/"), validate=True)
    except (ValueError, binascii.Error) as error:
        raise InvalidInput("VT-2030", reason=f"it holds bad base64: {error}") from error
