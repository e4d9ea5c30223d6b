"""What `evaluate` and `calibrate` show of accuracy: tables for a terminal, sections of a page."""

from collections.abc import Mapping

from wellspring.pages.accuracy_charts import det_chart, precision_recall_chart, reliability_chart, roc_chart
from wellspring.pages.html import NONE, Html, details, integer, join, name, section, table, text
from wellspring.schemas.accuracy import Accuracy, Figure, Figures, Operating

_GROUPS = ("collection", "source", "domain", "generator", "length")
_HEADERS = (
    "human",
    "synthetic",
    "ROC AUC",
    "recall",
    "false positive rate",
    "precision at 50%",
    "found at 1% FPR",
    "calibration error",
)


def accuracy_table(results: Mapping[str, Accuracy]) -> str:
    """For a terminal: a line a result, every figure without the abstentions and with them."""
    lines = [_head("judged")]
    for title, result in results.items():
        coverage = (result.documents - result.abstained) / result.documents
        lines.append(_line(title, f"{coverage:.1%}", result.judged))
        if result.abstained:
            lines.append(_line("  with abstentions as 0.5", f"{1:.0%}", result.all))
    return "\n".join(lines)


def group_table(result: Accuracy, by: str) -> str:
    """For a terminal: one line per source (or collection, domain, generator, length)."""
    groups = result.by[by]
    lines = [f"by {by}", _head("h/s")]
    lines += [_line(f"  {key}"[:29], f"{each.human}/{each.synthetic}", each) for key, each in groups.items()]
    return "\n".join(lines)


def _head(judged: str) -> str:
    return (
        f"{'':<30}{judged:>10}{'AUC':>18}{'recall':>18}{'FPR':>21}{'precision':>11}{'P / R at .5':>13}"
        f"{'TPR@1%':>8}{'TPR@5%':>8}{'ECE':>6}"
    )


def _line(title: str, judged: str, figures: Figures) -> str:
    verdict = figures.verdict
    return (
        f"{title:<30}{judged:>10}{_spanned(figures.roc_auc):>18}"
        f"{_spanned(verdict.recall if verdict else None):>18}"
        f"{_spanned(verdict.false_positive_rate if verdict else None, 3):>21}"
        f"{_share(verdict.precision['50%'] if verdict else None):>11}{_pair(figures.at_half):>13}"
        f"{_share(figures.tpr_at_1):>8}{_share(figures.tpr_at_5):>8}{_share(figures.calibration_error):>6}"
    )


def _spanned(figure: Figure | None, decimals: int = 2) -> str:
    """With its interval, whose ends are written less exactly than an area under a curve."""
    if figure is None:
        return "–"
    return f"{figure.value:.3f} ({figure.low:.{decimals}f}-{figure.high:.{decimals}f})"


def _pair(operating: Operating | None) -> str:
    if operating is None or operating.recall is None:
        return "–"
    return f"{_share(operating.precision['50%'])} / {operating.recall.value:.2f}"


def _share(value: float | None) -> str:
    return "–" if value is None else f"{value:.2f}"


def accuracy_sections(results: Mapping[str, Accuracy], believe: str) -> list[Html]:
    """Sections of a page: the results side by side, then one of them (`believe`) in detail."""
    chosen = results[believe]
    return [
        section(
            "accuracy",
            "How well it tells them apart",
            [
                _overview(results),
                Html('<div class="multiples">'),
                roc_chart(results),
                det_chart(results),
                precision_recall_chart(believe, chosen),
                reliability_chart(results),
                Html("</div>"),
            ],
        ),
        section(
            "groups",
            f"Where it works and where not: {believe}",
            [_group_html(chosen, key) for key in _GROUPS if chosen.by.get(key)],
        ),
    ]


def _overview(results: Mapping[str, Accuracy]) -> Html:
    rows = []
    for title, result in results.items():
        coverage = (result.documents - result.abstained) / result.documents
        rows.append([name(title), text(f"{coverage:.1%}"), *_cells(result.judged)])
        if result.abstained:
            rows.append([text("  with abstentions as 0.5"), text("100%"), *_cells(result.all)])
    return table(
        "Intervals are 95%, with the prompt as the unit. Precision is at even prevalence.",
        ["", "judged", *_HEADERS],
        rows,
        numeric=frozenset(range(1, len(_HEADERS) + 2)),
    )


def _group_html(result: Accuracy, key: str) -> Html:
    rows = [[name(group), *_cells(each)] for group, each in result.by[key].items()]
    body = table(
        f"By {key}", [key, *_HEADERS], rows, numeric=frozenset(range(1, len(_HEADERS) + 1)), rest="rows"
    )
    return body if len(rows) <= 20 else details(f"By {key}: {len(rows)} of them", body)


def _cells(figures: Figures) -> list[Html]:
    verdict = figures.verdict
    return [
        integer(figures.human),
        integer(figures.synthetic),
        _figure(figures.roc_auc, 3),
        _figure(verdict.recall if verdict else None, 2),
        _figure(verdict.false_positive_rate if verdict else None, 3),
        _number(verdict.precision["50%"] if verdict else None),
        _number(figures.tpr_at_1),
        _number(figures.calibration_error),
    ]


def _figure(figure: Figure | None, decimals: int) -> Html:
    if figure is None:
        return NONE
    return join(
        [
            text(f"{figure.value:.{decimals}f}"),
            Html(f'<span class="soft">{figure.low:.{decimals}f}–{figure.high:.{decimals}f}</span>'),
        ],
        " ",
    )


def _number(value: float | None) -> Html:
    return NONE if value is None else text(f"{value:.2f}")
