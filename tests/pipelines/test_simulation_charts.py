"""The charts' geometry against plain arithmetic."""

import itertools
import re
import xml.etree.ElementTree as ET

import pytest

from pipelines.simulation_charts import Bar, Line, generation_bars, regime_lines, styles
from signals.intervals import Estimate


def percent(value: float) -> str:
    return f"{value:.0f}%"


def bar(value: float, half: float | None = None) -> Bar:
    bounds = (None, None) if half is None else (value - half, value + half)
    return Bar("tail", "red", Estimate(value, *bounds))


def test_bars_are_as_high_as_their_values() -> None:
    svg = ET.fromstring(generation_bars([[bar(100), bar(100)], [bar(80, 5), bar(25)]], "t"))
    heights = [float(rect.get("height", "")) for rect in svg.iter("rect")]
    assert heights == pytest.approx([heights[0], heights[0], 0.8 * heights[0], 0.25 * heights[0]], abs=0.2)
    xs = [float(rect.get("x", "").rstrip("%")) for rect in svg.iter("rect")]
    assert xs == sorted(xs)
    assert [line.get("class") for line in svg.iter("line")].count("interval") == 1


def line(name: str, *values: float) -> Line:
    return Line(name, "red", "", [Estimate(value, value - 0.1, value + 0.1) for value in values])


def test_lines_stand_in_the_order_of_their_values_and_labels_do_not_touch() -> None:
    lines = [line("a", 1, 0.5), line("b", 1, 0.5), line("c", 1, 0.49), line("d", 1, 0.9)]
    figure = regime_lines(lines, "title", "note", percent)
    svg = ET.fromstring(re.search(r"<svg.*</svg>", figure, re.DOTALL).group())  # type: ignore[union-attr]
    ends = [float(each.get("points", "").split()[-1].split(",")[1]) for each in svg.iter("polyline")]
    assert ends[3] < ends[0] == ends[1] < ends[2]  # y grows downwards
    labels = {each.text: float(each.get("y", "")) for each in svg.iter("text") if each.text in set("abcd")}
    heights = [labels[name] for name in "dabc"]
    assert all(later - earlier >= 12.9 for earlier, later in itertools.pairwise(heights))
    assert len(list(svg.iter("polygon"))) == 4


def test_flat_and_short_lines_are_drawn() -> None:
    flat = Line("x", "red", "", [Estimate(0.0, None, None)])
    ET.fromstring(regime_lines([flat], "title", "note", percent))


def test_no_two_of_many_regimes_look_alike() -> None:
    names = [f"real{share}" for share in range(1, 15)] + ["clean", "clean25", "clean50"]
    looks = styles(names)
    assert len(set(looks.values())) == len(names)
