"""What the user asked of the demo."""

from dataclasses import dataclass
from pathlib import Path

from chain.validators import EngineName


@dataclass(frozen=True, slots=True)
class DemoOptions:
    """The flags of `veritwin demo`.

    `engine` says how nodes agree; `data` is wind, none or csv:PATH; `speed` None chooses one;
    `home` None takes a temporary folder that is deleted at the end; `port` 0 chooses; `seconds`
    counts from the first block, None runs until it is stopped.
    """

    nodes: int
    data: str
    speed: float | None
    home: Path | None
    port: int
    ready_file: Path | None
    seconds: float | None
    opens_browser: bool
    as_json: bool
    engine: EngineName = "bft"

    @property
    def is_wind(self) -> bool:
        """Whether the wind farm is played, with its contract."""
        return self.data == "wind"
