"""The screen: everything in its place on 80 by 24, the most important on less."""

import io
import re
from typing import Any

import pytest
from rich.console import Console

from node.demo.report import Message, Scene
from node.demo.screen import KEYS, NO_KEYS, START_KEYS, Screen

SUGGESTIONS = ("source /tmp/x/env", "veritwin twins show R80790", "veritwin verify r.receipt.json")
LONG = "2 of 4 validators are not reachable from here: windcare-1 (windcare), certis-1 (certis); "


def status(height: int, reasons: tuple[str, ...] = ()) -> dict[str, Any]:
    return {
        "height": height,
        "ready": not reasons,
        "reasons": list(reasons),
        "state_root": "0123456789abcdef",
        "peers": [{"connected": True}, {"connected": False}],
        "commit_latency_ms": 23,
        "updates_per_second": 112.4,
    }


def scene(nodes: int = 4, messages: int = 5) -> Scene:
    made = Scene(
        chain_id="haute-borne",
        explorer="http://127.0.0.1:20548/",
        data_name="La Haute Borne",
        data_time_ms=1_423_304_400_000,
        data_share=0.25,
        statuses={f"node-{number}": status(136 + number) for number in range(nodes)},
        open_orders=1,
        acknowledged=2,
        transactions=396,
        readings=2772,
        has_keys=True,
        suggestions=SUGGESTIONS,
    )
    for number in range(messages):
        made.messages.append(Message(0, f"Message {number} " + "x" * 100))
    return made


def show(shown: Scene, width: int = 80, height: int = 24, **more: Any) -> list[str]:
    console = Console(file=io.StringIO(), width=width, height=height, force_terminal=True, **more)
    console.print(Screen(shown))
    text = console.file.getvalue()  # type: ignore[attr-defined]
    plain = re.sub(r"\x1b\[[0-9;?]*[a-zA-Z]", "", text) if "color_system" not in more else text
    return plain.rstrip("\n").splitlines()


def test_everything_is_on_a_terminal_of_80_by_24() -> None:
    lines = show(scene())
    assert len(lines) == 24
    text = "\n".join(line.rstrip() for line in lines)
    for part in (
        "Veritwin demo: consortium haute-borne",
        "height 139   latency 23 ms   updates/s 112   orders 1 open, 2 acknowledged\n",
        "explorer http://127.0.0.1:20548/\n",
        "node-0   ready   136      1 of 2   0123456789\n",
        "La Haute Borne  2772 readings in 396 transactions\n",
        "2015-02-07 10:20 UTC\n",
        "Message 4",
        *SUGGESTIONS,
        KEYS,
    ):
        assert part in text, part
    assert "…" in next(line for line in lines if "Message 4" in line)


@pytest.mark.parametrize("size", [(120, 40), (80, 24), (60, 16), (40, 10), (20, 5), (10, 2)])
@pytest.mark.parametrize("nodes", [1, 4, 32])
@pytest.mark.parametrize("is_stuck", [False, True])
def test_no_terminal_is_too_small(size: tuple[int, int], nodes: int, is_stuck: bool) -> None:
    shown = scene(nodes, 40)
    if is_stuck:
        shown.statuses = {name: status(7, (LONG * 5,)) for name in shown.statuses}
    lines = show(shown, *size)
    assert len(lines) <= max(3, size[1])
    assert all(len(line) <= size[0] for line in lines)


def test_why_nothing_moves_is_told_in_words_with_the_key_that_helps() -> None:
    shown = scene()
    shown.statuses = {
        "a": status(9, (LONG + "3 must agree on a block.",)), "b": status(9, ("x",)), "c": None,
        "d": None,
    }  # fmt: skip
    lines = show(shown)
    assert len(lines) == 24
    text = " ".join(" ".join(lines).split())
    assert f"No progress. {LONG}3 must agree on a block. Press r to restart a node." in text
    assert "a waiting 9" in text
    assert "c down - - -" in text
    assert SUGGESTIONS[-1] in text


def test_without_keys_no_key_is_named() -> None:
    shown = scene()
    shown.has_keys = False
    shown.statuses["node-3"] = None
    shown.obstacle = "There is no room."
    text = "\n".join(show(shown))
    assert NO_KEYS in text
    assert KEYS not in text
    assert "No progress. There is no room." in text
    assert "Press r" not in text


def test_the_start_shows_its_steps_and_how_far_they_are() -> None:
    shown = Scene(
        step="Starting 4 nodes", step_detail="2 of 4 up", steps_done=["Reading"], start_share=0.5,
        has_keys=True,
    )  # fmt: skip
    text = [" ".join(line.split()) for line in show(shown)]
    assert text[1:3] == ["done Reading", "now Starting 4 nodes 2 of 4 up"]
    assert START_KEYS in text[-1]
    assert KEYS not in text[-1]


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"data_name": ""}, "No data is played."),
        ({"refused": 3}, "3 rows refused"),
        ({"bad_rows": 2}, "2 bad rows left out"),
        ({"behind_s": 12.4}, "12 s behind"),
        ({"is_data_finished": True}, "played to its end"),
    ],
)
def test_the_line_about_the_data_says_what_is_wrong(change: dict[str, Any], said: str) -> None:
    shown = scene()
    for name, value in change.items():
        setattr(shown, name, value)
    assert said in "\n".join(show(shown, 100))


def test_many_nodes_are_summed_up() -> None:
    assert "and 24 more" in "\n".join(show(scene(32), 80, 40))


def test_no_colour_where_none_is_wanted() -> None:
    text = "\n".join(show(scene(), no_color=True, color_system="truecolor"))
    assert not re.search(r"\x1b\[[0-9;]*3[0-7]m", text)
