"""What a checker is: one promise, watched over by one small class that can be left out."""

from typing import ClassVar, NoReturn

from tests.sim.audience import Watcher
from tests.sim.world import World


class Violation(Exception):
    """A promise was broken."""

    def __init__(self, checker: str, text: str) -> None:
        super().__init__(text)
        self.checker = checker
        self.text = text


class Checker(Watcher):
    """Watches over one promise; its subclasses say which.

    Nothing is demanded of faulty machines, but what they do may be what shows a fault.
    """

    name: ClassVar[str]
    """What a failure is reported under."""

    def __init__(self, world: World) -> None:
        self.world = world

    def fail(self, text: str) -> NoReturn:
        """Report that the promise was broken.

        Raises: Violation: always.
        """
        raise Violation(self.name, text)
