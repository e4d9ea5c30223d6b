"""Curves of a detector, several in a chart: ROC, DET, precision-recall, reliability. Inline SVG."""

import math
from collections.abc import Callable, Mapping, Sequence
from typing import NamedTuple

from scipy.special import ndtri

from wellspring.pages.html import Html, text
from wellspring.schemas.accuracy import Accuracy
from wellspring.signals.calibration.accuracy import precision_at

_SIZE, _LEFT, _TOP, _BOTTOM = 300, 46, 8, 40
_COLOURS = ("var(--hv)", "var(--sk)", "var(--hu)", "var(--ss)", "var(--other)")
_DASHES = ("", "7 3", "2 3", "9 3 2 3", "1 2")
Points = Sequence[tuple[float, float]]
Scale = Callable[[float], float]


class Axis(NamedTuple):
    """From a value to 0..1 along the axis, and its ticks."""

    label: str
    scale: Scale
    ticks: Sequence[tuple[float, str]]


def _linear(value: float) -> float:
    return value


def _log(value: float) -> float:
    """0.001..1 to 0..1."""
    return (math.log10(max(value, 0.001)) + 3) / 3


def _probit(value: float) -> float:
    """0.001..0.999 to 0..1."""
    edge = float(ndtri(0.999))
    return (float(ndtri(min(max(value, 0.001), 0.999))) + edge) / (2 * edge)


_TENTHS = [(i / 5, f"{i / 5:.0%}") for i in range(6)]
_DECADES = [(0.001, "0.1%"), (0.01, "1%"), (0.1, "10%"), (1.0, "100%")]
_PROBITS = [(0.001, "0.1%"), (0.01, "1%"), (0.1, "10%"), (0.5, "50%"), (0.9, "90%"), (0.99, "99%")]


def roc_chart(results: Mapping[str, Accuracy]) -> Html:
    return _chart(
        "ROC: recall at each false positive rate",
        {name: result.curves["roc"] for name, result in results.items()},
        Axis("false positive rate (log scale)", _log, _DECADES),
        Axis("synthetic text found", _linear, _TENTHS),
    )


def det_chart(results: Mapping[str, Accuracy]) -> Html:
    return _chart(
        "DET: miss rate against false positive rate, normal deviates",
        {name: [(x, 1 - y) for x, y in result.curves["roc"]] for name, result in results.items()},
        Axis("false positive rate", _probit, _PROBITS),
        Axis("synthetic text missed", _probit, _PROBITS),
    )


def precision_recall_chart(name: str, result: Accuracy) -> Html:
    """One detector, at three shares of synthetic text."""
    curves = {}
    for prevalence in (0.5, 0.1, 0.01):
        points = [(y, precision_at(y, x, prevalence)) for x, y in result.curves["roc"]]
        curves[f"{prevalence:.0%} of the text synthetic"] = [(y, p) for y, p in points if p is not None]
    return _chart(
        f"Precision and recall, {name}",
        curves,
        Axis("recall", _linear, _TENTHS),
        Axis("precision", _linear, _TENTHS),
    )


def reliability_chart(results: Mapping[str, Accuracy]) -> Html:
    return _chart(
        "Reliability at even prevalence: what was said against what was so",
        {name: result.curves["reliability"] for name, result in results.items()},
        Axis("probability said", _linear, _TENTHS),
        Axis("share that was synthetic", _linear, _TENTHS),
        diagonal=True,
        dots=True,
    )


def _chart(
    title: str,
    series: Mapping[str, Points],
    x: Axis,
    y: Axis,
    *,
    diagonal: bool = False,
    dots: bool = False,
) -> Html:
    def place(point: tuple[float, float]) -> tuple[float, float]:
        return _LEFT + _SIZE * x.scale(point[0]), _TOP + _SIZE * (1 - y.scale(point[1]))

    right, bottom = _LEFT + _SIZE, _TOP + _SIZE
    body = [f'<rect x="{_LEFT}" y="{_TOP}" width="{_SIZE}" height="{_SIZE}" fill="none" class="axis"/>']
    for value, label in x.ticks:
        at = _LEFT + _SIZE * x.scale(value)
        body.append(f'<line class="grid" x1="{at:.1f}" x2="{at:.1f}" y1="{_TOP}" y2="{bottom}"/>')
        body.append(f'<text x="{at:.1f}" y="{bottom + 15}" text-anchor="middle">{text(label)}</text>')
    for value, label in y.ticks:
        at = _TOP + _SIZE * (1 - y.scale(value))
        body.append(f'<line class="grid" x1="{_LEFT}" x2="{right}" y1="{at:.1f}" y2="{at:.1f}"/>')
        body.append(f'<text x="{_LEFT - 5}" y="{at + 4:.1f}" text-anchor="end">{text(label)}</text>')
    if diagonal:
        body.append(f'<line class="divider" x1="{_LEFT}" y1="{bottom}" x2="{right}" y2="{_TOP}"/>')
    keys = []
    for number, (name, points) in enumerate(series.items()):
        colour, dash = _COLOURS[number % len(_COLOURS)], _DASHES[number % len(_DASHES)]
        placed = [place(point) for point in points]
        path = " ".join(f"{a:.1f},{b:.1f}" for a, b in placed)
        style = f'fill="none" stroke="{colour}" stroke-width="1.8" stroke-dasharray="{dash}"'
        body.append(f'<polyline points="{path}" {style}/>')
        if dots:
            body += [f'<circle cx="{a:.1f}" cy="{b:.1f}" r="3" fill="{colour}"/>' for a, b in placed]
        keys.append(
            '<li><svg width="26" height="8" aria-hidden="true">'
            f'<line x1="0" x2="26" y1="4" y2="4" {style}/></svg>{text(name)}</li>'
        )
    body.append(
        f'<text x="{_LEFT + _SIZE / 2}" y="{bottom + 32}" text-anchor="middle">{text(x.label)}</text>'
    )
    caption = f"{title}. Upwards: {y.label}."
    return Html(
        f'<figure><svg viewBox="0 0 {right + 16} {bottom + _BOTTOM}" role="img" '
        f'aria-label="{text(caption)}">{"".join(body)}</svg>'
        f'<ul class="legend">{"".join(keys)}</ul><figcaption>{text(caption)}</figcaption></figure>'
    )
