"""`veritwin contract new`, `check` and `test`: what an author does before anybody else sees it."""

import os
import subprocess
import sys
from collections.abc import Sequence
from importlib.metadata import entry_points
from importlib.resources import files
from pathlib import Path
from typing import Final

import click

from node.cli.contract_files import NAME_ARGUMENT, SOURCE_ARGUMENT, read_text
from node.cli.output import CommandFailed, ExitCode, print_result, suggest

TEMPLATES: Final = ("threshold-alert", "register", "approval")
PLUGIN: Final = "contracts.kit.plugin"


@click.command()
@NAME_ARGUMENT
@click.option(
    "--template",
    type=click.Choice(TEMPLATES),
    default=TEMPLATES[0],
    show_default=True,
    help="What to begin with.",
)
@click.option(
    "--dir",
    "folder",
    type=click.Path(path_type=Path),
    help="Folder to make; NAME unless given.",
)
@click.option("--json", "as_json", is_flag=True, help="One JSON object.")
def new(name: str, template: str, folder: Path | None, as_json: bool) -> None:
    """Begin a contract called NAME: a folder with its source and its tests, which pass.

    \b
    Example:
      veritwin contract new pump_watch
    """
    place = folder or Path(name)
    try:
        place.mkdir(parents=True, exist_ok=False)
    except OSError as error:
        raise click.UsageError(f"{place} cannot be made: {error.strerror}.") from error
    source, tests = write_template(place, name, template)
    print_result(
        {"source": str(source), "tests": str(tests)},
        as_json=as_json,
        text=f"Wrote {source}\nWrote {tests}",
    )
    if not as_json:
        suggest(f"veritwin contract test {place}", f"veritwin contract check {source}")


def write_template(folder: Path, name: str, template: str) -> tuple[Path, Path]:
    """Write a template's source and tests into a folder; give both files."""
    kept = files("contracts.kit.templates").joinpath(template.replace("-", "_"))
    source, tests = folder / f"{name}.py", folder / f"test_{name}.py"
    for path, part in ((source, "contract.py"), (tests, "test_contract.py")):
        text = kept.joinpath(part).read_text(encoding="utf-8")
        path.write_text(text.replace("CONTRACT.py", f"{name}.py"), encoding="utf-8")
    return source, tests


@click.command()
@SOURCE_ARGUMENT
@click.option("--json", "as_json", is_flag=True, help="One JSON object.")
def check(source: Path, as_json: bool) -> None:
    """Check a contract's SOURCE against the contract language, and warn about what it costs.

    Each refusal names the line, the rule, the reason and what to write instead. Warnings refuse
    nothing.

    \b
    Example:
      veritwin contract check my_contract.py
    """
    from contracts.advice import give_advice
    from contracts.checker import check_source
    from contracts.compiler import check_contract

    text = read_text(source)
    findings = check_contract(text).findings
    advice = () if findings else give_advice(check_source(text))
    lines = [
        f"{source}:{one.line}:{one.column}: {kind}{one.rule}: {one.reason}. "
        f"Write instead: {one.instead}"
        for kind, found in (("", findings), ("warning, ", advice))
        for one in found
    ]
    if not findings:
        lines.append(f"{source} is a valid contract.")
    print_result(
        {
            "valid": not findings,
            "findings": [one._asdict() for one in findings],
            "warnings": [one._asdict() for one in advice],
        },
        as_json=as_json,
        text="\n".join(lines),
    )
    if findings:
        raise CommandFailed(ExitCode.FAILED)
    if not as_json:
        suggest(f"veritwin contract propose {source} --identity ADMIN")


@click.command(context_settings={"ignore_unknown_options": True})
@click.argument("words", nargs=-1, type=click.UNPROCESSED)
@click.option("--gas", is_flag=True, help="Print what each handler costs.")
@click.option("--gas-file", help="Compare the costs with this file, and write it anew.")
def test(words: tuple[str, ...], gas: bool, gas_file: str | None) -> None:
    """Run the tests of a contract with pytest: a folder, files, and pytest's own options.

    No settings file of pytest is read, so that they come out the same in every place; plain pytest
    reads yours, and knows the fixtures, too.

    \b
    Example:
      veritwin contract test pump_watch --gas
    """
    try:
        import pytest  # noqa: F401
    except ImportError as error:
        raise click.UsageError(
            f"Tests need pytest: {sys.executable} -m pip install 'veritwin[kit]'"
        ) from error
    report = [*(["--gas"] if gas else []), *(["--gas-file", gas_file] if gas_file else [])]
    place = () if has_settings(words) else ("-c", os.devnull, "--rootdir", str(find_root(words)))
    command = [sys.executable, "-m", "pytest", *pytest_words(), *place, *words, *report]
    code = subprocess.run(command, check=False).returncode  # noqa: S603 - the user's own tests
    if code:
        raise CommandFailed(ExitCode.FAILED)


def has_settings(words: Sequence[str]) -> bool:
    """Say whether pytest's own options name a settings file."""
    return any(word.startswith(("-c", "--config-file")) for word in words)


def find_root(words: Sequence[str]) -> Path:
    """Give the folder that holds all tests named; the present one where none is."""
    named = [Path(word.partition("::")[0]).resolve() for word in words]
    folders = [path if path.is_dir() else path.parent for path in named if path.exists()]
    return Path(os.path.commonpath(folders)) if folders else Path.cwd()


def pytest_words() -> tuple[str, ...]:
    """Give the options under which pytest knows the kit, where it does not find it by itself."""
    known = any(one.value == PLUGIN for one in entry_points(group="pytest11"))
    return () if known else ("-p", PLUGIN)


COMMANDS: Final = (new, check, test)
