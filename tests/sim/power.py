"""The power of a machine: it can fail around every write and between any two effects."""


class PowerCut(BaseException):
    """The power is gone: nothing that would have followed happens, and no code may catch this."""


class Power:
    """Counts the points where power may fail, and fails at the one it was told."""

    def __init__(self) -> None:
        self._points_left: int | None = None

    def arm(self, points: int) -> None:
        """Fail at the point that follows after `points` more."""
        self._points_left = points

    def disarm(self) -> None:
        """Fail at none."""
        self._points_left = None

    def pass_point(self) -> None:
        """Pass a point, unless this is the one.

        Raises: PowerCut: this was the one.
        """
        if self._points_left is None:
            return
        self._points_left -= 1
        if self._points_left < 0:
            self._points_left = None
            raise PowerCut
