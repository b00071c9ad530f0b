"""DSSE envelopes and in-toto statements, as far as receipts lean on them."""

import base64
import json
from hashlib import sha256
from typing import Any

import pytest

from chain.attestation import (
    AttestedFile,
    encode_pre_authentication,
    get_attested_files,
    is_signed_by,
)
from chain.errors import InvalidInput
from chain.scalars import Hash
from contracts.dsse import open_envelope
from tests.vectors.sample import REPORT, REPORT_NAME, make_envelope, make_key

KEY = make_key("inspector")
STATEMENT: dict[str, Any] = {
    "_type": "https://in-toto.io/Statement/v1",
    "subject": [],
    "predicateType": "x",
    "predicate": {},
}


def wrap(statement: object, **fields: object) -> bytes:
    payload = base64.b64encode(json.dumps(statement).encode()).decode()
    envelope = {
        "payloadType": "application/vnd.in-toto+json",
        "payload": payload,
        "signatures": [{"sig": ""}],
        **fields,
    }
    return json.dumps(envelope).encode()


def test_the_pre_authentication_encoding_is_that_of_the_protocol() -> None:
    assert encode_pre_authentication("http://example.com/HelloWorld", b"hello world") == (
        b"DSSEv1 29 http://example.com/HelloWorld 11 hello world"
    )


def test_the_signature_is_that_of_the_key() -> None:
    assert is_signed_by(make_envelope(KEY), KEY.public_key)
    assert not is_signed_by(make_envelope(KEY), make_key("other").public_key)


def test_one_of_several_signatures_is_enough() -> None:
    mine = json.loads(make_envelope(KEY))
    other = json.loads(make_envelope(make_key("other")))
    mine["signatures"] = other["signatures"] + mine["signatures"]
    assert is_signed_by(json.dumps(mine).encode(), KEY.public_key)


def test_url_safe_base64_is_allowed_as_dsse_says() -> None:
    envelope = json.loads(make_envelope(KEY))
    signature = base64.b64decode(envelope["signatures"][0]["sig"])
    envelope["signatures"][0]["sig"] = base64.urlsafe_b64encode(signature).decode()
    assert is_signed_by(json.dumps(envelope).encode(), KEY.public_key)


def test_the_sample_is_an_attestation_that_the_chain_accepts() -> None:
    statement = open_envelope(make_envelope(KEY), KEY.public_key)
    files = get_attested_files(make_envelope(KEY))
    assert [(file.name, file.sha256) for file in statement.files] == [
        (file.name, file.sha256) for file in files
    ]


def test_files_are_the_subjects_with_a_sha256() -> None:
    digest = sha256(REPORT).digest()
    assert get_attested_files(make_envelope(KEY)) == (
        AttestedFile(REPORT_NAME, Hash(digest), len(REPORT)),
    )
    subject = [
        {"name": "a", "digest": {"sha1": "00"}},
        {"name": "", "digest": {"sha256": "00" * 32}},
        {"name": "b", "digest": {"sha256": "00" * 32, "sha1": "00"}, "uri": "x"},
    ]
    assert get_attested_files(wrap({**STATEMENT, "subject": subject})) == (
        AttestedFile("b", Hash(bytes(32)), None),
    )


@pytest.mark.parametrize(
    "annotations", [None, [], {}, {"size": "37"}, {"size": -1}, {"size": True}]
)
def test_only_a_plain_number_of_bytes_is_taken_as_size(annotations: object) -> None:
    subject = {"name": "a", "digest": {"sha256": "00" * 32}, "annotations": annotations}
    (file,) = get_attested_files(wrap({**STATEMENT, "subject": [subject]}))
    assert file == AttestedFile("a", Hash(bytes(32)), None)


@pytest.mark.parametrize(
    ("envelope", "reason"),
    [
        (b"{", "it does not read as DSSE: "),
        (b"[" * 60_000, "it does not read as DSSE: "),
        (wrap(STATEMENT, signatures=[]), "it does not read as DSSE: "),
        (wrap(STATEMENT, payloadType="text/plain"), "its payload type is not application/"),
        (wrap(STATEMENT, payload="*"), "it holds bad base64: "),
        (wrap([]), "the statement does not read: "),
        (wrap({**STATEMENT, "_type": "x"}), "the payload's _type is not https://in-toto.io/"),
        (
            wrap({**STATEMENT, "subject": [{"name": "a", "digest": {"sha256": "zz"}}]}),
            "subject 'a' does not name a file: Non-hexadecimal digit found",
        ),
        (
            wrap({**STATEMENT, "subject": [{"name": "a", "digest": {"sha256": "00"}}]}),
            "subject 'a' does not name a file: ",
        ),
        (
            wrap({**STATEMENT, "subject": [{"name": "a", "digest": {"sha256": 5}}]}),
            "subject 'a' does not name a file: ",
        ),
    ],
)
def test_a_malformed_envelope_says_what_is_wrong(envelope: bytes, reason: str) -> None:
    with pytest.raises(InvalidInput) as caught:
        get_attested_files(envelope)
    assert caught.value.code == "VT-2030"
    assert caught.value.why.startswith(reason)
