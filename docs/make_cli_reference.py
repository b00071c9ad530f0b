"""Write docs/CLI.md from the tree of commands: `python docs/make_cli_reference.py`.

The page is made from click's own objects, so it says what the program says. A test compares the two
(`tests/unit/test_cli_reference.py`).
"""

import inspect
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Final

import click

PAGE: Final = Path(__file__).with_name("CLI.md")

OPENING: Final = """\
# Command line

Made by `python docs/make_cli_reference.py` from the commands themselves; do not edit it by hand.

Results go to standard output, messages and errors to standard error. `--json` gives JSON instead of
text. An error has four lines: the code and what it means, why, what to do, and where to read more
(`veritwin explain CODE`).
"""

EXIT_CODES: Final = (
    ("OK", "it worked; for `status`: commits are progressing; for `diagnose`: nothing is wrong"),
    ("FAILED", "it failed, or the check said no"),
    ("USAGE", "the command was typed wrongly"),
    ("NOT_FOUND", "what was asked for does not exist"),
    ("DENIED", "the rules of the chain say no"),
    ("NOT_FINAL", "not final in time; it may still become so"),
    ("VERIFICATION_FAILED", "a proof does not hold"),
    ("UNREACHABLE", "no node answers"),
    ("INTERRUPTED", "Ctrl-C"),
)


def render_page() -> str:
    """Give the page."""
    from node.cli.main import MODULES, SECTIONS, command

    root = click.Context(command, info_name="veritwin")
    parts = [OPENING, _render_exit_codes(), _render_shared()]
    for title, names in SECTIONS:
        parts.append(f"## {title}\n")
        for name in names:
            found = command.get_command(root, name)
            assert found is not None, f"{MODULES[name]} holds the command"
            parts.extend(_render(found, click.Context(found, info_name=name, parent=root)))
    return "\n".join(parts)


def _render_exit_codes() -> str:
    from node.cli.output import ExitCode

    assert {name for name, _ in EXIT_CODES} == set(ExitCode.__members__), "every code has a text"
    rows: list[tuple[str, ...]] = [(str(ExitCode[name].value), text) for name, text in EXIT_CODES]
    return "## Exit codes\n\n" + _table(("code", "meaning"), rows)


def _shared() -> list[click.Option]:
    """Give the options that most commands have, as they stand on `veritwin actions answer`."""
    from node.cli import actions

    answer = actions.command.commands["answer"]
    names = {"nodes", "genesis", "timeout", "identity", "passphrase_file"}
    return [one for one in answer.params if isinstance(one, click.Option) and one.name in names]


def _render_shared() -> str:
    text = "Commands that ask a node take the first three of these, commands that sign take all.\n"
    return f"## Options that many commands share\n\n{text}\n{_table_of(_shared())}"


def _render(command: click.Command, context: click.Context) -> Iterator[str]:
    if isinstance(command, click.Group):
        for name in command.list_commands(context):
            inner = command.get_command(context, name)
            assert inner is not None, "a listed command exists"
            yield from _render(inner, click.Context(inner, info_name=name, parent=context))
        return
    words = [f"`{context.command_path}"]
    words += [_name_of(one) for one in command.params if isinstance(one, click.Argument)]
    yield f"### {' '.join(words)}`\n"
    prose, _, example = inspect.cleandoc(command.help or "").partition("\b\n")
    yield prose.strip() + "\n"
    if example:
        yield f"```sh\n{_render_example(example)}\n```\n"
    shared = [(one.opts, one.help) for one in _shared()]
    options = [one for one in command.params if isinstance(one, click.Option)]
    common = [one.opts[-1] for one in options if (one.opts, one.help) in shared]
    own = [one for one in options if one.opts[-1] not in (*common, "--json")]
    if own:
        yield _table_of(own)
    if "--identity" in common:
        notes = ["all shared options"]
    else:
        notes = ["the first three shared options"] if common else []
    if any("--json" in one.opts for one in options):
        notes.append("`--json`")
    if notes:
        yield f"Also {' and '.join(notes)}.\n"


def _render_example(example: str) -> str:
    lines = [line.strip() for line in example.strip().splitlines()]
    kept = [line for line in lines if line and not line.startswith("Example")]
    pairs = zip(["", *kept], kept, strict=False)
    return "\n".join(f"  {line}" if before.endswith("\\") else line for before, line in pairs)


def _name_of(argument: click.Argument) -> str:
    name = argument.human_readable_name.upper()
    return name if argument.required else f"[{name}]"


def _table_of(options: list[click.Option]) -> str:
    rows: list[tuple[str, ...]] = []
    for one in options:
        name = one.opts[-1] if one.is_flag else f"{one.opts[-1]} {_kind_of(one)}"
        rows.append((f"`{name}`", one.help or "", _default_of(one)))
    return _table(("option", "what it does", "default"), rows)


def _kind_of(option: click.Option) -> str:
    if isinstance(option.type, click.Choice):
        return "|".join(str(choice) for choice in option.type.choices)
    if isinstance(option.type, click.Path):
        return "PATH"
    kind = option.type.name.upper()
    return {"INTEGER RANGE": "NUMBER", "INTEGER": "NUMBER", "FLOAT RANGE": "NUMBER"}.get(
        kind, {"FLOAT": "NUMBER"}.get(kind, kind)
    )


def _default_of(option: click.Option) -> str:
    said = []
    if option.required:
        said.append("required")
    elif option.show_default:
        value = option.default
        if isinstance(value, tuple | list):
            value = ", ".join(str(one) for one in value)
        said.append(f"`{value}`")
    if isinstance(option.envvar, str):
        said.append(f"or `{option.envvar}`")
    return " ".join(said)


def _table(heads: tuple[str, ...], rows: list[tuple[str, ...]]) -> str:
    lines = [heads, tuple("---" for _ in heads), *rows]
    cells = [[cell.replace("|", "\\|") for cell in line] for line in lines]
    return "\n".join("| " + " | ".join(line) + " |" for line in cells) + "\n"


if __name__ == "__main__":
    sys.path.insert(0, str(PAGE.parent.parent))
    PAGE.write_text(render_page(), encoding="utf-8")
