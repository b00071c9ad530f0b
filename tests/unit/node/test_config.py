"""A node's configuration file: defaults, and mistakes that name their line."""

from pathlib import Path

import pytest

from chain.errors import InvalidInput
from chain.scalars import NAME_PATTERN
from node.config import NodeConfig, load_config

GOOD = """\
node: windcare-1
home: data
api:
  host: 0.0.0.0
  port: 8100
p2p: {host: 127.0.0.1, port: 9100}
peers:
  - {node: certis-1, host: 127.0.0.1, port: 9101}
storage:
  open_files_max: 64
"""


def _load(tmp_path: Path, text: str) -> NodeConfig:
    path = tmp_path / "node.yaml"
    path.write_text(text)
    return load_config(path)


def _reason(tmp_path: Path, text: str) -> str:
    with pytest.raises(InvalidInput) as caught:
        _load(tmp_path, text)
    assert caught.value.code == "VT-8001"
    return caught.value.why.removeprefix(f"{tmp_path / 'node.yaml'}: ")


def test_reads_what_is_said_and_keeps_the_defaults(tmp_path: Path) -> None:
    config = _load(tmp_path, GOOD)
    assert (config.node, config.api.host, config.api.port) == ("windcare-1", "0.0.0.0", 8100)
    assert config.peers[0].node == "certis-1"
    assert config.storage.open_files_max == 64
    assert config.storage.check_blocks == 32
    assert config.limits.header_seconds_max == 5
    assert config.log.format == "text"


def test_home_is_found_from_the_file_not_from_the_working_folder(tmp_path: Path) -> None:
    assert _load(tmp_path, GOOD).database_path == (tmp_path / "data" / "database").resolve()
    assert _load(tmp_path, "node: a").genesis_path == (tmp_path / "genesis.json").resolve()


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        (("  port: 8100", "  prot: 8100"), "line 5: unknown key 'prot'; did you mean 'port'?."),
        (("  port: 8100", "  port: 81000"), "line 5: api.port: expected `int` <= 65535."),
        (("  port: 8100", "  port: high"), "line 5: api.port: expected `int`, got `str`."),
        (
            ("node: windcare-1", "node: wind/care"),
            f"line 1: node: expected `str` matching regex {NAME_PATTERN!r}.",
        ),
        (
            ("node: windcare-1", "log: {format: text}"),
            "line 1: object missing required field `node`.",
        ),
        (("node: certis-1", "node: windcare-1"), "peer windcare-1 is the node itself."),
        (("port: 9100}", "port: 8100, host: 0.0.0.0}"), "line 6: key 'host' stands here twice."),
        (
            ("{host: 127.0.0.1, port: 9100}", "{host: 0.0.0.0, port: 8100}"),
            "api and p2p use the same port.",
        ),
    ],
)
def test_mistake_is_named_with_its_line(
    tmp_path: Path, change: tuple[str, str], reason: str
) -> None:
    assert _reason(tmp_path, GOOD.replace(*change)) == reason


def test_peer_that_stands_twice_is_refused(tmp_path: Path) -> None:
    text = GOOD.replace("storage:", "  - {node: certis-1, host: h, port: 1}\nstorage:")
    assert _reason(tmp_path, text) == "peer certis-1 stands twice."


def test_missing_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(InvalidInput) as caught:
        load_config(tmp_path / "none.yaml")
    assert str(caught.value) == f"VT-8001: {tmp_path / 'none.yaml'}: No such file or directory."
