"""report.html of `wellspring monitor`: each signal over the windows, against its baseline."""

from wellspring.pages.html import NONE, Html, decimal, document, integer, join, name, section, table, text
from wellspring.pages.monitor_words import TITLES, distance, doubts, outcome, tested
from wellspring.pages.svg import Point, Tick, swatch, time_series
from wellspring.schemas.monitor import MonitorReport, Series

_EDGE = 0.04
_SHOWN_TIMES = {"repetition": 100.0}


def monitor_page(report: MonitorReport) -> str:
    """The whole page."""
    return document(
        "Outputs over time",
        [
            Html("<h1>Outputs over time</h1>"),
            _outcome(report),
            _numbers(report),
            section("signals", "Signals over the windows", _signals(report)),
            section("alarms", "Alarms", [_alarms(report)]),
            section("baseline", "The baseline", _baseline(report)),
        ],
    )


def _outcome(report: MonitorReport) -> Html:
    unsettled = doubts(report)
    style = " flagged" if report.alarms or unsettled else ""
    said = " ".join([outcome(report), *unsettled])
    return Html(
        f'<p class="outcome{style}">{text(said, 1500)}</p>\n<p>{text(tested(report), 1500)} Nothing is said '
        "of what the outputs say: whether they are right or of use is not tested.</p>"
    )


def _numbers(report: MonitorReport) -> Html:
    facts = [
        ("outputs", integer(report.outputs)),
        ("windows", integer(len(report.windows))),
        ("outputs per window", integer(report.window)),
        ("empty outputs", integer(sum(window.empty for window in report.windows))),
        ("baseline outputs", integer(report.baseline_outputs)),
        ("baseline windows", integer(report.baseline_windows)),
    ]
    cells = "".join(f"<div><dt>{label}</dt><dd>{value}</dd></div>" for label, value in facts)
    order = "their dates" if report.order == "date" else "the file"
    left = f" The last {report.left_over:,} outputs fill no window." if report.left_over else ""
    lost = ", ".join(f"{count:,} {reason}" for reason, count in report.rejected.items())
    lost = f" Records that are no outputs: {lost}." if lost else ""
    return Html(
        f'<dl class="numbers">{cells}</dl>'
        f'<p class="soft">In the order of {order}.{text(left)}{text(lost)} Figures that depend on how '
        f"much text they see are of the first {report.tokens:,} tokens of each window, its outputs in "
        f"the order of their hashes; tokenizer {name(report.tokenizer)}.</p>"
    )


def _signals(report: MonitorReport) -> list[Html]:
    figures = [_figure(report, signal) for signal in TITLES if signal in report.baseline_signals]
    return [
        Html(
            "<p>Each point is a window. How far it lies on the suspicious side of the baseline, in standard "
            "deviations, is added up over the windows, less an allowance for chance and for how uncertain "
            "the baseline is: the sum is drawn below the values. Past its threshold it is an alarm, and the "
            "sum starts again. All signals together raise about one false alarm in 500 windows.</p>"
        ),
        Html(
            f'<ul class="legend"><li>{swatch("passed")}window</li><li>{swatch("flagged")}alarm</li>'
            f"<li>{swatch('limit')}mean of the baseline, threshold of the sum</li></ul>"
        ),
        Html(f'<div class="multiples">{join(figures)}</div>'),
    ]


def _figure(report: MonitorReport, signal: str) -> Html:
    title, words = TITLES[signal]
    baseline = report.baseline_signals[signal]
    series = [one for one in report.series if one.signal == signal]
    points = []
    for index, window in enumerate(report.windows):
        value = window.values[signal]
        if value is None:
            continue
        alarmed = any(one.steps[index].alarm for one in series)
        date = f" ({window.first_date[:10]})" if window.first_date else ""
        sums = ", ".join(f"{one.direction} {one.steps[index].cusum:.3g}" for one in series)
        points.append(
            Point(
                x=_across(report, index),
                y=value * _SHOWN_TIMES.get(signal, 1.0),
                low=None,
                high=None,
                limit=baseline.mean * _SHOWN_TIMES.get(signal, 1.0),
                mark="flagged" if alarmed else "passed",
                tooltip=f"window {index + 1}{date}: {value:.4g}; summed {sums}; from {window.first_id}",
            )
        )
    chart = time_series(
        points,
        _ends(report),
        f"{title} over the windows",
        f"{len(points)} windows, baseline {baseline.mean:.4g}; see the tables.",
        limit_name="baseline",
        height=170,
    )
    sums_below = join([_sum_chart(report, one) for one in series], "")
    return Html(
        f'<figure><h3>{text(title)}</h3><figcaption class="soft">{text(words)}</figcaption>{chart}'
        f"{sums_below}</figure>"
    )


def _sum_chart(report: MonitorReport, series: Series) -> Html:
    title = TITLES[series.signal][0]
    points = [
        Point(
            x=_across(report, index),
            y=step.cusum,
            low=None,
            high=None,
            limit=series.threshold,
            mark="flagged" if step.alarm else "passed",
            tooltip=f"window {index + 1}: sum {step.cusum:.3g} of {series.threshold:.3g}"
            + ("" if step.z is None else f", {step.z:+.2g} in this window, allowance {step.allowance:.2g}"),
        )
        for index, step in enumerate(series.steps)
    ]
    chart = time_series(
        points,
        _ends(report),
        f"{title}, sum {series.direction} the baseline",
        f"The last sum is {series.steps[-1].cusum:.3g}, the threshold {series.threshold:.3g}.",
        limit_name="threshold",
        base=0,
        height=120,
    )
    return Html(f'<p class="soft">sum of distances {text(series.direction)} the baseline</p>{chart}')


def _across(report: MonitorReport, window: int) -> float:
    return _EDGE + (1 - 2 * _EDGE) * window / max(len(report.windows) - 1, 1)


def _ends(report: MonitorReport) -> list[Tick]:
    first, last = report.windows[0], report.windows[-1]
    labels = [
        (window.first_date or "")[:10] if report.order == "date" else str(number)
        for window, number in ((first, 1), (last, len(report.windows)))
    ]
    return [Tick(_EDGE, labels[0], "start"), Tick(1 - _EDGE, labels[1], "end")]


def _alarms(report: MonitorReport) -> Html:
    rows = []
    for alarm in report.alarms:
        window = report.windows[alarm.window]
        baseline = report.baseline_signals[alarm.signal]
        rows.append(
            [
                text(TITLES[alarm.signal][0]),
                text(alarm.direction),
                integer(alarm.window + 1),
                text(alarm.date[:10]) if alarm.date else NONE,
                integer(alarm.since + 1),
                decimal(window.values[alarm.signal]),
                decimal(baseline.mean),
                name(window.first_id, 60),
            ]
        )
    headers = (
        "signal",
        "side",
        "window",
        "date",
        "drifting since window",
        "value",
        "baseline",
        "first output",
    )
    return table("Alarms raised", headers, rows, numeric=frozenset({2, 4, 5, 6}), rest="alarms")


def _baseline(report: MonitorReport) -> list[Html]:
    rows = [
        [
            text(TITLES[one.signal][0]),
            text(one.direction),
            decimal(report.baseline_signals[one.signal].mean),
            decimal(report.baseline_signals[one.signal].spread),
            integer(report.baseline_signals[one.signal].windows),
            decimal(_last(report, one.signal)),
            decimal(distance(report, one.signal, len(report.windows) - 1)),
            decimal(one.steps[-1].allowance),
            decimal(one.steps[-1].cusum),
            decimal(one.threshold),
            NONE if one.detectable is None else decimal(one.detectable),
        ]
        for one in report.series
    ]
    headers = (
        "signal", "alarm", "mean", "sd of a window", "windows", "last window", "last, in sd", "allowance",
        "last sum", "threshold", "seen from, in sd",
    )  # fmt: skip
    return [
        Html(
            f"<p>{integer(report.baseline_outputs)} outputs of {name(report.baseline)}, dealt into halves by "
            "hash: one gave the rare pairs, the other the windows. They are frozen: what is compared with "
            "them does not change them. The spread is taken at its upper 90% bound, and the allowance "
            "grows with how uncertain the mean of so few windows is. Seen from: the least lasting change "
            "that raises an alarm within these windows on average.</p>"
        ),
        table(
            "Mean and spread of the baseline", headers, rows, numeric=frozenset(range(2, 11)), rest="signals"
        ),
    ]


def _last(report: MonitorReport, signal: str) -> float | None:
    return report.windows[-1].values[signal]
