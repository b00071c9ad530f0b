"""A file that a person wrote is taken as meant, or refused with the line and the nearest word."""

import re
from pathlib import Path
from typing import Annotated

import pytest
from msgspec import Meta, Struct

from chain.errors import InvalidInput
from node import strict_yaml


class Listener(Struct, frozen=True, forbid_unknown_fields=True):
    host: str
    port: Annotated[int, Meta(ge=0, le=65535)] = 0


class Settings(Struct, frozen=True, forbid_unknown_fields=True):
    name: str
    api: Listener | None = None
    peers: tuple[Listener, ...] = ()
    labels: dict[str, Listener] = {}
    strict: bool = True


def test_values_mean_what_their_field_says() -> None:
    text = "name: no\napi: {host: 1.10, port: 80}\nstrict: false\npeers: [{host: 2015-02-07}]\n"
    assert strict_yaml.parse(text, Settings) == Settings(
        name="no", api=Listener("1.10", 80), strict=False, peers=(Listener("2015-02-07"),)
    )


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("nam: a\n", "line 1: unknown key 'nam'; did you mean 'name'?"),
        ("name: a\napi:\n  hots: b\n", "line 3: unknown key 'hots'; did you mean 'host'?"),
        ("name: a\npeers:\n  - {host: b, prot: 1}\n", "line 3: unknown key 'prot'; did you mean"),
        ("name: a\nlabels:\n  x: {zzz: b}\n", "line 3: unknown key 'zzz'; known keys: host, port"),
        ("name: a\nname: b\n", "line 2: key 'name' stands here twice"),
        ("? [a]\n: b\n", "line 1: found unhashable key"),
        ("name: a\napi:\n  host: b\n  port: 70000\n", "line 4: api.port: expected `int` <= 65535"),
        ("name: a\npeers:\n- {host: b}\n- {host: c, port: x}\n", "line 4: peers.1.port: expected"),
        ("api: {host: b}\n", "line 1: object missing required field `name`"),
        ("- a\n", "line 1: expected `object`, got `array`"),
        ("name: [\n", "line 2: "),
        ("name: a\nlabels: &x {}\napi: *x\n", "line 3: aliases are not allowed"),
        ("", "the file is empty"),
    ],
)
def test_what_cannot_be_meant_is_refused_with_its_line(text: str, reason: str) -> None:
    with pytest.raises(ValueError, match="^" + re.escape(reason)):
        strict_yaml.parse(text, Settings)


def test_a_deeply_nested_file_is_refused() -> None:
    with pytest.raises(ValueError, match="line 1: nested more than 32 deep"):
        strict_yaml.parse("[" * 100_000, Settings)


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (b"nam: a\n", "line 1: unknown key 'nam'; did you mean 'name'?"),
        (b"name: \xff\n", "not UTF-8 text"),
        (b"#" * (strict_yaml.FILE_SIZE_MAX + 1), "larger than 1048576 bytes"),
        (None, "No such file or directory"),
    ],
)
def test_load_says_which_file_and_why(tmp_path: Path, content: bytes | None, reason: str) -> None:
    path = tmp_path / "settings.yaml"
    if content is not None:
        path.write_bytes(content)
    with pytest.raises(InvalidInput) as caught:
        strict_yaml.load(path, Settings, "VT-9001")
    assert str(caught.value) == f"VT-9001: {path}: {reason}."
