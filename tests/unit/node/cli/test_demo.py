from pathlib import Path

from tests.unit.node.cli.conftest import Command


def test_unknown_data_is_refused_before_anything_starts(command: Command) -> None:
    done = command("demo", "--data", "tides", "--no-open", "--json")
    assert done.code == 1
    assert '"code": "VT-9004"' in done.err


def test_a_csv_without_a_mapping_says_which_file_is_missing(
    command: Command, tmp_path: Path
) -> None:
    data = tmp_path / "machine.csv"
    data.write_text("time,value\n")
    done = command("demo", "--data", f"csv:{data}", "--no-open")
    assert done.code == 1
    assert done.err.startswith("error VT-9002: ")
    assert "machine.csv.map.yaml" in done.err


def test_the_number_of_nodes_has_bounds(command: Command) -> None:
    assert command("demo", "--nodes", "0").code == 2


def test_numbers_must_be_finite(command: Command) -> None:
    for words in (("--speed", "nan"), ("--speed", "inf"), ("--for", "inf"), ("--speed", "0")):
        done = command("demo", *words)
        assert done.code == 2, words
        assert "Invalid value" in done.err


def test_a_folder_in_use_is_refused_with_the_way_out(command: Command, tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    done = command("demo", "--home", tmp_path, "--no-open")
    assert done.code == 1
    assert "error VT-8010: The demo's folder is not empty" in done.err
    assert "fix:  Name a new folder" in done.err
