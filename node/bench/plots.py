"""Pictures of measurements: throughput over time, latency over time, latency over load."""

from collections import defaultdict
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from chain.errors import InvalidInput
from node.bench.result import percentiles

if TYPE_CHECKING:
    from node.bench.measuring import Curve

POINTS_MAX: Final = 120
"""Most points of a line over time: a longer run shows what stretches of several seconds took."""
SHOWN: Final = ("p50", "p95", "p99")


def check_plotting() -> None:
    """See whether pictures can be made.

    Raises: InvalidInput: VT-8020, matplotlib is not installed.
    """
    try:
        import matplotlib  # noqa: F401
    except ImportError as error:
        raise InvalidInput("VT-8020") from error


def plot(curves: "Sequence[Curve]", path: Path) -> None:
    """Write one picture of all measurements; its format follows from the file's name.

    Raises: InvalidInput: VT-8020 matplotlib is not installed, VT-8012 the file cannot be written.
    """
    check_plotting()
    import matplotlib.pyplot as plt

    plt.switch_backend("agg")
    figure, (rates, latencies, loads) = plt.subplots(3, 1, figsize=(11, 11), layout="constrained")
    ranks = SHOWN if len(curves) == 1 else SHOWN[-1:]
    for curve in curves:
        label = _name_curve(curve)
        rates.step(*_rates(curve.blocks), where="post", label=label)
        points = _latencies(curve.latencies)
        for name in ranks:
            latencies.plot(*_columns(points[name]), label=f"{label}, {name}")
    for label, group in _by_load(curves).items():
        for name in SHOWN:
            known = [
                (one.line.committed_tx_per_s, latency)
                for one in group
                if (latency := one.line.latency_ms[name]) is not None
            ]
            loads.plot(*_columns(known), "-o", label=f"{label}, {name}")
    _name(rates, "Throughput", "seconds", "transactions committed per second")
    _name(latencies, "Latency of single transactions", "seconds", "ms from POST to final")
    _name(loads, "Latency over load", "transactions committed per second", "ms from POST to final")
    try:
        with plt.rc_context({"svg.fonttype": "none"}):  # text stays text: smaller, and searchable
            figure.savefig(path)
    except (OSError, ValueError) as error:
        raise InvalidInput("VT-8012", path=path, reason=str(error)) from error
    finally:
        plt.close(figure)


def _name_curve(curve: "Curve") -> str:
    rate = curve.line.offered_per_s
    return _name_group(curve) + ("" if rate is None else f", {rate:,.0f} offered")


def _name_group(curve: "Curve") -> str:
    return f"{curve.line.workload}, {curve.line.validators} nodes"


def _by_load(curves: "Sequence[Curve]") -> "dict[str, list[Curve]]":
    """Put together what differs in its load only, in order of what was committed."""
    groups: dict[str, list[Curve]] = defaultdict(list)
    for curve in sorted(curves, key=lambda one: one.line.committed_tx_per_s):
        groups[_name_group(curve)].append(curve)
    return groups


def _step_seconds(end_s: float) -> int:
    return max(1, -int(-end_s // POINTS_MAX))


def _rates(blocks: Sequence[tuple[float, int]]) -> tuple[list[int], list[float]]:
    """Give the transactions a second of each stretch of time; the last one is not a whole one."""
    end_s = max((at for at, _ in blocks), default=0.0)
    step = _step_seconds(end_s)
    sums: dict[int, int] = defaultdict(int)
    for at, transactions in blocks:
        sums[int(at // step)] += transactions
    stretches = range(max(1, int(end_s // step)))
    return [number * step for number in stretches], [sums[number] / step for number in stretches]


def _latencies(latencies: Sequence[tuple[float, float]]) -> dict[str, list[tuple[float, float]]]:
    """Give what latencies were in each stretch of time: half of them, and nearly all, took less."""
    step = _step_seconds(max((at for at, _ in latencies), default=0.0))
    stretches: dict[int, list[float]] = defaultdict(list)
    for at, latency in latencies:
        stretches[int(at // step)].append(latency)
    points: dict[str, list[tuple[float, float]]] = {name: [] for name in SHOWN}
    for number in sorted(stretches):
        for name, value in percentiles(stretches[number]).items():
            if value is not None:
                points[name].append((number * step, value))
    return points


def _columns(pairs: Sequence[tuple[float, float]]) -> tuple[list[float], list[float]]:
    return [x for x, _ in pairs], [y for _, y in pairs]


def _name(axes: Any, title: str, x: str, y: str) -> None:
    axes.set_title(title)
    axes.set_xlabel(x)
    axes.set_ylabel(y)
    axes.set_ylim(bottom=0)
    axes.grid(alpha=0.3)
    axes.legend(fontsize="small", loc="center left", bbox_to_anchor=(1.0, 0.5))
