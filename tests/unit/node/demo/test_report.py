"""What is told, and what the scene says about it."""

from typing import Any

import pytest

from node.demo.report import MESSAGES_MAX, Scene
from tests.unit.node.demo.fakes import Heard


def status(height: int, **more: Any) -> dict[str, Any]:
    return {"height": height, "ready": True, "reasons": [], **more}


def test_events_reach_the_scene_and_the_listener() -> None:
    heard = Heard()
    heard.reporter.tell("order_opened", "An order.", id="ab")
    assert [message.text for message in heard.scene.messages] == ["An order."]
    assert heard.events == [("order_opened", "An order.", {"id": "ab"})]


def test_a_status_is_no_message() -> None:
    heard = Heard()
    heard.reporter.tell_status("fine", height=4)
    assert not heard.scene.messages
    assert heard.events == [("status", "fine", {"height": 4})]


def test_the_scene_keeps_the_newest_messages_only() -> None:
    heard = Heard()
    for number in range(MESSAGES_MAX + 5):
        heard.reporter.tell("e", str(number))
    assert len(heard.scene.messages) == MESSAGES_MAX
    assert heard.scene.messages[0].text == "5"


def test_each_step_is_told_once_however_often_it_moves() -> None:
    heard = Heard()
    heard.reporter.begin("Reading", 0.0)
    heard.reporter.begin("Starting", 0.2, "1 of 4")
    heard.reporter.begin("Starting", 0.4, "2 of 4")
    assert (heard.scene.step, heard.scene.step_detail) == ("Starting", "2 of 4")
    assert (heard.scene.steps_done, heard.scene.start_share) == (["Reading"], 0.4)
    heard.reporter.end_start()
    assert (heard.scene.step, heard.scene.steps_done) == ("", ["Reading", "Starting"])
    assert [text for _, text, _ in heard.events] == ["Reading ..", "Starting .."]


STUCK = status(7, ready=False, reasons=["2 of 4 are gone.", "Other."])


@pytest.mark.parametrize(
    ("statuses", "obstacle", "trouble"),
    [
        ({}, "", ""),
        ({"a": status(4)}, "", ""),
        ({"a": None, "b": None}, "", "All nodes are down."),
        ({"a": STUCK, "b": None}, "", "2 of 4 are gone."),
        ({"a": status(8), "b": STUCK}, "", ""),
        ({"a": status(4)}, "The disk is full.", "The disk is full."),
        ({"a": STUCK}, "The disk is full.", "2 of 4 are gone."),
    ],
)
def test_trouble_is_what_the_highest_node_says_or_what_stands_in_the_way(
    statuses: dict[str, dict[str, Any] | None], obstacle: str, trouble: str
) -> None:
    assert Scene(statuses=statuses, obstacle=obstacle).trouble == trouble
