"""Contracts are proposed, approved and changed from the command line."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.unit.contracts.native.lifecycle import FIRST, NAME, SECOND
from tests.unit.node.cli.conftest import Command, Served

Run = Callable[..., Any]


@pytest.fixture
def run(
    command: Command, served: Served, identity: Callable[[str, str], Path], tmp_path: Path
) -> Run:
    known: dict[str, Path] = {}

    def call(*words: object, who: str = "borne-energie") -> Any:
        if who not in known:
            known[who] = identity(who, who)
        signed = ("--identity", known[who], "--node", served.address, "--json")
        done = command("contract", *words, *signed)
        assert done.code == 0, done.err
        return done.json

    return call


@pytest.fixture
def view(command: Command, served: Served) -> Run:
    def call(*words: object) -> str:
        done = command("contract", *words, "--node", served.address)
        assert done.code == 0, done.err
        return done.out

    return call


@pytest.fixture
def sources(tmp_path: Path) -> tuple[Path, Path]:
    paths = (tmp_path / "tally.py", tmp_path / "second.py")
    for path, source in zip(paths, (FIRST, SECOND), strict=True):
        path.write_text(source, encoding="utf-8")
    (tmp_path / "test_tally.py").write_text("def test_it(): ...\n", encoding="utf-8")
    return paths


def test_a_contract_is_proposed_approved_upgraded_and_shown(
    run: Run, view: Run, sources: tuple[Path, Path]
) -> None:
    first, second = sources
    proposed = run("policy", 2)
    for who in ("gridlink", "windcare"):
        run("approve", proposed["proposal"], who=who)
    proposed = run("propose", first, "--note", "Adds up.")
    assert proposed["status"] == "open"
    assert "+total = Var(int, 0)" in view("diff", NAME, "--proposal", proposed["proposal"])
    assert run("approve", proposed["proposal"], who="gridlink")["status"] == "approved"
    assert run("call", NAME, "add", "--set", "amount=5")["result"] == 5
    proposed = run("propose", second, "--name", NAME)
    changed = view("diff", NAME, "--proposal", proposed["proposal"])
    assert "+times = Var(int, 0)" in changed
    assert "accepted by" in changed
    run("approve", proposed["proposal"], who="certis")
    assert run("call", NAME, "add", "--set", "amount=1")["result"] == 11001
    shown = view("show", NAME)
    assert "contracts here need approvals by 2 of all organisations" in shown
    assert "version 2: active, upgraded" in shown
    assert "  certis " in shown
    assert view("show", NAME, "--version", "1") == FIRST + "\n"
    assert "-times = Var(int, 0)" not in view("diff", NAME, "--version", "1")
    listed = view("list")
    assert NAME in listed
    assert "Adds up, and counts how often." in listed


def test_a_contract_is_paused_resumed_and_rolled_back(
    run: Run, view: Run, sources: tuple[Path, Path]
) -> None:
    first, second = sources
    run("propose", first)
    run("propose", second, "--name", NAME)
    paused = run("pause", NAME)
    height, id_ = paused["height"], paused["proposal"]
    assert "paused" in view("list")
    shown = view("show", NAME).splitlines()
    assert shown[2:5] == [
        f"paused since height {height}, as borne-energie proposed: {id_}",
        "  approved by borne-energie",
        "",
    ]
    assert shown[5].startswith("version 2: paused, upgraded, from height ")
    run("resume", NAME)
    assert "version 2: active, upgraded, from height " in view("show", NAME)
    run("roll-back", NAME, "--to", 1)
    assert "version 3: active, rolled back, as version 1" in view("show", NAME)


def test_a_roll_back_says_what_becomes_of_the_state(
    run: Run, command: Command, served: Served, sources: tuple[Path, Path], tmp_path: Path
) -> None:
    first, second = sources
    run("propose", first)
    run("propose", second, "--name", NAME)
    signed = ("--identity", tmp_path / "keys" / "borne-energie.json", "--node", served.address)
    done = command("contract", "roll-back", NAME, "--to", 1, *signed)
    assert done.out.startswith("Approved at height")
    told = (
        "The state stays as it is: no @upgrade runs, and what one version wrote, the other one "
        "finds.\n"
    )
    assert done.err.endswith(told)


WATCH = '''"""Watch rooms."""

from contracts.author import Decimal, call, ctx

LIMIT = Decimal("8.0")


@call
def limit() -> Decimal:
    """Give the limit."""
    return ctx.parameter("limit", LIMIT)


@call
def quality() -> str:
    """Give who is asked."""
    return ctx.parameter("quality", "somebody")
'''


@pytest.fixture
def watch(run: Run, tmp_path: Path) -> Path:
    """A contract with parameters, which waits for the second of two approvals."""
    for_two = run("policy", 2)
    for who in ("gridlink", "windcare"):
        run("approve", for_two["proposal"], who=who)
    path = tmp_path / "watch.py"
    path.write_text(WATCH, encoding="utf-8")
    (tmp_path / "test_watch.py").write_text("def test_it(deploy): ...\n", encoding="utf-8")
    return path


def test_who_approves_sees_the_parameters(run: Run, view: Run, watch: Path, tmp_path: Path) -> None:
    proposed = run("propose", watch, "--set", "limit=8", "--set", "quality=certis")
    assert (proposed["approved"], proposed["needed"]) == (["borne-energie"], 2)
    id_ = proposed["proposal"]
    shown = view("show", "watch")
    assert shown == (
        f"proposal {id_}: deploy contract watch\n"
        "  approved by 1 of 2: borne-energie\n"
        '  parameters limit=8.0, quality="certis"\n'
    )
    told = view("diff", "watch", "--proposal", id_, "--out", tmp_path / "review")
    assert '\nparameters:\n+limit=8.0\n+quality="certis"\n' in told
    assert (tmp_path / "review" / "watch.py").read_text(encoding="utf-8") == WATCH
    assert "deploy" in (tmp_path / "review" / "test_watch.py").read_text(encoding="utf-8")
    run("approve", id_, who="gridlink")
    assert run("call", "watch", "limit")["result"] == "8"
    assert '  parameters limit=8.0, quality="certis"' in view("show", "watch")


def test_an_upgrade_keeps_the_parameters_that_are_not_set(
    run: Run, view: Run, command: Command, watch: Path
) -> None:
    def upgrade(*words: object) -> str:
        proposed = run("propose", watch, *words)["proposal"]
        told = view("diff", "watch", "--proposal", proposed)
        run("approve", proposed, who="gridlink")
        return told.partition("parameters:\n")[2].partition("\n\ncheck, ")[0]

    assert upgrade("--set", "limit=8.5", "--set", "quality=certis") == (
        '+limit=8.5\n+quality="certis"'
    )
    assert upgrade("--set", "limit=9") == '-limit=8.5\n+limit=9.0\n quality="certis"'
    assert run("call", "watch", "quality")["result"] == "certis"
    assert upgrade("--unset", "limit") == '-limit=9.0\n quality="certis"'
    assert run("call", "watch", "limit")["result"] == "8"
    assert view("diff", "watch", "--version", 1) == (
        'The sources are the same.\n\nparameters:\n-limit=8.5\n quality="certis"\n'
    )
    watch.write_text(WATCH.replace('ctx.parameter("quality", "somebody")', '"nobody"'))
    assert upgrade("--set", "limit=8.0") == '+limit=8.0\n-quality="certis"'


@pytest.mark.parametrize(
    ("words", "code", "told"),
    [
        (("--set", "limt=9.0"), 1, "the source reads no limt; it reads limit, quality"),
        (("--set", "limit=warm"), 1, 'limit="warm" is a text; it has to be a Decimal'),
        (("--unset", "limit"), 2, "--unset limit: there is no such parameter now"),
        (("--set", "limit"), 2, "--set 'limit' is not NAME=JSON"),
    ],
)
def test_parameters_that_do_not_fit_are_not_proposed(
    command: Command,
    served: Served,
    identity: Callable[[str, str], Path],
    tmp_path: Path,
    words: tuple[str, ...],
    code: int,
    told: str,
) -> None:
    path = tmp_path / "watch.py"
    path.write_text(WATCH, encoding="utf-8")
    key = identity("borne-energie", "borne-energie")
    done = command("contract", "propose", path, *words, "--identity", key, "--node", served.address)
    assert (done.code, told in done.err) == (code, True), done.err


def test_what_cannot_be_proposed_says_why(
    command: Command, served: Served, identity: Callable[[str, str], Path], tmp_path: Path
) -> None:
    bad = tmp_path / "bad.py"
    bad.write_text("import os\n")
    where = ("--identity", identity("borne-energie", "borne-energie"), "--node", served.address)
    done = command("contract", "propose", bad, *where)
    assert done.code == 1
    assert "VT-4001" in done.err
    assert command("contract", "call", "nobody", "x", "--set", "a", *where).code == 2
    assert "VT-2040" in command("contract", "call", "nobody", "x", *where).err
    text = tmp_path / "tally.py"
    text.write_text(FIRST)
    assert command("contract", "propose", text, *where).code == 0
    wrong = command("contract", "call", NAME, "add", "--set", "amount=much", *where)
    assert wrong.code == 1
    assert 'tally.add cannot be called like that: amount="much" has to be an int' in wrong.err
    assert command("contract", "call", NAME, "add", "--set", "amount", *where).code == 2
    assert "VT-4105" in command("contract", "call", NAME, "sub", *where).err
    assert command("contract", "diff", "tally", "--node", served.address).code == 2
    assert command("contract", "show", "nobody", "--node", served.address).code == 3
