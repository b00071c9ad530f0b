"""DSSE envelopes around in-toto Statements v1: how a partner states something about a twin.

A statement has two kinds of subject. One names the twin, with the hash of its id, because in-toto
wants a digest for every subject; the others are the files that the statement vouches for:

    {"_type": "https://in-toto.io/Statement/v1",
     "subject": [{"name": "report.pdf", "digest": {"sha256": <hash of the file>},
                  "annotations": {"size": <bytes of the file>}},
                 {"name": "veritwin:twin/R80711", "digest": {"sha256": <hash of "R80711">}}],
     "predicateType": "https://example.org/inspection/v1", "predicate": {...}}

So any in-toto tool can check the file, and nobody can move a statement to another twin. The
envelope is signed with Ed25519 over the pre-authentication encoding. Its key id is a hint, as the
standard says: the key that counts is the sender's. Nodes must agree on what is valid, so parsing
is strict, depends on no library's taste, and every refusal has a constant reason. Who checks a
receipt reads the envelope by the same rules.

Source: DSSE v1.0.2 (protocol and envelope); in-toto attestation framework, Statement v1 and
ResourceDescriptor.
"""

import base64
import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from hashlib import sha256
from typing import Any, Final, NoReturn

from msgspec import Struct

from chain import keys
from chain.errors import InvalidInput
from chain.plain_text import CONTROL_PATTERN
from chain.scalars import (
    HEIGHT_MAX,
    CountField,
    Hash,
    HashField,
    PublicKey,
    Signature,
    TextField,
    TwinId,
)

PAYLOAD_TYPE: Final = "application/vnd.in-toto+json"
STATEMENT_TYPE: Final = "https://in-toto.io/Statement/v1"
TWIN_SUBJECT_PREFIX: Final = "veritwin:twin/"

ENVELOPE_SIZE_MAX: Final = 65_536
JSON_DEPTH_MAX: Final = 32
FILES_MAX: Final = 64
TEXT_SIZE_MAX: Final = 1_024
INTEGER_DIGITS_MAX: Final = 16
"""Longer integers do not survive a browser."""

_JSON_STRING: Final = re.compile(rb'"(?:[^"\\]++|\\.)*+"?', re.DOTALL)
"""Takes an unfinished string to the end too, so that looking for strings stays linear."""
_BRACKET: Final = re.compile(rb"[\[\]{}]")
_BASE64: Final = re.compile(r"[A-Za-z0-9+/]*={0,2}").fullmatch
_SHA256: Final = re.compile(r"[0-9a-f]{64}").fullmatch
_CONTROL: Final = re.compile(CONTROL_PATTERN).search


class FileSubject(Struct, frozen=True, array_like=True, forbid_unknown_fields=True):
    """A file that a statement vouches for, as receipts and the state hold it too.

    `name` may be empty. `sha256` is the plain hash of the file. `size` is in bytes; None when the
    statement does not record it, as `size` in the subject's annotations.
    """

    name: TextField
    sha256: HashField
    size: CountField | None = None


@dataclass(frozen=True, slots=True)
class Statement:
    """What was stated about a twin."""

    twin: TwinId
    files: tuple[FileSubject, ...]
    predicate_type: str
    predicate: Mapping[str, Any]
    """Parsed JSON; numbers that are not integers stay texts."""
    payload: bytes
    """The bytes that were signed and that all this was read from."""


@dataclass(frozen=True, slots=True)
class Envelope:
    """A parsed envelope; `payload` is the signed bytes."""

    payload: bytes
    signature: Signature


def pae(payload_type: str, payload: bytes) -> bytes:
    """Give the bytes that are signed. Source: DSSE protocol, Signature Definition."""
    kind = payload_type.encode()
    return b"DSSEv1 %d %s %d %s" % (len(kind), kind, len(payload), payload)


def build_statement(
    twin: TwinId,
    predicate_type: str,
    predicate: Mapping[str, Any],
    files: Sequence[FileSubject] = (),
) -> bytes:
    """Build the payload of an envelope: a statement about `twin` and perhaps some files.

    Args: predicate: data for `json.dumps`.
    Raises: InvalidInput: VT-2030, it would not be accepted.
    """
    subjects = [_to_subject(one) for one in files]
    subjects.append(_to_subject(FileSubject(TWIN_SUBJECT_PREFIX + twin, _hash_twin(twin))))
    statement = {
        "_type": STATEMENT_TYPE,
        "subject": subjects,
        "predicateType": predicate_type,
        "predicate": predicate,
    }
    payload = json.dumps(statement, sort_keys=True, separators=(",", ":")).encode()
    parse_statement(payload)
    return payload


def build_envelope(signer: keys.SigningKey, payload: bytes) -> bytes:
    """Sign a payload: give the envelope as JSON, with the key in hex as key id."""
    signature = signer.sign(pae(PAYLOAD_TYPE, payload))
    envelope = {
        "payload": base64.b64encode(payload).decode(),
        "payloadType": PAYLOAD_TYPE,
        "signatures": [
            {"keyid": signer.public_key.hex(), "sig": base64.b64encode(signature).decode()}
        ],
    }
    return json.dumps(envelope, separators=(",", ":")).encode()


def open_envelope(data: bytes, key: PublicKey, *, verify: keys.Verifier = keys.verify) -> Statement:
    """Check an envelope under `key` and give the statement inside.

    Raises: InvalidInput: VT-2030, with the reason.
    """
    envelope = parse_envelope(data)
    if not verify(key, pae(PAYLOAD_TYPE, envelope.payload), envelope.signature):
        _refuse("its signature does not verify under the sender's key")
    return parse_statement(envelope.payload)


def read_statement(data: bytes) -> Statement:
    """Give the statement in an envelope whose signature somebody else has checked.

    Raises: InvalidInput: VT-2030, with the reason.
    """
    return parse_statement(parse_envelope(data).payload)


def parse_envelope(data: bytes) -> Envelope:
    """Read an envelope without checking its signature; fields that are not known are ignored.

    Raises: InvalidInput: VT-2030, with the reason.
    Source: DSSE envelope, Parsing rules.
    """
    envelope = _parse_object(data, "the envelope")
    if envelope.get("payloadType") != PAYLOAD_TYPE:
        _refuse(f"its payloadType is not {PAYLOAD_TYPE}")
    payload = _decode_base64(envelope.get("payload"), "payload")
    signatures = envelope.get("signatures")
    if not isinstance(signatures, list) or len(signatures) != 1:
        _refuse("it does not have exactly one signature")
    entry = signatures[0]
    if not isinstance(entry, dict) or not isinstance(entry.get("keyid", ""), str):
        _refuse("its signature is not an object with keyid and sig")
    signature = _decode_base64(entry.get("sig"), "signature")
    if len(signature) != 64:
        _refuse("its signature does not have the 64 bytes of Ed25519")
    return Envelope(payload, Signature(signature))


def parse_statement(payload: bytes) -> Statement:
    """Read a statement about one twin.

    Raises: InvalidInput: VT-2030, with the reason.
    Source: in-toto Statement v1.
    """
    statement = _parse_object(payload, "the statement")
    if statement.get("_type") != STATEMENT_TYPE:
        _refuse(f"the statement's _type is not {STATEMENT_TYPE}")
    predicate_type = _check_text(statement.get("predicateType"), "predicateType")
    if not predicate_type:
        _refuse("the statement's predicateType is empty")
    predicate = statement.get("predicate", {})
    if not isinstance(predicate, dict):
        _refuse("the statement's predicate is not an object")
    twin, files = _parse_subjects(statement.get("subject"))
    return Statement(twin, files, predicate_type, predicate, payload)


def _parse_subjects(subjects: object) -> tuple[TwinId, tuple[FileSubject, ...]]:
    if not isinstance(subjects, list) or not 1 <= len(subjects) <= FILES_MAX + 1:
        _refuse(f"the statement does not have 1 to {FILES_MAX + 1} subjects")
    twins: list[TwinId] = []
    files: list[FileSubject] = []
    for subject in subjects:
        read = _parse_subject(subject)
        if not read.name.startswith(TWIN_SUBJECT_PREFIX):
            files.append(read)
            continue
        twin = TwinId(read.name.removeprefix(TWIN_SUBJECT_PREFIX))
        if read.sha256 != _hash_twin(twin):
            _refuse("the digest of the twin's subject is not the SHA-256 of its id")
        twins.append(twin)
    if len(twins) != 1:
        _refuse(f"it does not name exactly one twin by a subject {TWIN_SUBJECT_PREFIX}ID")
    return twins[0], tuple(files)


def _parse_subject(subject: object) -> FileSubject:
    if not isinstance(subject, dict):
        _refuse("a subject is not an object")
    name = _check_text(subject.get("name", ""), "subject name")
    if _CONTROL(name) is not None:
        _refuse("the statement's subject name holds a control character")
    digests = subject.get("digest")
    digest = digests.get("sha256") if isinstance(digests, dict) else None
    if not isinstance(digest, str) or _SHA256(digest) is None:
        _refuse("a subject has no sha256 digest of 64 lower-case hex digits")
    return FileSubject(name, Hash(bytes.fromhex(digest)), _parse_size(subject))


def _parse_size(subject: dict[str, Any]) -> int | None:
    """Give the size in a subject's annotations; other annotations are anybody's business."""
    annotations = subject.get("annotations", {})
    if not isinstance(annotations, dict):
        _refuse("the annotations of a subject are not an object")
    size = annotations.get("size")
    # A bool is an int in Python; a fraction was left a text.
    if size is not None and (type(size) is not int or not 0 <= size <= HEIGHT_MAX):
        _refuse("the size of a subject is not a whole number of bytes")
    return size


def _to_subject(file: FileSubject) -> dict[str, Any]:
    subject: dict[str, Any] = {"name": file.name, "digest": {"sha256": file.sha256.hex()}}
    return subject if file.size is None else {**subject, "annotations": {"size": file.size}}


def _hash_twin(twin: TwinId) -> Hash:
    return Hash(sha256(twin.encode()).digest())


def _check_text(value: object, what: str) -> str:
    if not isinstance(value, str):
        _refuse(f"the statement's {what} is not a text")
    try:
        size = len(value.encode())
    except UnicodeEncodeError:
        _refuse(f"the statement's {what} holds half a character")
    if size > TEXT_SIZE_MAX:
        _refuse(f"the statement's {what} has more than {TEXT_SIZE_MAX} bytes")
    return value


def _decode_base64(text: object, what: str) -> bytes:
    """Decode base64 in the standard or the URL-safe alphabet: padded, and in its one spelling."""
    if isinstance(text, str):
        standard = text
        if "-" in text or "_" in text:
            standard = text.translate({ord("+"): "!", ord("/"): "!", ord("-"): "+", ord("_"): "/"})
        if len(standard) % 4 == 0 and _BASE64(standard) is not None:
            data = base64.b64decode(standard)
            if base64.b64encode(data).decode() == standard:
                return data
    _refuse(f"its {what} is not canonical base64")


def _parse_object(data: bytes, what: str) -> dict[str, Any]:
    """Parse a JSON object strictly: bounded size and depth, no key twice, no odd numbers."""
    if len(data) > ENVELOPE_SIZE_MAX:
        _refuse(f"{what} has more than {ENVELOPE_SIZE_MAX} bytes")
    _check_depth(data, what)
    try:
        value = json.loads(
            data.decode(),
            object_pairs_hook=_to_dict,
            parse_int=_parse_int,
            parse_float=str,
            parse_constant=_refuse_constant,
        )
    except ValueError:
        _refuse(f"{what} is not JSON in UTF-8")
    if not isinstance(value, dict):
        _refuse(f"{what} is not a JSON object")
    return value


def _check_depth(data: bytes, what: str) -> None:
    depth = 0
    for bracket in _BRACKET.finditer(_JSON_STRING.sub(b"", data)):
        depth += 1 if bracket[0] in b"[{" else -1
        if depth > JSON_DEPTH_MAX:
            _refuse(f"{what} is nested more than {JSON_DEPTH_MAX} levels deep")


def _to_dict(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    result = dict(pairs)
    if len(result) != len(pairs):
        _refuse("it names a key twice in one object")
    return result


def _parse_int(text: str) -> int:
    if len(text.lstrip("-")) > INTEGER_DIGITS_MAX:
        _refuse(f"it holds an integer of more than {INTEGER_DIGITS_MAX} digits")
    return int(text)


def _refuse_constant(name: str) -> NoReturn:
    _refuse("it holds a number that is no number")


def _refuse(reason: str) -> NoReturn:
    raise InvalidInput("VT-2030", reason=reason)
