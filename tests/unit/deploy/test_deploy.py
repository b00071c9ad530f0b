"""What is shipped for operators holds under the tools of the field, as far as they are here."""

import re
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any, Final

import pytest
import yaml
from prometheus_client import Metric

from node.metrics import Metrics

REPOSITORY: Final = Path(__file__).resolve().parents[3]
DEPLOY: Final = REPOSITORY / "deploy"
COMPOSE: Final = DEPLOY / "compose.yaml"
UNIT: Final = DEPLOY / "systemd" / "veritwin-node.service"
PROMETHEUS: Final = DEPLOY / "prometheus"
NODES: Final = ["borne-energie-1", "gridlink-1", "windcare-1", "certis-1"]


def run(*command: str | Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run(command, capture_output=True, text=True, check=False, timeout=60)


def tool(name: str) -> str:
    found = shutil.which(name) or shutil.which(name, path=Path(sys.executable).parent)
    if found is None:
        pytest.skip(f"{name} is not on this machine")
    return found


def services() -> dict[str, Any]:
    """The services of the compose file."""
    return dict(yaml.safe_load(COMPOSE.read_text())["services"])


# ---------------------------------------------------------------- the image


def test_the_dockerfile_holds_under_hadolint() -> None:
    result = run(tool("hadolint"), DEPLOY / "Dockerfile")
    assert (result.returncode, result.stdout) == (0, "")


def is_sent(path: str) -> bool:
    """Whether a path gets into the build context: the last line that fits it or a parent decides.

    Source: Docker, "Building best practices", .dockerignore files.
    """
    sent = True
    for line in (REPOSITORY / ".dockerignore").read_text().splitlines():
        pattern = re.escape(line.removeprefix("!").strip("/"))
        pattern = pattern.replace(r"\*\*/", "(?:.*/)?").replace(r"\*", "[^/]*")
        if re.fullmatch(f"{pattern}(?:/.*)?", path):
            sent = line.startswith("!")
    return sent


def copied() -> list[str]:
    """What the Dockerfile copies from the repository."""
    lines = re.findall(
        r"^COPY (?!--from)(.+) \S+$", (DEPLOY / "Dockerfile").read_text(), re.MULTILINE
    )
    return [source.rstrip("/") for line in lines for source in line.split()]


def test_everything_that_the_image_copies_is_there_and_sent() -> None:
    assert {"chain", "node/explorer/web/package-lock.json", "requirements.lock"} <= set(copied())
    assert [one for one in copied() if not (REPOSITORY / one).exists()] == []
    assert [one for one in copied() if not is_sent(one)] == []


def test_the_image_gets_all_sources_and_nothing_that_was_built_here() -> None:
    made = {"__pycache__", "node_modules", "static"}
    for top in ("chain", "consensus", "contracts", "node"):
        sources = (
            path.relative_to(REPOSITORY)
            for path in (REPOSITORY / top).rglob("*")
            if path.is_file() and not path.name.endswith(".made")
        )
        hidden = [
            path for path in sources if is_sent(path.as_posix()) == bool(made & {*path.parts})
        ]
        assert hidden == []


@pytest.mark.parametrize(
    "path",
    [
        "deploy/network/certis/authority.key",
        ".git/config",
        ".venv/bin/python",
        "tests/conftest.py",
        "node/explorer/static/index.html",
        "node/explorer/web/node_modules/vite/package.json",
    ],
)
def test_keys_and_what_was_built_here_stay_out_of_the_image(path: str) -> None:
    assert not is_sent(path)


def test_what_the_image_installs_is_pinned_by_hashes() -> None:
    dockerfile = (DEPLOY / "Dockerfile").read_text()
    installs = re.findall(r"pip install (.+?)(?: \\)?$", dockerfile, re.MULTILINE)
    assert installs == [
        "--require-hashes -r requirements.lock",
        "--require-hashes -r requirements-build.lock",
        "--no-deps dist/*.whl",
    ]
    assert "npm ci" in dockerfile
    assert "npm install" not in dockerfile


# ---------------------------------------------------------------- compose


def test_the_compose_file_fits_the_compose_specification() -> None:
    result = run(tool("check-jsonschema"), "--builtin-schema", "vendor.compose-spec", COMPOSE)
    assert result.returncode == 0, result.stdout


def test_the_compose_file_holds_no_secret_and_no_default_user() -> None:
    compose = yaml.safe_load(COMPOSE.read_text())
    assert "secrets" not in compose
    for name in NODES:
        assert "environment" not in compose["services"][name], name
        assert compose["services"][name]["user"].startswith("${VERITWIN_USER:?"), name


def test_services_face_this_machine_only_and_without_privileges() -> None:
    for name, service in services().items():
        assert all(port.startswith("127.0.0.1:") for port in service["ports"]), name
        assert service["cap_drop"] == ["ALL"], name
        assert service["security_opt"] == ["no-new-privileges:true"], name
        assert service["read_only"] is True, name
        assert service["restart"] == "unless-stopped", name
        assert not service.get("privileged"), name


def test_each_node_has_a_port_of_its_own_on_this_machine() -> None:
    published = [port for name in NODES for port in services()[name]["ports"]]
    assert published == [f"127.0.0.1:{8001 + index}:8000" for index in range(4)]


# ---------------------------------------------------------------- systemd


@pytest.fixture
def unit(tmp_path: Path) -> Path:
    """The unit with a program that exists here, as systemd looks for it."""
    path = tmp_path / UNIT.name
    path.write_text(UNIT.read_text().replace("/opt/veritwin/bin/veritwin", "/bin/true"))
    return path


def test_the_unit_is_one_that_systemd_understands(unit: Path) -> None:
    result = run(tool("systemd-analyze"), "verify", "--man=no", unit)
    about_us = [line for line in result.stderr.splitlines() if unit.name in line]
    assert (result.returncode, about_us) == (0, [])


def test_the_unit_is_shut_in_well(unit: Path) -> None:
    # The score runs from 0 to 100 tenths of exposure; most shipped services stand above 90.
    result = run(tool("systemd-analyze"), "security", "--offline=true", "--threshold=15", unit)
    assert result.returncode == 0, result.stdout[-500:]


# ---------------------------------------------------------------- Prometheus


def test_prometheus_reads_its_configuration_and_rules() -> None:
    result = run(tool("promtool"), "check", "config", PROMETHEUS / "prometheus.yml")
    assert result.returncode == 0, result.stderr
    assert "8 rules found" in result.stdout


def test_the_alerts_fire_when_they_should(tmp_path: Path) -> None:
    for path in (PROMETHEUS / "alerts.yml", Path(__file__).with_name("alerts_test.yml")):
        shutil.copy(path, tmp_path)
    result = run(tool("promtool"), "test", "rules", tmp_path / "alerts_test.yml")
    assert result.returncode == 0, result.stdout + result.stderr


def metrics_of_a_node() -> dict[str, Metric]:
    """Attribute of `Metrics` to the metric that it is."""
    metrics = Metrics("0.0.0", with_process=False)
    return {
        name: value.describe()[0]
        for name, value in vars(metrics).items()
        if hasattr(value, "describe")
    }


def test_alerts_name_only_metrics_that_nodes_have() -> None:
    known = {metric.name for metric in metrics_of_a_node().values()}
    used = set(re.findall(r"\bveritwin_\w+", (PROMETHEUS / "alerts.yml").read_text()))
    assert used
    assert {re.sub("_(total|bucket)$", "", name) for name in used} <= known


def never_set(names: list[str], code: str) -> list[str]:
    """Which of these attributes of `Metrics` are nowhere set, counted or handed on."""
    set_ = r"(metrics\.{name}\b(?! =)|self\.{name}\.(labels|set|inc|observe)\()"
    return [name for name in names if not re.search(set_.format(name=name), code)]


def test_every_metric_is_set_somewhere() -> None:
    names = list(metrics_of_a_node())
    assert "store_seconds" in names
    code = "\n".join(path.read_text() for path in (REPOSITORY / "node").rglob("*.py"))
    assert never_set(names, code) == []


def test_a_metric_that_is_only_made_is_noticed() -> None:
    made = 'self.height = self._gauge("height", "Height.")'
    assert never_set(["height"], made) == ["height"]
    assert never_set(["height"], made + "\nmetrics.height.set(1)") == []


def test_prometheus_scrapes_the_nodes_of_the_compose_file() -> None:
    (job,) = yaml.safe_load((PROMETHEUS / "prometheus.yml").read_text())["scrape_configs"]
    assert [config["targets"] for config in job["static_configs"]] == [
        [f"{name}:8000"] for name in NODES
    ]
    assert [name for name in services() if name != "prometheus"] == NODES
