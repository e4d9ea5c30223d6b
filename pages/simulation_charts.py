"""Charts of a simulation: the bars of the first view, and a line for each regime over the generations."""

import math
from collections.abc import Callable, Mapping, Sequence
from typing import NamedTuple

from wellspring.pages.html import Html, text
from wellspring.pages.svg import label_width, nice_ticks
from wellspring.signals.collapse.recursive_training import CLEAN
from wellspring.signals.stats.intervals import Estimate

_COLOURS = ("var(--sk)", "var(--ss)", "var(--hu)", "var(--other)", "var(--mark)")
_DASHES = ("", "7 3", "2 3", "9 3 2 3")
CLEAN_COLOUR = "var(--hv)"
_WIDTH, _LEFT, _RIGHT, _TOP, _BOTTOM, _HEIGHT = 360.0, 46.0, 272.0, 10.0, 206.0, 240.0
_LABEL = 13.0
_BEYOND = 1.0
"""An interval may take so many times the height that the values take above and below them; the rest of it is
cut off, so that a few seeds that differ leave something to see of the lines."""


class Bar(NamedTuple):
    """A bar: a share in percent of generation 0's, with its interval over seeds."""

    name: str
    colour: str
    value: Estimate


class Line(NamedTuple):
    """A regime's line: its short name, colour, dash and a value for each generation."""

    name: str
    colour: str
    dash: str
    values: Sequence[Estimate]


def styles(regimes: Sequence[str]) -> Mapping[str, tuple[str, str]]:
    """Colour and dash of each regime; `clean` has a colour of its own, solid, dashed for another share."""
    others = [name for name in regimes if not name.startswith(CLEAN)]
    given = {
        name: (_COLOURS[at % len(_COLOURS)], _DASHES[at // len(_COLOURS) % len(_DASHES)])
        for at, name in enumerate(others)
    }
    clean = sorted((name for name in regimes if name.startswith(CLEAN)), key=len)
    return given | {name: (CLEAN_COLOUR, _DASHES[at % len(_DASHES)]) for at, name in enumerate(clean)}


def generation_bars(groups: Sequence[Sequence[Bar]], title: str) -> Html:
    """For each generation its bars side by side, from 0 to 100% or the highest; lengths along x are
    percentages, so that the numbers on the bars keep their size on a narrow screen. An interval that goes
    far above all bars is cut off at the top.
    """
    height, base, top = 280.0, 250.0, 24.0
    tallest = max(100.0, *(bar.value.value for group in groups for bar in group))
    bounds = [bar.value.high for group in groups for bar in group if bar.value.high is not None]
    highest = max(tallest, min(max(bounds, default=tallest), 1.5 * tallest))

    def y_of(value: float) -> float:
        return base - (base - top) * min(max(value, 0), highest) / highest

    parts = [f'<line class="axis" x1="0" x2="100%" y1="{base}" y2="{base}"/>']
    step = 100 / len(groups)
    for number, group in enumerate(groups):
        width = 0.8 * step / len(group)
        for at, bar in enumerate(group):
            x, y = number * step + 0.1 * step + at * width, y_of(bar.value.value)
            middle = x + 0.46 * width
            parts.append(
                f'<rect x="{x:.2f}%" width="{0.92 * width:.2f}%" y="{y:.1f}" height="{base - y:.1f}" '
                f'style="fill:{bar.colour}"><title>generation {number}, {text(bar.name)}: '
                f"{_percent_interval(bar.value)}</title></rect>"
            )
            if bar.value.low is not None and bar.value.high is not None:
                parts.append(
                    f'<line class="interval" x1="{middle:.2f}%" x2="{middle:.2f}%" '
                    f'y1="{y_of(bar.value.high):.1f}" y2="{y_of(bar.value.low):.1f}"/>'
                )
            label = min(y, y if bar.value.high is None else y_of(bar.value.high)) - 5
            parts.append(
                f'<text x="{middle:.2f}%" y="{label:.1f}" text-anchor="middle">{bar.value.value:.0f}</text>'
            )
        parts.append(
            f'<text x="{(number + 0.5) * step:.2f}%" y="{base + 18:.0f}" text-anchor="middle">'
            f"{'real text' if number == 0 else number}</text>"
        )
    size = f'width="100%" height="{height:.0f}"'
    return Html(f'<svg role="img" {size} aria-label="{text(title)}">{"".join(parts)}</svg>')


def _percent_interval(value: Estimate) -> str:
    if value.low is None or value.high is None:
        return f"{value.value:.1f}%"
    return f"{value.value:.1f}% ({value.low:.1f} to {value.high:.1f})"


def regime_lines(
    lines: Sequence[Line],
    title: str,
    note: str,
    number: Callable[[float], str],
    *,
    percent: bool = False,
    least: float = -math.inf,
    most: float = math.inf,
) -> Html:
    """A line for each regime over the generations, its interval as a band, its name where it ends.

    `number` writes a value; the axis is in percent, or in round numbers, within `least` and `most`, which
    the figure can't leave.
    """
    low, high = _range(lines, least, most)
    last = max(len(lines[0].values) - 1, 1)
    times, unit = (100, "%") if percent else (1, "")
    ticks = nice_ticks(times * low, times * high, 5)
    left = max(_LEFT, label_width([label + unit for _, label in ticks]) + 5)

    def place(generation: int, value: float) -> str:
        x = left + (_RIGHT - left) * generation / last
        inside = min(max(value, low), high)
        return f"{x:.1f},{_TOP + (_BOTTOM - _TOP) * (high - inside) / (high - low):.1f}"

    parts = []
    for value, name in ticks:
        y = float(place(0, value / times).partition(",")[2])
        parts.append(
            f'<line class="grid" x1="{left:.1f}" x2="{_RIGHT}" y1="{y}" y2="{y}"/>'
            f'<text x="{left - 5:.1f}" y="{y + 4:.1f}" text-anchor="end">{name}{unit}</text>'
        )
    for generation in range(len(lines[0].values)):
        x = place(generation, low).partition(",")[0]
        parts.append(f'<text x="{x}" y="{_BOTTOM + 16}" text-anchor="middle">{generation}</text>')
    parts.append(
        f'<text x="{(left + _RIGHT) / 2:.1f}" y="{_BOTTOM + 31}" text-anchor="middle">generation</text>'
    )
    for line in lines:
        band = [
            (at, each.low, each.high)
            for at, each in enumerate(line.values)
            if each.low is not None and each.high is not None
        ]
        if band:
            upper = [place(at, above) for at, _, above in band]
            lower = [place(at, below) for at, below, _ in reversed(band)]
            parts.append(
                f'<polygon points="{" ".join(upper + lower)}" style="fill:{line.colour};opacity:.13"/>'
            )
    for line in lines:
        points = " ".join(place(g, each.value) for g, each in enumerate(line.values))
        ends = f"{number(line.values[0].value)} to {number(line.values[-1].value)}"
        width = 2.6 if line.colour == CLEAN_COLOUR else 1.7
        parts.append(
            f'<polyline points="{points}" fill="none" stroke-width="{width}" stroke-dasharray="{line.dash}" '
            f'style="stroke:{line.colour}"><title>{text(line.name)}: {ends}</title></polyline>'
        )
    ends_at = [float(place(0, line.values[-1].value).partition(",")[2]) for line in lines]
    for line, end, y in zip(lines, ends_at, _apart(ends_at), strict=True):
        parts.append(
            f'<path d="M{_RIGHT} {end:.1f}L{_RIGHT + 9} {y:.1f}" fill="none" style="stroke:{line.colour}"/>'
            f'<text x="{_RIGHT + 12}" y="{y + 4:.1f}" style="fill:{line.colour};font-weight:600">'
            f"{text(line.name, 14)}</text>"
        )
    return Html(
        f"<figure><h3>{text(title)}</h3><figcaption>{text(note)}</figcaption>"
        f'<svg role="img" viewBox="0 0 {_WIDTH:.0f} {_HEIGHT:.0f}" width="100%" aria-label="{text(title)}">'
        f"{''.join(parts)}</svg></figure>"
    )


def _range(lines: Sequence[Line], least: float, most: float) -> tuple[float, float]:
    """Of the y axis: all values, and as much of their intervals as leaves the values room."""
    values = [each.value for line in lines for each in line.values]
    bounds = [v for line in lines for each in line.values for v in (each.low, each.high) if v is not None]
    reach = _BEYOND * (max(values) - min(values)) or math.inf
    low = max(min([*values, *bounds]), min(values) - reach)
    high = min(max([*values, *bounds]), max(values) + reach)
    margin = 0.06 * (high - low) or 0.05 * abs(high) or 1.0
    beyond = 0.01 * (high - low)  # so that a line along the end of the range is seen whole
    return max(low - margin, min(low, least - beyond)), min(high + margin, max(high, most + beyond))


def _apart(heights: Sequence[float]) -> list[float]:
    """Label heights in the same order, at least a line apart, within the plot, as near as that allows."""
    order = sorted(range(len(heights)), key=lambda at: (heights[at], at))
    placed: dict[int, float] = {}
    above = -_LABEL
    for at in order:
        above = placed[at] = max(heights[at], above + _LABEL)
    limit = _BOTTOM + _LABEL
    for at in reversed(order):
        limit = placed[at] = min(placed[at], limit - _LABEL)
    return [placed[at] for at in range(len(heights))]
