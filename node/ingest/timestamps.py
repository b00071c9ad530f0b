"""Times as they stand in files, turned into UTC milliseconds.

Local clocks are the hard part. On the day clocks go back, one hour is written twice: its rows are
told apart by their order, for each twin by itself. On the day they go forward, one hour does not
exist, and a row that claims it is refused. An offset written in the data always wins.
"""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Final
from zoneinfo import ZoneInfo

from chain.errors import InvalidInput
from chain.scalars import UnixMillis
from node.ingest.decimals import to_plain_decimal
from node.ingest.mapping import TimeSource

EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
MILLISECOND: Final = timedelta(milliseconds=1)


class TimeReader:
    """Reads the time column of one file; remembers the last time of each twin.

    Args: source: the time part of the mapping.
    Raises: ValueError: the zone or the start time is not known.
    """

    def __init__(self, source: TimeSource) -> None:
        self._source = source
        try:
            self._zone = ZoneInfo(source.zone)
        except (KeyError, ValueError, OSError) as error:
            raise ValueError(f"unknown time zone {source.zone!r}") from error
        self._latest: dict[str, UnixMillis] = {}
        self._start = UnixMillis(0)
        if source.start is not None:
            try:
                self._start = self._resolve(datetime.fromisoformat(source.start.strip()), "")
            except (ValueError, InvalidInput) as error:
                raise ValueError(f"start {source.start!r} is not an ISO time") from error
        self._parse = self._choose_parser()

    def read(self, text: str, twin: str) -> UnixMillis:
        """The UTC time of one row.

        Args: text: the cell; twin: whose row it is, as a repeated hour goes by each twin's order.
        Raises: InvalidInput: VT-9011 not a time; VT-9012 a local time that was skipped.
        """
        try:
            time_ms = self._parse(text.strip(), twin)
        except (ValueError, ArithmeticError) as error:
            raise InvalidInput("VT-9011", text=text[:64], form=self._source.format) from error
        if not 0 <= time_ms < 2**53:
            raise InvalidInput("VT-9011", text=text[:64], form="years from 1970")
        self._latest[twin] = max(time_ms, self._latest.get(twin, time_ms))
        return time_ms

    def _choose_parser(self) -> Callable[[str, str], UnixMillis]:
        source = self._source
        match source.format:
            case "iso":
                return lambda text, twin: self._resolve(datetime.fromisoformat(text), twin)
            case "epoch_s":
                return lambda text, _: UnixMillis(int(_number(text) * 1000))
            case "epoch_ms":
                return lambda text, _: UnixMillis(int(_number(text)))
            case "step":
                step_ms = 1000 * (source.step_seconds or 0)
                return lambda text, _: UnixMillis(self._start + int(_number(text) * step_ms))
            case pattern:
                # The zone that strptime lacks is added by _resolve.
                return lambda text, twin: self._resolve(
                    datetime.strptime(text, pattern),  # noqa: DTZ007
                    twin,
                )

    def _resolve(self, local: datetime, twin: str) -> UnixMillis:
        if local.tzinfo is not None:
            return _to_millis(local)
        first, second = (_to_millis(local.replace(tzinfo=self._zone, fold=fold)) for fold in (0, 1))
        if first == second:
            return first
        if first > second:  # Only a skipped hour is earlier in its second reading.
            raise InvalidInput("VT-9012", text=local.isoformat(" "), zone=self._source.zone)
        latest = self._latest.get(twin)
        return first if latest is None or first > latest else second


def _number(text: str) -> Decimal:
    plain = to_plain_decimal(text)
    if plain is None:
        raise ValueError("not a number")
    return Decimal(plain)


def _to_millis(moment: datetime) -> UnixMillis:
    # The division is exact in integers; datetime.timestamp() would pass through a float.
    return UnixMillis((moment - EPOCH) // MILLISECOND)
