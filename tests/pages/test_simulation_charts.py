"""The charts' geometry against plain arithmetic."""

import itertools
import re
import xml.etree.ElementTree as ET

import pytest

from wellspring.pages.simulation_charts import Bar, Line, generation_bars, regime_lines, styles
from wellspring.signals.stats.intervals import Estimate


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


def numbers_left_of(figure: str) -> list[tuple[str, float, float]]:
    """The numbers of the y axis, where each begins, and its height."""
    svg = ET.fromstring(re.search(r"<svg.*</svg>", figure, re.DOTALL).group())  # type: ignore[union-attr]
    ends = [each for each in svg.iter("text") if each.get("text-anchor") == "end"]
    return [
        (e.text or "", float(e.get("x", "")) - 6 * len(e.text or ""), float(e.get("y", ""))) for e in ends
    ]


@pytest.mark.parametrize("values", [(-29_743.0, 7_686.0), (-0.00021, -0.00012), (1e7, 3e7), (0.0, 1e-6)])
def test_the_numbers_of_the_axis_are_seen_whole_and_differ(values: tuple[float, ...]) -> None:
    drawn = Line("x", "red", "", [Estimate(value, None, None) for value in values])
    for percent_axis in (False, True):
        labels = numbers_left_of(regime_lines([drawn], "t", "n", percent, percent=percent_axis))
        assert len(labels) >= 2
        assert all(begins >= 0 for _, begins, _ in labels)
        assert len({label for label, _, _ in labels}) == len(labels)
        assert all(label.endswith("%") == percent_axis for label, _, _ in labels)
        assert any(label.startswith("-") for label, _, _ in labels) == (min(values) < 0)


def test_an_interval_far_beyond_the_lines_leaves_them_their_room() -> None:
    values = [Estimate(100, 100, 100), Estimate(150, 2, 90_000)]
    figure = regime_lines([Line("x", "red", "", values)], "t", "n", percent, least=0)
    heights = [y for _, _, y in numbers_left_of(figure)]
    svg = ET.fromstring(re.search(r"<svg.*</svg>", figure, re.DOTALL).group())  # type: ignore[union-attr]
    points = next(svg.iter("polyline")).get("points", "").split()
    first, last = (float(each.split(",")[1]) for each in points)
    assert first - last > 0.25 * (max(heights) - min(heights))
    bars = ET.fromstring(generation_bars([[Bar("tail", "red", value)] for value in values], "t"))
    tall = [float(rect.get("height", "")) for rect in bars.iter("rect")]
    assert tall[0] == pytest.approx(tall[1] / 1.5, abs=0.2)
    assert tall[1] > 100
    assert all(float(text.get("y", "")) > 0 for text in bars.iter("text"))


@pytest.mark.parametrize("value", [0.0, 1.0])
def test_the_axis_of_a_share_ends_where_shares_do(value: float) -> None:
    flat = Line("x", "red", "", [Estimate(value, value, value)] * 3)
    figure = regime_lines([flat], "t", "n", percent, percent=True, least=0, most=1)
    shown = [float(label.rstrip("%")) for label, _, _ in numbers_left_of(figure)]
    assert 0 <= min(shown) <= max(shown) <= 100


def test_flat_and_short_lines_are_drawn() -> None:
    flat = Line("x", "red", "", [Estimate(0.0, None, None)])
    ET.fromstring(regime_lines([flat], "title", "note", percent))


def test_no_two_of_many_regimes_look_alike() -> None:
    names = [f"real{share}" for share in range(1, 15)] + ["clean", "clean25", "clean50"]
    looks = styles(names)
    assert len(set(looks.values())) == len(names)
