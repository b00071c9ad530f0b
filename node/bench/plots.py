"""Pictures of measurements: throughput over time, latency over time, latency over load."""

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from chain.errors import InvalidInput

if TYPE_CHECKING:
    from node.bench.measuring import Curve


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
    figure, (rates, latencies, loads) = plt.subplots(3, 1, figsize=(9, 11), layout="constrained")
    for curve in curves:
        line = curve.line
        label = f"{line.workload}, {line.validators} nodes"
        rates.step(*_per_second(curve.blocks), where="post", label=label)
        latencies.plot(*_columns(curve.latencies), ".", markersize=3, label=label)
        p50, p99 = line.latency_ms["p50"], line.latency_ms["p99"]
        if p50 is not None and p99 is not None:
            loads.plot([line.committed_tx_per_s] * 2, [p50, p99], "-o", label=label)
    _name(rates, "Throughput", "seconds", "transactions committed per second")
    _name(latencies, "Latency of single transactions", "seconds", "ms from POST to final")
    _name(loads, "Latency over load (p50 to p99)", "transactions per second", "ms")
    try:
        figure.savefig(path)
    except (OSError, ValueError) as error:
        raise InvalidInput("VT-8012", path=path, reason=str(error)) from error
    finally:
        plt.close(figure)


def _per_second(blocks: Sequence[tuple[float, int]]) -> tuple[list[int], list[int]]:
    sums: dict[int, int] = {}
    for at, transactions in blocks:
        sums[int(at)] = sums.get(int(at), 0) + transactions
    seconds = list(range(max(sums, default=0) + 1))
    return seconds, [sums.get(second, 0) for second in seconds]


def _columns(pairs: Sequence[tuple[float, float]]) -> tuple[list[float], list[float]]:
    return [x for x, _ in pairs], [y for _, y in pairs]


def _name(axes: Any, title: str, x: str, y: str) -> None:
    axes.set_title(title)
    axes.set_xlabel(x)
    axes.set_ylabel(y)
    axes.set_ylim(bottom=0)
    axes.grid(alpha=0.3)
    axes.legend(fontsize="small")
