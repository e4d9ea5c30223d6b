"""What the drift alarms promise, in simulation: rare false alarms, and a step seen within about 12 windows.

Every draw is a hash: the same figures each time. A step is of one standard deviation of a window's
figure, sampling of documents and spread between windows together.
"""

import math
from statistics import mean, median
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.special import ndtri

from wellspring.schemas.profile import Limit
from wellspring.signals.batch.drift import (
    WINDOWS_PER_FALSE_ALARM,
    Baseline,
    baseline_of_limit,
    baseline_of_windows,
    cusum,
)
from wellspring.signals.batch.window_sums import WindowFigure
from wellspring.signals.stats.hashing import stable_hash
from wellspring.signals.stats.intervals import t_interval

GOAL_DELAY = 12.5
"""Windows, mean: "about 12"."""
_FREEDOM = 10_000
_BASELINES = (8, 40, 100)


def _normals(count: int, seed: str) -> NDArray[np.float64]:
    hashes = [stable_hash(str(i), seed) for i in range(count)]
    return np.asarray(ndtri((np.array(hashes, dtype=np.float64) + 0.5) / 2.0**64))


def _figures(z: NDArray[np.float64], error: float) -> list[WindowFigure]:
    """Windows whose values have standard deviation 1, `error` of it from sampling."""
    return [
        WindowFigure(t_interval(value, error, _FREEDOM), error, _FREEDOM, error**2) for value in z.tolist()
    ]


def _baseline(batches: int | None, error: float, seed: str) -> Baseline:
    if batches is None:
        return Baseline(0.0, 1.0, 10**9, error**2, "known exactly")
    z = _normals(batches, f"{seed} baseline")
    if batches == 8:
        made = baseline_of_windows(_figures(np.concatenate([z, z]), error))
        assert made is not None
        return made[0]
    return baseline_of_limit(Limit(limit=9.0, batches=batches, mean=z.mean(), spread=z.std(ddof=1)))


def _false_alarms(batches: int | None, error: float, series: int, windows: int) -> float:
    alarms = 0
    for k in range(series):
        seed = f"quiet {batches} {error} {k}"
        steps = cusum(_figures(_normals(windows, seed), error), _baseline(batches, error, seed), "above", 1)
        alarms += sum(step.alarm for step in steps)
    return WINDOWS_PER_FALSE_ALARM * alarms / (series * windows)


def _delays(batches: int | None, error: float, series: int, shift: float) -> list[int]:
    delays = []
    for k in range(series):
        seed = f"step {batches} {error} {k}"
        z = _normals(200, seed) + shift
        steps = cusum(_figures(z, error), _baseline(batches, error, seed), "above", 1)
        delays.append(next((i for i, step in enumerate(steps, 1) if step.alarm), len(steps)))
    return delays


def _family(strata: int, series: int, windows: int) -> float:
    """False alarms in 500 windows of so many strata together."""
    alarms = 0
    for k in range(series):
        for stratum in range(strata):
            figures = _figures(_normals(windows, f"family {strata} {k} {stratum}"), 0.7)
            steps = cusum(figures, _baseline(None, 0.7, ""), "above", strata)
            alarms += sum(step.alarm for step in steps)
    return WINDOWS_PER_FALSE_ALARM * alarms / (series * windows)


def run(runs: int = 200, series_windows: int = 500) -> dict[str, Any]:
    """`runs` series of `series_windows` for each baseline: sampling alone, half of it, hardly any."""
    cases: dict[str, Any] = {}
    lines = []
    for batches in (None, *_BASELINES):
        name = {None: "known exactly", 8: "8 first windows"}.get(batches, f"{batches} batches of its own")
        quiet = [_false_alarms(batches, error, runs, series_windows) for error in (1.0, math.sqrt(0.5), 0.3)]
        delays = {shift: _delays(batches, math.sqrt(0.5), runs, shift) for shift in (1.0, 2.0, 3.0)}
        cases[name] = {
            "false_alarms_in_500_windows": [round(rate, 3) for rate in quiet],
            "windows_until_alarm": {
                f"{shift:g} sd": {"mean": round(mean(d), 1), "median": median(d)}
                for shift, d in delays.items()
            },
        }
        lines.append(
            f"baseline {name}: false alarms in 500 windows {', '.join(f'{rate:.2f}' for rate in quiet)}; "
            "windows until a step of 1, 2, 3 sd is seen: "
            + ", ".join(f"{mean(d):.1f} (median {median(d):g})" for d in delays.values())
        )
    families = {strata: _family(strata, max(runs // 4, 5), series_windows) for strata in (5, 25)}
    lines += [f"{n} strata together: {rate:.2f} false alarms in 500 windows" for n, rate in families.items()]
    exact = cases["known exactly"]
    delay, alarms = exact["windows_until_alarm"]["1 sd"]["mean"], max(exact["false_alarms_in_500_windows"])
    worst = max(*(max(c["false_alarms_in_500_windows"]) for c in cases.values()), *families.values())
    return {
        "what": "CUSUM against a frozen baseline: false alarms, and windows until a step of 1 sd is seen",
        "goal": "at most 1 false alarm in 500 windows; a step of 1 sd seen within about 12",
        "measured": f"{alarms:.2f} in 500, {delay:.1f} windows (worst of all baselines: {worst:.2f} in 500)",
        "met": worst <= 1.0 and delay <= GOAL_DELAY,
        "baselines": cases,
        "strata_together": families,
        "lines": lines,
        "runs": runs,
    }
