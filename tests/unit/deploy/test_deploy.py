"""What is shipped for operators holds under the tools of the field, as far as they are here."""

import re
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Final

import pytest
import yaml

from node.metrics import Metrics

DEPLOY: Final = Path(__file__).resolve().parents[3] / "deploy"
COMPOSE: Final = DEPLOY / "compose.yaml"
UNIT: Final = DEPLOY / "systemd" / "veritwin-node.service"
PROMETHEUS: Final = DEPLOY / "prometheus"
ORGANISATIONS: Final = ["borne-energie", "gridlink", "windcare", "certis"]


def run(*command: str | Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run(command, capture_output=True, text=True, check=False, timeout=60)


def tool(name: str) -> str:
    found = shutil.which(name) or shutil.which(name, path=Path(sys.executable).parent)
    if found is None:
        pytest.skip(f"{name} is not on this machine")
    return found


def test_the_dockerfile_holds_under_hadolint() -> None:
    result = run(tool("hadolint"), DEPLOY / "Dockerfile")
    assert (result.returncode, result.stdout) == (0, "")


def test_the_image_copies_only_what_the_context_lets_through() -> None:
    allowed = {
        line[1:].rstrip("/")
        for line in (DEPLOY.parent / ".dockerignore").read_text().splitlines()
        if line.startswith("!")
    }
    copied = re.findall(
        r"^COPY (?!--from)(.+) \S+$", (DEPLOY / "Dockerfile").read_text(), re.MULTILINE
    )
    names = {name.split("/")[0] for line in copied for name in line.split()}
    assert names == allowed


def test_the_compose_file_fits_the_compose_specification() -> None:
    result = run(tool("check-jsonschema"), "--builtin-schema", "vendor.compose-spec", COMPOSE)
    assert result.returncode == 0, result.stdout


def test_every_organisation_has_a_volume_of_its_own_and_no_secret() -> None:
    compose = yaml.safe_load(COMPOSE.read_text())
    homes = [
        volume.partition(":")[0]
        for name in ORGANISATIONS
        for volume in compose["services"][name]["volumes"]
        if volume.endswith(":/var/lib/veritwin")
    ]
    assert homes == ORGANISATIONS
    assert set(homes) < set(compose["volumes"])
    assert "secrets" not in compose
    for name, service in compose["services"].items():
        assert set(service.get("environment", {})) <= {"VERITWIN_NODE"}, name


def test_services_face_this_machine_only_and_without_privileges() -> None:
    for name, service in yaml.safe_load(COMPOSE.read_text())["services"].items():
        assert all(port.startswith("127.0.0.1:") for port in service["ports"]), name
        assert service["cap_drop"] == ["ALL"], name
        assert service["read_only"] is True, name


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


def test_prometheus_reads_its_configuration_and_rules() -> None:
    result = run(tool("promtool"), "check", "config", PROMETHEUS / "prometheus.yml")
    assert result.returncode == 0, result.stderr
    assert "8 rules found" in result.stdout


def test_the_alerts_fire_when_they_should(tmp_path: Path) -> None:
    for path in (PROMETHEUS / "alerts.yml", Path(__file__).with_name("alerts_test.yml")):
        shutil.copy(path, tmp_path)
    result = run(tool("promtool"), "test", "rules", tmp_path / "alerts_test.yml")
    assert result.returncode == 0, result.stdout + result.stderr


def test_alerts_name_only_metrics_that_nodes_have() -> None:
    metrics = Metrics("0.0.0", with_process=False)
    known = {family.name for family in metrics.registry.collect()}
    used = set(re.findall(r"\bveritwin_\w+", (PROMETHEUS / "alerts.yml").read_text()))
    assert used
    assert {re.sub("_(total|bucket)$", "", name) for name in used} <= known


def test_prometheus_scrapes_the_nodes_of_the_compose_file() -> None:
    (job,) = yaml.safe_load((PROMETHEUS / "prometheus.yml").read_text())["scrape_configs"]
    assert [config["targets"] for config in job["static_configs"]] == [
        [f"{name}:8000"] for name in ORGANISATIONS
    ]
