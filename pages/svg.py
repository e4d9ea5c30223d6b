"""Charts as SVG text: pure functions of their numbers.

They carry no colour of their own: classes that the page's style fills in follow its light and
dark scheme. Lengths along x are percentages, so that text keeps its size on a narrow screen.
"""

import math
from collections.abc import Callable, Sequence
from typing import Literal

import msgspec

from wellspring.pages.html import Html, text

Mark = Literal["passed", "flagged", "open"]

_LEFT, _RIGHT = 11.0, 98.0  # of a time series' width, in percent; the numbers of y stand left of it
_TOP, _BOTTOM = 14.0, 26.0  # pixels
_NARROWEST, _CHARACTER = 280.0, 6.6  # pixels: a chart's least width, and a character of a number beside it


class Segment(msgspec.Struct, frozen=True):
    """A part of a stacked bar, or a series of a histogram: its name and the class that colours it."""

    name: str
    style: str
    values: Sequence[float]


class Point(msgspec.Struct, frozen=True, kw_only=True):
    """A point of a time series: `x` in 0..1 across the plot, `y` with its interval and limit."""

    x: float
    y: float
    low: float | None
    high: float | None
    limit: float | None
    mark: Mark
    tooltip: str


class Tick(msgspec.Struct, frozen=True):
    """A mark on the x axis: `x` in 0..1, and how its label lies to it."""

    x: float
    label: str
    anchor: Literal["start", "middle", "end"] = "middle"


def bar(share: float, style: str = "c-other") -> Html:
    """One horizontal bar, `share` (0..1) of its cell. The number beside it is its text."""
    return Html(
        f'<svg width="100%" height="12" aria-hidden="true"><rect class="block {text(style)}" y="1" '
        f'width="{_number(100 * min(max(share, 0), 1))}%" height="10"/></svg>'
    )


def swatch(mark: str) -> Html:
    """A small key for a legend: a mark of a time series, or a coloured block for another class."""
    if mark == "limit":
        body = '<line class="limit" x1="0" x2="20" y1="7" y2="7"/>'
        return Html(f'<svg width="20" height="14" aria-hidden="true">{body}</svg>')
    if mark in ("passed", "flagged", "open"):
        body = _mark(mark, "7", 7, "")
    else:
        body = f'<rect class="block {text(mark)}" x="1" y="1" width="12" height="12"/>'
    return Html(f'<svg width="14" height="14" aria-hidden="true">{body}</svg>')


def stacked_bar(segments: Sequence[Segment], title: str, description: str) -> Html:
    """One horizontal bar cut in proportion to the first value of each segment.

    Values are >= 0. A bar of nothing is an empty frame.
    """
    total = sum(segment.values[0] for segment in segments)
    at, parts = 0.0, []
    for segment in segments:
        width = 100 * segment.values[0] / total if total else 0.0
        if width > 0:
            parts.append(
                f'<rect class="block {text(segment.style)}" x="{_number(at)}%" width="{_number(width)}%" '
                f'height="34"><title>{text(segment.name)}: {width:.1f}%</title></rect>'
            )
        at += width
    frame = '<rect width="100%" height="34" fill="none" class="axis"/>' if not total else ""
    return _svg('width="100%" height="34"', title, description, "".join(parts) + frame)


def histogram(edges: Sequence[float], series: Sequence[Segment], title: str, description: str) -> Html:
    """Outlines laid over each other, one for each series of `len(edges) - 1` shares (0..1).

    Every bin is drawn equally wide, so that bins on a logarithmic scale are readable too; the
    numbers below the axis are their edges.

    Raises:
        ValueError: a series has another number of values than there are bins.
    """
    bins = len(edges) - 1
    for one in series:
        if len(one.values) != bins:
            raise ValueError(f"histogram {title!r}: {one.name} has {len(one.values)} values for {bins} bins")
    width, base, left = 320.0, 128.0, 4.0
    step = (width - 2 * left) / max(bins, 1)
    peak = max((value for one in series for value in one.values), default=0.0) or 1.0
    parts = []
    for one in series:
        path = [f"M{_number(left)} {_number(base)}"]
        for index, value in enumerate(one.values):
            y = base - (base - 18) * value / peak
            path.append(f"V{_number(y)}H{_number(left + (index + 1) * step)}")
        parts.append(f'<path class="area {text(one.style)}" d="{"".join(path)}V{_number(base)}Z"/>')
    parts.append(f'<line class="axis" x1="0" x2="320" y1="{_number(base)}" y2="{_number(base)}"/>')
    parts.append(f'<text x="{_number(left)}" y="11">highest bin: {100 * peak:.1f}%</text>' if series else "")
    for index in sorted({round(bins * part / 4) for part in range(5)}) if bins > 0 else []:
        anchor = "start" if index == 0 else "end" if index == bins else "middle"
        x = _number(left + index * step)
        label = f"{edges[index]:,.0f}" if abs(edges[index]) >= 100 else f"{edges[index]:.3g}"
        parts.append(
            f'<line class="axis" x1="{x}" x2="{x}" y1="128" y2="132"/>'
            f'<text x="{x}" y="145" text-anchor="{anchor}">{label}</text>'
        )
    return _svg('viewBox="0 0 320 150" width="100%"', title, description, "".join(parts))


def time_series(
    points: Sequence[Point],
    ticks: Sequence[Tick],
    title: str,
    description: str,
    *,
    limit_name: str = "limit",
    divider: float | None = None,
    base: float | None = None,
    height: float = 230,
) -> Html:
    """Points over time with their intervals. One limit for all is a line, several are segments.

    `divider` (0..1) sets what lies right of it apart: points without a date. `base` is a value from which
    the axis begins. No points give an empty plot.
    """
    limits = sorted({point.limit for point in points if point.limit is not None})
    values = [v for p in points for v in (p.y, p.low, p.high, p.limit) if v is not None]
    low, high = _domain(values)
    low = low if base is None else min([base, *values])

    def y_of(value: float) -> float:
        return _TOP + (height - _TOP - _BOTTOM) * (high - value) / (high - low)

    marks = nice_ticks(low, high, max(2, round(height / 38)))
    # Everything moves right where the widest number would be cut off on the narrowest screen.
    aside = max(0.0, label_width([label for _, label in marks]) - (_LEFT - 1) / 100 * _NARROWEST)
    right = _RIGHT - 100 * aside / _NARROWEST

    def x_of(fraction: float) -> str:
        return f"{_number(_LEFT + (right - _LEFT) * fraction)}%"

    parts = [_y_axis(label, y_of(value), x_of(1)) for value, label in marks]
    parts += [_x_tick(tick, x_of(tick.x), height) for tick in ticks]
    if divider is not None:
        x = x_of(divider)
        parts.append(f'<line class="divider" x1="{x}" x2="{x}" y1="{_TOP}" y2="{height - _BOTTOM}"/>')
    if len(limits) == 1:
        y = _number(y_of(limits[0]))
        parts.append(f'<line class="limit" x1="{x_of(0)}" x2="{x_of(1)}" y1="{y}" y2="{y}"/>')
    # Flagged ones last: in a crowd they must not be covered.
    for point in sorted(points, key=lambda p: p.mark == "flagged"):
        parts.append(_point(point, x_of, y_of, segment=len(limits) > 1))
    if len(limits) == 1:
        parts.append(
            f'<text class="limit-name" x="{x_of(0)}" y="{_number(y_of(limits[0]) - 5)}">'
            f"{text(limit_name)} {limits[0]:.4g}</text>"
        )
    body = f'<g transform="translate({_number(aside)} 0)">{"".join(parts)}</g>' if aside else "".join(parts)
    return _svg(f'width="100%" height="{_number(height)}"', title, description, body)


def label_width(labels: Sequence[str]) -> float:
    """Pixels that the widest of an axis' numbers takes, its sign with it."""
    return _CHARACTER * max(map(len, labels), default=0)


def nice_ticks(low: float, high: float, about: int = 6) -> list[tuple[float, str]]:
    """Round values (1, 2 or 5 times a power of ten apart) in [low, high], with their labels.

    `low` < `high`, both finite.
    """
    rough = (high - low) / about
    power = 10.0 ** math.floor(math.log10(rough))
    step = next(factor * power for factor in (1, 2, 5, 10) if factor * power >= rough * 0.999)
    decimals = max(0, -math.floor(math.log10(step) + 1e-9))
    first, last = math.ceil(low / step - 1e-9), math.floor(high / step + 1e-9)
    return [(index * step, f"{index * step:,.{decimals}f}") for index in range(first, last + 1)]


def _domain(values: Sequence[float]) -> tuple[float, float]:
    if not values:
        return 0.0, 1.0
    low, high = min(values), max(values)
    margin = 0.08 * (high - low) or max(0.05 * abs(low), 0.5)
    return low - margin, high + margin


def _point(
    point: Point, x_of: Callable[[float], str], y_of: Callable[[float], float], *, segment: bool
) -> str:
    x, parts = x_of(point.x), []
    if segment and point.limit is not None:
        y = _number(y_of(point.limit))
        left, right = x_of(max(point.x - 0.012, 0)), x_of(min(point.x + 0.012, 1))
        parts.append(f'<line class="limit" x1="{left}" x2="{right}" y1="{y}" y2="{y}"/>')
    if point.low is not None and point.high is not None:
        y1, y2 = _number(y_of(point.high)), _number(y_of(point.low))
        parts.append(f'<line class="interval" x1="{x}" x2="{x}" y1="{y1}" y2="{y2}"/>')
    parts.append(_mark(point.mark, x, y_of(point.y), f"<title>{text(point.tooltip, 400)}</title>"))
    return "".join(parts)


def _mark(mark: str, x: str, y: float, inside: str) -> str:
    if mark == "flagged":
        diamond = '<path class="flagged-mark" d="M0-6.5L6.5 0L0 6.5L-6.5 0Z"/>'
        return f'<svg x="{x}" y="{_number(y)}" overflow="visible">{inside}{diamond}</svg>'
    return f'<circle class="{mark}" cx="{x}" cy="{_number(y)}" r="3.8">{inside}</circle>'


def _y_axis(label: str, y: float, right: str) -> str:
    at = _number(y)
    return (
        f'<line class="grid" x1="{_LEFT}%" x2="{right}" y1="{at}" y2="{at}"/>'
        f'<text x="{_LEFT - 1}%" y="{_number(y + 4)}" text-anchor="end">{label}</text>'
    )


def _x_tick(tick: Tick, x: str, height: float) -> str:
    base = height - _BOTTOM
    return (
        f'<line class="axis" x1="{x}" x2="{x}" y1="{_number(base)}" y2="{_number(base + 5)}"/>'
        f'<text x="{x}" y="{_number(height - 6)}" text-anchor="{tick.anchor}">{text(tick.label, 40)}</text>'
    )


def _number(value: float) -> str:
    return f"{value:.2f}".rstrip("0").rstrip(".")


def _svg(size: str, title: str, description: str, body: str) -> Html:
    names = f"<title>{text(title)}</title><desc>{text(description, 600)}</desc>"
    return Html(f'<svg role="img" {size}>{names}{body}</svg>')
