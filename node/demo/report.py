"""What the demo tells: one object that all report to, shown as a screen or as JSON Lines."""

from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, Final

MESSAGES_MAX: Final = 8


@dataclass(slots=True)
class Scene:
    """The demo as it is now; screens draw it, gateways and watchers change it."""

    chain_id: str = ""
    explorer: str = ""
    folder: str = ""
    data_name: str = ""
    data_time_ms: int | None = None
    progress: float | None = None
    statuses: dict[str, dict[str, Any] | None] = field(default_factory=dict)
    open_orders: int = 0
    orders: int = 0
    acknowledged: int = 0
    sent: int = 0
    readings: int = 0
    refused: int = 0
    bad_rows: int = 0
    suggestions: tuple[str, ...] = ()
    messages: deque[str] = field(default_factory=lambda: deque(maxlen=MESSAGES_MAX))

    @property
    def best(self) -> dict[str, Any]:
        """The status of the highest node that answers."""
        known = [status for status in self.statuses.values() if status]
        return max(known, key=lambda status: int(status["height"]), default={})


class Reporter:
    """Passes on events: as text into the scene, and as JSON objects to whoever reads them."""

    def __init__(self, scene: Scene, write: Callable[[dict[str, Any]], None] | None) -> None:
        self._scene = scene
        self._write = write

    def tell(self, event: str, text: str, **values: Any) -> None:
        """Report that something happened.

        Args: event: its name in JSON; text: the sentence for people; values: what JSON adds.
        """
        self._scene.messages.append(text)
        if self._write is not None:
            self._write({"event": event, **values})
