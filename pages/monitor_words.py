"""What a monitor's figures come to, in sentences for its page and the terminal."""

from collections.abc import Sequence
from typing import NamedTuple

from wellspring.schemas.monitor import MonitorReport, Series

TITLES = {
    "tail_coverage": ("Tail coverage", "rare token pairs present, over those that the baseline would show"),
    "distinct_1": ("Distinct words", "distinct tokens over tokens"),
    "distinct_2": ("Distinct pairs", "distinct token pairs over pairs"),
    "distinct_3": ("Distinct triples", "distinct runs of three tokens over runs"),
    "entropy_bits": ("Entropy", "of the tokens, in bits"),
    "self_bleu": ("Self-BLEU", "how much outputs repeat each other, 0 to 1"),
    "compression_ratio": ("Compression", "compressed bytes over bytes"),
    "repetition": ("Repetition", "percent of an output's 4-grams that it had already"),
    "length": ("Length", "tokens per output"),
}
FAR = 3.0
"""Standard deviations of a window from which a value on the suspicious side is told, alarm or not."""
_NEAR = 0.5
"""Of its threshold, the sum from which a series without an alarm is told."""


class _FarValue(NamedTuple):
    distance: float
    window: int
    signal: str


def tested(report: MonitorReport) -> str:
    """What these windows could show, and what they couldn't."""
    found = [one.detectable for one in report.series if one.detectable is not None]
    if not found:
        could = f"In {_windows(report)} no lasting change, however large, raises an alarm on average"
    else:
        least, most = min(found), max(found)
        size = f"{most:.1f}" if most - least < 0.05 else f"{least:.1f} to {most:.1f}"
        could = (
            f"In {_windows(report)} a lasting change of {size} standard deviations of a window or more "
            f"raises an alarm on average; a smaller or a shorter one need not"
        )
    absent = [TITLES[name][0] for name in TITLES if name not in report.baseline_signals]
    unseen = []
    if absent:
        unseen.append(f"not tested for want of text in the baseline: {', '.join(absent)}")
    blank = {
        TITLES[name][0]: sum(window.values[name] is None for window in report.windows)
        for name in report.baseline_signals
    }
    few = [f"{title} in {count:,}" for title, count in blank.items() if count]
    if few:
        unseen.append(f"windows with too little text for a value: {', '.join(few)}")
    if report.left_over:
        unseen.append(f"outputs after the last whole window, not tested: {report.left_over:,}")
    return "; ".join([could, *unseen]) + "."


def doubts(report: MonitorReport) -> list[str]:
    """What an outcome without an alarm must not pass over: sums near their thresholds, values far out."""
    if report.alarms:
        return []
    said = []
    near = sorted(
        (one for one in report.series if one.steps[-1].cusum >= _NEAR * one.threshold),
        key=lambda one: -one.steps[-1].cusum / one.threshold,
    )
    if near:
        sums = ", ".join(
            f"{TITLES[one.signal][0]} {one.direction} the baseline {one.steps[-1].cusum:.1f} of "
            f"{one.threshold:.1f}"
            for one in near
        )
        said.append(f"On the way to an alarm, sum and threshold: {sums}.")
    far = _far(report, report.series)
    if far:
        worst = min(far, key=lambda value: (-abs(value.distance), value.window))
        some = "1 value lies" if len(far) == 1 else f"{len(far):,} values lie"
        said.append(
            f"{some} {FAR:.0f} standard deviations or more on the suspicious side, furthest "
            f"{TITLES[worst.signal][0]} in window {worst.window + 1:,}: {worst.distance:+.1f}."
        )
    return said


def outcome(report: MonitorReport) -> str:
    """One sentence that promises no more than was tested."""
    if report.alarms:
        first = report.alarms[0]
        signals = ", ".join(dict.fromkeys(TITLES[alarm.signal][0] for alarm in report.alarms))
        count = "an alarm" if len(report.alarms) == 1 else f"{len(report.alarms):,} alarms"
        date = f", {first.date[:10]}" if first.date else ""
        return f"{signals}: {count}, the first in window {first.window + 1:,}{date}."
    return f"No alarm: in none of {len(report.series)} tests did the sum cross its threshold."


def distance(report: MonitorReport, signal: str, window: int) -> float | None:
    """Of a window's value from the baseline's mean, in standard deviations of a window."""
    value, baseline = report.windows[window].values[signal], report.baseline_signals[signal]
    return None if value is None else (value - baseline.mean) / baseline.spread


def _far(report: MonitorReport, series: Sequence[Series]) -> list[_FarValue]:
    found = []
    for one in series:
        side = 1 if one.direction == "above" else -1
        for window in range(len(report.windows)):
            away = distance(report, one.signal, window)
            if away is not None and side * away >= FAR:
                found.append(_FarValue(away, window, one.signal))
    return found


def _windows(report: MonitorReport) -> str:
    return f"{len(report.windows):,} windows"
