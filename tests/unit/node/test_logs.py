"""Logs: one line a record, values beside the message, no secret."""

import io
import json
import logging
from collections.abc import Iterator
from typing import Literal

import pytest

from node import logs


@pytest.fixture(autouse=True)
def _restored() -> Iterator[None]:
    root = logging.getLogger()
    before = (list(root.handlers), root.level, logging.getLogger("node").level)
    yield
    root.handlers[:] = before[0]
    root.setLevel(before[1])
    logging.getLogger("node").setLevel(before[2])


def _stream(form: Literal["text", "json"], level: str = "info") -> io.StringIO:
    stream = io.StringIO()
    logs.set_up_logs(form, level, stream)
    return stream


def test_json_line_holds_message_and_values() -> None:
    stream = _stream("json")
    logs.get_log("node.test").info("block committed", height=3, block=b"\x01\x02")
    record = json.loads(stream.getvalue())
    assert record.pop("time").endswith("Z")
    assert record == {
        "level": "info",
        "log": "node.test",
        "message": "block committed",
        "height": 3,
        "block": "0102",
    }


def test_text_line_ends_with_the_values() -> None:
    stream = _stream("text")
    logs.get_log("node.test").warning("peer gone", peer="a b", code="VT-5001")
    assert stream.getvalue().endswith('WARNING node.test: peer gone peer="a b" code=VT-5001\n')


def test_value_cannot_forge_a_line_or_colour() -> None:
    stream = _stream("text")
    logs.get_log("node.test").info("seen", name="x\n2026 ERROR \x1b[31m")
    assert stream.getvalue().count("\n") == 1
    assert "\x1b" not in stream.getvalue()


@pytest.mark.parametrize("form", ["text", "json"])
def test_secrets_are_hidden_wherever_they_stand(form: Literal["text", "json"]) -> None:
    stream = _stream(form)
    pem = "-----BEGIN PRIVATE KEY-----\nabcSECRET"
    log = logs.get_log("node.test")
    log.info("loaded", seed=b"abcSECRET", nested={"passphrase": "abcSECRET"}, text=pem)
    try:
        raise ValueError(pem)
    except ValueError as error:
        log.error("failed", error=error)
    shown = stream.getvalue()
    assert "abcSECRET" not in shown
    assert b"abcSECRET".hex() not in shown
    assert "ValueError" in shown


def test_long_values_are_cut() -> None:
    stream = _stream("json")
    logs.get_log("node.test").info("got", data="x" * 10_000)
    assert json.loads(stream.getvalue())["data"].endswith("... (10000 characters)")


def test_level_silences_what_is_below() -> None:
    stream = _stream("text", "warning")
    logs.get_log("node.test").info("quiet")
    assert stream.getvalue() == ""
