"""The commands that `deploy/` tells operators to type exist, and make what the files expect."""

import re
import shlex
import tomllib
from pathlib import Path
from typing import Final

import click
import pytest
import yaml

from node.cli.main import command, run
from node.config import load_config

REPOSITORY: Final = Path(__file__).resolve().parents[3]
DEPLOY: Final = REPOSITORY / "deploy"
PAGES: Final = ("README.md", "compose.yaml", "systemd/veritwin-node.service")
PLACEHOLDERS: Final = ("CARD", "network.json")
"""Files that the commands read, made by the commands before them."""
OURS: Final = re.compile(
    r"^(?:#\s*|ExecStart=)?(?:docker run .+|\S*/)?\bveritwin(?::[\d.]+)? ([a-z]+ .*--.+)$"
)
VERSION: Final = tomllib.loads((REPOSITORY / "pyproject.toml").read_text())["project"]["version"]


def commands_in(text: str) -> list[list[str]]:
    """The words after `veritwin` of each of our commands, in containers or not."""
    return [shlex.split(found[1]) for line in text.splitlines() if (found := OURS.match(line))]


def parse(words: list[str]) -> None:
    """Parse a command without running it; fails on what does not exist."""
    found: click.Command = command
    context = click.Context(found, info_name="veritwin")
    words = list(words)
    while isinstance(found, click.Group):
        name = words.pop(0)
        inner = found.get_command(context, name)
        if inner is None:
            raise click.UsageError(f"no command {name}")
        found = inner
        if isinstance(found, click.Group):
            context = click.Context(found, info_name=name, parent=context)
    found.make_context(found.name, words, parent=context)


@pytest.mark.parametrize("page", PAGES)
def test_every_command_exists(page: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in PLACEHOLDERS:
        (tmp_path / name).touch()
    monkeypatch.chdir(tmp_path)
    found = commands_in((DEPLOY / page).read_text())
    assert found
    for words in found:
        parse(words)


@pytest.mark.parametrize(
    "line",
    [
        "#   veritwin node begin --home x",
        "docker run --rm veritwin:0.1.0 network new --boxes --org acme",
        "ExecStart=/opt/veritwin/bin/veritwin node run --house x",
    ],
)
def test_a_command_that_does_not_exist_is_noticed(line: str) -> None:
    (words,) = commands_in(line)
    with pytest.raises(click.UsageError):
        parse(words)


def test_the_unit_names_all_steps_in_order() -> None:
    text = (DEPLOY / "systemd" / "veritwin-node.service").read_text()
    steps = [" ".join(words[:2]) for words in commands_in(text)]
    assert steps == ["node card", "network new", "node init", "node run"]
    homes = re.findall(r"--home (\S+)", text)
    assert set(homes) == {"/var/lib/veritwin"}
    assert "StateDirectory=veritwin\n" in text


def bring_up(text: str) -> list[str]:
    """The three commands that bring four organisations up."""
    lines = [line.removeprefix("#").strip() for line in text.splitlines()]
    first = next(index for index, line in enumerate(lines) if line.startswith("docker build"))
    return lines[first : first + 3]


def test_readme_and_compose_file_name_the_same_three_commands() -> None:
    build, found, up = bring_up((DEPLOY / "README.md").read_text())
    assert [build, found, up] == bring_up((DEPLOY / "compose.yaml").read_text())
    assert build == f"docker build -f deploy/Dockerfile -t veritwin:{VERSION} ."
    assert f" veritwin:{VERSION} network new --container --dir /deploy/network " in found
    assert up.startswith("VERITWIN_USER=")
    assert up.endswith("docker compose -f deploy/compose.yaml up --detach --wait")


def test_the_second_command_makes_the_homes_that_the_compose_file_mounts(tmp_path: Path) -> None:
    (words,) = commands_in(bring_up((DEPLOY / "README.md").read_text())[1])
    words[words.index("/deploy/network")] = str(tmp_path / "network")
    assert run(words) == 0
    services = yaml.safe_load((DEPLOY / "compose.yaml").read_text())["services"]
    nodes = {name: service for name, service in services.items() if name != "prometheus"}
    for name, service in nodes.items():
        assert service["image"] == f"veritwin:{VERSION}"
        (volume,) = service["volumes"]
        assert volume["target"] == "/var/lib/veritwin"
        home = tmp_path / volume["source"]
        config = load_config(home / "node.yaml")
        assert config.node == name
        assert {peer.host for peer in config.peers} == set(nodes) - {name}
        assert (config.api.host, config.api.port, config.p2p.host) == ("0.0.0.0", 8000, "0.0.0.0")
        assert service["ports"][0].endswith(f":{config.api.port}")
        keys = {path.relative_to(home).as_posix() for path in home.rglob("*.key")}
        keys |= {path.relative_to(home).as_posix() for path in home.glob("keys/*")}
        assert keys == {"tls/node.key", "keys/vote.json"}
    assert {path.name for path in (tmp_path / "network").iterdir() if path.is_dir()} == {
        name.removesuffix("-1") for name in nodes
    }
