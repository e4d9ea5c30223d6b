"""Small charts as SVG without a style of their own: the page's style colours their classes.

Lengths along x are percentages, so that text keeps its size on a narrow screen.
"""

import math
from collections.abc import Sequence
from typing import NamedTuple

from markupsafe import Markup

from wellspring.schemas.audit import Audit
from wellspring.signals.text.visible_text import visible_text

_LEFT, _RIGHT = 9.0, 99.0
_TOP, _BOTTOM = 16.0, 24.0
_BINS = 20


class Dot(NamedTuple):
    """A batch in a chart: `kind` is this, held or passed (or open: not gated)."""

    value: float
    low: float | None
    high: float | None
    kind: str
    words: str


def against_limit(dot: Dot, limit: float, direction: str, others: Sequence[float]) -> Markup:
    """One value with its interval on a line, the side on which batches are held shaded, others as ticks."""
    values = [dot.value, limit, *others, *(v for v in (dot.low, dot.high) if v is not None)]
    low, high = _domain(values)

    def at(value: float) -> str:
        return f"{3 + 94 * (value - low) / (high - low):.2f}%"

    beyond, end = (at(limit), "97%") if direction == "above" else ("3%", at(limit))
    width = f"{float(end[:-1]) - float(beyond[:-1]):.2f}%"
    parts = [
        Markup('<rect class="beyond" x="{}" width="{}" y="18" height="42"/>').format(beyond, width),
        Markup('<line class="axis" x1="3%" x2="97%" y1="60" y2="60"/>'),
    ]
    parts += [Markup('<line class="other" x1="{0}" x2="{0}" y1="50" y2="60"/>').format(at(v)) for v in others]
    if dot.low is not None and dot.high is not None:
        parts.append(
            Markup(
                '<line class="range" x1="{0}" x2="{1}" y1="36" y2="36"/>'
                '<line class="range" x1="{0}" x2="{0}" y1="30" y2="42"/>'
                '<line class="range" x1="{1}" x2="{1}" y1="30" y2="42"/>'
            ).format(at(dot.low), at(dot.high))
        )
    parts.append(Markup('<line class="limit" x1="{0}" x2="{0}" y1="18" y2="64"/>').format(at(limit)))
    parts.append(_mark("this", at(dot.value), 36, dot.words))
    value_anchor = _anchor(at(dot.value))
    parts.append(
        Markup('<text class="strong" x="{}" y="13" text-anchor="{}">this batch {:.4g}</text>').format(
            at(dot.value), value_anchor, dot.value
        )
    )
    parts.append(
        Markup('<text x="{}" y="78" text-anchor="{}">limit {:.4g}</text>').format(
            at(limit), _anchor(at(limit)), limit
        )
    )
    held_at, anchor = ("97%", "end") if direction == "above" else ("3%", "start")
    parts.append(Markup('<text x="{}" y="78" text-anchor="{}">held</text>').format(held_at, anchor))
    return _svg(84, "The value against its limit", dot.words, parts)


def strip(dot: Dot, others: Sequence[float]) -> Markup:
    """The same in a table's cell: others as ticks, this one as a mark with its interval. No words of its own:
    the cells beside it have them.
    """
    values = [dot.value, *others, *(v for v in (dot.low, dot.high) if v is not None)]
    low, high = _domain(values)

    def at(value: float) -> str:
        return f"{4 + 92 * (value - low) / (high - low):.2f}%"

    parts = [Markup('<line class="grid" x1="0" x2="100%" y1="11" y2="11"/>')]
    parts += [Markup('<line class="other" x1="{0}" x2="{0}" y1="5" y2="17"/>').format(at(v)) for v in others]
    if dot.low is not None and dot.high is not None:
        line = Markup('<line class="range" x1="{}" x2="{}" y1="11" y2="11"/>')
        parts.append(line.format(at(dot.low), at(dot.high)))
    parts.append(Markup('<circle class="this" cx="{}" cy="11" r="4"/>').format(at(dot.value)))
    return Markup('<svg class="strip" height="22" width="100%" aria-hidden="true">{}</svg>').format(
        Markup("").join(parts)
    )


def past_limits(audits: Sequence[Audit]) -> list[Markup]:
    """For each batch of a list its value and interval beside its limit, the held side to the right.

    Batches of the same signal share a scale. The figures stand in the cells beside it.
    """
    reach: dict[str, float] = {}
    for audit in audits:
        reach[audit.signal] = max([reach.get(audit.signal, 1e-9), *map(abs, _past(audit))])
    drawn = []
    for audit in audits:
        past = [f"{36 + 62 * min(max(v / reach[audit.signal], -0.55), 1):.2f}%" for v in _past(audit)]
        parts = [
            Markup('<rect class="beyond" x="36%" width="64%" y="2" height="18"/>'),
            Markup('<line class="limit" x1="36%" x2="36%" y1="2" y2="20"/>'),
        ]
        if len(past) == 3:
            parts.append(Markup('<line class="range" x1="{}" x2="{}" y1="11" y2="11"/>').format(*past[1:]))
        parts += [Markup('<circle class="this" cx="{}" cy="11" r="4"/>').format(at) for at in past[:1]]
        drawn.append(
            Markup('<svg class="strip" height="22" width="100%" aria-hidden="true">{}</svg>').format(
                Markup("").join(parts)
            )
        )
    return drawn


def _past(audit: Audit) -> list[float]:
    """How far the value, and the ends of its interval if it has one, lie beyond the limit."""
    if audit.value is None or audit.limit is None:
        return []
    sign = 1 if audit.direction == "above" else -1
    ends = (audit.value, audit.interval_low, audit.interval_high)
    return [sign * (v - audit.limit) for v in ends if v is not None]


def over_time(
    dots: Sequence[Dot], ticks: Sequence[tuple[int, str]], limit: float | None, limit_name: str, title: str
) -> Markup:
    """Batches side by side in the order of their windows, with the limit.

    Args:
        ticks: (index of a dot, what is written below it).
    """
    height = 190.0
    values = [v for d in dots for v in (d.value, d.low, d.high) if v is not None]
    low, high = _domain([*values, *([limit] if limit is not None else [])])

    def y(value: float) -> str:
        return f"{_TOP + (height - _TOP - _BOTTOM) * (high - value) / (high - low):.1f}"

    def x(index: int) -> str:
        return f"{_LEFT + (_RIGHT - _LEFT) * (index + 0.5) / len(dots):.2f}%"

    parts = []
    for value, label in _ticks(low, high):
        parts.append(
            Markup(
                '<line class="grid" x1="{0}%" x2="{1}%" y1="{2}" y2="{2}"/>'
                '<text x="{3}%" y="{4}" text-anchor="end">{5}</text>'
            ).format(_LEFT, _RIGHT, y(value), _LEFT - 1, float(y(value)) + 4, label)
        )
    for index, label in ticks:
        parts.append(
            Markup('<text x="{}" y="{}" text-anchor="{}">{}</text>').format(
                x(index), height - 6, _anchor(x(index)), visible_text(label, 40)
            )
        )
    if limit is not None:
        parts.append(
            Markup(
                '<line class="limit" x1="{0}%" x2="{1}%" y1="{2}" y2="{2}"/>'
                '<text class="strong" x="{6}%" y="{3}">{4} {5:.4g}</text>'
            ).format(_LEFT, _RIGHT, y(limit), float(y(limit)) - 5, limit_name, limit, _LEFT + 0.8)
        )
    order = ("open", "passed", "held", "this")
    for index, dot in sorted(enumerate(dots), key=lambda pair: order.index(pair[1].kind)):
        if dot.low is not None and dot.high is not None:
            parts.append(
                Markup('<line class="interval {3}" x1="{0}" x2="{0}" y1="{1}" y2="{2}"/>').format(
                    x(index), y(dot.low), y(dot.high), dot.kind
                )
            )
        parts.append(_mark(dot.kind, x(index), float(y(dot.value)), dot.words))
    words = f"{len(dots)} batches from {min(values):.4g} to {max(values):.4g}" if values else "no batches"
    return _svg(height, title, words, parts)


def scores(probabilities: Sequence[float]) -> Markup:
    """How many documents lie in each twentieth of the probabilities."""
    counts = [0] * _BINS
    for probability in probabilities:
        counts[min(int(probability * _BINS), _BINS - 1)] += 1
    most, height, base = max(counts, default=0) or 1, 150.0, 122.0
    parts = [Markup('<line class="axis" x1="0" x2="100%" y1="{0}" y2="{0}"/>').format(base)]
    for index, count in enumerate(counts):
        top = base - (base - 22) * count / most
        words = f"{index / _BINS:.2f} to {(index + 1) / _BINS:.2f}: {count:,} documents"
        parts.append(
            Markup(
                '<rect class="bin{6}" x="{0}%" y="{1:.1f}" width="{2}%" height="{3:.1f}">'
                "<title>{4}</title></rect>{5}"
            ).format(
                100 * index / _BINS + 0.4,
                top,
                100 / _BINS - 0.8,
                base - top,
                words,
                Markup('<text x="{}%" y="{:.1f}" text-anchor="middle">{:,}</text>').format(
                    100 * (index + 0.5) / _BINS, top - 5, count
                )
                if count and (count == most or len(probabilities) <= 60)
                else "",
                " suspect" if index >= _BINS / 2 else "",
            )
        )
    for share, anchor in ((0.0, "start"), (0.5, "middle"), (1.0, "end")):
        parts.append(
            Markup('<text x="{}%" y="138" text-anchor="{}">{:g}</text>').format(100 * share, anchor, share)
        )
    words = "documents by their probability of being synthetic, from 0 to 1: " + ", ".join(map(str, counts))
    return _svg(height, "Distribution of scores", words, parts)


def _mark(kind: str, x: str, y: float, words: str) -> Markup:
    title = Markup("<title>{}</title>").format(visible_text(words, 300))
    if kind == "this":
        return Markup(
            '<svg x="{}" y="{}" overflow="visible">{}<path class="this" d="M0-7L7 0L0 7L-7 0Z"/></svg>'
        ).format(x, y, title)
    return Markup('<circle class="{}" cx="{}" cy="{}" r="3.6">{}</circle>').format(kind, x, y, title)


def _anchor(x: str) -> str:
    """How a label lies to its place, so that it stays inside of the picture."""
    at = float(x[:-1])
    return "start" if at < 16 else "end" if at > 84 else "middle"


def _domain(values: Sequence[float]) -> tuple[float, float]:
    low, high = min(values, default=0.0), max(values, default=1.0)
    margin = 0.06 * (high - low) or max(0.05 * abs(low), 0.5)
    return low - margin, high + margin


def _ticks(low: float, high: float) -> list[tuple[float, str]]:
    """Four or so round values between, with their labels."""
    rough = (high - low) / 4
    power = 10.0 ** math.floor(math.log10(rough))
    step = next(factor * power for factor in (1, 2, 5, 10) if factor * power >= rough * 0.999)
    decimals = max(0, -math.floor(math.log10(step) + 1e-9))
    first, last = math.ceil(low / step), math.floor(high / step)
    return [(index * step, f"{index * step:.{decimals}f}") for index in range(first, last + 1)]


def _svg(height: float, title: str, words: str, parts: Sequence[Markup]) -> Markup:
    return Markup('<svg role="img" width="100%" height="{}"><title>{}</title><desc>{}</desc>{}</svg>').format(
        f"{height:g}", visible_text(title, 200), visible_text(words, 600), Markup("").join(parts)
    )
