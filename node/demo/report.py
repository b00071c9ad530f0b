"""What the demo tells: one scene that all change, and one reporter through which all speak."""

from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, Final

MESSAGES_MAX: Final = 50


@dataclass(frozen=True, slots=True)
class Message:
    """Something that happened, in a sentence, and when on the clock of the wall."""

    time_ms: int
    text: str


@dataclass(slots=True)
class Scene:
    """The demo as it is now; screens draw it, gateways and watchers change it.

    `step` is what is being done before the data plays, empty afterwards; `step_detail` how far it
    is, `start_share` how much of all steps is done, from 0 to 1. `obstacle` says why nodes that are
    well take no transactions, empty when they do.
    """

    chain_id: str = ""
    step: str = ""
    step_detail: str = ""
    steps_done: list[str] = field(default_factory=list)
    start_share: float = 0.0
    explorer: str = ""
    data_name: str = ""
    data_time_ms: int | None = None
    data_share: float = 0.0
    is_data_finished: bool = False
    behind_s: float = 0.0
    statuses: dict[str, dict[str, Any] | None] = field(default_factory=dict)
    obstacle: str = ""
    open_orders: int = 0
    orders: int = 0
    acknowledged: int = 0
    transactions: int = 0
    readings: int = 0
    refused: int = 0
    bad_rows: int = 0
    has_keys: bool = False
    suggestions: tuple[str, ...] = ()
    messages: deque[Message] = field(default_factory=lambda: deque(maxlen=MESSAGES_MAX))

    @property
    def best(self) -> dict[str, Any]:
        """The status of the highest node that answers; empty when none does."""
        known = [status for status in self.statuses.values() if status]
        return max(known, key=lambda status: int(status["height"]), default={})

    @property
    def nodes_up(self) -> int:
        """How many nodes answer."""
        return sum(1 for status in self.statuses.values() if status)

    @property
    def trouble(self) -> str:
        """Why commits do not progress, in words; empty when they do."""
        if not self.statuses:
            return ""
        if not self.nodes_up:
            return "All nodes are down."
        reasons = self.best.get("reasons") or ()
        return str(reasons[0]) if reasons else self.obstacle


Listener = Callable[[str, Message, dict[str, Any]], None]


class Reporter:
    """Passes on what happens: into the scene, and to whoever listens.

    Args: clock_ms: wall clock; listener: gets the event's name, its message and its values.
    """

    def __init__(self, scene: Scene, clock_ms: Callable[[], int], listener: Listener) -> None:
        self._scene = scene
        self._clock_ms = clock_ms
        self._listener = listener

    def tell(self, event: str, text: str, **values: Any) -> None:
        """Report that something happened.

        Args: event: its name in JSON; text: the sentence for people; values: what JSON adds.
        """
        message = Message(self._clock_ms(), text)
        self._scene.messages.append(message)
        self._listener(event, message, values)

    def tell_status(self, text: str, **values: Any) -> None:
        """Report how everything is; this is no event, so the scene keeps no message of it."""
        self._listener("status", Message(self._clock_ms(), text), values)

    def begin(self, step: str, share: float, detail: str = "") -> None:
        """Say which step of the start is being done, and how far it is.

        Args: share: of all steps, from 0 to 1.
        """
        scene = self._scene
        if step != scene.step:
            self._leave_step()
            self._listener("step", Message(self._clock_ms(), f"{step} .."), {})
        scene.step, scene.step_detail, scene.start_share = step, detail, share

    def end_start(self) -> None:
        """Say that the start is over."""
        self._leave_step()
        self._scene.start_share = 1.0

    def _leave_step(self) -> None:
        scene = self._scene
        if scene.step:
            scene.steps_done.append(scene.step)
        scene.step = ""
