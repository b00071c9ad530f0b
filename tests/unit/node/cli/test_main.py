import pytest

from chain.errors import Busy, Corruption, InvalidInput, Refused
from node.cli.main import MODULES, SUMMARIES, command, exit_code_of, run
from node.cli.output import ExitCode
from tests.unit.node.cli.conftest import Command


def test_help_names_every_command_and_the_exit_codes(
    command: Command,
) -> None:
    done = command("--help")
    assert done.code == 0
    for name, summary in SUMMARIES.items():
        assert f"  {name}" in done.out
        assert summary in done.out
    assert "6 verification failed" in done.out


def test_every_command_has_a_module_and_help(command: Command) -> None:
    assert set(MODULES) == set(SUMMARIES)
    for name in MODULES:
        done = command(name, "--help")
        assert done.code == 0, done.err
        assert done.out.startswith("Usage: veritwin " + name)


def test_a_typing_error_names_the_nearest_command(command: Command) -> None:
    done = command("twin")
    assert done.code == ExitCode.USAGE
    assert "No such command 'twin'. Did you mean 'twins'?" in done.err


def test_an_error_has_four_lines_and_its_exit_code(command: Command, tmp_path: object) -> None:
    done = command("keys", "show", __file__)
    assert done.code == ExitCode.FAILED
    lines = done.err.splitlines()
    assert [line.split()[0] for line in lines] == ["error", "why:", "fix:", "more:"]
    assert lines[-1] == "more: veritwin explain VT-1302"


def test_an_error_as_json_is_one_object(command: Command) -> None:
    done = command("keys", "show", __file__, "--json")
    assert done.code == ExitCode.FAILED
    assert '"code": "VT-1302"' in done.err


@pytest.mark.parametrize(
    ("error", "code"),
    [
        (InvalidInput("VT-1304", link="x"), ExitCode.VERIFICATION_FAILED),
        (Refused("VT-2020", twin="x"), ExitCode.NOT_FOUND),
        (Refused("VT-2021", twin="x", owner="a", organisation="b"), ExitCode.DENIED),
        (Busy("VT-7020", nodes="x", reason="y"), ExitCode.UNREACHABLE),
        (Busy("VT-7021", id=b"", seconds=1), ExitCode.NOT_FINAL),
        (InvalidInput("VT-1001", type="x", size=1, reason="y"), ExitCode.FAILED),
        (Corruption("VT-3042", height=1), ExitCode.FAILED),
    ],
)
def test_each_kind_of_error_has_its_exit_code(error: InvalidInput, code: ExitCode) -> None:
    assert exit_code_of(error) == code


def test_a_failure_inside_a_group_of_tasks_is_told_in_words(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def fail(**_: object) -> None:
        inner = ExceptionGroup("tasks", [OSError(98, "address already in use")])
        raise ExceptionGroup("tasks", [inner])

    monkeypatch.setattr(command, "main", fail)
    assert run(["node", "run", "--home", "x"]) == ExitCode.FAILED
    assert capsys.readouterr().err == "error: [Errno 98] address already in use\n"


def test_ctrl_c_gives_130(monkeypatch: pytest.MonkeyPatch) -> None:
    def interrupt(**_: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(command, "main", interrupt)
    assert run(["status"]) == ExitCode.INTERRUPTED
