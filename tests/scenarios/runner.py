"""Plays a story on a few engines and writes down everything they do.

A story is text. Lines with `#` are for the reader; a line with `> ` is a command; the lines under
it, up to an empty one, are its trace. A story that begins with the command `raft` is one of Raft
(`raft_story.py` has its commands), any other is one of Tendermint (`bft_story.py`).
"""

from typing import Protocol

from tests.scenarios.bft_story import BftStory
from tests.scenarios.raft_story import RaftStory


class Story(Protocol):
    """Engines, the messages between them, and what they do about a command."""

    def run(self, command: str) -> list[str]:
        """Perform one command and give its trace."""
        ...


def run_scenario(text: str) -> str:
    """Play a story and give its text with the trace as it is now."""
    commands = [line[2:] for line in text.splitlines() if line.startswith("> ")]
    is_raft = commands[:1] != [] and commands[0].split()[0] == "raft"
    story: Story = RaftStory() if is_raft else BftStory()
    lines, is_trace = [], False
    for line in text.splitlines():
        if line.startswith("> "):
            lines += [line, *story.run(line[2:])]
            is_trace = True
        elif not line:
            lines.append(line)
            is_trace = False
        elif not is_trace:
            lines.append(line)
    return "\n".join(lines) + "\n"
