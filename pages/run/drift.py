"""The report's part on drift: each stratum's CUSUM over crawl windows."""

from collections import defaultdict
from collections.abc import Sequence

from wellspring.pages.html import NONE, Html, decimal, integer, join, name, table, text
from wellspring.pages.svg import Point, Tick, swatch, time_series
from wellspring.schemas.audit import stratum_words
from wellspring.schemas.signal_titles import signal_title
from wellspring.schemas.window_audit import WindowAudit

CHARTS = 12
_EDGE = 0.05


def drift_section(windows: Sequence[WindowAudit]) -> list[Html]:
    """A chart for each watched stratum, alarms first, and a table of all of them."""
    strata: dict[str, list[WindowAudit]] = defaultdict(list)
    for window in sorted(windows, key=lambda w: (w.stratum, w.window_start)):
        strata[window.stratum].append(window)
    watched = sorted(
        (s for s in strata if any(w.cusum is not None for w in strata[s])),
        key=lambda s: (-_alarms(strata[s]), -_furthest(strata[s]), s),
    )
    unwatched = len(strata) - len(watched)
    if not watched:
        return [Html(f"<p>No stratum is watched for drift. {_unwatched(unwatched)}</p>")]
    alarmed = sum(bool(_alarms(strata[s])) for s in watched)
    found = f"{alarmed:,} of {len(watched):,} watched strata" if alarmed else "No watched stratum"
    parts = [
        Html(
            f'<p class="{"outcome flagged" if alarmed else "outcome"}">{found} '
            f"{'have' if alarmed > 1 else 'has'} drifted from {'their' if alarmed > 1 else 'its'} baseline."
            "</p>"
            "<p>Each window's mean of the deciding signal is compared with a baseline that stays as it is. "
            "How far it lies on the suspicious side, in standard deviations, is added up over the windows, "
            "less an allowance; past the threshold it is an alarm, and the sum starts again. So a shift that "
            "no single batch shows is seen after some windows. The threshold is set so that all strata "
            "together raise about one false alarm in 500 windows. An alarm holds nothing. "
            f"{_unwatched(unwatched)}</p>"
        ),
        Html(
            f'<ul class="legend"><li>{swatch("passed")}window</li><li>{swatch("flagged")}alarm</li>'
            f"<li>{swatch('limit')}threshold</li></ul>"
        ),
        Html(f'<div class="multiples">{join([_chart(strata[s]) for s in watched[:CHARTS]])}</div>'),
    ]
    if len(watched) > CHARTS:
        parts.append(
            Html(
                f"<p>{integer(len(watched) - CHARTS)} more watched strata are in the table alone; all are in "
                "<code>audits/_drift-*.json</code>.</p>"
            )
        )
    return [*parts, _table([strata[s] for s in watched])]


def _unwatched(count: int) -> str:
    if not count:
        return ""
    who = "1 stratum has" if count == 1 else f"{count:,} strata have"
    return f"{who} no baseline: no limit of the stratum's own in the profile, and fewer than ten windows."


def _alarms(windows: Sequence[WindowAudit]) -> int:
    return sum(w.alarm for w in windows)


def _furthest(windows: Sequence[WindowAudit]) -> float:
    return max((w.cusum for w in windows if w.cusum is not None), default=0.0)


def _chart(windows: Sequence[WindowAudit]) -> Html:
    last = max(len(windows) - 1, 1)
    points = [
        Point(
            x=_EDGE + (1 - 2 * _EDGE) * index / last,
            y=window.cusum,
            low=None,
            high=None,
            limit=window.threshold,
            mark="flagged" if window.alarm else "passed",
            tooltip=_tooltip(window),
        )
        for index, window in enumerate(windows)
        if window.cusum is not None
    ]
    ticks = [
        Tick(_EDGE, windows[0].window_start[:10], "start"),
        Tick(1 - _EDGE, windows[-1].window_start[:10], "end"),
    ]
    alarms, stratum = _alarms(windows), stratum_words(windows[0].stratum)
    chart = time_series(
        points,
        ticks,
        f"Drift of {stratum} over crawl time",
        f"{len(points)} windows, {alarms} alarms, furthest {_furthest(windows):.3g}; see the table.",
        limit_name="alarm at",
        height=150,
    )
    words = f"{alarms} alarm{'s' if alarms != 1 else ''}" if alarms else "no alarm"
    return Html(
        f'<figure><h3>{name(stratum)}</h3><figcaption class="soft">{text(words)}; baseline '
        f"{decimal(windows[-1].baseline)}, {text(windows[-1].basis)}</figcaption>{chart}</figure>"
    )


def _tooltip(window: WindowAudit) -> str:
    value = "" if window.value is None else f"{window.value:.4g}, "
    z = "" if window.z is None else f"{window.z:+.2f} sd, "
    since = f", since {window.since}" if window.since else ""
    return f"{window.window_start}: {value}{z}summed {window.cusum:.3g}{since}; {window.documents} documents"


def _table(strata: Sequence[Sequence[WindowAudit]]) -> Html:
    rows = []
    for windows in strata:
        end = windows[-1]
        first = next((w for w in windows if w.alarm), None)
        rows.append(
            [
                name(stratum_words(end.stratum)),
                integer(len(windows)),
                integer(_alarms(windows)),
                text(first.window_start[:10]) if first else NONE,
                text(first.since[:10]) if first and first.since else NONE,
                decimal(end.baseline),
                decimal(end.value),
                decimal(end.cusum),
                decimal(end.threshold),
                text(end.basis),
            ]
        )
    headers = (
        "stratum",
        "windows",
        "alarms",
        "first alarm",
        "drifting since",
        "baseline",
        "last value",
        "last sum",
        "threshold",
        "where the baseline comes from",
    )
    signals = ", ".join(sorted({signal_title(windows[-1].signal) for windows in strata}))
    return table(
        f"Strata watched for drift of {signals}", headers, rows, numeric=frozenset({1, 2, 5, 6, 7, 8}),
        rest="strata",
    )  # fmt: skip
