from pathlib import Path

import pytest

from node.cli.contract_author import TEMPLATES, find_root
from tests.unit.node.cli.conftest import Command


@pytest.mark.parametrize("template", TEMPLATES)
def test_a_new_contract_is_valid_and_costs_nothing_unusual(
    command: Command, tmp_path: Path, template: str
) -> None:
    folder = tmp_path / "pump"
    done = command("contract", "new", "pump", "--dir", folder, "--template", template)
    assert done.code == 0, done.err
    assert sorted(path.name for path in folder.iterdir()) == ["pump.py", "test_pump.py"]
    assert f"veritwin contract test {folder}" in done.err
    checked = command("contract", "check", folder / "pump.py")
    assert (checked.code, checked.out) == (0, f"{folder / 'pump.py'} is a valid contract.\n")


def test_no_folder_is_written_over(command: Command, tmp_path: Path) -> None:
    done = command("contract", "new", "pump", "--dir", tmp_path)
    assert done.code == 2
    assert "cannot be made: File exists" in done.err
    assert command("contract", "new", "no/name").code == 2


def test_warnings_say_what_grows_and_refuse_nothing(command: Command, tmp_path: Path) -> None:
    source = tmp_path / "loop.py"
    source.write_text(
        "from contracts.author import Map, call\n\nrows = Map(int)\n\n\n@call\n"
        "def total() -> int:\n    return sum([value for _, value in rows.items()])\n"
    )
    done = command("contract", "check", source)
    assert done.code == 0
    assert f"{source}:8:" in done.out
    assert "warning, cost: the loop reads 100 entries" in done.out


def test_tests_run_as_pytest_runs_them(command: Command, tmp_path: Path) -> None:
    folder = tmp_path / "pump"
    command("contract", "new", "pump", "--dir", folder)
    assert command("contract", "test", folder, "-q", "-p", "no:cacheprovider").code == 0
    (folder / "test_pump.py").write_text("def test_it():\n    assert [] == [1]\n")
    assert command("contract", "test", folder, "-q", "-p", "no:cacheprovider").code == 1


def test_settings_of_a_project_around_it_do_not_matter(command: Command, tmp_path: Path) -> None:
    settings = tmp_path / "pyproject.toml"
    settings.write_text(
        '[tool.pytest.ini_options]\naddopts = ["--strict-config"]\nsettings_of_another = 1\n'
    )
    folder = tmp_path / "pump"
    command("contract", "new", "pump", "--dir", folder)
    words = ("-q", "-p", "no:cacheprovider")
    assert command("contract", "test", folder, *words).code == 0
    one = f"{folder / 'test_pump.py'}::test_a_cool_reading_begins_the_count_anew"
    assert command("contract", "test", one, *words).code == 0
    assert command("contract", "test", folder, *words, "-c", settings).code == 1
    assert command("contract", "test", folder, *words, f"--config-file={settings}").code == 1


def test_tests_are_found_below_their_common_folder(tmp_path: Path) -> None:
    (tmp_path / "a").mkdir()
    (tmp_path / "b").mkdir()
    (tmp_path / "b" / "test_b.py").touch()
    assert find_root((str(tmp_path / "a"), "-k", "word")) == tmp_path / "a"
    assert find_root((str(tmp_path / "a"), f"{tmp_path / 'b'}/test_b.py::test_it")) == tmp_path
    assert find_root(("-q",)) == Path.cwd()
