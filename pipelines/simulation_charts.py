"""Charts of a simulation: the bars of the first view, and a line for each regime over the generations."""

from collections.abc import Callable, Mapping, Sequence
from typing import NamedTuple

from pipelines.page import Html, text
from pipelines.svg import nice_ticks
from signals.intervals import Estimate
from signals.recursive_training import CLEAN

_COLOURS = ("var(--sk)", "var(--ss)", "var(--hu)", "var(--other)", "var(--mark)")
_DASHES = ("", "7 3", "2 3", "9 3 2 3")
CLEAN_COLOUR = "var(--hv)"
_WIDTH, _LEFT, _RIGHT, _TOP, _BOTTOM, _HEIGHT = 360.0, 46.0, 272.0, 10.0, 206.0, 240.0
_LABEL = 13.0


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
    percentages, so that the numbers on the bars keep their size on a narrow screen."""
    height, base, top = 280.0, 250.0, 24.0
    highest = max(100.0, *(bar.value.high or bar.value.value for group in groups for bar in group))

    def y_of(value: float) -> float:
        return base - (base - top) * max(value, 0) / highest

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
            label = min(y, y_of(bar.value.high or 0)) - 5
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


def regime_lines(lines: Sequence[Line], title: str, note: str, number: Callable[[float], str]) -> Html:
    """A line for each regime over the generations, its interval as a band, its name where it ends."""
    values = [v for line in lines for each in line.values for v in (each.value, each.low, each.high)]
    known = [value for value in values if value is not None]
    low, high = min(known), max(known)
    margin = 0.06 * (high - low) or 0.05 * abs(high) or 1.0
    low, high = low - margin, high + margin
    last = max(len(lines[0].values) - 1, 1)

    def place(generation: int, value: float) -> str:
        x = _LEFT + (_RIGHT - _LEFT) * generation / last
        return f"{x:.1f},{_TOP + (_BOTTOM - _TOP) * (high - value) / (high - low):.1f}"

    parts = []
    for value, _ in nice_ticks(low, high, 5):
        y = float(place(0, value).partition(",")[2])
        parts.append(
            f'<line class="grid" x1="{_LEFT}" x2="{_RIGHT}" y1="{y}" y2="{y}"/>'
            f'<text x="{_LEFT - 5}" y="{y + 4:.1f}" text-anchor="end">{number(value)}</text>'
        )
    for generation in range(len(lines[0].values)):
        x = place(generation, low).partition(",")[0]
        parts.append(f'<text x="{x}" y="{_BOTTOM + 16}" text-anchor="middle">{generation}</text>')
    parts.append(
        f'<text x="{(_LEFT + _RIGHT) / 2}" y="{_BOTTOM + 31}" text-anchor="middle">generation</text>'
    )
    for line in lines:
        band = [(g, each) for g, each in enumerate(line.values) if each.low is not None]
        if band:
            upper = [place(g, each.high or each.value) for g, each in band]
            lower = [place(g, each.low or each.value) for g, each in reversed(band)]
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
