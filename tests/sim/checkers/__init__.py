"""All checkers. A run takes any of them, so that each can be shown to be needed."""

from typing import Final

from tests.sim.checkers.base import Checker, Violation
from tests.sim.checkers.chain import Agreement, BlockTime, EqualRoots, ExecutedOnce, Validity
from tests.sim.checkers.clients import KeptPromises, Progress
from tests.sim.checkers.nodes import FairBlame, GapFreeStreams, SignedOnce, StaysUp

__all__ = [
    "ALL_CHECKERS",
    "Agreement",
    "BlockTime",
    "Checker",
    "EqualRoots",
    "ExecutedOnce",
    "FairBlame",
    "GapFreeStreams",
    "KeptPromises",
    "Progress",
    "SignedOnce",
    "StaysUp",
    "Validity",
    "Violation",
]

ALL_CHECKERS: Final[tuple[type[Checker], ...]] = (
    Agreement,
    Validity,
    EqualRoots,
    SignedOnce,
    KeptPromises,
    ExecutedOnce,
    FairBlame,
    BlockTime,
    Progress,
    GapFreeStreams,
    StaysUp,
)
