import base64
import hashlib
import json
import re

import pytest

from chain import dsse
from chain.errors import InvalidInput
from chain.scalars import HEIGHT_MAX, Hash, TwinId
from tests.vectors.sample import make_key

TWIN = TwinId("R80711")
INSPECTION = "https://example.org/inspection/v1"
REPORT = dsse.FileSubject("report.pdf", Hash(hashlib.sha256(b"report").digest()), 6)
KEY = make_key("inspector")


def make_statement(**changes: object) -> dict[str, object]:
    statement = json.loads(dsse.build_statement(TWIN, INSPECTION, {"result": "pass"}, [REPORT]))
    return statement | changes


def make_envelope(**changes: object) -> dict[str, object]:
    payload = json.dumps(make_statement()).encode()
    return json.loads(dsse.build_envelope(KEY, payload)) | changes


def check_envelope_refused(envelope: object, reason: str) -> None:
    data = envelope if isinstance(envelope, bytes) else json.dumps(envelope).encode()
    with pytest.raises(InvalidInput) as caught:
        dsse.open_envelope(data, KEY.public_key)
    assert str(caught.value) == f"VT-2030: {reason}."


def check_statement_refused(statement: object, reason: str) -> None:
    data = statement if isinstance(statement, bytes) else json.dumps(statement).encode()
    check_envelope_refused(dsse.build_envelope(KEY, data), reason)


def test_what_was_built_is_accepted():
    payload = dsse.build_statement(TWIN, INSPECTION, {"result": "pass", "rpm": 12.5}, [REPORT])
    statement = dsse.open_envelope(dsse.build_envelope(KEY, payload), KEY.public_key)
    assert statement == dsse.Statement(
        TWIN, (REPORT,), INSPECTION, {"result": "pass", "rpm": "12.5"}, payload
    )


def test_a_statement_is_what_in_toto_says():
    assert make_statement() == {
        "_type": "https://in-toto.io/Statement/v1",
        "subject": [
            {
                "name": "report.pdf",
                "digest": {"sha256": hashlib.sha256(b"report").hexdigest()},
                "annotations": {"size": 6},
            },
            {
                "name": "veritwin:twin/R80711",
                "digest": {"sha256": hashlib.sha256(b"R80711").hexdigest()},
            },
        ],
        "predicateType": INSPECTION,
        "predicate": {"result": "pass"},
    }


def test_the_key_id_is_the_public_key_in_hex_but_only_a_hint():
    envelope = make_envelope()
    assert envelope["signatures"][0]["keyid"] == KEY.public_key.hex()
    for hint in ({"keyid": ""}, {"keyid": "another"}, {}):
        signatures = [{"sig": envelope["signatures"][0]["sig"]} | hint]
        data = json.dumps(envelope | {"signatures": signatures}).encode()
        assert dsse.open_envelope(data, KEY.public_key).twin == TWIN


def test_url_safe_base64_and_unknown_fields_are_accepted():
    envelope = make_envelope()
    for name in ("payload", "extra"):
        envelope[name] = envelope["payload"].replace("+", "-").replace("/", "_")
    assert dsse.open_envelope(json.dumps(envelope).encode(), KEY.public_key).twin == TWIN


def test_pae_and_envelope_agree_with_the_vector_of_the_specification(shared):
    text = (shared / "vectors" / "dsse" / "protocol.md").read_text()
    body = re.search(r"SERIALIZED_BODY:\n\n```none\n(.*)\n```", text)
    kind = re.search(r"PAYLOAD_TYPE:\n\n```none\n(.*)\n```", text)
    encoding = re.search(r"PAE:\n\n```none\n(.*)\n```", text)
    envelope = re.search(r"```json\n(.*?)```", text, re.DOTALL)
    assert body
    assert kind
    assert encoding
    assert envelope
    assert dsse.pae(kind[1], body[1].encode()) == encoding[1].encode()
    assert base64.b64decode(json.loads(envelope[1])["payload"]) == body[1].encode()


def test_pae_counts_bytes_not_letters():
    assert dsse.pae("é", b"\xff") == b"DSSEv1 2 \xc3\xa9 1 \xff"


def test_foreign_software_verifies_our_envelope():
    dsse_module = pytest.importorskip("securesystemslib.dsse")
    signer_module = pytest.importorskip("securesystemslib.signer")
    payload = dsse.build_statement(TWIN, INSPECTION, {"result": "pass"}, [REPORT])
    parsed = dsse_module.Envelope.from_dict(json.loads(dsse.build_envelope(KEY, payload)))
    key = signer_module.SSlibKey(
        KEY.public_key.hex(), "ed25519", "ed25519", {"public": KEY.public_key.hex()}
    )
    assert list(parsed.verify([key], 1)) == [KEY.public_key.hex()]
    statement_module = pytest.importorskip("in_toto_attestation.v1.statement_pb2")
    json_format = pytest.importorskip("google.protobuf.json_format")
    statement = json_format.Parse(payload, statement_module.Statement())
    file, twin = statement.subject
    assert (file.name, twin.name) == ("report.pdf", "veritwin:twin/R80711")
    assert dict(file.annotations.items()) == {"size": 6}
    assert dict(file.digest) == {"sha256": hashlib.sha256(b"report").hexdigest()}


def test_foreign_software_builds_what_we_read():
    statement_module = pytest.importorskip("in_toto_attestation.v1.statement")
    descriptor_module = pytest.importorskip("in_toto_attestation.v1.resource_descriptor")
    dsse_module = pytest.importorskip("securesystemslib.dsse")
    json_format = pytest.importorskip("google.protobuf.json_format")
    twin = {"sha256": hashlib.sha256(TWIN.encode()).hexdigest()}
    built = statement_module.Statement(
        subjects=[
            descriptor_module.ResourceDescriptor(
                name="report.pdf", digest={"sha256": REPORT.sha256.hex()}
            ).pb,
            descriptor_module.ResourceDescriptor(name=f"veritwin:twin/{TWIN}", digest=twin).pb,
        ],
        predicate_type=INSPECTION,
        predicate={"result": "pass"},
    )
    built.validate()
    payload = json_format.MessageToJson(built.pb).encode()
    signature = KEY.sign(dsse.pae(dsse.PAYLOAD_TYPE, payload))
    foreign_signature = pytest.importorskip("securesystemslib.signer").Signature
    keyid = KEY.public_key.hex()
    envelope = dsse_module.Envelope(
        payload, dsse.PAYLOAD_TYPE, {keyid: foreign_signature(keyid, signature.hex())}
    )
    data = json.dumps(envelope.to_dict()).encode()
    statement = dsse.open_envelope(data, KEY.public_key)
    assert (statement.twin, statement.predicate) == (TWIN, {"result": "pass"})
    assert statement.files == (dsse.FileSubject("report.pdf", REPORT.sha256),)


def test_another_key_is_refused():
    data = dsse.build_envelope(make_key("somebody"), json.dumps(make_statement()).encode())
    check_envelope_refused(data, "its signature does not verify under the sender's key")


def test_a_changed_payload_is_refused():
    changed = json.dumps(make_statement(predicate={"result": "fail"})).encode()
    check_envelope_refused(
        make_envelope(payload=base64.b64encode(changed).decode()),
        "its signature does not verify under the sender's key",
    )


def test_a_second_signature_is_refused():
    signatures = make_envelope()["signatures"]
    for wrong in (signatures * 2, [], None):
        check_envelope_refused(
            make_envelope(signatures=wrong), "it does not have exactly one signature"
        )


def test_another_payload_type_is_refused():
    check_envelope_refused(
        make_envelope(payloadType="application/json"),
        "its payloadType is not application/vnd.in-toto+json",
    )


@pytest.mark.parametrize(
    "text", ["QR==", "QQ=", "QQ", "Q Q=", "QQ==QQ==", "+-+-", "é===", "", None, 7, "QQ==\n"]
)
def test_base64_has_one_spelling(text):
    wrong = (
        "its payload is not canonical base64"
        if text != ""
        else ("its signature does not verify under the sender's key")
    )
    check_envelope_refused(make_envelope(payload=text), wrong)


def test_a_signature_of_another_size_is_refused():
    check_envelope_refused(
        make_envelope(signatures=[{"sig": "QQ=="}]),
        "its signature does not have the 64 bytes of Ed25519",
    )


def test_a_signature_that_is_no_object_is_refused():
    sig = make_envelope()["signatures"][0]["sig"]
    for wrong in (sig, {"sig": sig, "keyid": 7}):
        check_envelope_refused(
            make_envelope(signatures=[wrong]),
            "its signature is not an object with keyid and sig",
        )


def test_keys_that_stand_twice_are_refused_at_any_depth():
    data = json.dumps(make_envelope()).encode()
    check_envelope_refused(data[:-1] + b',"payload":"QQ=="}', "it names a key twice in one object")
    text = json.dumps(make_statement()).replace('"pass"', '{"a": [{"b": 1, "b": 2}]}')
    check_statement_refused(text.encode(), "it names a key twice in one object")


def test_nesting_is_limited_before_parsing():
    deep = b'{"a":' + b"[" * 32 + b"]" * 32 + b"}"
    check_envelope_refused(deep, "the envelope is nested more than 32 levels deep")
    check_envelope_refused(b"[" * 60_000, "the envelope is nested more than 32 levels deep")
    allowed = json.dumps(make_envelope(extra="[" * 100 + '"\\')).encode()
    assert dsse.open_envelope(allowed, KEY.public_key).twin == TWIN
    level = json.loads("[" * 31 + "]" * 31)
    allowed = json.dumps(make_envelope(extra=level)).encode()
    assert dsse.open_envelope(allowed, KEY.public_key).twin == TWIN


@pytest.mark.timeout(5)
def test_text_that_is_hard_to_scan_is_refused_quickly():
    for hard in (b'"' + b'\\"' * 32_000, b'\\"' * 32_000, b'"' * 60_000):
        check_envelope_refused(hard, "the envelope is not JSON in UTF-8")


def test_size_is_limited():
    check_envelope_refused(b" " * 65_537, "the envelope has more than 65536 bytes")


@pytest.mark.parametrize(
    "data", [b"", b"{", b"{}x", b"\xff\xfe", b"\xef\xbb\xbf{}", b"{'a': 1}", b'{"a": 01}']
)
def test_what_is_not_json_is_refused(data):
    check_envelope_refused(data, "the envelope is not JSON in UTF-8")
    check_statement_refused(data, "the statement is not JSON in UTF-8")


def test_what_is_no_object_is_refused():
    check_envelope_refused(b"[]", "the envelope is not a JSON object")
    check_statement_refused(b"7", "the statement is not a JSON object")


@pytest.mark.parametrize("number", [b"NaN", b"Infinity", b"-Infinity"])
def test_numbers_that_are_none_are_refused(number):
    check_envelope_refused(b'{"a": ' + number + b"}", "it holds a number that is no number")


def test_long_integers_are_refused_whatever_the_interpreter_allows():
    check_envelope_refused(
        b'{"a": -12345678901234567}', "it holds an integer of more than 16 digits"
    )


def test_another_statement_type_is_refused():
    check_statement_refused(
        make_statement(_type="https://in-toto.io/Statement/v0.1"),
        "the statement's _type is not https://in-toto.io/Statement/v1",
    )


def test_a_statement_without_predicate_type_is_refused():
    for wrong, reason in (
        ("", "the statement's predicateType is empty"),
        (None, "the statement's predicateType is not a text"),
        ("x" * 1025, "the statement's predicateType has more than 1024 bytes"),
        ("\ud800", "the statement's predicateType holds half a character"),
    ):
        check_statement_refused(make_statement(predicateType=wrong), reason)


def test_a_predicate_that_is_no_object_is_refused():
    check_statement_refused(
        make_statement(predicate=[]), "the statement's predicate is not an object"
    )


def test_a_statement_names_exactly_one_twin():
    reason = "it does not name exactly one twin by a subject veritwin:twin/ID"
    file, twin = make_statement()["subject"]
    other = json.loads(dsse.build_statement(TwinId("R80721"), INSPECTION, {}))["subject"]
    check_statement_refused(make_statement(subject=[file]), reason)
    check_statement_refused(make_statement(subject=[twin, twin]), reason)
    check_statement_refused(make_statement(subject=[twin, *other]), reason)


def test_the_twin_is_named_with_the_hash_of_its_id():
    file, twin = make_statement()["subject"]
    wrong = twin | {"digest": file["digest"]}
    check_statement_refused(
        make_statement(subject=[file, wrong]),
        "the digest of the twin's subject is not the SHA-256 of its id",
    )


@pytest.mark.parametrize(
    "digest", [None, {}, {"sha1": "00" * 20}, {"sha256": "AB" * 32}, {"sha256": "ab" * 31}]
)
def test_a_subject_needs_a_sha256_digest(digest):
    _, twin = make_statement()["subject"]
    check_statement_refused(
        make_statement(subject=[{"name": "report.pdf", "digest": digest}, twin]),
        "a subject has no sha256 digest of 64 lower-case hex digits",
    )


def test_subjects_are_bounded():
    _, twin = make_statement()["subject"]
    reason = "the statement does not have 1 to 65 subjects"
    check_statement_refused(make_statement(subject=[]), reason)
    check_statement_refused(make_statement(subject={}), reason)
    check_statement_refused(make_statement(subject=[twin] * 66), reason)
    check_statement_refused(make_statement(subject=[7]), "a subject is not an object")


def test_a_file_may_have_no_name():
    file, twin = make_statement()["subject"]
    del file["name"]
    data = dsse.build_envelope(KEY, json.dumps(make_statement(subject=[file, twin])).encode())
    files = dsse.open_envelope(data, KEY.public_key).files
    assert files == (dsse.FileSubject("", REPORT.sha256, 6),)


@pytest.mark.parametrize("annotations", [{}, {"size": None}, {"media": [{}]}])
def test_a_size_need_not_be_given(annotations):
    file, twin = make_statement()["subject"]
    payload = json.dumps(make_statement(subject=[file | {"annotations": annotations}, twin]))
    (read,) = dsse.parse_statement(payload.encode()).files
    assert read == dsse.FileSubject("report.pdf", REPORT.sha256)


@pytest.mark.parametrize("size", [0, 6, HEIGHT_MAX])
def test_a_size_is_read_and_written(size):
    file = dsse.FileSubject("report.pdf", REPORT.sha256, size)
    assert dsse.parse_statement(dsse.build_statement(TWIN, INSPECTION, {}, [file])).files == (file,)


@pytest.mark.parametrize("size", ["6", -1, True, 6.0, 6.5, [], HEIGHT_MAX + 1])
def test_a_size_is_a_whole_number_of_bytes(size):
    file, twin = make_statement()["subject"]
    check_statement_refused(
        make_statement(subject=[file | {"annotations": {"size": size}}, twin]),
        "the size of a subject is not a whole number of bytes",
    )


@pytest.mark.parametrize("annotations", [None, [], 6, "size"])
def test_annotations_are_an_object(annotations):
    file, twin = make_statement()["subject"]
    check_statement_refused(
        make_statement(subject=[file | {"annotations": annotations}, twin]),
        "the annotations of a subject are not an object",
    )


@pytest.mark.parametrize(
    "letter", ["\0", "\n", "\x1b", "\x7f", "\x9b", "\u2028", "\u202e", "\u2066"]
)
def test_a_name_cannot_forge_the_text_around_it(letter):
    file, twin = make_statement()["subject"]
    check_statement_refused(
        make_statement(subject=[file | {"name": f"report{letter}.pdf"}, twin]),
        "the statement's subject name holds a control character",
    )


def test_a_statement_is_read_without_its_signature():
    payload = dsse.build_statement(TWIN, INSPECTION, {}, [REPORT])
    data = dsse.build_envelope(make_key("somebody"), payload)
    assert dsse.read_statement(data) == dsse.parse_statement(payload)


def test_a_statement_that_would_not_be_accepted_is_not_built():
    with pytest.raises(InvalidInput, match="predicateType is empty"):
        dsse.build_statement(TWIN, "", {})
