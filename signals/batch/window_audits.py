"""From the sums of a stratum's windows to its audit over time."""

from collections.abc import Sequence
from typing import NamedTuple

import msgspec

from wellspring.schemas.audit import SIGNALS
from wellspring.schemas.profile import Gate
from wellspring.schemas.window_audit import WindowAudit, WindowSignal
from wellspring.signals.batch.drift import Baseline, Step, baseline_of_limit, baseline_of_windows, cusum
from wellspring.signals.batch.window_sums import DECIDING, WindowFigure, WindowSums, window_figure


class Window(NamedTuple):
    """A crawl window, ISO dates, and the sums over a stratum's batches in it."""

    start: str
    end: str | None
    sums: WindowSums


def is_watched(stratum: str, windows: Sequence[Window], gate: Gate) -> bool:
    """Whether the stratum has a baseline, and a window beyond it."""
    figures = [window_figure(w.sums, _watched(gate)) for w in sorted(windows, key=lambda w: w.start)]
    baseline, taken, _ = _baseline(stratum, figures, gate)
    return baseline is not None and any(figures[taken:])


def audit_windows(stratum: str, windows: Sequence[Window], gate: Gate, strata: int) -> list[WindowAudit]:
    """One row per window, in the order of the windows, whatever order they come in.

    Args:
        stratum: as JSON. strata: how many are watched in the run, >= 1.
    """
    ordered = sorted(windows, key=lambda w: w.start)
    figures = [window_figure(w.sums, _watched(gate)) for w in ordered]
    baseline, taken, basis = _baseline(stratum, figures, gate)
    steps: list[Step | None] = [None] * taken
    if baseline is not None:
        steps += cusum(figures[taken:], baseline, gate.direction, max(strata, 1))
    values = msgspec.json.decode(stratum, type=dict[str, str])
    rows = []
    for index, (window, figure) in enumerate(zip(ordered, figures, strict=True)):
        step = steps[index] if index < len(steps) else None
        rows.append(
            WindowAudit(
                stratum=stratum,
                source=values.get("source"),
                language=values.get("language"),
                window_start=window.start,
                window_end=window.end,
                batches=window.sums.batches,
                documents=window.sums.documents,
                tokens=window.sums.tokens,
                flagged=window.sums.flagged,
                signal=gate.signal,
                direction=gate.direction,
                value=figure.estimate.value if figure else None,
                low=figure.estimate.low if figure else None,
                high=figure.estimate.high if figure else None,
                baseline=baseline.mean if baseline else None,
                basis=f"baseline: {basis}" if baseline and index < taken else basis,
                z=step.z if step else None,
                cusum=step.cusum if step else None,
                allowance=step.allowance if step else None,
                threshold=step.threshold if step else None,
                alarm=step.alarm if step else False,
                since=ordered[taken + step.since].start if step and step.since is not None else None,
                signals=_signals(window.sums),
            )
        )
    return rows


def _watched(gate: Gate) -> str:
    """The figure of the first test's signal: where there are more tests, a batch's audit may name another
    as the one that decided.
    """
    return gate.signal if gate.also else DECIDING


def _baseline(
    stratum: str, figures: Sequence[WindowFigure | None], gate: Gate
) -> tuple[Baseline | None, int, str]:
    """(baseline, windows that it took, where it comes from or why there is none)."""
    if stratum in gate.strata:
        baseline = baseline_of_limit(gate.strata[stratum])
        return baseline, 0, baseline.basis
    own = baseline_of_windows(figures)
    if own is None:
        return None, 0, "none: no limit of its own in the profile, and fewer than ten windows"
    return own[0], own[1], own[0].basis


def _signals(sums: WindowSums) -> list[WindowSignal]:
    found = []
    for name in SIGNALS:
        figure = window_figure(sums, name)
        if figure is not None:
            found.append(WindowSignal(name, *figure.estimate))
    return found
