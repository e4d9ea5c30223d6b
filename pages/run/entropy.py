"""The report's charts: the signal that decides, and unigram entropy, by batch over crawl time."""

import itertools
import math
from collections import defaultdict
from collections.abc import Sequence
from datetime import date
from statistics import median

from wellspring.pages.html import Html, integer, join, name, text
from wellspring.pages.run.batches import basis_table, flagged, ordered, strata_table
from wellspring.pages.svg import Mark, Point, Tick, swatch, time_series
from wellspring.schemas.audit import NO_DATE, Audit, stratum_words, window_words
from wellspring.schemas.signal_titles import signal_title
from wellspring.signals.entropy import SEED_FLOOR

STRATA_SHOWN = 6
POINTS_SHOWN = 2000
UNIGRAM = "entropy_bits"
_EDGE = 0.05  # of the plot's width, kept free on both sides
_UNDATED_AT, _DIVIDER_AT, _DATED_END = 0.93, 0.87, 0.82


def entropy_section(audits: Sequence[Audit], gate: str) -> list[Html]:
    """Charts of the deciding signal and of unigram entropy over crawl time, one row per stratum."""
    if not audits:
        return [Html("<p>There is no batch, so there is nothing to draw.</p>")]
    audits = ordered(audits)
    strata: dict[str, list[Audit]] = defaultdict(list)
    for audit in audits:
        strata[audit.stratum].append(audit)
    shown = sorted(strata, key=lambda s: (-len(strata[s]), s))[:STRATA_SHOWN]
    positions, ticks = _positions({audit.window_start for audit in audits})
    summarised = sum(len(strata[s]) for s in shown) > POINTS_SHOWN
    parts = [_explanation(summarised), _legend(gate, summarised)]
    for stratum in shown:
        parts.append(_stratum_row(stratum, strata[stratum], positions, ticks, gate, summarised))
    if len(strata) > len(shown):
        left = sum(len(strata[s]) for s in strata if s not in shown)
        parts.append(
            Html(
                f"<p>The {len(shown)} strata with the most batches are drawn. "
                f"{integer(len(strata) - len(shown))} more, with {integer(left)} batches, are left out here; "
                "their numbers are in <code>audits/*.parquet</code>.</p>"
            )
        )
    return [*parts, strata_table(strata), basis_table(audits)]


def _explanation(summarised: bool) -> Html:
    unit = (
        "There are too many batches for a point each: a mark is the median of a window, its bar runs from "
        "the "
        "least to the greatest."
        if summarised
        else "A point is a batch, its bar the 95% interval."
    )
    return Html(
        f"<p>First the signal that decides, against the limit of the profile. {unit} Beside it the unigram "
        f"entropy of the same batches with the seed's floor of {SEED_FLOOR} bits. Where another signal "
        "decides, "
        f"it is recorded and is not the gate, because {SEED_FLOOR} bits are about nine equally frequent "
        "tokens, "
        "and text of any origin has far more, until it repeats a handful of words.</p>"
    )


def _legend(gate: str, summarised: bool) -> Html:
    what = "window with a batch" if summarised else "batch"
    verb = "is held" if gate == "enforce" else "would be held"
    entries: list[tuple[str, str]] = [
        ("passed", "passed"),
        ("flagged", f"{what} that {verb}"),
        ("open", "not gated"),
        ("limit", "limit, floor"),
    ]
    items = [Html(f"<li>{swatch(mark)}{text(label)}</li>") for mark, label in entries]
    return Html(f'<ul class="legend">{join(items, "")}</ul>')


def _stratum_row(
    stratum: str,
    audits: Sequence[Audit],
    positions: dict[str | None, float],
    ticks: Sequence[Tick],
    gate: str,
    summarised: bool,
) -> Html:
    held = sum(map(flagged, audits))
    verb = "held" if gate == "enforce" else "would be held"
    heading = name(stratum_words(stratum))
    counts = f"{len(audits):,} {'batch' if len(audits) == 1 else 'batches'}, {held:,} {verb}"
    divider = _DIVIDER_AT if None in positions and len(positions) > 1 else None
    signals = sorted(
        {audit.signal for audit in audits if audit.signal is not None and drawn_value(audit) is not None}
    )
    figures = []
    for signal in signals:
        decided = [audit for audit in audits if audit.signal == signal]
        drawn = [audit for audit in audits if drawn_value(audit, signal) is not None]
        title = f"{signal_title(signal)} of {stratum_words(stratum)} over crawl time"
        points = _points(drawn, signal, positions, summarised)
        chart = time_series(points, ticks, title, _describe(drawn, signal), divider=divider)
        sides = " or ".join(sorted({audit.direction for audit in decided if audit.direction is not None}))
        figures.append(_figure(chart, f"{signal_title(signal)}; flagged when {sides} the limit"))
    if not signals:
        figures.append(Html("<p>No signal could decide for these batches; the table below says why.</p>"))
    if UNIGRAM not in signals:
        title = f"Unigram entropy of {stratum_words(stratum)} over crawl time"
        points = _points(audits, UNIGRAM, positions, summarised)
        chart = time_series(
            points,
            [tick for tick in ticks if tick.anchor != "middle" or tick.label == NO_DATE or len(ticks) < 3],
            title,
            _describe(audits, UNIGRAM),
            limit_name="floor",
            divider=divider,
        )
        figures.append(_figure(chart, "Unigram entropy, bits; not the gate"))
    return Html(
        f'<h3>{heading}</h3><p class="soft">{text(counts)}</p><div class="pair">{join(figures)}</div>'
    )


def _figure(chart: Html, caption: str) -> Html:
    return Html(f"<figure><figcaption>{text(caption)}</figcaption>{chart}</figure>")


def _describe(audits: Sequence[Audit], signal: str) -> str:
    values = [value for audit in audits if (value := drawn_value(audit, signal)) is not None]
    if not values:
        return "No values."
    return (
        f"{len(values)} values from {min(values):.4g} to {max(values):.4g}, median {median(values):.4g}; "
        f"{sum(map(flagged, audits))} batches are flagged. The numbers are in the table of batches."
    )


def _points(
    audits: Sequence[Audit], signal: str, positions: dict[str | None, float], summarised: bool
) -> list[Point]:
    windows: dict[str | None, list[Audit]] = defaultdict(list)
    for audit in audits:
        if drawn_value(audit, signal) is not None:
            windows[audit.window_start].append(audit)
    if summarised:
        return [_window_point(group, signal, positions[window]) for window, group in windows.items()]
    room = _room(sorted(positions.values()))
    points = []
    for window, group in windows.items():
        for index, audit in enumerate(group):
            # Batches of one window stand side by side, in the order of their ids.
            aside = room * ((index + 0.5) / len(group) - 0.5)
            points.append(_batch_point(audit, signal, positions[window] + aside))
    return points


def _batch_point(audit: Audit, signal: str, x: float) -> Point:
    value = drawn_value(audit, signal)
    assert value is not None
    unigram = signal == UNIGRAM and audit.signal != UNIGRAM
    limit = SEED_FLOOR if unigram else audit.limit if audit.signal == signal else None
    mark: Mark = "flagged" if flagged(audit) else "passed" if audit.gated else "open"
    low, high = (None, None) if unigram else audit.estimate(signal)[1:]
    interval = f" ({low:.4g} to {high:.4g})" if low is not None and high is not None else ""
    return Point(
        x=x,
        y=value,
        low=low,
        high=high,
        limit=limit,
        mark=mark,
        tooltip=(
            f"batch {audit.batch_id}, {window_words(audit)}: {value:.4g}{interval}, {audit.documents} "
            "documents"
        ),
    )


def _window_point(group: Sequence[Audit], signal: str, x: float) -> Point:
    values = [value for audit in group if (value := drawn_value(audit, signal)) is not None]
    held = sum(map(flagged, group))
    unigram = signal == UNIGRAM and all(audit.signal != UNIGRAM for audit in group)
    limits = [audit.limit for audit in group if audit.signal == signal and audit.limit is not None]
    return Point(
        x=x,
        y=median(values),
        low=min(values),
        high=max(values),
        limit=SEED_FLOOR if unigram else limits[0] if limits else None,
        mark="flagged" if held else "passed" if any(audit.gated for audit in group) else "open",
        tooltip=f"{window_words(group[0])}: {len(values)} batches, median {median(values):.4g}, "
        f"{min(values):.4g} to {max(values):.4g}, {held} flagged",
    )


def drawn_value(audit: Audit, signal: str | None = None) -> float | None:
    """The value to draw: of the deciding signal, or of the named one; null if undefined."""
    value = audit.entropy_bits if signal == UNIGRAM else audit.estimate(signal or audit.signal)[0]
    return value if value is not None and math.isfinite(value) else None


def _positions(windows: set[str | None]) -> tuple[dict[str | None, float], list[Tick]]:
    """Where each window stands on the x axis (0..1), and what is written below it.

    To scale in time, unless two windows would then fall together: in that case evenly spaced.
    Undated documents have a column of their own on the right.
    """
    dated = sorted(window for window in windows if window is not None)
    undated = None in windows
    end = _DATED_END if undated else 1 - _EDGE
    days = [date.fromisoformat(window[:10]).toordinal() for window in dated]
    span = days[-1] - days[0] if days else 0
    if span and min(b - a for a, b in itertools.pairwise(days)) >= 0.01 * span:
        shares = [(day - days[0]) / span for day in days]
    else:
        shares = [index / max(len(days) - 1, 1) if len(days) > 1 else 0.5 for index in range(len(days))]
    positions: dict[str | None, float] = {
        window: _EDGE + (end - _EDGE) * share for window, share in zip(dated, shares, strict=True)
    }
    ticks = _date_ticks([(positions[window], window[:10]) for window in dated])
    if undated:
        positions[None] = _UNDATED_AT if dated else 0.5
        ticks.append(Tick(positions[None], NO_DATE))
    return positions, ticks


def _date_ticks(dates: Sequence[tuple[float, str]]) -> list[Tick]:
    """The first date, the last, and between them as many as leave each other room on a phone."""
    if len(dates) < 2:
        return [Tick(x, label) for x, label in dates]
    first, last = Tick(*dates[0], "start"), Tick(*dates[-1], "end")
    between: list[Tick] = []
    reach = first.x + 0.3  # the first label lies wholly to the right of its mark
    for x, label in dates[1:-1]:
        if x >= reach and x <= last.x - 0.3:
            between.append(Tick(x, label))
            reach = x + 0.24
    return [first, *between, last]


def _room(xs: Sequence[float]) -> float:
    """The width over which batches of one window may spread."""
    gaps = [b - a for a, b in itertools.pairwise(xs)]
    return min(0.6 * min(gaps), 0.08) if gaps else 0.5
